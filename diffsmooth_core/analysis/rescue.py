"""Which other settings would certify a picture for its class: they are tried one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from diffsmooth_core.certification.stream import certify
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.config import METHODS, InputError, SmoothingConfig
from diffsmooth_core.experiments import evaluations
from diffsmooth_core.runs.results import outcome_of
from diffsmooth_core.statistics import bonferroni_alpha


@dataclass(frozen=True)
class Rescue:
    """The answer for the picture under another setting, with alpha divided by the number of settings tried
    (a Bonferroni correction). It rescues the picture only where it certifies its class: see `ranked`."""

    change: str
    config: SmoothingConfig
    label: int
    radius: float
    p_hat: float
    cost: int  # evaluations of the classifier


def rescue_settings(
    config: SmoothingConfig, classifiers: Sequence[str], n: int
) -> dict[str, SmoothingConfig]:
    """The settings that a rescue tries, keyed by a description of the change."""
    method = METHODS[config.method]
    base = replace(config, n=n, n0=min(config.n0, 50), stopping="fixed", bound="one-class")
    tried = {"as it is": base, "half the noise σ": replace(base, sigma=config.sigma / 2)}
    tried["three quarters of σ"] = replace(base, sigma=0.75 * config.sigma)
    if method.smooths_locally:
        tried[f"σ′ = {config.sigma_local + 0.05:g}"] = replace(base, sigma_local=config.sigma_local + 0.05)
        if config.sigma_local >= 0.1:
            tried[f"σ′ = {config.sigma_local - 0.05:g}"] = replace(
                base, sigma_local=config.sigma_local - 0.05
            )
        tried[f"m = {2 * config.m + 1}"] = replace(base, m=2 * config.m + 1)
    tried |= {f"classifier {name}": replace(base, classifier=name) for name in classifiers}
    tried[f"four times the votes, n = {4 * n:,}"] = replace(base, n=4 * n)
    return tried


def rescues(
    build: Callable[[SmoothingConfig], BaseClassifier], x: Tensor, settings: dict[str, SmoothingConfig]
) -> Iterator[Rescue]:
    """Certify x (c,h,w) under each setting with the same seed and with alpha divided by the number of
    settings, so that the best of them, picked afterwards, holds with probability 1 - alpha. `build` makes
    the base classifier of a configuration."""
    for change, setting in settings.items():
        try:
            config = replace(setting, alpha=bonferroni_alpha(setting.alpha, len(settings)))
            base = build(config)
            certificate = certify(base, x, config)
        except InputError:
            continue
        passes = (config.n0 + config.n) * evaluations(config)[1]
        yield Rescue(change, config, certificate.label, certificate.radius, certificate.p_hat, passes)


def ranked(found: Iterable[Rescue], label: int | None) -> list[tuple[str, Rescue]]:
    """Each with its outcome (one of OUTCOMES) for a picture of class `label`, the best first: certificates
    for that class by their radius, then abstentions, and at the end certificates for another class, which
    rescue nothing."""
    order = ("right", "certified", "abstained", "wrong")
    outcomes = [(outcome_of(one.label, label), one) for one in found]
    return sorted(outcomes, key=lambda each: (order.index(each[0]), -each[1].radius, each[1].cost))
