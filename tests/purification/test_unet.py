"""The U-Net in both of OpenAI's layouts: sizes of the published models, recorded outputs."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from diffsmooth_core.config import InputError
from diffsmooth_core.purification.unet import UNet, timestep_embedding
from diffsmooth_core.purification.unet_config import UNetConfig
from diffsmooth_core.zoo.dialects import PUBLISHED


def randomised(network: UNet, scale: float = 0.05) -> UNet:
    """Give every parameter a value: a new network's output layer is zero."""
    generator = torch.Generator().manual_seed(0)
    for parameter in network.parameters():
        parameter.data = scale * torch.randn(parameter.shape, generator=generator)
    return network.eval().requires_grad_(False)


@pytest.mark.parametrize(
    ("name", "millions"), [("cifar10_uncond_50M_500K", 52.55), ("256x256_diffusion_uncond", 552.8)]
)
def test_the_published_networks_have_their_published_size(name: str, millions: float) -> None:
    with torch.device("meta"):
        network = UNet(UNetConfig.from_record(PUBLISHED[name]))
    assert sum(p.numel() for p in network.parameters()) / 1e6 == pytest.approx(millions, abs=0.05)
    assert network.out[2].weight.shape[0] == 6


# With random weights nothing is small: 1e-4 is a relative error of 1e-5.
@pytest.mark.parametrize("model", ["improved_diffusion_small", "guided_diffusion_small"])
def test_the_released_networks_outputs(golden_dir: Path, model: str) -> None:
    """model_out_k was recorded with the raw t, not t * 1000/T, also for the model that was trained
    with rescaled timesteps; purified_k (tested with the denoiser) with the rescaled one."""
    record = json.loads((golden_dir / model / "record.json").read_text())
    io = load_file(golden_dir / model / "io.safetensors")
    network = UNet(UNetConfig.from_record(record["config"]))
    network.load_state_dict(torch.load(golden_dir / model / "model.pt", weights_only=True))
    network.eval()
    assert sum(p.numel() for p in network.parameters()) == record["params"]
    for case in record["cases"]:
        x_t = case["sqrt_alpha_bar"] * (2 * io[f"x_rs_{case['k']}"] - 1)
        with torch.inference_mode():
            out = network(x_t, torch.full((len(x_t),), case["t"]))
        torch.testing.assert_close(out, io[f"model_out_{case['k']}"], atol=1e-4, rtol=0)


def test_the_timestep_embedding() -> None:
    embedding = timestep_embedding(torch.tensor([0.0, 250.5]), 64)
    assert embedding.shape == (2, 64)
    assert embedding[0].tolist() == [1.0] * 32 + [0.0] * 32
    expected = [math.cos(250.5), math.cos(250.5 * 10000 ** (-1 / 32)), math.sin(250.5)]
    assert embedding[1, [0, 1, 32]].tolist() == pytest.approx(expected, abs=1e-4)


def test_a_patch_is_space_to_depth_around_the_same_network() -> None:
    shared = {"num_channels": 32, "num_res_blocks": 1, "channel_mult": (1,), "attention_resolutions": (8,)}
    patched = randomised(UNet(UNetConfig(image_size=16, patch=2, **shared)))
    inside = UNet(UNetConfig(image_size=8, patch=1, **{**shared, "attention_resolutions": (4,)}))
    assert inside.input_blocks[0][0].in_channels == 3
    assert patched.input_blocks[0][0].in_channels == patched.out[2].out_channels == 12
    x = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    t = torch.tensor([10.0, 900.0])
    out = patched(x, t)
    assert out.shape == x.shape
    assert not torch.allclose(out[0], patched(x, t.flip(0))[0], atol=1e-3), "the timestep matters"
    torch.testing.assert_close(patched(x[1:], t[1:])[0], out[1], atol=1e-5, rtol=1e-5)


def test_new_attention_order_is_a_reordering_of_the_same_weights() -> None:
    shared = {
        "image_size": 8,
        "num_channels": 64,
        "num_res_blocks": 1,
        "num_heads": 2,
        "channel_mult": (1,),
        "attention_resolutions": (8,),
    }
    old = randomised(UNet(UNetConfig(**shared)))
    new = UNet(UNetConfig(**shared, use_new_attention_order=True)).eval()
    state = old.state_dict()
    for key in [k for k in state if ".qkv." in k]:  # (head, qkv, channel) -> (qkv, head, channel)
        state[key] = state[key].unflatten(0, (2, 3, 32)).transpose(0, 1).flatten(0, 2)
    new.load_state_dict(state)
    x = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(new(x, torch.tensor([5.0])), old(x, torch.tensor([5.0])))


def test_the_configuration_reads_openais_names() -> None:
    config = UNetConfig.from_record(PUBLISHED["256x256_diffusion_uncond"])
    assert config.attention_resolutions == (32, 16, 8)
    assert config.multipliers == (1, 1, 2, 2, 4, 4)
    listed = UNetConfig.from_record({**PUBLISHED["256x256_diffusion_uncond"], "channel_mult": "0.5,1,2"})
    assert listed.multipliers == (0.5, 1, 2)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"class_cond": True}, "class_cond"),
        ({"image_size": 48}, "image_size 48"),
        ({"num_channels": None}, "num_channels"),
    ],
)
def test_a_configuration_that_cannot_be_built_says_why(change: dict[str, object], named: str) -> None:
    record = {k: v for k, v in (PUBLISHED["cifar10_uncond_50M_500K"] | change).items() if v is not None}
    with pytest.raises(InputError, match=named):
        _ = UNetConfig.from_record(record).multipliers
