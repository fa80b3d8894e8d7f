"""What the theorems promise, where they hold and where their printed form does not."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import binom

from diffsmooth_core.statistics import Proportion
from diffsmooth_core.theory import VERSIONS, c_eta, exact
from diffsmooth_core.theory.theorem1 import shift_and_noise_quantile
from diffsmooth_core.theory.theorem2 import error_of_size, from_samples, in_mixture


@pytest.mark.parametrize("eta", [0.01, 0.1])
@pytest.mark.parametrize("dimension", [1, 3, 3072])
def test_c_eta_covers_the_noise(dimension: int, eta: float) -> None:
    noise = torch.randn(2000, dimension, generator=torch.Generator().manual_seed(dimension))
    outside = int((noise.norm(dim=1) > c_eta(dimension, eta)).sum())
    assert outside <= binom.ppf(0.9999, 2000, eta)


def test_c_eta_and_the_quantile_have_the_values_worked_out_by_hand() -> None:
    assert c_eta(4, math.exp(-1)) == pytest.approx(math.sqrt(4 + 2 * math.sqrt(4) + 2))
    assert c_eta(3072, 0.01) == pytest.approx(57.6, abs=0.05)
    shift = 0.5 * math.sqrt(3072)
    assert shift + 0.5 * c_eta(3072, 0.01) == pytest.approx(56.5, abs=0.05)
    assert shift_and_noise_quantile(shift, 0.5, 3072, 0.01) == pytest.approx(40.2, abs=0.05)


def test_a_sample_at_its_bound_is_inside() -> None:
    found = exact("clusters", 3, 0.5, samples=4, steps=4).theorem1
    edge = found.bound("free")[0]
    beyond = math.nextafter(edge, math.inf)
    assert replace(found, distances=np.array([edge, edge, beyond, beyond])).share("free").k == 2


@pytest.mark.parametrize("shift", [0.0, 1.0, 20.0])
def test_the_quantile_is_met_by_one_minus_eta_of_the_draws(shift: float) -> None:
    noise = 0.5 * torch.randn(20_000, 50, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    noise[:, 0] += shift
    inside = float((noise.norm(dim=1) <= shift_and_noise_quantile(shift, 0.5, 50, 0.1)).double().mean())
    assert inside == pytest.approx(0.9, abs=4 * math.sqrt(0.09 / 20_000))


def test_theorem_1_as_printed_fails_where_the_mode_is_far_away() -> None:
    found = exact("far", 1, 1.0, samples=400, steps=400).theorem1
    assert found.distances.mean() == pytest.approx(800, rel=0.01)
    assert found.bound("printed").max() == pytest.approx(727, rel=0.01)
    assert found.share("printed").k == 0
    assert found.share("corrected").k == 400
    assert found.bound("corrected").min() > found.bound("pathwise").max() > 800
    assert found.share("pathwise").k >= binom.ppf(1e-4, 400, 0.99)


@pytest.mark.parametrize("dimension", [1, 2, 100, 3072])
def test_the_sound_versions_cover_at_least_one_minus_eta(dimension: int) -> None:
    samples = 300
    found = exact("clusters", dimension, 0.5, samples=samples, steps=20, eta=0.1).theorem1
    for version in ("corrected", "pathwise", "tight"):
        assert found.share(version).k >= binom.ppf(1e-4, samples, 0.9)
    assert (found.bound("tight") <= found.bound("pathwise")).all()
    assert (found.bound("pathwise") <= found.bound("corrected") + 1e-9).all()
    assert (found.bound("printed") <= found.bound("corrected")).all()
    assert set(VERSIONS) == {"printed", "corrected", "free", "pathwise", "tight"}


def test_a_share_has_its_interval() -> None:
    share = Proportion.of(16, 16)
    assert share.low == pytest.approx(0.025 ** (1 / 16))
    assert share.high == 1


@pytest.mark.parametrize("size", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("dimension", [1, 2, 3072])
@pytest.mark.parametrize("name", ["clusters", "narrow"])
def test_the_identity_of_theorem_2_is_exact(name: str, dimension: int, size: float) -> None:
    found = exact(name, dimension, 0.5, samples=2, steps=2, eps_error=size).theorem2
    away = found.rho**2 * found.error - found.spread
    assert away == pytest.approx(found.distance**2, abs=1e-8, rel=1e-8)
    assert found.distance <= found.corrected + 1e-8
    assert found.distance == pytest.approx(found.rho * size * math.sqrt(dimension), abs=1e-9)


def test_theorem_2_as_printed_fails_for_a_narrow_posterior() -> None:
    found = exact("narrow", 1, 0.25, samples=2, steps=2, eps_error=0.1).theorem2
    assert found.error == pytest.approx(0.01, rel=0.01)
    assert found.distance > 5 * found.printed
    assert found.distance <= found.corrected


def test_theorem_2_from_samples_agrees_with_the_closed_form() -> None:
    world = exact("clusters", 4, 0.5, samples=2, steps=2)
    x_t, error = world.alpha_bar**0.5 * world.received, error_of_size(0.3, torch.Size([4]))
    known = in_mixture(world.mixture, x_t, world.alpha_bar, error)
    predicted = world.mixture.eps(x_t[None], world.alpha_bar)[0] + error
    generator = torch.Generator().manual_seed(2)
    draws = world.mixture.sample_posterior(x_t, world.alpha_bar, 5000, generator)
    found = from_samples(x_t, world.alpha_bar, predicted, draws)
    assert found.distance == pytest.approx(known.distance, abs=4 * found.monte_carlo)
    assert found.error == pytest.approx(known.error, rel=0.1)
    assert found.identity == pytest.approx(found.distance, abs=1e-6)
