"""Closed forms of the mixture against independent computations, and the reverse SDE against them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad

from diffsmooth_core.config import InputError
from diffsmooth_core.theory import Mixture, clouds, exact, over_sigma_exactly, regions, world
from diffsmooth_core.theory.reverse_sde import doubling_error, halved, increments, integrate, nodes


def mixture(dimension: int) -> Mixture:
    generator = torch.Generator().manual_seed(dimension)
    means = torch.randn(3, dimension, generator=generator, dtype=torch.float64) * 0.6 / math.sqrt(dimension)
    weights = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    return Mixture(weights, means, torch.tensor([0.1, 0.3, 0.5], dtype=torch.float64))


@pytest.mark.parametrize("dimension", [1, 2, 64, 3072])
@pytest.mark.parametrize("alpha_bar", [0.1, 0.5, 0.99])
def test_the_score_is_the_gradient_of_the_log_density(dimension: int, alpha_bar: float) -> None:
    world = mixture(dimension)
    x_t = world.sample(4, torch.Generator().manual_seed(0)).requires_grad_(True)
    (gradient,) = torch.autograd.grad(world.log_density(x_t, alpha_bar).sum(), x_t)
    torch.testing.assert_close(world.score(x_t, alpha_bar), gradient, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("x_t", [-0.9, 0.1, 1.7])
def test_density_mean_and_spread_agree_with_quadrature(x_t: float) -> None:
    world, alpha_bar = mixture(1), 0.6

    def density(x_0: float) -> float:
        parts = zip(world.weights, world.means[:, 0], world.stds, strict=True)
        prior = sum(
            float(w) * math.exp(-((x_0 - float(m)) ** 2) / (2 * float(s) ** 2)) / float(s)
            for w, m, s in parts
        ) / math.sqrt(2 * math.pi)
        return prior * math.exp(-((x_t - math.sqrt(alpha_bar) * x_0) ** 2) / (2 * (1 - alpha_bar)))

    def moment(k: int) -> float:
        return float(quad(lambda x: x**k * density(x), -8, 8, limit=400, epsabs=1e-12, points=[-1, 0, 1])[0])

    mean = moment(1) / moment(0)
    point = torch.tensor([[x_t]], dtype=torch.float64)
    normal = math.sqrt(2 * math.pi * (1 - alpha_bar))
    assert float(world.log_density(point, alpha_bar)) == pytest.approx(math.log(moment(0) / normal), abs=1e-8)
    assert float(world.posterior_mean(point, alpha_bar)) == pytest.approx(mean, abs=1e-8)
    spread = moment(2) / moment(0) - mean**2
    assert float(world.posterior_spread(point, alpha_bar)) == pytest.approx(spread, abs=1e-8)


def test_the_reverse_sde_ends_in_the_posterior() -> None:
    world, alpha_bar, count = mixture(2), 0.5, 4000
    x_t = torch.tensor([0.3, -0.4], dtype=torch.float64)
    start = x_t / math.sqrt(alpha_bar)
    levels = nodes(1.0, 100)
    end = integrate(world.eps, start, levels, increments(levels, count, (2,), seed=3)).end
    spread = float(world.posterior_spread(x_t[None], alpha_bar))
    error = float((end.mean(0) - world.posterior_mean(x_t[None], alpha_bar)[0]).norm())
    assert error < 3 * math.sqrt(spread / count)
    assert float((end - end.mean(0)).square().sum(1).mean()) == pytest.approx(spread, rel=0.08)
    exact_draws = world.sample_posterior(x_t, alpha_bar, count, torch.Generator().manual_seed(4))
    ranks = [np.quantile(draws[:, 0].numpy(), [0.1, 0.5, 0.9]) for draws in (end, exact_draws)]
    np.testing.assert_allclose(ranks[0], ranks[1], atol=0.05)


def test_the_noise_of_the_steps_is_the_theorems_whatever_their_number() -> None:
    whole = nodes(0.7, 10)
    noise = increments(whole, 20_000, (1,), seed=1)
    for levels, driven in ((whole, noise), halved(whole, noise)):
        assert float(driven[:, 0].sum(0).std()) == pytest.approx(0.7, rel=0.03)
        a, b = levels[1], levels[2]
        push, left = driven[1, 0, :, 0], driven[1, 1, :, 0]
        assert float(left.std()) == pytest.approx(b / a * math.sqrt(a * a - b * b), rel=0.03)
        assert float((push * left).mean()) == pytest.approx(b * b * math.log(a * a / b / b), rel=0.05)


def test_a_path_is_its_start_its_noise_and_pushes_no_longer_than_its_drift() -> None:
    world, start, levels = mixture(8), torch.full((8,), 0.4, dtype=torch.float64), nodes(1.0, 6)
    noise = increments(levels, 50, (8,), seed=2)
    paths = integrate(world.eps, start, levels, noise)
    pushed = (paths.end - start - noise[:, 0].sum(0)).norm(dim=1)
    assert (pushed <= paths.drift + 1e-12).all()
    assert (paths.drift < 3 * pushed).all(), "the pushes go the same way"


def test_eight_steps_already_end_near_the_posterior() -> None:
    """A first look takes eight. Under Euler-Maruyama this variance is 13 times too large."""
    world, alpha_bar, count = mixture(64), 0.5, 500
    x_t = world.sample(1, torch.Generator().manual_seed(1))[0]
    levels = nodes(1.0, 8)
    end = integrate(
        world.eps, x_t / math.sqrt(alpha_bar), levels, increments(levels, count, (64,), seed=3)
    ).end
    spread = float(world.posterior_spread(x_t[None], alpha_bar))
    assert float((end - end.mean(0)).square().sum(1).mean()) == pytest.approx(spread, rel=0.4)


def test_step_doubling_shrinks_with_the_step() -> None:
    world, start = mixture(8), torch.full((8,), 0.4, dtype=torch.float64)
    errors = [doubling_error(world.eps, start, nodes(1.0, steps), 200) for steps in (16, 64, 256)]
    assert errors[1] < 0.6 * errors[0]
    assert errors[2] < 0.6 * errors[1]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("clusters", 0, 0.5), "0"),
        (("clusters", 4000, 0.5), "4000"),
        (("nowhere", 2, 0.5), "nowhere"),
        (("clusters", 2, -1.0), "-1"),
        (("clusters", 2, math.nan), "nan"),
    ],
)
def test_bad_input_is_named(arguments: tuple[str, int, float], named: str) -> None:
    with pytest.raises(InputError, match=named):
        exact(*arguments)


def test_paths_are_kept_where_they_can_be_drawn_and_two_steps_can_be_halved() -> None:
    assert exact("clusters", 2, 0.5, samples=4, steps=2).paths.states is not None
    assert exact("clusters", 3, 0.5, samples=4, steps=2).paths.states is None
    assert math.isfinite(exact("clusters", 2, 0.5, samples=4, steps=2).doubling_error)
    assert math.isnan(exact("clusters", 2, 0.5, samples=4, steps=1).doubling_error)


def test_curves_have_the_one_shot_outputs_distance_to_the_clean_point() -> None:
    *_, found = over_sigma_exactly("clusters", 8, (0.25, 0.5), samples=4, steps=4)
    for point in found.points:
        there = exact("clusters", 8, point.sigma, samples=4, steps=4)
        assert point.one_shot == float((there.one_shot - there.clean).norm())
        assert point.one_shot != float((there.one_shot - there.received).norm())


def test_a_mixture_is_checked() -> None:
    one = torch.ones(1, dtype=torch.float64)
    with pytest.raises(InputError, match="above 0"):
        Mixture(one, one[None], 0 * one)
    with pytest.raises(InputError, match="sum to 1"):
        Mixture(0.5 * one, one[None], one)
    assert world("clusters", 2).dimension == 2


def test_regions_are_bayes_decision_and_clouds_keep_their_component() -> None:
    world = Mixture(
        torch.tensor([0.5, 0.5], dtype=torch.float64),
        torch.tensor([[-1.0], [1.0]], dtype=torch.float64),
        torch.tensor([0.2, 0.2], dtype=torch.float64),
    )
    line = torch.tensor([-2.0, -0.1, 0.1, 2.0], dtype=torch.float64)
    assert regions(world, 0.5, line).tolist() == [0, 0, 1, 1]
    still, noisy = clouds(world, [0.0, 2.0], 500, seed=1)
    assert torch.equal(still.component, noisy.component)
    assert (regions(world, 1e-6, still.points[:, 0]) == still.component).all()
    assert float((noisy.points - still.points).std()) == pytest.approx(2, rel=0.1)
    plane = mixture(2)
    x, y = torch.tensor([-1.0, 0.0, 1.0]).double(), torch.tensor([-0.5, 0.5]).double()
    found = regions(plane, 0.3, x, y)
    assert found.shape == (2, 3)
    point = torch.tensor([[1.0, -0.5]], dtype=torch.float64)
    assert found[0, 2] == plane.component(point, 0.3)
    with pytest.raises(InputError, match="got 2"):
        regions(plane, 0.3, x)
