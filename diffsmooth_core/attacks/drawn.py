"""A change of a picture that somebody draws, put to the vote: whether it flips the smoothed class.

Who draws by hand tries again and again, and every look at the votes may find a flip by chance. So all tries
on a certificate share the risk alpha: the k-th has alpha / (k (k + 1)), and 1/2 + 1/6 + 1/12 + ... = 1.
"""

from __future__ import annotations

import math
from dataclasses import replace

from torch import Tensor

from diffsmooth_core.attacks.ascent import distance
from diffsmooth_core.attacks.stream import Attempt, outcome_of
from diffsmooth_core.certification.certificate import Certificate
from diffsmooth_core.certification.decision import predicted
from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.wording import written


def level(alpha: float, number: int) -> float:
    """The level of PREDICT in try `number`, from 1. However many tries there are, and however they are
    chosen, the probability that one of them is wrong is at most alpha (union bound)."""
    return alpha / (number * (number + 1))


def try_config(certificate: Certificate, number: int, n: int) -> SmoothingConfig:
    """The setting of PREDICT with `n` votes in try `number` on this certificate. Raises InputError where so
    few votes cannot decide at its level, even if all agree."""
    alpha = level(certificate.config.alpha, number)
    least = math.ceil(1 - math.log2(alpha))
    if n < least:
        raise InputError(
            f"n = {n} votes cannot decide try {number} at its level {written(alpha, 2)}; "
            f"use n = {least} or more"
        )
    return replace(certificate.config, stopping="fixed", bound="one-class", alpha=alpha, n=n)


def tried(
    certificate: Certificate, x: Tensor, changed: Tensor, counts: tuple[int, ...], alpha: float
) -> Attempt:
    """What the votes `counts` (k,) on the picture `changed` come to at the level `alpha`; x, the picture
    before, and `changed` are float32 (c,h,w) in [0,1].

    It is "broken" where PREDICT names another class than the certified one (or the candidate, where nothing
    is certified), and not where it abstains.
    """
    answer, length = predicted(counts, alpha), distance(x, changed)
    outcome = outcome_of(answer, certificate.candidate)
    return Attempt(length, length, counts, answer, outcome, changed)
