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
