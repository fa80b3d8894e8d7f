"""Algorithm 2: units, clamp, timestep and the released code's outputs."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from diffsmooth_core import load_denoiser
from diffsmooth_core.config import InputError
from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.purification.schedule import Schedule
from tests.worlds import Oracle, clamping_denoiser

MODELS = ("improved_diffusion_small", "guided_diffusion_small")


@pytest.mark.parametrize("sigma", [0.12, 0.5, 1.0])
@pytest.mark.parametrize("rescaled", [False, True])
def test_a_perfect_noise_prediction_gives_the_clean_picture(sigma: float, rescaled: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    clean = torch.rand(2, 3, 8, 8, generator=generator)
    schedule = Schedule.named("cosine", 4000, rescale_timesteps=rescaled)
    oracle = Oracle(clean, schedule)
    noisy = clean + sigma * torch.randn(clean.shape, generator=generator)
    purified = Denoiser(oracle, schedule, "oracle", "").purify(noisy, sigma)
    torch.testing.assert_close(purified, clean, atol=1e-5, rtol=0)

    (x_t, t), (index, alpha_bar) = oracle.asked[0], schedule.timestep_for_sigma(sigma)
    assert t.tolist() == [index / 4 if rescaled else index] * 2, "t * 1000 / T where the model wants that"
    torch.testing.assert_close(x_t, math.sqrt(alpha_bar) * (2 * noisy - 1))
    # x_t has DDPM's noise level: sqrt(alpha_bar) * 2 sigma = sqrt(1 - alpha_bar), up to the grid of t
    assert math.sqrt(alpha_bar) * 2 * sigma == pytest.approx(math.sqrt(1 - alpha_bar), rel=0.01)


def test_the_estimate_is_clamped_to_the_range_of_pictures() -> None:
    noisy = torch.tensor([-3.0, -0.1, 0.0, 0.3, 1.0, 1.2, 7.0]).expand(1, 3, 1, 7)
    purified = clamping_denoiser().purify(noisy, 0.5)
    torch.testing.assert_close(purified, noisy.clamp(0, 1), atol=1e-6, rtol=0)
    assert purified.min() == 0
    assert purified.max() == 1


def test_a_sigma_beyond_the_schedule_is_an_error() -> None:
    with pytest.raises(InputError, match="sigma 1,000,000 is beyond"):
        clamping_denoiser().purify(torch.zeros(1, 3, 4, 4), 1e6)


@pytest.mark.parametrize("model", MODELS)
def test_the_released_codes_purified_pictures(golden_dir: Path, model: str) -> None:
    record = json.loads((golden_dir / model / "record.json").read_text())
    io = load_file(golden_dir / model / "io.safetensors")
    denoiser = load_denoiser(golden_dir / model / "model.pt", "cpu", record["config"])
    assert len(record["cases"]) == 4
    for case in record["cases"]:
        k, sigma = case["k"], case["sigma"]
        t, alpha_bar = denoiser.schedule.timestep_for_sigma(sigma)
        assert (t, alpha_bar) == (case["t"], pytest.approx(case["alpha_bar"], rel=1e-12))
        purified = denoiser.purify(io[f"x_rs_{k}"], sigma)
        torch.testing.assert_close(purified, io[f"purified_{k}"], atol=1e-4, rtol=0)
        assert purified.min() >= 0
        assert purified.max() <= 1


def test_the_bundled_denoiser_takes_noise_away() -> None:
    denoiser = load_denoiser("bundled", "cpu")
    rows = torch.linspace(0.1, 0.9, 32)
    clean = torch.stack([rows.expand(32, 32), rows[:, None].expand(32, 32), torch.full((32, 32), 0.4)])[None]
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    for sigma in (0.12, 0.25, 0.5):
        noisy = clean + sigma * noise
        before, after = (
            (noisy - clean).square().mean(),
            (denoiser.purify(noisy, sigma) - clean).square().mean(),
        )
        assert after < before / 4, sigma
