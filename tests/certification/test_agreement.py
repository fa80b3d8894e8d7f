"""Agreement: two classifiers vote on the same noise."""

from __future__ import annotations

from dataclasses import replace

from diffsmooth_core import build_base, certify
from diffsmooth_core.certification.agreement import agreement
from diffsmooth_core.certification.commitment import Commitment
from diffsmooth_core.certification.voting import commitment_of
from diffsmooth_core.config import SmoothingConfig
from diffsmooth_core.statistics import clopper_pearson_lower
from tests.worlds import GREY, half_space

CONFIG = SmoothingConfig(m=2, n0=30, n=150, device="cpu", dtype="float32")


def test_agreement_counts_votes_on_the_same_noise() -> None:
    config = replace(CONFIG, method="plain", n=200)
    first, second = (build_base(config, half_space(margin)) for margin in (0.1, 0.2))
    found = agreement(first, second, GREY, config)
    tied_to = Commitment.of_group(commitment_of(base, GREY, config).hash for base in (first, second))
    counted = [certify(base, GREY, config, tied_to=tied_to).counts for base in (first, second)]
    assert found.counts == tuple(counted)
    moved = counted[1][1] - counted[0][1]  # the farther plane only ever turns votes into class 1
    assert (found.votes, found.same) == (200, 200 - moved)
    assert 0 < moved < 60
    assert found.lower == clopper_pearson_lower(found.same, 200, 0.001)
