"""What networks can do under a noise, as it was measured for their cards."""

from __future__ import annotations

import numpy as np

from diffsmooth_core.config import METHODS, InputError, SmoothingConfig
from diffsmooth_core.zoo import cards

FEW = 0.2  # share of pictures classified correctly below which a majority of votes is rare


def measured(config: SmoothingConfig) -> dict[float, float]:
    """Noise level, ascending -> share of the test pictures that the classifier had right under such noise,
    after the denoiser if the method purifies; empty where the classifier's card has no such figures."""
    try:
        metrics = cards.card(config.classifier, "classifier").metrics
    except InputError:
        return {}
    if METHODS[config.method].purifies:
        found = metrics.get("accuracy_after_denoising", {}).get(config.denoiser, {})
    else:
        found = metrics.get("accuracy_under_noise", {})
    return dict(sorted((float(sigma), float(share)) for sigma, share in found.items()))


def right_behind(denoiser: str, classifier: str) -> float:
    """The share of the test pictures that the classifier had right behind a denoiser for one noise, as the
    denoiser's card says; 0 where that was not measured."""
    card = cards.every().get(denoiser)
    return float(card.metrics.get("accuracy_after_denoising", {}).get(classifier, 0)) if card else 0.0


def share_right(config: SmoothingConfig) -> float | None:
    """The share of pictures that the networks have right under noise sigma, linear between the levels that
    were measured; None where none was."""
    levels = measured(config)
    return float(np.interp(config.sigma, list(levels), list(levels.values()))) if levels else None


def too_noisy(config: SmoothingConfig) -> str:
    """A sentence where the networks have few pictures right under noise sigma, so that an abstention is
    likely; otherwise empty."""
    share = share_right(config)
    if share is None or share >= FEW:
        return ""
    able = [sigma for sigma, right in measured(config).items() if right >= 0.5]
    remedy = f"; at σ = {max(able):g} it was {100 * measured(config)[max(able)]:.0f}" if able else ""
    return (
        f"At σ = {config.sigma:g} these networks had about {100 * share:.0f} of 100 test pictures right, so "
        f"an abstention is likely{remedy}."
    )
