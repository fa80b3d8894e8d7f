"""Replays: the same votes on the same device, like votes on another, and other pictures refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import chi2

from diffsmooth_core import build_base, certify
from diffsmooth_core.certification.replay import Replay, agreement, replay, two_sample_p_value
from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.statistics import clopper_pearson_lower
from tests.worlds import GREY, clamping_denoiser, half_space, ten_classes

CONFIG = SmoothingConfig(m=2, n0=30, n=150, device="cpu", dtype="float32")
BASE = build_base(CONFIG, ten_classes(), clamping_denoiser())


@pytest.mark.parametrize(
    "settings", [{}, {"noise": "reference"}, {"stopping": "decided", "target_radius": 0.1}]
)
def test_the_same_votes_are_drawn_again(settings: dict[str, object]) -> None:
    config = replace(CONFIG, **settings)  # type: ignore[arg-type]
    certificate = certify(BASE, GREY, config, batch=7)
    again = replay(certificate, BASE, GREY)
    assert (again.counts0, again.counts) == (certificate.counts0, certificate.counts)
    assert again.exact
    assert again.holds
    assert again.differences == ()


def test_a_changed_count_is_named() -> None:
    certificate = certify(BASE, GREY, CONFIG)
    counts = (certificate.counts[0] + 1, certificate.counts[1] - 1, *certificate.counts[2:])
    again = replay(replace(certificate, counts=counts), BASE, GREY)
    assert not again.holds
    assert [sentence.split()[0] for sentence in again.differences] == ["counts[0]", "counts[1]"]
    assert again.differences[0] == f"counts[0] says {counts[0]}, drawn again it is {certificate.counts[0]}"


def test_another_kind_of_device_is_compared_as_a_sample() -> None:
    certificate = replace(certify(BASE, GREY, CONFIG), device="cuda:0")
    one_off = (certificate.counts[0] + 1, certificate.counts[1] - 1, *certificate.counts[2:])
    near = replay(replace(certificate, counts=one_off), BASE, GREY)
    assert not near.exact
    assert near.holds, "a vote or two may fall otherwise"
    far = replay(replace(certificate, counts=(150, *[0] * 9)), BASE, GREY)
    assert not far.holds


def test_votes_of_another_version_of_torch_are_compared_as_a_sample() -> None:
    certificate = certify(BASE, GREY, CONFIG)
    older = replace(certificate, versions=certificate.versions | {"torch": "2.0.1"})
    assert replay(certificate, BASE, GREY).exact
    assert not replay(older, BASE, GREY).exact


@pytest.mark.parametrize(
    ("exact", "p_value", "holds"), [(True, 1.0, False), (False, 0.001, True), (False, 0.0009, False)]
)
def test_differences_hold_where_chance_makes_them_one_time_in_a_thousand(
    exact: bool, p_value: float, holds: bool
) -> None:
    assert Replay((1,), (1,), exact, p_value, ("counts[0] says 1",)).holds == holds
    assert Replay((1,), (1,), exact, p_value, ()).holds


@pytest.mark.parametrize(("execution", "copies"), [("eager", 24 * 2), ("folded/20", 20)])
def test_execution_and_padded_shape_are_the_certificates(execution: str, copies: int) -> None:
    certificate = replace(certify(BASE, GREY, CONFIG), block=24, execution=execution)
    seen: list[int] = []
    hook = BASE.classifier.network.register_forward_pre_hook(lambda _, x: seen.append(len(x[0])))
    replay(certificate, BASE, GREY)
    hook.remove()
    assert set(seen) == {copies}


def test_an_execution_of_another_version_is_named() -> None:
    certificate = replace(certify(BASE, GREY, CONFIG), execution="quantum/7")
    with pytest.raises(InputError, match="'quantum/7' is unknown"):
        replay(certificate, BASE, GREY)


def test_another_picture_or_other_weights_are_refused() -> None:
    certificate = certify(BASE, GREY, CONFIG)
    with pytest.raises(InputError, match="another picture"):
        replay(certificate, BASE, torch.zeros_like(GREY))
    with pytest.raises(InputError, match="the classifier's weights here"):
        replay(replace(certificate, weights=certificate.weights | {"classifier": "f" * 64}), BASE, GREY)


def test_two_samples_of_one_distribution() -> None:
    random = np.random.default_rng(0)
    draws = random.multinomial(1000, [0.7, 0.2, 0.1, 0.0], size=(200, 2))
    values = [two_sample_p_value(a, b) for a, b in draws]
    assert 0.01 < np.mean(np.array(values) < 0.1) < 0.2
    assert two_sample_p_value([700, 300], [600, 400]) < 1e-5
    assert two_sample_p_value([10, 0], [10, 0]) == 1.0
    squared = 60 * (18 * 14 - 12 * 16) ** 2 / (30 * 30 * 34 * 26)  # of a table of two by two
    assert two_sample_p_value([18, 12], [16, 14]) == pytest.approx(chi2.sf(squared, 1))


def test_agreement_counts_votes_on_the_same_noise() -> None:
    config = replace(CONFIG, method="plain", n=200)
    first, second = (build_base(config, half_space(margin)) for margin in (0.1, 0.2))
    found = agreement(first, second, GREY, config)
    counted = [certify(base, GREY, config).counts for base in (first, second)]
    assert found.counts == tuple(counted)
    moved = counted[1][1] - counted[0][1]  # the farther plane only ever turns votes into class 1
    assert (found.votes, found.same) == (200, 200 - moved)
    assert 0 < moved < 60
    assert found.lower == clopper_pearson_lower(found.same, 200, 0.001)
