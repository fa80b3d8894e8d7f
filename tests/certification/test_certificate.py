"""The certificate: evidence that can be checked again, and reasons in words."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import binom

from diffsmooth_core import certify
from diffsmooth_core.certification.ballots import Ballots
from diffsmooth_core.certification.certificate import Certificate, discrepancies
from diffsmooth_core.certification.decision import decide, decide_schema_2
from diffsmooth_core.certification.noise import image_sha256
from diffsmooth_core.classifiers.building import build_base
from diffsmooth_core.config import ABSTAIN, SmoothingConfig
from diffsmooth_core.statistics import certified_radius, clopper_pearson_lower, clopper_pearson_upper
from tests.worlds import GREY, half_space

RADIUS = certified_radius(clopper_pearson_lower(97, 100, 0.001), 0.5)  # of 97 of 100 votes
NAMES = ("apple", "bread", "cheese")
CONFIG = SmoothingConfig(method="plain", sigma=0.5, n0=20, n=100, device="cpu", dtype="float32")


@pytest.fixture(scope="module")
def certificate() -> Certificate:
    return certify(build_base(CONFIG, half_space(1.0)), GREY, CONFIG)


def with_votes(certificate: Certificate, counts0: tuple[int, ...], counts: tuple[int, ...]) -> Certificate:
    """The certificate that these votes would have given."""
    config = replace(certificate.config, n0=sum(counts0), n=sum(counts))
    found = decide(counts0, counts, config)
    assert found.ending is not None
    votes0, votes = (Ballots.in_class_order(votes).packed for votes in (counts0, counts))
    honest = replace(
        certificate,
        **vars(found),
        counts0=counts0,
        counts=counts,
        votes0=votes0,
        votes=votes,
        config=config,
        members=(),
    )
    return replace(honest, commitment=honest.own_commitment)


def test_it_carries_its_evidence(certificate: Certificate) -> None:
    assert certificate.label == 1
    assert certificate.config == CONFIG
    assert certificate.image_sha256 == image_sha256(GREY)
    assert certificate.weights == {"classifier": "0" * 64}
    assert (certificate.device, certificate.dtype) == ("cpu", "float32")
    assert certificate.versions.keys() >= {"python", "torch", "numpy", "scipy"}
    assert certificate.p_a_lower == clopper_pearson_lower(certificate.counts[1], 100, 0.001)
    assert certificate.radius == certified_radius(certificate.p_a_lower, 0.5)
    assert discrepancies(certificate) == []
    assert certificate.reason(NAMES) == ""


def test_it_round_trips_through_json(certificate: Certificate, tmp_path: Path) -> None:
    path = tmp_path / "cert.json"
    path.write_text(certificate.to_json())
    assert Certificate.read(path) == certificate
    plain = json.loads(certificate.to_json())
    assert {"label", "radius", "p_a_lower", "counts0", "counts", "config", "image_sha256"} <= plain.keys()
    assert plain["counts"] == list(certificate.counts)
    assert plain["config"]["alpha"] == 0.001


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"label": 0}, {"label"}),
        ({"label": ABSTAIN}, {"label"}),
        ({"radius": 9.0}, {"radius"}),
        ({"radius": RADIUS + 1e-11}, {"radius"}),
        ({"radius": RADIUS + 1e-13}, {"radius"}),
        ({"radius": RADIUS - 1e-13}, set()),
        ({"radius": math.nan}, {"radius"}),
        ({"radius": math.inf}, {"radius"}),
        ({"p_a_lower": 0.999}, {"p_a_lower"}),
        ({"p_a_lower": math.nan}, {"p_a_lower", "radius"}),
        ({"p_b_upper": 0.001}, {"p_b_upper"}),
        ({"ending": "reached"}, {"ending"}),
        ({"counts": (0, 99)}, {"counts", "n", "ending", "p_a_lower", "p_b_upper", "radius"}),
        ({"counts": (100, 0)}, {"counts", "label", "p_a_lower", "p_b_upper", "radius"}),
        ({"counts0": (20, 0)}, {"counts0", "label", "p_a_lower", "p_b_upper", "radius"}),
        ({"counts0": (0, 21)}, {"counts0", "n0"}),
        ({"config": replace(CONFIG, sigma=1.0)}, {"commitment", "radius"}),
        ({"config": replace(CONFIG, alpha=0.05)}, {"commitment", "p_a_lower", "p_b_upper", "radius"}),
        ({"config": replace(CONFIG, n=1000)}, {"commitment", "n", "ending"}),
        ({"config": replace(CONFIG, n0=50)}, {"commitment", "n0"}),
        ({"config": replace(CONFIG, seed=1)}, {"commitment"}),
        ({"image_sha256": "1" * 64}, {"commitment"}),
        ({"weights": {"classifier": "1" * 64}}, {"commitment"}),
        ({"block": 8}, {"commitment"}),
        ({"execution": "eager"}, {"commitment"}),
        ({"dtype": "bfloat16"}, {"commitment"}),
        ({"commitment": "1" * 64}, {"commitment"}),
        ({"members": ("1" * 64, "2" * 64)}, {"commitment", "members"}),
        ({"device": "cuda:0", "created": "", "seconds": 0.0, "source": "", "batch": 1}, set()),
    ],
)
def test_each_changed_field_is_found(
    certificate: Certificate, change: dict[str, Any], named: set[str]
) -> None:
    honest = with_votes(certificate, (0, 20), (3, 97))
    assert discrepancies(honest) == []
    found = discrepancies(replace(honest, **change))
    assert {sentence.split()[0] for sentence in found} == named


def test_a_certificate_of_version_0_8_by_the_anytime_bound_still_holds(certificate: Certificate) -> None:
    """Its margin was smaller: 10,000 of 10,000 votes at sigma 1 were written with this radius."""
    config = replace(certificate.config, sigma=1.0, n=10_000, stopping="target", target_radius=3.3)
    found = decide((20, 0), (10_000, 0), config)
    assert found.ending is not None
    votes = replace(certificate, schema=2, config=config, counts0=(20, 0), counts=(10_000, 0), **vars(found))
    assert discrepancies(replace(votes, radius=3.117694730800443)) == []
    assert discrepancies(replace(votes, radius=3.117694740800443))


def test_a_two_class_certificate_of_schema_2_holds_with_the_smaller_radius_it_was_issued_with(
    certificate: Certificate,
) -> None:
    """There the other classes shared a half of alpha: 460 of 1,000 votes against 200, three other classes."""
    config = replace(certificate.config, bound="two-class", n=1000)
    counts = (200, 460, 170, 170)
    found = decide_schema_2((0, 20, 0, 0), counts, config)
    assert found.p_b_upper == clopper_pearson_upper(200, 1000, config.alpha / 6)
    assert 0 < found.radius < decide((0, 20, 0, 0), counts, config).radius
    assert found.ending is not None
    values = replace(
        certificate, schema=2, config=config, counts0=(0, 20, 0, 0), counts=counts, **vars(found)
    )
    assert discrepancies(values) == []
    assert discrepancies(replace(values, radius=found.radius * 1.01)) != []


def test_an_abstention_turned_into_a_certificate_is_found(certificate: Certificate) -> None:
    abstained = with_votes(certificate, (0, 20), (45, 55))
    assert abstained.label == ABSTAIN
    assert discrepancies(abstained) == []
    found = discrepancies(replace(abstained, label=1, radius=0.2))
    assert {sentence.split()[0] for sentence in found} == {"label", "radius"}
    assert any("-1" in sentence for sentence in found)


def test_a_bound_of_exactly_one_half_abstains() -> None:
    """As the paper has it: certified where the bound is above 1/2."""
    config = replace(CONFIG, alpha=0.5, n=2)
    found = decide((0, 1), (0, 1), config)
    assert (found.label, found.radius) == (ABSTAIN, 0.0)
    assert clopper_pearson_lower(1, 1, 0.5) == 0.5


def test_a_split_vote_says_that_more_samples_would_not_help(certificate: Certificate) -> None:
    reason = with_votes(certificate, (3, 9, 8), (300, 480, 220)).reason(NAMES)
    assert "480 of 1,000" in reason
    assert "not a majority" in reason
    assert "votes." not in reason, "no number is promised"


def test_half_of_the_votes_are_no_majority_of_either_class(certificate: Certificate) -> None:
    reason = with_votes(certificate, (9, 11), (50, 50)).reason(NAMES)
    assert reason.startswith("Only 50 of 100 noisy copies voted for bread, the selected class")


def test_a_bound_just_short_says_how_many_more_votes_would_do(certificate: Certificate) -> None:
    short = with_votes(certificate, (0, 20), (40, 60))
    assert "60 of 100" in short.reason(NAMES)
    assert "a lower bound of 0.4409, not above ½" in short.reason(NAMES)  # .44098, rounded down
    needed = int(short.reason(NAMES).split("about ")[1].split(" votes")[0].replace(",", ""))
    power = {n: _power(0.6, n) for n in (needed - 8, needed, needed + 8)}
    assert power[needed - 8] < 0.9 <= power[needed + 8]
    assert "with probability 90 %" in short.reason(NAMES)
    assert "2α = 0.002 at most" in short.reason(NAMES)
    assert with_votes(certificate, (0, 20), (400, 600)).label == 1


def test_a_hopeless_majority_says_that_millions_would_not_do(certificate: Certificate) -> None:
    reason = with_votes(certificate, (0, 20), (49_999, 50_001)).reason(NAMES)
    assert "no new run of up to 10,000,000 votes" in reason


def _power(p: float, n: int) -> float:
    """The probability that n votes with true share p certify at alpha = .001."""
    fewest = next(k for k in range(n // 2, n + 1) if clopper_pearson_lower(k, n, 0.001) > 0.5)
    return float(binom.sf(fewest - 1, n, p))


def test_a_wrongly_selected_class_is_named_as_the_reason(certificate: Certificate) -> None:
    reason = with_votes(certificate, (11, 9), (10, 990)).reason(NAMES)
    assert "Selection put up apple" in reason
    assert "10 of 1,000" in reason
    assert "bread got 990" in reason
    assert "n₀ = 20" in reason
