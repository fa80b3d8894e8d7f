"""The differentiable objective of gradient attacks: the smoothed classifier with softmax in the place of
votes."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.classifiers.device import autocast
from diffsmooth_core.purification.purifier import Backward


def smoothed_log_probability(
    base: BaseClassifier, x: Tensor, outer: Tensor, noise: Tensor | None, backward: Backward = "through"
) -> Tensor:
    """log of the mean softmax of f over noisy copies of x (1,c,h,w): (1,k), differentiable in x.

    outer (b,c,h,w) is scaled by sigma and added to x; noise (b,draws,c,h,w) is what f uses for purification
    and local smoothing. Both are standard normal; without `noise`, f uses its fixed noise. This is the
    expectation over transformations (Athalye et al. 2018b) that Salman et al. 2019 maximise (equation 6). The
    networks process one purifier batch at a time, and activations are recomputed in the backward pass to save
    memory.
    """
    x_noisy = x.to(base.device) + base.config.sigma * outer.to(base.device)
    size = base.purifier_batch
    log_p = torch.cat(
        [
            checkpoint(
                _log_softmax,
                base,
                x_noisy[at : at + size],
                None if noise is None else noise[at : at + size],
                backward,
                use_reentrant=False,
                preserve_rng_state=False,
            )
            for at in range(0, len(outer), size)
        ]
    )
    return (log_p.logsumexp(0) - math.log(len(log_p)))[None].cpu()


def _log_softmax(base: BaseClassifier, x: Tensor, noise: Tensor | None, backward: Backward) -> Tensor:
    """log softmax of every image that the classifier sees for noisy copies x (b,c,h,w): (b times
    images,k)."""
    with autocast(base.device, base.dtype):
        pictures = base.purifier.purify_with_gradient(x, base.config, base.purifier_noise(x, noise), backward)
        seen = base.smooth_locally(pictures, noise).flatten(0, 1)
        return F.log_softmax(base.classifier(seen).float(), 1)
