"""Noise, picture, velocity and EDM's residual: definitions, round trips, and networks that predict them."""

from __future__ import annotations

from itertools import permutations

import pytest
import torch
from torch import Tensor, nn

from diffsmooth_core.classifiers.execution import prepared
from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.purification.prediction import PICTURES_STD, PREDICTIONS, Prediction, convert, edm_parts
from diffsmooth_core.purification.reverse_process import reverse_process
from diffsmooth_core.purification.schedule import Schedule
from diffsmooth_core.purification.unet import UNet
from diffsmooth_core.purification.unet_config import UNetConfig
from diffsmooth_core.theory.network import NetworkEps, disturbed
from tests.worlds import Oracle

SCHEDULE = Schedule.named("cosine", 1000)
CLEAN = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
NOISE = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))
LEVELS = [0.999, 0.5, 0.02]


def parts(alpha_bar: float) -> dict[str, Tensor]:
    """x_t and what can be predicted of it, by definition, in float64."""
    x_0, eps = 2 * CLEAN.double() - 1, NOISE.double()
    a, b = alpha_bar**0.5, (1 - alpha_bar) ** 0.5
    std = b / a  # of the noise in EDM's noisy picture x_0 + std eps
    kept = PICTURES_STD**2 / (std**2 + PICTURES_STD**2)
    edm = (x_0 - kept * (x_0 + std * eps)) / (std * PICTURES_STD / (std**2 + PICTURES_STD**2) ** 0.5)
    return {"x_t": a * x_0 + b * eps, "x0": x_0, "eps": eps, "v": a * eps - b * x_0, "edm": edm}


@pytest.mark.parametrize("alpha_bar", LEVELS)
@pytest.mark.parametrize(("given", "wanted"), list(permutations(PREDICTIONS, 2)))
def test_each_prediction_gives_the_others(given: Prediction, wanted: Prediction, alpha_bar: float) -> None:
    known = parts(alpha_bar)
    found = convert(known[given], known["x_t"], alpha_bar, given, wanted)
    torch.testing.assert_close(found, known[wanted], atol=1e-9, rtol=0)


@pytest.mark.parametrize("alpha_bar", LEVELS)
@pytest.mark.parametrize(("given", "wanted"), list(permutations(PREDICTIONS, 2)))
def test_a_conversion_and_its_reverse_bring_any_value_back(
    given: Prediction, wanted: Prediction, alpha_bar: float
) -> None:
    """Also a wrong prediction, which no picture and noise have in common."""
    x_t, value = parts(alpha_bar)["x_t"], NOISE.double().flip(0)
    there = convert(value, x_t, alpha_bar, given, wanted)
    torch.testing.assert_close(convert(there, x_t, alpha_bar, wanted, given), value, atol=1e-9, rtol=0)
    assert convert(value, x_t, alpha_bar, given, given) is value


def test_edms_residual_has_unit_variance_at_any_noise() -> None:
    generator = torch.Generator().manual_seed(0)
    x_0 = PICTURES_STD * torch.randn(10_000, generator=generator)
    eps = torch.randn(10_000, generator=generator)
    for alpha_bar in LEVELS:
        x_t = alpha_bar**0.5 * x_0 + (1 - alpha_bar) ** 0.5 * eps
        assert float(convert(x_0, x_t, alpha_bar, "x0", "edm").std()) == pytest.approx(1, abs=0.03)


def test_edms_parts_of_a_tensor_are_those_of_its_numbers() -> None:
    skip, scale = edm_parts(torch.tensor(LEVELS, dtype=torch.float64))
    for level, *found in zip(LEVELS, skip.tolist(), scale.tolist(), strict=True):
        assert found == pytest.approx(edm_parts(level))


class Predicting(nn.Module):
    """The oracle, saying what it knows in another way."""

    def __init__(self, predicts: Prediction) -> None:
        super().__init__()
        self.oracle, self.predicts = Oracle(CLEAN, SCHEDULE), predicts

    def forward(self, x_t: Tensor, t: Tensor) -> Tensor:
        eps = self.oracle(x_t, t)[:, :3]
        return convert(eps, x_t, float(SCHEDULE.alpha_bar[int(t[0])]), "eps", self.predicts)


def model(predicts: Prediction) -> Denoiser:
    return Denoiser(Predicting(predicts), SCHEDULE, predicts, "", predicts)


@pytest.mark.parametrize("predicts", PREDICTIONS)
def test_a_denoiser_purifies_alike_whatever_its_network_predicts(predicts: Prediction) -> None:
    denoiser, noisy = model(predicts), CLEAN + 0.5 * NOISE
    torch.testing.assert_close(denoiser.purify(noisy, 0.5), CLEAN, atol=1e-5, rtol=0)
    end = reverse_process(denoiser, noisy, 0.5, 3, torch.stack([NOISE, NOISE.flip(0)], 1))
    torch.testing.assert_close(end, CLEAN, atol=1e-4, rtol=0)
    x_t, t = denoiser.diffuse(noisy, 0.5)
    expected = model("eps").predict_noise(x_t, t)
    torch.testing.assert_close(denoiser.predict_noise(x_t, t), expected, atol=1e-5, rtol=0)
    traced = denoiser.trace(noisy, 0.5)
    assert torch.equal(traced.purified, denoiser.purify(noisy, 0.5))
    assert torch.equal(traced.eps, denoiser.predict_noise(x_t, t))


@pytest.mark.parametrize("predicts", PREDICTIONS)
def test_an_error_of_the_noise_is_the_same_whatever_the_network_predicts(predicts: Prediction) -> None:
    x_t, t = model("eps").diffuse(CLEAN + 0.5 * NOISE, 0.5)
    worse, expected = disturbed(model(predicts), 0.3, seed=4), disturbed(model("eps"), 0.3, seed=4)
    torch.testing.assert_close(worse.predict_noise(x_t, t), expected.predict_noise(x_t, t), atol=1e-5, rtol=0)
    error = worse.predict_noise(x_t, t) - model(predicts).predict_noise(x_t, t)
    assert float(error.square().mean().sqrt()) == pytest.approx(0.3, rel=1e-3)
    found = NetworkEps(worse)(x_t, float(SCHEDULE.alpha_bar[t]))
    torch.testing.assert_close(found, expected.predict_noise(x_t, t), atol=1e-5, rtol=0)


def test_the_timestep_can_be_folded_whatever_is_predicted() -> None:
    torch.manual_seed(0)
    network = UNet(UNetConfig(8, 32, 1, attention_resolutions=(), channel_mult=(1,))).eval()
    for parameter in network.requires_grad_(False).parameters():
        parameter.normal_(std=0.05)
    t, _ = SCHEDULE.timestep_for_sigma(0.5)
    whole = Denoiser(network, SCHEDULE, "", "", "edm")
    folded = whole.with_network(prepared(network, "folded", torch.float32, float(t)))
    noisy = CLEAN + 0.5 * NOISE
    torch.testing.assert_close(folded.purify(noisy, 0.5), whole.purify(noisy, 0.5), atol=1e-4, rtol=0)
