"""Euler-Maruyama and the multistep scheme against the closed form: moments, and the order of the errors."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import pytest
import torch

from diffsmooth_core.config import InputError
from diffsmooth_core.theory import Mixture, convergence
from diffsmooth_core.theory.convergence import FINER, MOST, PATHS, STEPS
from diffsmooth_core.theory.reverse_sde import driven, increments, integrate, nodes
from tests.theory.test_exact_world import mixture

START, RHO = torch.tensor([0.7], dtype=torch.float64), 1.0


def _one() -> Mixture:
    one = torch.ones(1, dtype=torch.float64)
    return Mixture(one, -0.2 * one[None], 0.5 * one)


def _exact_errors(scheme: str, steps: int) -> tuple[float, float]:
    """Errors of mean and variance without any chance. With one component the ends are affine in the noise:
    without noise they are its mean, and the squares of the responses to each unit of it add up."""
    levels, world, count = nodes(RHO, steps), _one(), 2 * steps
    normal = torch.zeros(steps, 2, count + 1, 1, dtype=torch.float64)
    normal.view(count, count + 1)[:, 1:] = torch.eye(count)
    ends = integrate(world.eps, START, levels, driven(levels, normal), scheme).end[:, 0]
    alpha_bar = 1 / (1 + RHO**2)
    x_t = math.sqrt(alpha_bar) * START[None]
    mean, spread = world.posterior_mean(x_t, alpha_bar), world.posterior_spread(x_t, alpha_bar)
    variance = (ends[1:] - ends[0]).square().sum()
    return abs(float(ends[0] - mean)), abs(float(variance - spread))


def _factors(errors: Sequence[float]) -> list[float]:
    return [coarse / fine for coarse, fine in itertools.pairwise(errors)]


def test_doubling_the_steps_halves_euler_maruyamas_error_and_quarters_the_multistep_schemes() -> None:
    first, second = (
        [_exact_errors(scheme, steps) for steps in (32, 64, 128, 256)]
        for scheme in ("euler-maruyama", "multistep")
    )
    assert _factors([variance for _, variance in first]) == pytest.approx([2, 2, 2], rel=0.05)
    assert _factors([variance for _, variance in second]) == pytest.approx([4, 4, 4], rel=0.15)
    assert max(mean for mean, _ in first + second) < 1e-12, "one component's mean has no error to halve"


def test_euler_maruyama_ends_in_the_posterior() -> None:
    world, alpha_bar, count = mixture(2), 0.5, 4000
    x_t = torch.tensor([0.3, -0.4], dtype=torch.float64)
    levels = nodes(1.0, 250)
    noise = increments(levels, count, (2,), seed=5)
    end = integrate(world.eps, x_t / math.sqrt(alpha_bar), levels, noise, "euler-maruyama").end
    spread = float(world.posterior_spread(x_t[None], alpha_bar))
    assert float((end.mean(0) - world.posterior_mean(x_t[None], alpha_bar)[0]).norm()) < 3 * math.sqrt(
        spread / count
    )
    squared = (end - end.mean(0)).square().sum(1)
    assert float(squared.mean()) == pytest.approx(spread, abs=3 * float(squared.std()) / math.sqrt(count))


def test_a_path_of_euler_maruyama_is_its_start_its_whole_noise_and_the_scores_pushes() -> None:
    world, start, levels = mixture(8), torch.full((8,), 0.4, dtype=torch.float64), nodes(1.0, 6)
    noise = increments(levels, 50, (8,), seed=2)
    paths = integrate(world.eps, start, levels, noise, "euler-maruyama")
    pushed = (paths.end - start - noise[:, 0].sum(0)).norm(dim=1)
    assert (pushed <= paths.drift + 1e-12).all()


def test_euler_maruyamas_mean_in_a_mixture_halves_its_error_too() -> None:
    *_, found = convergence("clusters", 1, 0.5)
    errors = [error.mean for error in reversed(found.errors["euler-maruyama"][:3])]
    assert _factors(errors) == pytest.approx([2, 2], rel=0.3)
    assert errors[-1] > 5 * found.errors["multistep"][0].mean


def test_doubling_the_steps_in_a_mixture_shows_both_orders() -> None:
    *_, found = convergence("clusters", 256, 0.5)
    assert found.finished
    assert [error.steps for error in found.errors["multistep"]] == list(STEPS)
    reference = found.reference
    assert reference.mean < 3 * reference.mean_chance
    assert abs(reference.variance) < 3 * reference.variance_chance + 1e-3
    factors = {
        scheme: _factors([error.variance for error in reversed(errors[:3])])
        for scheme, errors in found.errors.items()
    }
    assert factors["euler-maruyama"] == pytest.approx([2, 2], rel=0.15)
    assert min(factors["multistep"]) > 4
    for errors in found.errors.values():
        assert all(error.variance_chance < 0.02 * max(1, error.variance) for error in errors)


def test_what_chance_may_do_is_the_standard_error_over_independent_paths() -> None:
    """Against the closed form, where nothing cancels: the posterior's spread over the number of paths."""
    first = next(convergence("clusters", 256, 0.5)).reference
    paths = min(PATHS, MOST // ((FINER * STEPS[0] + 1) * 256))
    assert first.mean_chance == pytest.approx(1 / math.sqrt(paths), rel=0.05)
    assert first.variance_chance == pytest.approx(math.sqrt(2 / 256 / paths), rel=0.3)


def test_an_unknown_scheme_is_named() -> None:
    levels = nodes(RHO, 2)
    with pytest.raises(InputError, match="'heun' is unknown; choose one of multistep, euler-maruyama"):
        integrate(_one().eps, START, levels, increments(levels, 1, (1,), 0), "heun")
