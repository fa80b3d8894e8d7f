"""The DDPM U-Net (Ho et al. 2020) in the state-dict layout of diffusers' UNet2DModel.

google/ddpm-cifar10-32 is one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffsmooth_core.layers.fused import in_kernels, kernels_take, residual
from diffsmooth_core.purification.diffusers_config import ACTIVATIONS, DiffusersConfig


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
        self.folded = False
        self.time_emb_proj: nn.Linear | None = nn.Linear(embedding, out)
        self.norm2 = nn.GroupNorm(groups, out, eps)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1)
        if channels != out:
            self.conv_shortcut = nn.Conv2d(channels, out, 1)

    def fold(self, embedding: Tensor | None) -> None:
        """Merge the effect of one time embedding (1,embedding) into the bias of the first convolution.
        Without one, the block still takes an embedding (1,embedding) for all pictures of a call."""
        self.folded = True
        if embedding is not None:
            self.conv1.bias = nn.Parameter(self._bias(embedding))
            self.time_emb_proj = None

    def _bias(self, embedding: Tensor | None) -> Tensor:
        """The bias of the first convolution with what one time embedding (1,embedding) adds to it."""
        bias = self.conv1.bias
        assert bias is not None
        if self.time_emb_proj is None or embedding is None:
            return bias
        return bias + self.time_emb_proj(self.act(embedding))[0]  # type: ignore[no-any-return]

    def forward(self, x: Tensor, embedding: Tensor | None) -> Tensor:
        if self.folded and self.scale == 1 and kernels_take(self.norm1, self.act) and in_kernels(x):
            skip = getattr(self, "conv_shortcut", None)
            convs = self.conv1, self.conv2
            return residual(x, (self.norm1, self.norm2), convs, self._bias(embedding), skip, self.act)
        h = self.conv1(self.act(self.norm1(x)))
        if self.time_emb_proj is not None and embedding is not None:
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

    def layer(self, i: int, x: Tensor, embedding: Tensor | None) -> Tensor:
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

    def forward(self, x: Tensor, embedding: Tensor | None) -> Tensor:
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
        self.time_embedding: TimeEmbedding | None = TimeEmbedding(widths[0], embedding)
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

    @torch.no_grad()
    def fold(self, t: float | None) -> None:
        """Specialise the network, in place, to pictures that are all at one timestep.

        The timestep's effect is merged into the weights, and from then on the network ignores the timestep
        that it is given. With None it takes one of shape (1,) for all pictures of a call. Output channels of
        a learned variance are removed.
        """
        where = self.conv_in.weight.device
        embedding = None if t is None else self._embed(torch.tensor([t], device=where))
        for module in self.modules():
            if isinstance(module, Residual):
                module.fold(embedding)
        if embedding is not None:
            self.time_embedding = None
        assert self.conv_out.bias is not None
        self.conv_out.weight = nn.Parameter(self.conv_out.weight[:3])
        self.conv_out.bias = nn.Parameter(self.conv_out.bias[:3])

    def forward(self, x: Tensor, timesteps: Tensor | None = None) -> Tensor:
        embedding = None if self.time_embedding is None or timesteps is None else self._embed(timesteps)
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

    def _embed(self, timesteps: Tensor) -> Tensor:
        """The time embedding of timesteps (b,): (b,embedding)."""
        assert self.time_embedding is not None
        waves = self._waves(timesteps).type(self.time_embedding.linear_1.weight.dtype)
        return self.time_embedding(waves)  # type: ignore[no-any-return]

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
