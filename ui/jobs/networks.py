"""The networks of the server, each loaded once and shared by every session."""

from __future__ import annotations

from functools import lru_cache

import torch

from diffsmooth_core import (
    BaseClassifier,
    Classifier,
    Denoiser,
    InputError,
    SmoothingConfig,
    build_base,
    load_classifier,
    load_denoiser,
)
from diffsmooth_core.certification.decision import check_reachable
from diffsmooth_core.config import METHODS
from diffsmooth_core.purification.dncnn import DirectDenoiser
from ui.session import state


@lru_cache(maxsize=8)
def classifier(name: str) -> Classifier:
    """A classifier, loaded at most once. Raises InputError."""
    return load_classifier(name)


@lru_cache(maxsize=2)
def denoiser(name: str) -> Denoiser | DirectDenoiser:
    """A denoiser, loaded at most once. Raises InputError."""
    return load_denoiser(name)


def base_classifier(config: SmoothingConfig) -> BaseClassifier:
    """The base classifier of `config`, its networks loaded at most once. Raises InputError."""
    purifies = METHODS[config.method].purifies
    return build_base(config, classifier(config.classifier), denoiser(config.denoiser) if purifies else None)


def runnable(config: SmoothingConfig | InputError) -> SmoothingConfig | InputError:
    """`config`, or why no run of it can be started."""
    try:
        if isinstance(config, SmoothingConfig):
            check_reachable(config)
            base_classifier(config)
    except InputError as error:
        return error
    return config


def votes_quickly(config: SmoothingConfig) -> bool:
    """Whether a vote takes a moment; ImageNet's networks take a CPU most of a minute."""
    return config.dataset == state.DEFAULTS.dataset or torch.cuda.is_available()
