"""A moving average of a network's weights: less noisy than the weights of any one step."""

from __future__ import annotations

import copy

import torch
from torch import nn


class MovingAverage:
    """The exponential moving average of a network's parameters, kept in a copy of the network.

    `decay` (0 to 1) is the factor on the average at each step; early in training a smaller factor is used, so
    that the initial weights soon lose their influence.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).eval()
        self._decay = decay

    def update(self, network: nn.Module, step: int) -> None:
        """Update the average with the weights after step `step`, counted from 0."""
        decay = min(self._decay, (1 + step) / (10 + step))
        with torch.no_grad():
            torch._foreach_lerp_([*self.network.parameters()], [*network.parameters()], 1 - decay)
