"""The reverse process: one step is Algorithm 2, many follow the Gaussian posterior in closed form."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from diffsmooth_core.config import InputError
from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.purification.reverse_process import reverse_process
from diffsmooth_core.purification.schedule import Schedule
from tests.worlds import Oracle

SCHEDULE = Schedule.named("cosine", 1000)
CLEAN = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))


class OfStandardNormal(nn.Module):
    """The exact epsilon where the data are N(0, s^2 I) in [-1,1] units."""

    def __init__(self, s: float) -> None:
        super().__init__()
        self.s = s

    def forward(self, x_t: Tensor, t: Tensor) -> Tensor:
        alpha_bar = float(SCHEDULE.alpha_bar[int(t[0])])
        return (1 - alpha_bar) ** 0.5 / (alpha_bar * self.s**2 + 1 - alpha_bar) * x_t


def test_one_step_is_the_one_shot_estimate() -> None:
    denoiser = Denoiser(Oracle(CLEAN, SCHEDULE), SCHEDULE, "", "")
    x = CLEAN + 0.5 * torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    once = reverse_process(denoiser, x, 0.5, 1, torch.empty(4, 0, 3, 8, 8))
    torch.testing.assert_close(once, denoiser.purify(x, 0.5))


@pytest.mark.parametrize("steps", [2, 5, 40])
def test_with_the_exact_network_every_path_ends_at_the_picture(steps: int) -> None:
    oracle = Oracle(CLEAN, SCHEDULE)
    x = CLEAN + 0.5 * torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    noise = torch.randn(4, steps - 1, 3, 8, 8, generator=torch.Generator().manual_seed(2))
    end = reverse_process(Denoiser(oracle, SCHEDULE, "", ""), x, 0.5, steps, noise)
    torch.testing.assert_close(end, CLEAN.expand(4, -1, -1, -1), atol=1e-4, rtol=0)
    assert len(oracle.asked) == steps
    times = [int(t[0]) for _, t in oracle.asked]
    assert times[0] == SCHEDULE.timestep_for_sigma(0.5)[0]
    assert times == sorted(times, reverse=True)


def test_many_steps_sample_the_posterior() -> None:
    """For N(0, s^2) data the last state has the posterior's mean and almost its variance."""
    s, sigma = 0.1, 0.25  # small enough that the clamp to [-1,1] plays no part
    _, alpha_bar = SCHEDULE.timestep_for_sigma(sigma)
    ratio = (1 - alpha_bar) / alpha_bar
    x = torch.full((4000, 1, 1, 1), 0.5 + 0.1)  # 0.2 in [-1,1] units
    noise = torch.randn(4000, 99, 1, 1, 1, generator=torch.Generator().manual_seed(3))
    denoiser = Denoiser(OfStandardNormal(s), SCHEDULE, "", "")
    end = 2 * reverse_process(denoiser, x, sigma, 100, noise) - 1
    assert float(end.mean()) == pytest.approx(0.2 * s**2 / (s**2 + ratio), abs=0.006)
    assert float(end.std()) == pytest.approx((s**2 * ratio / (s**2 + ratio)) ** 0.5, rel=0.06)


def test_more_steps_than_timesteps_are_refused() -> None:
    denoiser = Denoiser(Oracle(CLEAN, SCHEDULE), SCHEDULE, "", "")
    with pytest.raises(InputError, match="reverse_steps = 500 is more than"):
        reverse_process(denoiser, CLEAN, 0.12, 500, torch.empty(1, 499, 3, 8, 8))
