"""Floating point: the counter-example of Voracek and Hein, and the noise that has no such gap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import chisquare, norm
from torch import Tensor, nn

from diffsmooth_core import build_base, certify
from diffsmooth_core.certification.noise import NoiseSource
from diffsmooth_core.classifiers.base import Classifier
from diffsmooth_core.classifiers.normalisation import STATISTICS, Normalise
from diffsmooth_core.config import InputError, SmoothingConfig
from tests.worlds import GREY, SHAPE

CONFIG = SmoothingConfig(method="plain", sigma=0.5, n0=20, n=1000, device="cpu", dtype="float32")
BLACK = torch.zeros(SHAPE)
NEARLY_BLACK = torch.full(SHAPE, 4 / 255)  # at an L2 distance of 4/255 sqrt(3072) = .87


class Rounding(nn.Module):
    """Tells black from nearly black by how their noisy copies were rounded: where the sum is near 0, black
    plus noise has the noise's own fine steps, and nearly black plus noise the coarse ones of -4/255."""

    def forward(self, x: Tensor) -> Tensor:
        fine = (x.abs() < 2.0**-10) & ((x * 2.0**30).frac() != 0)
        seen = fine.flatten(1).any(1).float()
        return torch.stack([seen, 1 - seen], 1)


def certificate(x: Tensor, noise: str):  # type: ignore[no-untyped-def]
    classifier = Classifier(Rounding(), Normalise(*STATISTICS["none"]), "r", "0" * 64, 2, "cifar10")
    config = replace(CONFIG, noise=noise)
    return certify(build_base(config, classifier), x, config)


def test_float_noise_certifies_what_is_false() -> None:
    """The certificate covers a picture that gets another class by every vote."""
    black, other = certificate(BLACK, "reference"), certificate(NEARLY_BLACK, "reference")
    distance = float((NEARLY_BLACK - BLACK).norm())
    assert (black.label, other.label) == (0, 1)
    assert distance < black.radius
    assert other.counts == (0, 1000)


def test_sound_noise_sees_no_difference() -> None:
    black, other = certificate(BLACK, "sound"), certificate(NEARLY_BLACK, "sound")
    assert black.label == other.label == 1


@pytest.mark.parametrize("sigma", [0.12, 0.5])
def test_whole_noise_is_rounded_gaussian_noise(sigma: float) -> None:
    source = NoiseSource(3, "a" * 64, "estimation")
    copies = source.noisy(0, 40, GREY.mul(255).round() / 255, sigma)
    steps = copies * 255
    assert torch.equal(steps.round() / 255, copies), "on the grid, converted once"
    noise = (steps.round() - 128).flatten().numpy().astype(int)
    edges = np.arange(-60, 61, 4)
    expected = np.diff(norm.cdf((2 * edges - 1) / (510 * sigma)))
    seen = np.histogram(noise, bins=edges - 0.5)[0]
    inside = seen.sum()
    assert inside / len(noise) == pytest.approx(expected.sum(), abs=0.005)
    assert chisquare(seen, expected / expected.sum() * inside).pvalue > 1e-4
    assert np.corrcoef(noise[:-1], noise[1:])[0, 1] == pytest.approx(0, abs=0.02)


def test_whole_noise_is_clipped_far_out_and_keyed_by_the_vote() -> None:
    source = NoiseSource(0, "a" * 64, "estimation")
    bright = torch.ones(SHAPE)
    assert float(source.noisy(0, 30, bright, 2.0).max()) <= 13.0
    assert float(source.noisy(0, 30, bright, 0.1).max()) <= 2.0
    together = source.noisy(0, 5, bright, 0.5)
    assert torch.equal(together[3:], source.noisy(3, 5, bright, 0.5))
    assert not torch.equal(together[0], together[1])


def test_a_picture_between_the_steps_is_refused() -> None:
    with pytest.raises(InputError, match="values between their steps; round it to multiples of 1/255"):
        certificate(torch.full(SHAPE, 0.5), "sound")
