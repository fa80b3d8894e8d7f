"""The U-Net of improved-diffusion and guided-diffusion, loading OpenAI's state-dict layout.

Sources: Nichol and Dhariwal 2021 (improved-diffusion), Dhariwal and Nichol 2021 (guided-diffusion).
"""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffsmooth_core.layers.fused import (
    Affine,
    bias_act,
    group_norm,
    identity,
    in_kernels,
    resampled,
    residual,
)
from diffsmooth_core.purification.unet_config import UNetConfig


def timestep_embedding(t: Tensor, dim: int) -> Tensor:
    """Sinusoidal embedding: t (b,) -> (b, dim), cosines first."""
    half = dim // 2
    frequencies = torch.exp(
        -math.log(10000) * torch.arange(half, dtype=torch.float32, device=t.device) / half
    )
    angles = t[:, None].float() * frequencies[None]
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


class GroupNorm32(nn.GroupNorm):
    """GroupNorm with 32 groups, computed in float32 whatever the activations' dtype.

    Where its own weights have another dtype, as in a folded network, torch itself computes the sums in
    float32 and returns that dtype. On a CPU this is several times faster in contiguous (NCHW) than in
    channels_last memory format, so the input is converted.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(32, channels)

    def forward(self, x: Tensor) -> Tensor:
        if self.weight.dtype != torch.float32:
            return super().forward(x.contiguous())
        return super().forward(x.float()).type(x.dtype)


class Downsample(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.op = nn.Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.op(x)  # type: ignore[no-any-return]


class Upsample(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(resampled(x, up=True))  # type: ignore[no-any-return]


class ResBlock(nn.Module):
    """Residual block; `resample` is "down" or "up" in guided-diffusion's resblock_updown models."""

    def __init__(
        self, channels: int, out: int, emb: int, config: UNetConfig, resample: str | None = None
    ) -> None:
        super().__init__()
        self.folded = False
        self.resample = resample
        self.scale_shift = config.use_scale_shift_norm
        self.in_layers = nn.Sequential(
            GroupNorm32(channels), nn.SiLU(), nn.Conv2d(channels, out, 3, padding=1)
        )
        self.emb_layers: nn.Module | None = nn.Sequential(
            nn.SiLU(), nn.Linear(emb, 2 * out if self.scale_shift else out)
        )
        self.out_layers = nn.Sequential(
            GroupNorm32(out), nn.SiLU(), nn.Dropout(config.dropout), nn.Conv2d(out, out, 3, padding=1)
        )
        nn.init.zeros_(self.out_layers[3].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.out_layers[3].bias)  # type: ignore[arg-type]
        self.skip_connection = nn.Identity() if out == channels else nn.Conv2d(channels, out, 1)

    def _resampled(self, x: Tensor) -> Tensor:
        return x if self.resample is None else resampled(x, up=self.resample == "up")

    def forward(self, x: Tensor, emb: Tensor | None) -> Tensor:  # (b,c,h,w), (b,emb) -> (b,out,h',w')
        if self.folded and in_kernels(x):
            return self._in_kernels(x, emb)
        norm, act, conv = self.in_layers
        h = conv(self._resampled(act(norm(x))))
        x = self._resampled(x)
        norm, act, drop, conv = self.out_layers
        if self.emb_layers is None:
            h = norm(h)
        else:
            e = self.emb_layers(emb)[:, :, None, None].type(h.dtype)
            if self.scale_shift:
                scale, shift = e.chunk(2, dim=1)
                h = norm(h) * (1 + scale) + shift
            else:
                h = norm(h + e)
        return self.skip_connection(x) + conv(drop(act(h)))  # type: ignore[no-any-return]

    def _in_kernels(self, x: Tensor, emb: Tensor | None) -> Tensor:
        """`forward` of a folded block on a GPU."""
        first: Any = self.in_layers
        last: Any = self.out_layers
        norm, bias = (last[0], first[2].bias) if emb is None else self._at(emb)
        return residual(
            x, (first[0], norm), (first[2], last[3]), bias, self.skip_connection, F.silu, self._resampled
        )

    def _at(self, emb: Tensor) -> tuple[Affine, Tensor]:
        """The second normalisation and the bias of the first convolution with the effect of one time
        embedding (1,emb) merged into them."""
        assert self.emb_layers is not None
        norm: Any = self.out_layers[0]
        bias: Any = self.in_layers[2].bias
        (e,) = self.emb_layers(emb)
        if self.scale_shift:
            scale, shift = e.chunk(2)
            return Affine(norm.weight * (1 + scale), norm.bias * (1 + scale) + shift, norm.eps), bias
        return Affine(norm.weight, norm.bias, norm.eps), bias + e

    def fold(self, emb: Tensor | None) -> None:
        """Merge the effect of one time embedding (1,emb) into the weights; from then on the block works for
        that timestep only. Without one, it still takes an embedding (1,emb) for all pictures of a call."""
        self.folded = True
        if emb is not None:
            norm, bias = self._at(emb)
            self.out_layers[0].weight, self.out_layers[0].bias = map(nn.Parameter, norm[:2])
            self.in_layers[2].bias = nn.Parameter(bias)
            self.emb_layers = None


class AttentionBlock(nn.Module):
    """Self-attention over pixels."""

    def __init__(self, channels: int, config: UNetConfig) -> None:
        super().__init__()
        self.folded = False
        per_head = config.num_head_channels
        self.heads = config.num_heads if per_head == -1 else channels // per_head
        self.heads_outermost = not config.use_new_attention_order
        self.norm = GroupNorm32(channels)
        self.qkv = nn.Conv1d(channels, 3 * channels, 1)
        self.proj_out = nn.Conv1d(channels, channels, 1)
        nn.init.zeros_(self.proj_out.weight)
        nn.init.zeros_(self.proj_out.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        if self.folded and in_kernels(x):
            return self._in_kernels(x)
        b, c, h, w = x.shape
        flat = x.reshape(b, c, h * w)
        qkv = self.qkv(self.norm(flat))
        if self.heads_outermost:  # channels are laid out (head, qkv, channel)
            qkv = qkv.reshape(b, self.heads, 3, c // self.heads, h * w).transpose(1, 2)
        else:  # (qkv, head, channel)
            qkv = qkv.reshape(b, 3, self.heads, c // self.heads, h * w)
        # Each (b, heads, h*w, channel) and contiguous: torch's fused attention takes no transposed tensors.
        q, k, v = qkv.transpose(3, 4).contiguous().unbind(1)
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(2, 3).reshape(b, c, h * w)
        return (flat + self.proj_out(mixed)).reshape(b, c, h, w)  # type: ignore[no-any-return]

    def _in_kernels(self, x: Tensor) -> Tensor:
        """`forward` of a folded network on a GPU, with the channels last all the way."""
        b, c, h, w = x.shape
        normed = group_norm(self.norm, x, identity).permute(0, 2, 3, 1).reshape(b, h * w, c)
        qkv = F.linear(normed, self.qkv.weight[..., 0], self.qkv.bias)
        if self.heads_outermost:  # (b,pixels,head,qkv,channel)
            parts = qkv.view(b, h * w, self.heads, 3, c // self.heads).permute(3, 0, 2, 1, 4)
        else:  # (b,pixels,qkv,head,channel)
            parts = qkv.view(b, h * w, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = parts.unbind(0)
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, h * w, c)
        out = F.linear(mixed, self.proj_out.weight[..., 0]).view(b, h, w, c).permute(0, 3, 1, 2)
        assert self.proj_out.bias is not None
        return bias_act(out, self.proj_out.bias, add=x)


class Block(nn.Sequential):
    """A sequence whose residual blocks also see the time embedding."""

    def forward(self, x: Tensor, emb: Tensor | None) -> Tensor:  # type: ignore[override]
        for layer in self:
            x = layer(x, emb) if isinstance(layer, ResBlock) else layer(x)
        return x


class UNet(nn.Module):
    """x_t (b,3,h,w) in [-1,1] noise units and t (b,) -> (b,3,h,w) epsilon, or (b,6,h,w) with
    the variance interpolation in the last 3 channels where `learn_sigma` is set."""

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.config, self.folded = config, False
        width, mult, patch = config.num_channels, config.multipliers, config.patch
        side = config.image_size // patch
        attention_at = {config.image_size // r for r in config.attention_resolutions}
        emb = 4 * width
        self.time_embed: nn.Sequential | None = nn.Sequential(
            nn.Linear(width, emb), nn.SiLU(), nn.Linear(emb, emb)
        )

        ch = int(mult[0] * width)
        self.input_blocks = nn.ModuleList([Block(nn.Conv2d(3 * patch**2, ch, 3, padding=1))])
        skips, down = [ch], config.image_size // side
        for level, m in enumerate(mult):
            for _ in range(config.num_res_blocks):
                layers: list[nn.Module] = [ResBlock(ch, int(m * width), emb, config)]
                ch = int(m * width)
                if down in attention_at:
                    layers.append(AttentionBlock(ch, config))
                self.input_blocks.append(Block(*layers))
                skips.append(ch)
            if level != len(mult) - 1:
                self.input_blocks.append(
                    Block(ResBlock(ch, ch, emb, config, "down") if config.resblock_updown else Downsample(ch))
                )
                skips.append(ch)
                down *= 2

        self.middle_block = Block(
            ResBlock(ch, ch, emb, config), AttentionBlock(ch, config), ResBlock(ch, ch, emb, config)
        )

        self.output_blocks = nn.ModuleList()
        for level, m in reversed(list(enumerate(mult))):
            for i in range(config.num_res_blocks + 1):
                layers = [ResBlock(ch + skips.pop(), int(m * width), emb, config)]
                ch = int(m * width)
                if down in attention_at:
                    layers.append(AttentionBlock(ch, config))
                if level and i == config.num_res_blocks:
                    layers.append(
                        ResBlock(ch, ch, emb, config, "up") if config.resblock_updown else Upsample(ch)
                    )
                    down //= 2
                self.output_blocks.append(Block(*layers))

        out_channels = (6 if config.learn_sigma else 3) * patch**2
        self.out = nn.Sequential(GroupNorm32(ch), nn.SiLU(), nn.Conv2d(ch, out_channels, 3, padding=1))
        nn.init.zeros_(self.out[2].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.out[2].bias)  # type: ignore[arg-type]

    def embed(self, t: Tensor) -> Tensor:
        """The time embedding of timesteps t: (b,) -> (b,emb)."""
        assert self.time_embed is not None
        dtype: torch.dtype = self.time_embed[0].weight.dtype  # type: ignore[assignment]
        return self.time_embed(timestep_embedding(t, self.config.num_channels).type(dtype))  # type: ignore[no-any-return]

    @torch.no_grad()
    def fold(self, t: float | None) -> None:
        """Specialise the network, in place, to pictures that are all at one timestep.

        The timestep's effect is merged into the weights, and from then on the network ignores the timestep
        that it is given. With None it takes one of shape (1,) for all pictures of a call. The output channels
        of the learned variance are removed.
        """
        emb = None if t is None else self.embed(torch.tensor([t], device=self.out[2].weight.device))  # type: ignore[arg-type]
        for module in self.modules():
            if isinstance(module, ResBlock):
                module.fold(emb)
            elif isinstance(module, AttentionBlock):
                module.folded = True
        if emb is not None:
            self.time_embed = None
        self.folded, conv, kept = True, self.out[2], 3 * self.config.patch**2
        conv.weight = nn.Parameter(conv.weight[:kept])  # type: ignore[index]
        conv.bias = nn.Parameter(conv.bias[:kept])  # type: ignore[index]

    def forward(self, x_t: Tensor, t: Tensor | None = None) -> Tensor:
        emb = None if self.time_embed is None or t is None else self.embed(t)
        h = F.pixel_unshuffle(x_t, self.config.patch) if self.config.patch > 1 else x_t
        hs = []
        for block in self.input_blocks:
            h = block(h, emb)
            hs.append(h)
        h = self.middle_block(h, emb)
        for block in self.output_blocks:
            h = block(torch.cat([h, hs.pop()], dim=1), emb)
        norm: Any = self.out[0]
        in_ours = self.folded and in_kernels(h)
        h = self.out[2](group_norm(norm, h, F.silu)) if in_ours else self.out(h)
        return F.pixel_shuffle(h, self.config.patch) if self.config.patch > 1 else h
