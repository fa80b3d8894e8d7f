"""Boosting randomized smoothing with an ensemble (Horváth et al. 2022): averaged logits, K-consensus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

GROUP = 8  # batch size of the members after the K-th, padded so that outputs do not depend on it


class Ensemble(nn.Module):
    """Mean of the members' logits: (b,c,h,w) in [0,1] -> (b,k). Each member normalises its input itself.

    With `consensus` = K > 0, the members after the K-th are evaluated only for images on whose class the
    first K disagree (K-consensus aggregation); for the others the mean is over the first K.
    """

    def __init__(self, members: Sequence[nn.Module], consensus: int = 0) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.consensus = consensus
        self.passes = 0  # member evaluations so far, which shows what K-consensus saves

    def with_networks(self, prepare: Callable[[nn.Module], nn.Module]) -> Ensemble:
        """The same ensemble of classifiers with each one's network replaced by an equivalent one, such as a
        folded or compiled one."""
        members: Any = self.members
        return Ensemble([each.with_network(prepare(each.network)) for each in members], self.consensus)

    def forward(self, x: Tensor) -> Tensor:
        first = self.consensus or len(self.members)
        logits = torch.stack([member(x) for member in self.members[:first]])
        self.passes += first * len(x)
        mean = logits.mean(0)
        if first == len(self.members):
            return mean
        classes = logits.argmax(2)
        disputed = (classes != classes[0]).any(0).nonzero()[:, 0]
        for group in disputed.split(GROUP) if len(disputed) else ():
            some = x[group[torch.arange(GROUP, device=x.device) % len(group)]]
            rest = sum(member(some)[: len(group)] for member in self.members[first:])
            whole = (logits[:, group].sum(0) + rest) / len(self.members)
            mean[group] = whole.to(mean.dtype)  # on a GPU autocast adds up bfloat16 in float32
            self.passes += (len(self.members) - first) * GROUP
        return mean
