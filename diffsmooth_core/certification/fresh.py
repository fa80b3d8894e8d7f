"""Votes of the verifier's own against a certificate: they need no trust in whoever issued it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from torch import Tensor

from diffsmooth_core.certification.certificate import Certificate
from diffsmooth_core.certification.replay import as_certified
from diffsmooth_core.certification.stream import certify
from diffsmooth_core.certification.voting import commitment_of
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.statistics import clopper_pearson_lower, clopper_pearson_upper

LEVEL = 0.001  # of the verifier's bounds, where the issuer's alpha is smaller


@dataclass(frozen=True)
class Fresh:
    """The verifier's `own` certificate for the picture of a `claimed` one, and what its votes say of the
    claim: an upper bound of the share of the claimed class and a lower bound of that of any other, each at
    the claimed alpha, LEVEL at least: an issuer who could choose it freely would make every claim stand."""

    own: Certificate
    p_a_upper: float
    p_b_lower: float
    claimed: Certificate

    @property
    def faults(self) -> tuple[str, ...]:
        """Why the claim does not hold, in words; empty where the fresh votes do not contradict it."""
        claimed, votes = self.claimed, f"{self.own.n:,} fresh votes bound"
        found = []
        if self.p_a_upper < claimed.p_a_lower:
            found.append(
                f"p_a_lower says {claimed.p_a_lower:.6f}, {votes} p_A by {self.p_a_upper:.6f} from above"
            )
        if claimed.config.bound == "two-class" and self.p_b_lower > claimed.p_b_upper:
            found.append(
                f"p_b_upper says {claimed.p_b_upper:.6f}, {votes} p_B by {self.p_b_lower:.6f} from below"
            )
        return tuple(found)

    @property
    def holds(self) -> bool:
        return not self.faults


def fresh(certificate: Certificate, base: BaseClassifier, x: Tensor, n: int) -> Fresh:
    """Certify the picture of a certificate under noise that nobody could know before: n votes under a nonce
    of the verifier's own randomness.

    An honest certificate is refused with probability alpha plus the level of these bounds at most, twice that
    level with the two-class bound: its own bounds are wrong with alpha, each of these with their level. x is
    float32 (c,h,w) in [0,1]. Raises InputError as `as_certified` does, and where n votes cannot certify at
    all.
    """
    base, config = as_certified(certificate, base, x), replace(certificate.config, n=n, stopping="fixed")
    own = certify(base, x, config, tied_to=commitment_of(base, x, config, secrets.token_hex(16)))
    rivals = [votes for label, votes in enumerate(own.counts) if label != certificate.candidate]
    level = max(config.alpha, LEVEL)
    p_a_upper = clopper_pearson_upper(own.counts[certificate.candidate], n, level)
    p_b_lower = clopper_pearson_lower(max(rivals), n, level / len(rivals))
    return Fresh(own, p_a_upper, p_b_lower, certificate)
