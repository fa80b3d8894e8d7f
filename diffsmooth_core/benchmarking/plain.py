"""Votes cast as in the released code: the baseline of every speed measurement, and a reference for tests."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from diffsmooth_core.certification.progress import Stage
from diffsmooth_core.certification.voting import VoteRange, draw_noise
from diffsmooth_core.classifiers.base import BaseClassifier, reference_bank
from diffsmooth_core.config import InputError, SmoothingConfig

BATCH = 50  # the released code's batch size


@torch.inference_mode()
def plain_votes(
    base: BaseClassifier, x: Tensor, config: SmoothingConfig, stage: Stage, start: int, stop: int
) -> npt.NDArray[np.int64]:
    """The classes of votes start..stop-1 (stop-start,) for the picture x (c,h,w), computed in float32, 50
    copies at a time, the m local copies one after the other (Algorithms 2 and 3 as written). The noise is
    the same as that of `votes`.

    Raises InputError for DensePure, which the released code does not have.
    """
    if base.purifier.majority:
        raise InputError("the plain path has no reverse process; choose another method than densepure")
    classes = []
    for at in range(start, stop, BATCH):
        end = min(at + BATCH, stop)
        x_noisy, local = draw_noise(base, VoteRange(x, stage, at, end), config)
        seen = x_noisy.to(base.device)
        if base.purifier.denoiser:
            seen = base.purifier.denoiser.purify(seen, config.sigma)
        if not base.method.smooths_locally:
            classes.append(base.classifier(seen).argmax(1))
            continue
        if local is None:
            local = reference_bank(config.m, x.shape).expand(end - at, -1, -1, -1, -1)
        local = local.to(base.device)
        confidence = torch.zeros(end - at, base.classifier.classes, device=base.device)
        for j in range(config.m):
            confidence += base.classifier(seen + config.sigma_local * local[:, j]).softmax(1)
        classes.append((confidence / config.m).argmax(1))
    return torch.cat(classes).cpu().numpy()
