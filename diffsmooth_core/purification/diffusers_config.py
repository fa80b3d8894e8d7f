"""config.json of a diffusers UNet2DModel: every key is either honoured or refused by name.

The weights do not tell such networks apart: heads, paddings and activations stand in this file alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, cast

import torch.nn.functional as F
from torch import Tensor

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
