"""One object for the method: it says what the functions beside it say, and loads networks once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from diffsmooth_core import (
    SmoothedClassifier,
    SmoothingConfig,
    build_base,
    certify,
    load_classifier,
    load_denoiser,
    predict,
)
from diffsmooth_core.config import METHODS, InputError
from diffsmooth_core.datasets import resolve
from tests.worlds import GREY

CONFIG = SmoothingConfig(m=2, n0=10, n=40, device="cpu", dtype="float32")
DENOISERS = {"denoised": {"denoiser": "dncnn-mse-0.25", "sigma": 0.25}}


@pytest.mark.parametrize("method", METHODS)
def test_it_is_what_loading_and_building_by_hand_give(method: str) -> None:
    config = replace(CONFIG, method=method, reverse_steps=1, **DENOISERS.get(method, {}))  # type: ignore[arg-type]
    smoothed, x = SmoothedClassifier.load(config), resolve("photo:cat", "cifar10").tensor
    assert smoothed.config == config
    denoiser = load_denoiser(config.denoiser, "cpu") if METHODS[method].purifies else None
    base = build_base(config, load_classifier(config.classifier, "cpu"), denoiser)
    alone, mine = certify(base, x, config, source="cat"), smoothed.certify(x, source="cat")
    assert replace(mine, created=alone.created, seconds=alone.seconds) == alone
    assert smoothed.predict(x) == predict(base, x, config)


def test_votes_in_pieces_are_what_is_counted() -> None:
    smoothed, x = SmoothedClassifier.load(CONFIG), resolve("photo:cat", "cifar10").tensor
    pieces = [smoothed.votes(x, "estimation", start, stop) for start, stop in ((0, 7), (7, 8), (8, 40))]
    counts = tuple(np.bincount(np.concatenate(pieces), minlength=10).tolist())
    *_, last = smoothed.certify_stream(x, batch=11)
    assert last.certificate is not None
    assert counts == last.certificate.counts
    first = next(smoothed.certify_stream(x, batch=3))
    *_, resumed = smoothed.certify_stream(x, resume=first)
    assert resumed.certificate is not None
    assert resumed.certificate.counts == counts
    with pytest.raises(InputError, match="divide by 255"):
        smoothed.votes(255 * GREY, "estimation", 0, 1)


def test_a_numpy_array_is_a_picture_too() -> None:
    smoothed, x = SmoothedClassifier.load(CONFIG), resolve("photo:cat", "cifar10").tensor
    array = np.flip(np.flip(x.numpy(), 2).copy(), 2)  # neither in one piece nor in order
    array.flags.writeable = False
    mine, same = smoothed.certify(x), smoothed.certify(array)
    assert replace(same, created=mine.created, seconds=mine.seconds) == mine
    assert smoothed.predict(array) == smoothed.predict(x)
    assert smoothed.commitment(array) == smoothed.commitment(x)
    assert (smoothed.votes(array, "estimation", 0, 9) == smoothed.votes(x, "estimation", 0, 9)).all()


def test_networks_are_loaded_once() -> None:
    first, second = (SmoothedClassifier.load(replace(CONFIG, seed=seed)).base for seed in (0, 1))
    assert first.classifier is second.classifier
    assert first.purifier == second.purifier


def test_the_same_f_is_smoothed_under_other_settings_and_another_f_is_refused() -> None:
    smoothed, x = SmoothedClassifier.load(CONFIG), resolve("photo:cat", "cifar10").tensor
    other = replace(CONFIG, seed=3, n=20, noise="reference")
    assert smoothed.under(other).certify(x).counts == SmoothedClassifier.load(other).certify(x).counts
    for name, value in (("sigma", 0.25), ("m", 3), ("method", "dds"), ("classifier", "standard")):
        with pytest.raises(InputError, match=f"built with {name} "):
            smoothed.under(replace(CONFIG, **{name: value}))
