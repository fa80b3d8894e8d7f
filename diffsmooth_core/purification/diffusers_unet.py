"""The DDPM U-Net (Ho et al. 2020) in the state-dict layout of diffusers' UNet2DModel.

That is google/ddpm-cifar10-32: linear betas, T = 1000, predicts epsilon alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffsmooth_core.config import InputError


class Residual(nn.Module):
    def __init__(self, channels: int, out: int, embedding: int, groups: int, eps: float) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, channels, eps)
        self.conv1 = nn.Conv2d(channels, out, 3, padding=1)
        self.time_emb_proj = nn.Linear(embedding, out)
        self.norm2 = nn.GroupNorm(groups, out, eps)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1)
        if channels != out:
            self.conv_shortcut = nn.Conv2d(channels, out, 1)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        h = self.conv1(F.silu(self.norm1(x)))
        h = h + self.time_emb_proj(F.silu(embedding))[:, :, None, None]
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (self.conv_shortcut(x) if hasattr(self, "conv_shortcut") else x)  # type: ignore[no-any-return]


class Attention(nn.Module):
    """One head over all positions."""

    def __init__(self, channels: int, groups: int, eps: float) -> None:
        super().__init__()
        self.group_norm = nn.GroupNorm(groups, channels, eps)
        self.to_q, self.to_k, self.to_v = (nn.Linear(channels, channels) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def forward(self, x: Tensor) -> Tensor:
        h = self.group_norm(x).flatten(2).transpose(1, 2)  # (b,hw,c)
        h = F.scaled_dot_product_attention(self.to_q(h), self.to_k(h), self.to_v(h))
        return x + self.to_out[0](h).transpose(1, 2).unflatten(2, x.shape[2:])  # type: ignore[no-any-return]


class Convolution(nn.Module):
    """The layer at a block's end that halves or doubles the sides."""

    def __init__(self, channels: int, down: bool) -> None:
        super().__init__()
        self.down = down
        self.conv = nn.Conv2d(channels, channels, 3, 2 if down else 1, padding=0 if down else 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.pad(x, (0, 1, 0, 1)) if self.down else F.interpolate(x, scale_factor=2.0)
        return self.conv(x)  # type: ignore[no-any-return]


class Block(nn.Module):
    """Residual layers, each followed by attention where the block has it."""

    def __init__(
        self, channels: Sequence[int], out: int, embedding: int, groups: int, eps: float, attends: bool
    ) -> None:
        super().__init__()
        self.depth = len(channels)
        self.resnets = nn.ModuleList(Residual(c, out, embedding, groups, eps) for c in channels)
        if attends:
            self.attentions = nn.ModuleList(Attention(out, groups, eps) for _ in channels)

    def layer(self, i: int, x: Tensor, embedding: Tensor) -> Tensor:
        x = self.resnets[i](x, embedding)
        return self.attentions[i](x) if hasattr(self, "attentions") else x

    def end(self, x: Tensor) -> Tensor | None:
        """The block's last layer, None where it has none."""
        layers = getattr(self, "downsamplers", None) or getattr(self, "upsamplers", None)
        return layers[0](x) if layers else None


class Middle(nn.Module):
    def __init__(self, channels: int, embedding: int, groups: int, eps: float) -> None:
        super().__init__()
        self.attentions = nn.ModuleList([Attention(channels, groups, eps)])
        self.resnets = nn.ModuleList(Residual(channels, channels, embedding, groups, eps) for _ in range(2))

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        return self.resnets[1](self.attentions[0](self.resnets[0](x, embedding)), embedding)  # type: ignore[no-any-return]


class TimeEmbedding(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.linear_1 = nn.Linear(channels, 4 * channels)
        self.linear_2 = nn.Linear(4 * channels, 4 * channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear_2(F.silu(self.linear_1(x)))  # type: ignore[no-any-return]


class DiffusersUNet(nn.Module):
    """epsilon_theta(x_t, t): (b,3,h,w) in [-1,1] units and (b,) timesteps -> (b,3,h,w).

    `config` is the repository's config.json. Raises InputError for a variant of the model that it
    does not describe.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        widths, layers = config["block_out_channels"], config["layers_per_block"]
        downs, ups = config["down_block_types"], config["up_block_types"]
        known = {"DownBlock2D", "AttnDownBlock2D", "UpBlock2D", "AttnUpBlock2D"}
        if unknown := sorted({*downs, *ups} - known):
            raise InputError(f"{unknown[0]} is unknown here; known are {', '.join(sorted(known))}")
        groups, eps = config.get("norm_num_groups", 32), config.get("norm_eps", 1e-6)
        self.channels, self.shift = widths[0], config.get("freq_shift", 0)
        embedding = 4 * widths[0]
        self.conv_in = nn.Conv2d(config.get("in_channels", 3), widths[0], 3, padding=1)
        self.time_embedding = TimeEmbedding(widths[0])
        skips = [widths[0]]
        self.down_blocks = nn.ModuleList()
        channels = widths[0]
        for i, (kind, out) in enumerate(zip(downs, widths, strict=True)):
            block = Block([channels] + [out] * (layers - 1), out, embedding, groups, eps, "Attn" in kind)
            skips += [out] * layers
            if i < len(widths) - 1:
                block.downsamplers = nn.ModuleList([Convolution(out, down=True)])
                skips.append(out)
            self.down_blocks.append(block)
            channels = out
        self.mid_block = Middle(channels, embedding, groups, eps)
        self.up_blocks = nn.ModuleList()
        for i, (kind, out) in enumerate(zip(ups, reversed(widths), strict=True)):
            inputs = []
            for _ in range(layers + 1):
                inputs.append(channels + skips.pop())
                channels = out
            block = Block(inputs, out, embedding, groups, eps, "Attn" in kind)
            if i < len(widths) - 1:
                block.upsamplers = nn.ModuleList([Convolution(out, down=False)])
            self.up_blocks.append(block)
        self.conv_norm_out = nn.GroupNorm(groups, channels, eps)
        self.conv_out = nn.Conv2d(channels, config.get("out_channels", 3), 3, padding=1)

    def forward(self, x: Tensor, timesteps: Tensor) -> Tensor:
        half = self.channels // 2
        rates = torch.arange(half, device=x.device, dtype=torch.float32) / (half - self.shift)
        angles = timesteps.float()[:, None] * torch.exp(-math.log(10_000) * rates)
        embedding = self.time_embedding(torch.cat([angles.sin(), angles.cos()], 1))
        h = self.conv_in(x)
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
