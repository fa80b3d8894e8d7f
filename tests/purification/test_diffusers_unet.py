"""The DDPM U-Net computes what diffusers' own UNet2DModel computed, recorded once with these weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from diffsmooth_core import load_denoiser
from diffsmooth_core.config import InputError
from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.purification.diffusers_unet import DiffusersUNet
from diffsmooth_core.purification.schedule import Schedule

RECORD: dict[str, Any] = json.loads((Path(__file__).parent / "recorded/diffusers_unet.json").read_text())
OLD = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}


def weights() -> tuple[dict[str, Tensor], torch.Generator]:
    """The weights of the record: drawn key by key in sorted order from one seed."""
    generator = torch.Generator().manual_seed(0)
    state = {}
    for key in sorted(RECORD["keys"]):
        shape = RECORD["keys"][key]
        value = torch.randn(shape, generator=generator) * (0.1 if len(shape) > 1 else 0.2)
        state[key] = value + (1 if "norm" in key and key.endswith("weight") else 0)
    return state, generator


def test_it_computes_what_diffusers_computed() -> None:
    network = DiffusersUNet(RECORD["config"]).eval()
    state, generator = weights()
    network.load_state_dict(state)
    x = torch.randn(2, 3, 16, 16, generator=generator)
    with torch.no_grad():
        found = network(x, torch.tensor([7, 500]))[:, :, ::5, ::5].flatten()
    torch.testing.assert_close(found, torch.tensor(RECORD["output"]), atol=1e-4, rtol=0)


@pytest.mark.parametrize("changed", RECORD["changed"], ids=lambda changed: "+".join(changed["change"]))
def test_every_key_of_the_configuration_is_honoured(changed: dict[str, Any]) -> None:
    network = DiffusersUNet(RECORD["config"] | changed["change"]).eval()
    state, generator = weights()
    network.load_state_dict(state)
    x = torch.randn(2, 3, 16, 16, generator=generator)
    with torch.no_grad():
        found = network(x, torch.tensor([7, 500]))[:, :, ::5, ::5].flatten()
    torch.testing.assert_close(found, torch.tensor(changed["output"]), atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("resnet_time_scale_shift", "scale_shift"),
        ("time_embedding_type", "fourier"),
        ("num_class_embeds", 10),
        ("attention_head_dim", 7),
        ("act_fn", "tanh"),
        ("act_fn", ["silu"]),
        ("norm_eps", 10**400),
        ("layers_per_block", 10**9),
        ("norm_num_groups", 7),
        ("block_out_channels", 32),
        ("a_key_of_the_future", 1),
    ],
)
def test_a_key_that_is_not_understood_is_named(key: str, value: object) -> None:
    with pytest.raises(InputError, match=key):
        DiffusersUNet(RECORD["config"] | {key: value})


def folder(path: Path, scheduler: dict[str, Any], stem: str = "diffusion_pytorch_model.fp16") -> Path:
    """A pipeline's folder with the scheduler's configuration and half-precision weights in unet_ema/."""
    for part, content in (("unet_ema", RECORD["config"]), ("scheduler", scheduler)):
        (path / part).mkdir()
        name = "config.json" if part == "unet_ema" else "scheduler_config.json"
        (path / part / name).write_text(json.dumps(content))
    halved = {key: value.half() for key, value in weights()[0].items()}
    torch.save(halved, path / "unet_ema" / f"{stem}.bin")
    return path


@pytest.mark.parametrize(
    ("scheduler", "name", "steps", "ends", "predicts"),
    [
        ({"beta_schedule": "squaredcos_cap_v2"}, "cosine", 1000, None, "eps"),
        (
            {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012},
            "scaled_linear",
            1000,
            (0.00085, 0.012),
            "eps",
        ),
        ({"num_train_timesteps": 250}, "linear", 250, (1e-4, 0.02), "eps"),
        ({"prediction_type": "v_prediction"}, "linear", 1000, None, "v"),
        ({"prediction_type": "sample"}, "linear", 1000, None, "x0"),
    ],
)
def test_the_scheduler_is_read(
    tmp_path: Path, scheduler: dict[str, Any], name: Any, steps: int, ends: Any, predicts: str
) -> None:
    denoiser = load_denoiser(folder(tmp_path, scheduler), "cpu")
    assert isinstance(denoiser, Denoiser)
    expected = Schedule.named(name, steps, ends=ends).alpha_bar
    assert denoiser.schedule.alpha_bar == pytest.approx(expected, abs=1e-12)
    assert denoiser.predicts == predicts


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("beta_schedule", "laplace"),
        ("prediction_type", "flow_prediction"),
        ("_class_name", "FlowMatchEulerDiscreteScheduler"),
        ("trained_betas", [0.1]),
        ("rescale_betas_zero_snr", True),
        ("beta_end", 2.0),
    ],
)
def test_a_schedulers_key_that_is_not_understood_is_named(tmp_path: Path, key: str, value: object) -> None:
    with pytest.raises(InputError, match=key):
        load_denoiser(folder(tmp_path, {key: value}), "cpu")


@pytest.mark.parametrize("old", [False, True])
def test_a_folder_of_the_hub_loads_in_both_spellings(tmp_path: Path, old: bool) -> None:
    state, _ = weights()
    if old:
        for new, before in OLD.items():
            state = {key.replace(f".{new}.", f".{before}."): value for key, value in state.items()}
    (tmp_path / "config.json").write_text(json.dumps(RECORD["config"]))
    torch.save(state, tmp_path / "diffusion_pytorch_model.bin")
    denoiser = load_denoiser(tmp_path, "cpu")
    assert isinstance(denoiser, Denoiser)
    expected = Schedule.named("linear", 1000).timestep_for_sigma(0.25)
    assert denoiser.schedule.timestep_for_sigma(0.25) == expected
    x = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    assert denoiser.purify(x, 0.25).shape == x.shape


def test_the_published_models_size() -> None:
    config = RECORD["config"] | {
        "block_out_channels": [128, 256, 256, 256],
        "norm_num_groups": 32,
        "down_block_types": ["DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"],
        "up_block_types": ["UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"],
    }
    with torch.device("meta"):
        network = DiffusersUNet(config)
    assert sum(p.numel() for p in network.parameters()) == 35_746_307


def test_what_is_missing_or_unknown_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no config.json"):
        load_denoiser(tmp_path, "cpu")
    (tmp_path / "config.json").write_text(json.dumps(RECORD["config"]))
    with pytest.raises(InputError, match="neither diffusion_pytorch_model.safetensors nor"):
        load_denoiser(tmp_path, "cpu")
    odd = RECORD["config"] | {"down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D", "DownBlock2D"]}
    (tmp_path / "config.json").write_text(json.dumps(odd))
    with pytest.raises(InputError, match="CrossAttnDownBlock2D"):
        load_denoiser(tmp_path, "cpu")
