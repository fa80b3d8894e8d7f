"""The DDPM U-Net (Ho et al. 2020) in the state-dict layout of diffusers' UNet2DModel.

google/ddpm-cifar10-32 is one. The weights do not tell such networks apart: heads, paddings and activations
stand in config.json alone, so every key of it is either honoured or refused by name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffsmooth_core.config import InputError

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "silu": F.silu,
    "swish": F.silu,
    "mish": F.mish,
    "gelu": F.gelu,
    "relu": F.relu,
}
BLOCKS = ("AttnDownBlock2D", "AttnUpBlock2D", "DownBlock2D", "UpBlock2D")
# Keys that are honoured at one value alone, which is also what a missing key means.
FIXED: dict[str, Any] = {
    "in_channels": 3,
    "time_embedding_type": "positional",
    "mid_block_type": "UNetMidBlock2D",
    "downsample_type": "conv",
    "upsample_type": "conv",
    "resnet_time_scale_shift": "default",
    "add_attention": True,
    "class_embed_type": None,
    "num_class_embeds": None,
}
WITHOUT_EFFECT = ("sample_size", "dropout", "num_train_timesteps")  # on what the network computes
MOST_LAYERS = 400


@dataclass(frozen=True)
class DiffusersConfig:
    """The keys of config.json that decide what the network computes, under diffusers' names and with its
    defaults (UNet2DModel's signature in diffusers 0.42)."""

    block_out_channels: tuple[int, ...] = (224, 448, 672, 896)
    down_block_types: tuple[str, ...] = (
        "DownBlock2D",
        "AttnDownBlock2D",
        "AttnDownBlock2D",
        "AttnDownBlock2D",
    )
    up_block_types: tuple[str, ...] = ("AttnUpBlock2D", "AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D")
    layers_per_block: int = 2
    out_channels: int = 3
    center_input_sample: bool = False
    time_embedding_dim: int | None = None  # None: four times the first width
    freq_shift: float = 0
    flip_sin_to_cos: bool = True
    mid_block_scale_factor: float = 1
    downsample_padding: int = 1
    act_fn: str = "silu"
    attention_head_dim: int | None = 8  # channels of one head; None: one head
    norm_num_groups: int = 32
    attn_norm_num_groups: int | None = None  # of the middle's attention; None: norm_num_groups
    norm_eps: float = 1e-5

    @classmethod
    def from_json(cls, config: Mapping[str, Any]) -> DiffusersConfig:
        """Read config.json. Raises InputError that names the first key whose value is not understood."""
        known = {field.name for field in fields(cls)}
        for key, value in config.items():
            if key.startswith("_") or key in WITHOUT_EFFECT or key in known:
                continue
            if key not in FIXED or value != FIXED[key]:
                raise _refused(key, value, f"only {FIXED[key]!r} is" if key in FIXED else "the key is not")
        values = {key: config[key] for key in known & config.keys()}
        for key, value in values.items():
            if isinstance(value, list):
                values[key] = tuple(value)
        read = cls(**values)
        read._check()
        return read

    def _check(self) -> None:
        """Raise InputError where a value is of the wrong kind or out of its range."""

        def require(key: str, holds: bool, wanted: str) -> None:
            if not holds:
                raise _refused(key, getattr(self, key), f"{wanted} is")

        widths = self.block_out_channels
        require("block_out_channels", _counts(widths, 16, 8192), "a list of 1 to 16 widths up to 8192")
        for key in ("down_block_types", "up_block_types"):
            kinds = getattr(self, key)
            one_each = isinstance(kinds, tuple) and len(kinds) == len(widths)
            require(
                key, one_each and all(kind in BLOCKS for kind in kinds), f"one of {', '.join(BLOCKS)} each"
            )
        layers = self.layers_per_block
        fits = _counts((layers,), 1, MOST_LAYERS) and layers * len(widths) <= MOST_LAYERS
        require("layers_per_block", fits, f"1 to {MOST_LAYERS // len(widths)}")
        require("out_channels", self.out_channels in (3, 6), "3, or 6 with a learned variance,")
        require("act_fn", self.act_fn in tuple(ACTIVATIONS), f"one of {', '.join(ACTIVATIONS)}")
        require("downsample_padding", self.downsample_padding in (0, 1), "0 or 1")
        for key in ("center_input_sample", "flip_sin_to_cos"):
            require(key, isinstance(getattr(self, key), bool), "true or false")
        for key in ("mid_block_scale_factor", "norm_eps"):
            value = getattr(self, key)
            require(key, _number(value) and value > 0, "a number above 0")
        require("freq_shift", _number(self.freq_shift) and self.freq_shift < widths[0] // 2, "a small number")
        require("norm_num_groups", self._divides(self.norm_num_groups, widths), "a divisor of every width")
        for key, of in (("attn_norm_num_groups", widths[-1:]), ("attention_head_dim", widths)):
            value = getattr(self, key)
            require(key, value is None or self._divides(value, of), "null or a divisor of the widths")
        size = self.time_embedding_dim
        require("time_embedding_dim", size is None or _counts((size,), 1, 65536), "null or 1 to 65536")

    @staticmethod
    def _divides(value: object, widths: Sequence[int]) -> bool:
        return _counts((value,), 1, 8192) and not any(width % cast(int, value) for width in widths)


def _refused(key: str, value: object, understood: str) -> InputError:
    return InputError(f"config.json: {key} is {str(value)[:60]!r}; {understood} understood here")


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def _counts(values: object, most: int, largest: int) -> bool:
    """Whether `values` are 1 to `most` whole numbers from 1 to `largest`."""
    return (
        isinstance(values, tuple)
        and 1 <= len(values) <= most
        and all(type(value) is int and 1 <= value <= largest for value in values)
    )


class Residual(nn.Module):
    """`scale` divides the sum of input and residual, as in the middle block of some models."""

    def __init__(
        self, channels: int, out: int, embedding: int, config: DiffusersConfig, scale: float = 1
    ) -> None:
        super().__init__()
        groups, eps = config.norm_num_groups, config.norm_eps
        self.act, self.scale = ACTIVATIONS[config.act_fn], scale
        self.norm1 = nn.GroupNorm(groups, channels, eps)
        self.conv1 = nn.Conv2d(channels, out, 3, padding=1)
        self.time_emb_proj = nn.Linear(embedding, out)
        self.norm2 = nn.GroupNorm(groups, out, eps)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1)
        if channels != out:
            self.conv_shortcut = nn.Conv2d(channels, out, 1)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        h = self.conv1(self.act(self.norm1(x)))
        h = h + self.time_emb_proj(self.act(embedding))[:, :, None, None]
        h = self.conv2(self.act(self.norm2(h)))
        h = h + (self.conv_shortcut(x) if hasattr(self, "conv_shortcut") else x)
        return h / self.scale  # type: ignore[no-any-return]


class Attention(nn.Module):
    """Self-attention over all positions, with heads of `attention_head_dim` channels."""

    def __init__(
        self, channels: int, config: DiffusersConfig, scale: float = 1, groups: int | None = None
    ) -> None:
        super().__init__()
        self.heads, self.scale = channels // (config.attention_head_dim or channels), scale
        self.group_norm = nn.GroupNorm(groups or config.norm_num_groups, channels, config.norm_eps)
        self.to_q, self.to_k, self.to_v = (nn.Linear(channels, channels) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def forward(self, x: Tensor) -> Tensor:
        h = self.group_norm(x).flatten(2).transpose(1, 2)  # (b,hw,c)
        q, k, v = (
            layer(h).unflatten(2, (self.heads, -1)).transpose(1, 2)  # (b,heads,hw,c/heads)
            for layer in (self.to_q, self.to_k, self.to_v)
        )
        h = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        return (x + self.to_out[0](h).transpose(1, 2).unflatten(2, x.shape[2:])) / self.scale  # type: ignore[no-any-return]


class Downsample(nn.Module):
    """A convolution that halves the sides. Without padding of its own the input gets a row and a column of
    zeros at its end."""

    def __init__(self, channels: int, padding: int) -> None:
        super().__init__()
        self.end = 1 - padding
        self.conv = nn.Conv2d(channels, channels, 3, 2, padding=padding)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.pad(x, (0, self.end, 0, self.end)))  # type: ignore[no-any-return]


class Upsample(nn.Module):
    """Doubles the sides, followed by a convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.interpolate(x, scale_factor=2.0))  # type: ignore[no-any-return]


class Block(nn.Module):
    """Residual layers, each followed by attention where the block has it."""

    def __init__(
        self, channels: Sequence[int], out: int, embedding: int, config: DiffusersConfig, kind: str
    ) -> None:
        super().__init__()
        self.depth = len(channels)
        self.resnets = nn.ModuleList(Residual(c, out, embedding, config) for c in channels)
        if kind.startswith("Attn"):
            self.attentions = nn.ModuleList(Attention(out, config) for _ in channels)

    def layer(self, i: int, x: Tensor, embedding: Tensor) -> Tensor:
        x = self.resnets[i](x, embedding)
        return self.attentions[i](x) if hasattr(self, "attentions") else x

    def end(self, x: Tensor) -> Tensor | None:
        """The block's last layer, None where it has none."""
        layers = getattr(self, "downsamplers", None) or getattr(self, "upsamplers", None)
        return layers[0](x) if layers else None


class Middle(nn.Module):
    def __init__(self, channels: int, embedding: int, config: DiffusersConfig) -> None:
        super().__init__()
        scale = config.mid_block_scale_factor
        self.attentions = nn.ModuleList([Attention(channels, config, scale, config.attn_norm_num_groups)])
        self.resnets = nn.ModuleList(Residual(channels, channels, embedding, config, scale) for _ in range(2))

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        return self.resnets[1](self.attentions[0](self.resnets[0](x, embedding)), embedding)  # type: ignore[no-any-return]


class TimeEmbedding(nn.Module):
    def __init__(self, channels: int, embedding: int) -> None:
        super().__init__()
        self.linear_1 = nn.Linear(channels, embedding)
        self.linear_2 = nn.Linear(embedding, embedding)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear_2(F.silu(self.linear_1(x)))  # type: ignore[no-any-return]


class DiffusersUNet(nn.Module):
    """epsilon_theta(x_t, t): (b,3,h,w) in [-1,1] units and (b,) timesteps -> (b,3,h,w).

    `config` is the repository's config.json. Raises InputError that names the key that is not understood.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        self.config = read = DiffusersConfig.from_json(config)
        widths, layers = read.block_out_channels, read.layers_per_block
        embedding = read.time_embedding_dim or 4 * widths[0]
        self.conv_in = nn.Conv2d(3, widths[0], 3, padding=1)
        self.time_embedding = TimeEmbedding(widths[0], embedding)
        skips = [widths[0]]
        self.down_blocks = nn.ModuleList()
        channels = widths[0]
        for i, (kind, out) in enumerate(zip(read.down_block_types, widths, strict=True)):
            block = Block([channels] + [out] * (layers - 1), out, embedding, read, kind)
            skips += [out] * layers
            if i < len(widths) - 1:
                block.downsamplers = nn.ModuleList([Downsample(out, read.downsample_padding)])
                skips.append(out)
            self.down_blocks.append(block)
            channels = out
        self.mid_block = Middle(channels, embedding, read)
        self.up_blocks = nn.ModuleList()
        for i, (kind, out) in enumerate(zip(read.up_block_types, reversed(widths), strict=True)):
            inputs = []
            for _ in range(layers + 1):
                inputs.append(channels + skips.pop())
                channels = out
            block = Block(inputs, out, embedding, read, kind)
            if i < len(widths) - 1:
                block.upsamplers = nn.ModuleList([Upsample(out)])
            self.up_blocks.append(block)
        self.conv_norm_out = nn.GroupNorm(read.norm_num_groups, channels, read.norm_eps)
        self.conv_out = nn.Conv2d(channels, read.out_channels, 3, padding=1)

    def forward(self, x: Tensor, timesteps: Tensor) -> Tensor:
        embedding = self.time_embedding(self._waves(timesteps))
        h = self.conv_in(2 * x - 1 if self.config.center_input_sample else x)
        skips = [h]
        for block in cast(Iterable[Block], self.down_blocks):
            for i in range(block.depth):
                h = block.layer(i, h, embedding)
                skips.append(h)
            if (end := block.end(h)) is not None:
                h = end
                skips.append(h)
        h = self.mid_block(h, embedding)
        for block in cast(Iterable[Block], self.up_blocks):
            for i in range(block.depth):
                h = block.layer(i, torch.cat([h, skips.pop()], 1), embedding)
            if (end := block.end(h)) is not None:
                h = end
        return self.conv_out(F.silu(self.conv_norm_out(h)))  # type: ignore[no-any-return]

    def _waves(self, timesteps: Tensor) -> Tensor:
        """The sines and cosines of the timesteps: (b,) -> (b, first width)."""
        width = self.config.block_out_channels[0]
        half = width // 2
        rates = torch.arange(half, device=timesteps.device, dtype=torch.float32)
        rates = rates / (half - self.config.freq_shift)
        angles = timesteps.float()[:, None] * torch.exp(-math.log(10_000) * rates)
        waves = [angles.sin(), angles.cos()]
        waves = waves[::-1] if self.config.flip_sin_to_cos else waves
        return F.pad(torch.cat(waves, 1), (0, width % 2))
