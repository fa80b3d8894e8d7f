"""A change by hand: its length, the level of each try, and that only another class is a flip."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from diffsmooth_core import ABSTAIN, InputError, SmoothingConfig, build_base, certify, predict
from diffsmooth_core.attacks import distance, shortest, tried, try_config
from diffsmooth_core.attacks.drawn import level
from diffsmooth_core.certification.prediction import predict_stream
from diffsmooth_core.statistics.sign_test import sign_test
from tests.worlds import GREY, half_space

CONFIG = SmoothingConfig(method="plain", sigma=0.25, n0=20, n=200, device="cpu", dtype="float32")
MARGIN = 0.4
BASE = build_base(CONFIG, half_space(MARGIN))
CERTIFICATE = certify(BASE, GREY, CONFIG)


def test_the_length_is_that_of_the_pixels_over_255() -> None:
    steps = np.random.default_rng(0).integers(-128, 128, (3, 32, 32))
    x = torch.full((3, 32, 32), 128 / 255)
    changed = torch.from_numpy((128 + steps).astype(np.float32)) / 255
    assert distance(x, changed) == pytest.approx(math.sqrt(int((steps**2).sum())) / 255, abs=1e-5)
    assert distance(x, x) == 0
    one = x.clone()
    one[0, 5, 7] = 129 / 255
    assert distance(x, one) == pytest.approx(1 / 255, rel=1e-5)


def test_all_tries_together_have_no_more_than_alpha() -> None:
    spent = [level(0.01, k) for k in range(1, 2001)]
    assert math.fsum(spent) == pytest.approx(0.01 * (1 - 1 / 2001))
    assert spent == sorted(spent, reverse=True)


def test_a_try_asks_predict_at_its_level_and_refuses_what_cannot_decide() -> None:
    config = try_config(replace(CERTIFICATE, config=replace(CONFIG, stopping="adaptive")), 3, 50)
    assert (config.n, config.alpha, config.stopping) == (50, CONFIG.alpha / 12, "fixed")
    with pytest.raises(
        InputError, match="n = 14 votes cannot decide try 3 at its level 0.000083; use n = 15"
    ):
        try_config(CERTIFICATE, 3, 14)
    assert sign_test(15, 0) <= CONFIG.alpha / 12 < sign_test(14, 0)


def test_only_another_class_is_a_flip_and_the_shortest_of_those_is_best() -> None:
    """Along the one direction that this world's class depends on."""
    towards = -BASE.classifier.network[1].weight[1].reshape(GREY.shape)
    outcomes = {}
    for number, times in enumerate((0.9, 1.0, 2.0, 3.0), 1):
        changed = GREY + times * MARGIN * towards
        config = try_config(CERTIFICATE, number, 60)
        *_, last = predict_stream(BASE, changed, config)
        counts = last.counts
        outcomes[times] = tried(CERTIFICATE, GREY, changed, counts, config.alpha)
        assert outcomes[times].predicted == predict(BASE, changed, config)
    assert outcomes[1.0].outcome == "abstained", "on the very edge"
    assert outcomes[1.0].predicted == ABSTAIN
    assert [outcomes[t].outcome for t in (2.0, 3.0)] == ["broken", "broken"]
    best = shortest(outcomes.values())
    assert best is outcomes[2.0]
    assert best.length == pytest.approx(2 * MARGIN, abs=1e-5)
    assert shortest([outcomes[1.0]]) is None
