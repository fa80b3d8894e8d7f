"""Algorithm 1: published timesteps, closed forms, and the schedule's end."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffsmooth_core.config import InputError
from diffsmooth_core.purification.schedule import Schedule, ScheduleName, betas

# sigma -> (t, alpha_bar), recorded from the released code with each model's own schedule.
RELEASED = {
    ("cosine", 4000): {
        0.12: (573, 0.945437756864639),
        0.25: (1158, 0.7998481874043569),
        0.5: (1984, 0.4996880736407297),
        1.0: (2809, 0.199995461132296),
    },
    ("linear", 1000): {
        0.12: (70, 0.944944106442533),
        0.25: (145, 0.7979748373628617),
        0.5: (259, 0.49761381201678034),
        1.0: (396, 0.19992291314375488),
    },
}
CASES = [(*model, sigma, *found) for model, table in RELEASED.items() for sigma, found in table.items()]


@pytest.mark.parametrize(("name", "steps", "sigma", "t", "alpha_bar"), CASES)
def test_the_released_codes_timesteps(
    name: ScheduleName, steps: int, sigma: float, t: int, alpha_bar: float
) -> None:
    found_t, found_alpha_bar = Schedule.named(name, steps).timestep_for_sigma(sigma)
    assert found_t == t
    assert found_alpha_bar == pytest.approx(alpha_bar, rel=1e-12)


@pytest.mark.parametrize(("name", "steps"), RELEASED)
def test_the_first_timestep_that_reaches_sigma(name: ScheduleName, steps: int) -> None:
    schedule = Schedule.named(name, steps)
    assert np.all(np.diff(schedule.alpha_bar) < 0)
    for sigma in np.geomspace(0.01, 5, 50):
        t, alpha_bar = schedule.timestep_for_sigma(sigma)
        assert math.sqrt((1 - alpha_bar) / alpha_bar) >= 2 * sigma * (1 - 1e-12)
        assert t == 0 or schedule.noise_ratio[t - 1] < 2 * sigma


def test_linear_betas_are_ddpms() -> None:
    b = betas("linear", 1000)
    assert (b[0], b[-1]) == (1e-4, 0.02)
    assert Schedule.named("linear", 1000).alpha_bar[-1] == pytest.approx(4.0358e-5, rel=1e-3)
    assert betas("linear", 4000)[[0, -1]] == pytest.approx([2.5e-5, 0.005]), "scaled with the steps"


def test_cosine_alpha_bar_is_a_squared_cosine_until_beta_is_capped() -> None:
    alpha_bar = Schedule.named("cosine", 4000).alpha_bar
    u = np.arange(1, 4001) / 4000
    closed = np.cos((u + 0.008) / 1.008 * np.pi / 2) ** 2 / math.cos(0.008 / 1.008 * math.pi / 2) ** 2
    assert alpha_bar[:-1] == pytest.approx(closed[:-1], rel=1e-9)
    assert betas("cosine", 4000)[-1] == 0.999


@given(st.integers(0, 999))
def test_sigma_and_timestep_invert_each_other(t: int) -> None:
    schedule = Schedule.named("cosine", 1000)
    at = schedule.noise_ratio[t] / 2
    assert schedule.timestep_for_sigma(at * (1 - 1e-9))[0] == t
    if t < 999:
        assert schedule.timestep_for_sigma(at * (1 + 1e-9))[0] == t + 1


@pytest.mark.parametrize(
    ("name", "steps"), [("linear", 1000), ("linear", 300), ("scaled_linear", 1000), ("cosine", 4000)]
)
def test_beyond_the_schedules_end_is_an_error_that_names_both_sigmas(name: ScheduleName, steps: int) -> None:
    schedule = Schedule.named(name, steps)
    assert schedule.timestep_for_sigma(schedule.sigma_max)[0] == steps - 1
    with pytest.raises(InputError, match=r"sigma 90,000 .* ends at sigma .*; choose a smaller") as error:
        schedule.timestep_for_sigma(90_000)
    named = float(str(error.value).partition("ends at sigma ")[2].partition(";")[0])
    assert schedule.timestep_for_sigma(named)[0] == steps - 1, "which can be taken"
    assert named == pytest.approx(schedule.sigma_max, abs=0.01)
    beyond = math.nextafter(schedule.sigma_max, math.inf)
    with pytest.raises(InputError, match=re.escape(f"sigma {beyond:,} is beyond")):
        schedule.timestep_for_sigma(beyond)


@pytest.mark.parametrize("sigma", [0.0, -0.5, math.nan])
def test_sigma_must_be_above_zero(sigma: float) -> None:
    with pytest.raises(InputError, match=str(sigma)):
        Schedule.named("linear", 1000).timestep_for_sigma(sigma)


def test_an_unknown_schedule_is_named() -> None:
    with pytest.raises(InputError, match="'quadratic'"):
        betas("quadratic", 1000)  # type: ignore[arg-type]
