"""Floating point: the counter-example of Voracek and Hein, and the noise that has no such gap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import chisquare, norm
from torch import Tensor, nn

from diffsmooth_core import build_base, certify
from diffsmooth_core.certification.noise import NoiseKey
from diffsmooth_core.classifiers.base import Classifier
from diffsmooth_core.classifiers.normalisation import STATISTICS, Normalise
from diffsmooth_core.config import InputError, SmoothingConfig
from tests.worlds import GREY, SHAPE

CONFIG = SmoothingConfig(method="plain", sigma=0.5, n0=20, n=2000, device="cpu", dtype="float32")
BLACK = torch.zeros(SHAPE)
SOURCE = NoiseKey("a" * 64).source("b" * 64, "estimation")
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
    assert other.counts == (0, 2000)


def test_sound_noise_sees_no_difference() -> None:
    black, other = certificate(BLACK, "sound"), certificate(NEARLY_BLACK, "sound")
    assert black.label == other.label == 1


@pytest.mark.parametrize("sigma", [0.12, 0.5])
def test_whole_noise_is_rounded_gaussian_noise(sigma: float) -> None:
    source = NoiseKey("d" * 64).source("b" * 64, "estimation")
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
    bright = torch.ones(SHAPE)
    assert float(SOURCE.noisy(0, 30, bright, 2.0).max()) <= 13.0
    assert float(SOURCE.noisy(0, 30, bright, 0.3).max()) == 2.0
    assert float(SOURCE.noisy(0, 30, BLACK, 0.3).min()) == -1.0
    together = SOURCE.noisy(0, 5, bright, 0.5)
    assert torch.equal(together[3:], SOURCE.noisy(3, 5, bright, 0.5))
    assert not torch.equal(together[0], together[1])


def whole_noise(start: int, stop: int, sigma: float) -> np.ndarray:
    """The steps that the votes start..stop-1 of SOURCE add to each value: Gaussian noise from the words that
    its key names, by inversion, rounded to the nearest step."""
    streams = (np.random.Philox(key=SOURCE.key, counter=[0, 0, vote, 2]) for vote in range(start, stop))
    words = np.stack([stream.random_raw(3072).reshape(SHAPE) for stream in streams])
    below = words < 2**63
    quantile = norm.ppf((np.where(below, words, ~words) + 0.5) / 2**64)  # exact in both tails
    return np.rint(255 * sigma * np.where(below, quantile, -quantile)).astype(int)


# sigma and the k up to which a copy reaches below 0 and above 1: max(1, floor(6 sigma))
@pytest.mark.parametrize(("sigma", "k"), [(0.004, 1), (0.12, 1), (0.3, 1), (0.35, 2), (0.6, 3), (2.0, 12)])
@pytest.mark.parametrize("value", [0, 100, 255])
def test_whole_noise_is_the_rounded_quantile_of_its_stream(sigma: float, k: int, value: int) -> None:
    """These values are the format, as those of the Gaussian stream are."""
    copies = SOURCE.noisy(7, 47, torch.full(SHAPE, value / 255), sigma).numpy()
    expected = (value + whole_noise(7, 47, sigma)).clip(-255 * k, 255 * (k + 1))
    assert np.array_equal(copies, (expected / 255).astype(np.float32))


def test_whole_noise_stays_as_it_is() -> None:
    steps = (SOURCE.noisy(7, 8, BLACK, 0.5) * 255).round().int().flatten()
    assert steps[:12].tolist() == [-3, -57, 86, -81, 239, -40, 15, 15, 109, -5, -186, -18]


def test_whole_noise_narrower_than_a_step_has_the_exact_probabilities() -> None:
    """P(noise <= i) = Phi((2i + 1) / (510 sigma)), every i of a sigma of about one step."""
    sigma, edges = 0.004, np.arange(-5, 5)
    copies = SOURCE.noisy(0, 40, torch.full(SHAPE, 100 / 255), sigma)
    noise = (copies * 255).round().int().numpy().ravel() - 100
    below = norm.cdf((2 * edges + 1) / (510 * sigma))
    expected = len(noise) * np.diff([0, *below, 1])
    seen = np.bincount(np.searchsorted(edges, noise), minlength=len(expected))
    keep = expected > 5
    assert keep.sum() == 9, "no noise, and up to four steps either way"
    assert chisquare(seen[keep], expected[keep] / expected[keep].sum() * seen[keep].sum()).pvalue > 1e-4


def test_a_picture_between_the_steps_is_refused() -> None:
    with pytest.raises(InputError, match="values between their steps; round it to multiples of 1/255"):
        certificate(torch.full(SHAPE, 0.5), "sound")
