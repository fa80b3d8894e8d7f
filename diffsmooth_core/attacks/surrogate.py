"""What an attack climbs: the smoothed classifier with softmax in the place of votes."""

from __future__ import annotations

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from diffsmooth_core.classifiers.base import BaseClassifier, reference_bank
from diffsmooth_core.purification.denoiser import Denoiser

Backward = Literal["through", "around"]  # the purifier: its own gradient, or the identity's


def smoothed_log_probability(
    base: BaseClassifier, x: Tensor, noise: Tensor, local: Tensor | None, backward: Backward = "through"
) -> Tensor:
    """log of the mean softmax of f over noisy copies of x (1,c,h,w): (1,k), differentiable in x.

    noise: (b,c,h,w) and local: (b,draws,c,h,w), both standard normal; without `local` the fixed bank serves,
    as for f. The expectation over transformations (Athalye et al. 2018b) of Salman et al. 2019, equation 6.
    The networks take a block at a time, which is run again on the way back and not kept.
    """
    x_noisy = x.to(base.device) + base.sigma * noise.to(base.device)
    blocks = [slice(start, start + base.block) for start in range(0, len(noise), base.block)]
    log_p = torch.cat(
        [
            checkpoint(
                _log_softmax,
                base,
                x_noisy[b],
                None if local is None else local[b],
                backward,
                use_reentrant=False,
                preserve_rng_state=False,
            )
            for b in blocks
        ]
    )
    return (log_p.logsumexp(0) - math.log(len(log_p)))[None].cpu()


def _log_softmax(base: BaseClassifier, x: Tensor, local: Tensor | None, backward: Backward) -> Tensor:
    """log softmax at every local copy, one after the other: (b,c,h,w) -> (b or more,k)."""
    if base.draws:
        bank = reference_bank(base.draws, x.shape[1:]).expand(len(x), -1, -1, -1, -1)
        local = (bank if local is None else local).to(base.device)
    with torch.autocast(base.device.type, torch.bfloat16, enabled=base.dtype == torch.bfloat16):
        seen = _densepure(base, x, local, backward) if base.purifications else _one_shot(base, x, backward)
        if base.m and local is not None:
            seen = (seen[:, None] + base.sigma_local * local).flatten(0, 1)
        return F.log_softmax(base.classifier(seen).float(), 1)


def _one_shot(base: BaseClassifier, x: Tensor, backward: Backward) -> Tensor:
    """x purified, with the purifier's own gradient or the identity's (BPDA, Athalye et al. 2018a)."""
    if base.denoiser is None:
        return x
    if backward == "through":
        return base.denoiser.one_shot(x, base.sigma)
    return x + (base.denoiser.purify(x, base.sigma) - x.detach())


def _densepure(base: BaseClassifier, x: Tensor, local: Tensor | None, backward: Backward) -> Tensor:
    """x after each run of the reverse process, with one shot's gradient in place of its own: BPDA again, as
    the whole process is too deep to keep for the way back."""
    assert isinstance(base.denoiser, Denoiser)
    x = x.repeat_interleave(base.purifications, 0)
    noise = x.new_zeros(len(x), base.reverse_steps - 1, *x.shape[1:]) if local is None else local
    noise = noise.reshape(len(x), -1, *x.shape[1:]) if base.reverse_steps > 1 else noise
    stand_in = _one_shot(base, x, backward)
    return stand_in + (
        base.denoiser.reverse(x.detach(), base.sigma, base.reverse_steps, noise) - stand_in.detach()
    )
