"""The networks of the server, each loaded once and shared by every session."""

from __future__ import annotations

from diffsmooth_core import BaseClassifier, Classifier, InputError, SmoothedClassifier, SmoothingConfig
from diffsmooth_core.certification.decision import check_reachable
from diffsmooth_core.purification.purifier import AnyDenoiser
from diffsmooth_core.zoo.load import cached_classifier, cached_denoiser


def classifier(name: str) -> Classifier:
    """A classifier, loaded at most once. Raises InputError."""
    return cached_classifier(name, "auto")


def denoiser(name: str) -> AnyDenoiser:
    """A denoiser, loaded at most once. Raises InputError."""
    return cached_denoiser(name, "auto")


def base_classifier(config: SmoothingConfig) -> BaseClassifier:
    """The base classifier of `config`, its networks loaded at most once. Raises InputError."""
    return SmoothedClassifier.load(config).base


def runnable(config: SmoothingConfig) -> SmoothingConfig:
    """`config`. Raises InputError where no run of it can be started."""
    check_reachable(config)
    base_classifier(config)
    return config


def votes_quickly(config: SmoothingConfig) -> bool:
    """Whether a vote takes well under a second. False where a CPU takes one copy at a time, because the
    network is large, and where the networks are not on this machine."""
    try:
        return base_classifier(config).purifier_batch > 1
    except InputError:
        return False
