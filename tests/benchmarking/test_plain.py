"""The released code's way and ours cast the same votes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from diffsmooth_core import build_base, load_classifier, load_denoiser
from diffsmooth_core.benchmarking.plain import BATCH, plain_votes
from diffsmooth_core.benchmarking.timing import compare, parts
from diffsmooth_core.certification.voting import VoteRange, votes
from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.datasets import resolve
from tests.worlds import GREY, clamping_denoiser, ten_classes

X = torch.full_like(GREY, 128 / 255)  # on the grid that "sound" noise asks for
CONFIG = SmoothingConfig(sigma=0.5, sigma_local=0.25, m=3, n0=10, n=100, device="cpu", dtype="float32")


@pytest.mark.parametrize("noise", ["fresh", "reference", "sound"])
@pytest.mark.parametrize("method", ["diffsmooth", "plain", "dds", "local-only"])
def test_votes_are_those_of_the_plain_path(method: str, noise: str) -> None:
    config = replace(CONFIG, method=method, noise=noise)
    base = build_base(config, ten_classes(), clamping_denoiser())
    ours, _ = votes(base, VoteRange(X, "estimation", 5, 5 + BATCH + 9), config)
    plain = plain_votes(base, X, config, "estimation", 5, 5 + BATCH + 9)
    assert len(set(plain.tolist())) > 3, "a vote spread over classes would show a difference"
    np.testing.assert_array_equal(ours, plain)


def test_the_bundled_networks_agree_on_a_photograph() -> None:
    base = build_base(CONFIG, load_classifier("gaussian-0.25"), load_denoiser("bundled"))
    x = resolve("photo:cat", "cifar10").tensor
    (found,) = compare(base, x, CONFIG, 60, 1)
    assert found.agreeing >= 59, "float32 in another batch shape moves the last bits alone"
    assert min(found.seconds, found.plain_seconds) > 0


def test_densepure_has_no_plain_path() -> None:
    config = replace(CONFIG, method="densepure", purifications=2, reverse_steps=2)
    base = build_base(config, load_classifier("gaussian-0.25"), load_denoiser("bundled"))
    with pytest.raises(InputError, match="choose another method than densepure"):
        plain_votes(base, X, config, "estimation", 0, 1)


@pytest.mark.parametrize("method", ["diffsmooth", "plain", "dds"])
def test_a_votes_parts_are_told_apart(method: str) -> None:
    config = replace(CONFIG, method=method)
    base = build_base(config, ten_classes(), clamping_denoiser())
    spent = parts(base, GREY, config, 20)
    assert list(spent) == ["noise", "purification", "classification", "statistics"]
    assert (spent["purification"] > 0) == (method != "plain")
    assert min(spent["noise"], spent["classification"], spent["statistics"]) > 0
