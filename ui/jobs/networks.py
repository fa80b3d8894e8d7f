"""The networks of the server, each loaded once and shared by every session.

torch is imported here, when a network is first asked for, so that the first page is drawn without it.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING

from diffsmooth_core import InputError, SmoothingConfig
from diffsmooth_core.certification.decision import check_reachable
from ui.importing import importing

if TYPE_CHECKING:
    from diffsmooth_core import BaseClassifier, Classifier, SmoothedClassifier
    from diffsmooth_core.purification.purifier import AnyDenoiser

# One a network: who wants it while it is being loaded waits for that, and does not load it once more.
_loading: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)


def classifier(name: str) -> Classifier:
    """A classifier, loaded at most once. Raises InputError."""
    with importing:
        from diffsmooth_core.zoo.load import cached_classifier
    with _loading[name]:
        return cached_classifier(name, "auto")


def denoiser(name: str) -> AnyDenoiser:
    """A denoiser, loaded at most once. Raises InputError."""
    with importing:
        from diffsmooth_core.zoo.load import cached_denoiser
    with _loading[name]:
        return cached_denoiser(name, "auto")


def smoothed_classifier(config: SmoothingConfig) -> SmoothedClassifier:
    """The smoothed classifier of `config`, its networks loaded at most once. Raises InputError."""
    with importing:
        from diffsmooth_core.smoothed import SmoothedClassifier
    with _loading[config.classifier], _loading[config.denoiser]:
        return SmoothedClassifier.load(config)


def base_classifier(config: SmoothingConfig) -> BaseClassifier:
    """The base classifier of `config`, its networks loaded at most once. Raises InputError."""
    return smoothed_classifier(config).base


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
