"""DiffSmooth (arXiv 2308.14333): certified robustness by diffusion and local smoothing."""

from diffsmooth_core.certification.certificate import Certificate
from diffsmooth_core.certification.stream import Progress, certify, certify_stream, predict
from diffsmooth_core.classifiers.base import BaseClassifier, Classifier, build_base
from diffsmooth_core.config import ABSTAIN, InputError, SmoothingConfig
from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.zoo.load import load_classifier, load_denoiser

__all__ = [
    "ABSTAIN",
    "BaseClassifier",
    "Certificate",
    "Classifier",
    "Denoiser",
    "InputError",
    "Progress",
    "SmoothingConfig",
    "build_base",
    "certify",
    "certify_stream",
    "load_classifier",
    "load_denoiser",
    "predict",
]
