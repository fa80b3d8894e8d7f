"""What OpenAI's U-Nets are built from: the configurations of improved-diffusion and guided-diffusion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from diffsmooth_core.config import InputError

_CHANNEL_MULT = {
    512: (0.5, 1, 1, 2, 2, 4, 4),
    256: (1, 1, 2, 2, 4, 4),
    128: (1, 1, 2, 3, 4),
    64: (1, 2, 3, 4),
    32: (1, 2, 2, 2),
}


# What OpenAI's configurations say beside the network, and cards.
BESIDE = frozenset(
    [
        "class_cond",
        "diffusion_steps",
        "network",
        "noise_schedule",
        "num_heads_upsample",
        "predict_xstart",
        "rescale_learned_sigmas",
        "rescale_timesteps",
        "sigma_small",
        "timestep_respacing",
        "use_checkpoint",
        "use_fp16",
        "use_kl",
    ]
)


@dataclass(frozen=True)
class UNetConfig:
    """The architecture of a U-Net, with OpenAI's names for its settings.

    Only `patch` is not among OpenAI's: patch x patch pixels are moved into the channels (space to depth)
    before the network, and back after it. 1 is OpenAI's architecture.
    """

    image_size: int
    num_channels: int
    num_res_blocks: int
    num_heads: int = 4
    num_head_channels: int = -1
    attention_resolutions: tuple[int, ...] = (16, 8)
    channel_mult: tuple[float, ...] = ()
    dropout: float = 0.0
    learn_sigma: bool = False
    use_scale_shift_norm: bool = True
    resblock_updown: bool = False
    use_new_attention_order: bool = False
    patch: int = 1

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> UNetConfig:
        """Build from a mapping with OpenAI's names; lists may be comma-separated text.

        Raises InputError for a class-conditional model, and for unknown or missing settings.
        """
        known = {f.name for f in fields(cls)}
        if strange := set(record) - known - BESIDE:
            raise InputError(f"unknown setting {sorted(strange)[0]!r} in the U-Net configuration; remove it")
        values = {k: v for k, v in record.items() if k in known}
        for name in ("attention_resolutions", "channel_mult"):
            listed = values.get(name, ())
            if isinstance(listed, str):
                listed = [float(part) for part in listed.split(",") if part]
            values[name] = tuple(int(v) if float(v).is_integer() else float(v) for v in listed)
        if record.get("class_cond"):
            raise InputError("class_cond is True: only unconditional diffusion models purify")
        try:
            return cls(**values)
        except TypeError as error:
            raise InputError(f"U-Net configuration is incomplete: {error}") from None

    @property
    def multipliers(self) -> tuple[float, ...]:
        if self.channel_mult:
            return self.channel_mult
        if self.image_size not in _CHANNEL_MULT:
            raise InputError(f"channel_mult must be given for image_size {self.image_size}")
        return _CHANNEL_MULT[self.image_size]
