"""DiffSmooth (arXiv 2308.14333): certified robustness by diffusion and local smoothing.

A name is imported when it is first used: a certificate is read and verified without torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from diffsmooth_core.version import __version__

if TYPE_CHECKING:
    from diffsmooth_core.certification.certificate import Certificate
    from diffsmooth_core.certification.prediction import predict
    from diffsmooth_core.certification.progress import Progress
    from diffsmooth_core.certification.stream import certify, certify_stream
    from diffsmooth_core.classifiers.base import BaseClassifier, Classifier
    from diffsmooth_core.classifiers.building import build_base
    from diffsmooth_core.config import ABSTAIN, InputError, SmoothingConfig
    from diffsmooth_core.purification.denoiser import Denoiser
    from diffsmooth_core.smoothed import SmoothedClassifier
    from diffsmooth_core.zoo.load import load_classifier, load_denoiser

__all__ = [
    "ABSTAIN",
    "BaseClassifier",
    "Certificate",
    "Classifier",
    "Denoiser",
    "InputError",
    "Progress",
    "SmoothedClassifier",
    "SmoothingConfig",
    "__version__",
    "build_base",
    "certify",
    "certify_stream",
    "load_classifier",
    "load_denoiser",
    "predict",
]

_MODULES = {  # the same imports as above, for `__getattr__`
    "certification.certificate": ("Certificate",),
    "certification.prediction": ("predict",),
    "certification.progress": ("Progress",),
    "certification.stream": ("certify", "certify_stream"),
    "classifiers.base": ("BaseClassifier", "Classifier"),
    "classifiers.building": ("build_base",),
    "config": ("ABSTAIN", "InputError", "SmoothingConfig"),
    "purification.denoiser": ("Denoiser",),
    "smoothed": ("SmoothedClassifier",),
    "zoo.load": ("load_classifier", "load_denoiser"),
}

if not TYPE_CHECKING:  # a type checker would take any name for one of the package's

    def __getattr__(name: str) -> Any:
        for module, names in _MODULES.items():
            if name in names:
                globals()[name] = found = getattr(import_module(f"{__name__}.{module}"), name)
                return found
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
