"""A moving average of a network's weights: less noisy than the weights of any one step."""

from __future__ import annotations

import copy

import torch
from torch import nn


class MovingAverage:
    """The exponential moving average of a network's parameters, in a network of its own.

    `decay` is what the average keeps of itself at each step; early in training it keeps less, so that the
    initial weights are soon forgotten.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).eval()
        self._decay = decay

    def update(self, network: nn.Module, step: int) -> None:
        """Move the average towards the weights after step `step`, 0 the first."""
        decay = min(self._decay, (1 + step) / (10 + step))
        with torch.no_grad():
            for average, now in zip(self.network.parameters(), network.parameters(), strict=True):
                average.lerp_(now, 1 - decay)
