"""Abstentions explained: made-up votes with a known reason, and real ones whose cause was built in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from diffsmooth_core import build_base, certify
from diffsmooth_core.analysis import stages as taking_apart
from diffsmooth_core.analysis.diagnosis import REASONS, explain
from diffsmooth_core.analysis.rescue import Rescue, ranked, rescue_settings, rescues
from diffsmooth_core.analysis.stages import Stages, calmer_share, take_apart
from diffsmooth_core.certification.certificate import Certificate
from diffsmooth_core.certification.decision import decide
from diffsmooth_core.config import ABSTAIN, SmoothingConfig
from tests.worlds import GREY, SHAPE, clamping_denoiser, half_space, linear_classifier

NAMES = ("cat", "dog", "frog")
CONFIG = SmoothingConfig(method="plain", sigma=0.5, n0=100, n=1000, device="cpu", dtype="float32")
BLANK = certify(build_base(replace(CONFIG, n0=1, n=10), half_space(3.0)), GREY, replace(CONFIG, n0=1, n=10))


def voted(counts0: tuple[int, ...], counts: tuple[int, ...]) -> Certificate:
    config = replace(CONFIG, n0=sum(counts0), n=sum(counts))
    return replace(
        BLANK, config=config, counts0=counts0, counts=counts, **vars(decide(counts0, counts, config))
    )


def stages(clean: int, noisy: int, purified: int | None, votes: list[int]) -> Stages:
    """Every copy of a stage in one class."""
    everywhere = np.full(len(votes), purified if purified is not None else 0)
    return Stages(
        clean,
        np.full(len(votes), noisy),
        None if purified is None else everywhere,
        None,
        np.array(votes),
        (),
        (),
    )


@pytest.mark.parametrize(
    ("counts0", "counts", "label", "reason", "words"),
    [
        ((90, 10, 0), (900, 100, 0), 0, "none", "cat is certified"),
        ((90, 10, 0), (900, 100, 0), 1, "wrong", "a dog: the certificate holds, for a wrong class"),
        ((51, 49, 0), (100, 900, 0), 1, "selection", "put up cat; of the estimation votes 900 of 1,000"),
        ((90, 10, 0), (530, 300, 170), 0, "few", "with probability 90 % if it had about 5,"),
        ((90, 10, 0), (50001, 49999, 0), 0, "few", "no new run of up to 10,000,000 votes"),
        ((60, 40, 0), (480, 470, 50), 0, "tie", "cat and dog share the votes, 480 to 470"),
        ((60, 30, 10), (450, 300, 250), 0, "scattered", "scatter over 3 classes, cat leading with 450"),
    ],
)
def test_counts_alone_tell_most_reasons(
    counts0: tuple[int, ...], counts: tuple[int, ...], label: int, reason: str, words: str
) -> None:
    found = explain(voted(counts0, counts), label, None, NAMES)
    assert found.reason == reason
    assert words in found.sentence
    assert found.title == REASONS[reason]


SCATTERED = ((60, 30, 10), (350, 340, 310))


@pytest.mark.parametrize(
    ("apart", "calmer", "reason", "words"),
    [
        (stages(2, 2, None, [0, 1, 2] * 8), 0.1, "unknown", "already sees a frog, not a cat"),
        (stages(0, 0, 1, [0, 1, 2] * 8), 0.2, "purifier", "100 % of the pictures are taken for a dog"),
        (stages(0, 1, 0, [0, 1, 2] * 8), 0.9, "noise", "At half the noise 90 % of the votes are for cat"),
        (stages(0, 1, 0, [0, 1, 2] * 8), 0.3, "scattered", "cat leading"),
    ],
)
def test_stages_tell_the_rest(apart: Stages, calmer: float, reason: str, words: str) -> None:
    found = explain(voted(*SCATTERED), 0, apart, NAMES, calmer)
    assert found.reason == reason
    assert words in found.sentence


def test_stages_are_those_of_the_counted_votes() -> None:
    """A half-space whose normal is one pixel above 1: only unclamped copies ever cross it."""
    weight = torch.zeros(2, SHAPE.numel())
    weight[1, 0], bias = 1.0, torch.tensor([0.0, -1.05])
    config = replace(CONFIG, method="diffsmooth", sigma_local=0.25, m=2, n0=5, n=64)
    base = build_base(config, linear_classifier(weight, bias), clamping_denoiser())
    apart = take_apart(base, GREY, config, votes=64)
    assert apart.clean == 0
    assert 0.05 < apart.share("noisy", 1) < 0.25  # type: ignore[operator]
    assert apart.share("purified", 0) == 1.0
    assert apart.local is not None
    assert apart.local.shape == (64, 2)
    assert np.array_equal(np.bincount(apart.votes, minlength=2), certify(base, GREY, config).counts)
    assert len(apart.noisy_pictures) == len(apart.purified_pictures) == 64
    assert apart.noisy_pictures[0].max() > 1 >= apart.purified_pictures[0].max()
    plain = replace(config, method="plain")
    bare = take_apart(build_base(plain, linear_classifier(weight, bias)), GREY, plain)
    assert (bare.purified, bare.local) == (None, None)
    assert np.array_equal(bare.noisy, bare.votes)


def test_local_copies_of_one_step_of_votes_are_held_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    config = replace(CONFIG, method="diffsmooth", sigma_local=0.25, m=7, n0=5, n=64)
    weight, bias = torch.randn(2, SHAPE.numel(), generator=torch.Generator().manual_seed(0)), torch.zeros(2)
    base = replace(build_base(config, linear_classifier(weight, bias), clamping_denoiser()), purifier_batch=4)
    drawn, draw = list[int](), taking_apart.draw_noise

    def watched(base: Any, wanted: Any, config: Any) -> Any:
        drawn.append(wanted.stop - wanted.start)
        return draw(base, wanted, config)

    monkeypatch.setattr(taking_apart, "draw_noise", watched)
    apart = take_apart(base, GREY, config, votes=64)
    assert sum(drawn) == 64
    assert max(drawn) == base.votes_per_step < 64
    assert apart.local is not None
    assert np.array_equal(np.bincount(apart.votes, minlength=2), certify(base, GREY, config).counts)
    alike = apart.local.min(1) == apart.local.max(1)
    assert np.array_equal(apart.votes[alike], apart.local[alike, 0]), (
        "where its copies agree, so does the vote"
    )
    assert 0 < alike.sum() < 64


def test_half_the_noise_is_tried_on_the_same_picture() -> None:
    def build(config: SmoothingConfig):  # type: ignore[no-untyped-def]
        return build_base(config, half_space(0.3))

    share = calmer_share(build, GREY, CONFIG, 1, votes=400)
    assert share == pytest.approx(0.885, abs=0.06), "Phi(.3/.25)"


def test_a_rescue_is_honest_about_having_looked_many_times() -> None:
    """A half-space at distance .2: less noise certifies it, and every certificate is at alpha / tries."""

    def build(config: SmoothingConfig):  # type: ignore[no-untyped-def]
        if config.classifier == "nobody":
            raise AssertionError("never asked for")
        return build_base(config, half_space(0.2))

    tried = rescue_settings(replace(CONFIG, n=400), [], 300)
    assert {"as it is", "half the noise σ", "three quarters of σ", "four times the votes, n = 1,200"} == set(
        tried
    )
    found = {r.change: r for r in rescues(build, GREY, tried)}
    assert all(r.config.alpha == 0.001 / 4 for r in found.values())
    assert found["half the noise σ"].p_hat > found["as it is"].p_hat
    assert found["half the noise σ"].label == 1
    assert found["four times the votes, n = 1,200"].cost == 1250
    smoothing = rescue_settings(replace(CONFIG, method="diffsmooth"), ["gaussian-0.50"], 100)
    assert {"m = 11", "σ′ = 0.3", "σ′ = 0.2", "classifier gaussian-0.50"} <= set(smoothing)


def test_a_certificate_for_another_class_rescues_nothing() -> None:
    def found(change: str, label: int, radius: float, cost: int = 1) -> Rescue:
        return Rescue(change, CONFIG, label, radius, 0.9, cost)

    tried = [
        found("wrong", 6, 0.9),
        found("short", 8, 0.1),
        found("none", ABSTAIN, 0.0),
        found("dear", 8, 0.4, cost=9),
        found("cheap", 8, 0.4),
    ]
    known = [(outcome, one.change) for outcome, one in ranked(tried, 8)]
    assert known == [
        ("right", "cheap"),
        ("right", "dear"),
        ("right", "short"),
        ("abstained", "none"),
        ("wrong", "wrong"),
    ]
    unknown = [one.change for _, one in ranked(tried, None)]
    assert unknown == ["wrong", "cheap", "dear", "short", "none"]
