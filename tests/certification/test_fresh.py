"""Fresh votes: an honest claim stands against the verifier's own noise, a forged one does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diffsmooth_core import build_base, certify
from diffsmooth_core.certification.certificate import discrepancies
from diffsmooth_core.certification.decision import decide
from diffsmooth_core.certification.fresh import fresh
from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.statistics import clopper_pearson_upper
from tests.worlds import GREY, half_space

CONFIG = SmoothingConfig(method="plain", n0=30, n=300, device="cpu", dtype="float32")
WORLD = build_base(CONFIG, half_space(0.3))


def test_an_honest_one_stands_and_every_look_is_another_certificate() -> None:
    honest = certify(WORLD, GREY, CONFIG)
    first, second = (fresh(honest, WORLD, GREY, 500) for _ in range(2))
    for found in (first, second):
        assert found.holds
        assert (found.own.n, len(found.own.nonce), found.own.label) == (500, 32, 1)
        assert discrepancies(found.own) == []
        assert found.p_a_upper == clopper_pearson_upper(found.own.counts[1], 500, CONFIG.alpha)
    assert first.own.nonce != second.own.nonce
    assert first.own.votes != second.own.votes, "other noise"


def test_a_claim_above_what_the_fresh_votes_allow_is_refused() -> None:
    """The true share is Phi(.3/.5) = .726; a forger claims votes for .95."""
    honest, counts = certify(WORLD, GREY, CONFIG), (15, 285)
    forged = replace(honest, counts=counts, **vars(decide(honest.counts0, counts, CONFIG)))
    found = fresh(forged, WORLD, GREY, 500)
    assert not found.holds
    assert found.p_a_upper < forged.p_a_lower
    assert found.faults[0].startswith(
        f"p_a_lower says {forged.p_a_lower:.6f}, 500 fresh votes bound p_A by 0."
    )


def test_the_issuer_s_alpha_does_not_make_a_forged_claim_stand() -> None:
    """At alpha 1e-60 the upper bound of 600 votes, even of 400 in favour, is loose enough for any claim."""
    config = replace(CONFIG, alpha=1e-60)
    honest, counts = certify(WORLD, GREY, replace(config, n=1000)), (0, 1000)
    forged = replace(honest, counts=counts, **vars(decide(honest.counts0, counts, honest.config)))
    found = fresh(forged, WORLD, GREY, 600)
    assert clopper_pearson_upper(400, 600, 1e-60) > forged.p_a_lower > 0.87
    assert not found.holds


def test_a_claim_of_the_two_class_bound_is_refused_by_either_class() -> None:
    config = replace(CONFIG, bound="two-class")
    honest = certify(WORLD, GREY, config)
    assert fresh(honest, WORLD, GREY, 500).holds
    found = fresh(replace(honest, p_b_upper=0.01), WORLD, GREY, 500)
    assert [fault.split()[0] for fault in found.faults] == ["p_b_upper"]


def test_too_few_votes_to_certify_at_all_are_refused() -> None:
    with pytest.raises(InputError, match="n = 5 votes can never certify"):
        fresh(certify(WORLD, GREY, CONFIG), WORLD, GREY, 5)
