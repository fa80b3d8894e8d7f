"""The CIFAR ResNets of He et al. 2016 (section 4.2) in the state-dict layout of Cohen et al. 2019."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from diffsmooth_core.classifiers.folding import fold_norm
from diffsmooth_core.config import InputError
from diffsmooth_core.layers.fused import conv_act


class BasicBlock(nn.Module):
    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.downsample = (
            nn.Identity()
            if stride == 1 and channels == out
            else nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))
        )

    def forward(self, x: Tensor) -> Tensor:
        h = conv_act(self.conv1, self.bn1, x, F.relu)
        return conv_act(self.conv2, self.bn2, h, F.relu, self.downsample(x))

    def fold(self) -> None:
        fold_norm(self, "conv1", "bn1")
        fold_norm(self, "conv2", "bn2")
        if isinstance(self.downsample, nn.Sequential):
            fold_norm(self.downsample, "0", "1")


class CifarResNet(nn.Module):
    """(b,3,32,32) normalised -> logits (b,classes); depth = 6n + 2 (20, 32, 44, 56, 110).

    Raises InputError for another depth.
    """

    def __init__(self, depth: int, classes: int = 10) -> None:
        super().__init__()
        if depth < 8 or (depth - 2) % 6:
            raise InputError(f"a CIFAR ResNet's depth is 6n + 2 (20, 56, 110, ...), got {depth}")
        per_stage = (depth - 2) // 6
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = self._stage(16, 16, per_stage, 1)
        self.layer2 = self._stage(16, 32, per_stage, 2)
        self.layer3 = self._stage(32, 64, per_stage, 2)
        self.fc = nn.Linear(64, classes)

    @staticmethod
    def _stage(channels: int, out: int, blocks: int, stride: int) -> nn.Sequential:
        first = BasicBlock(channels, out, stride)
        return nn.Sequential(first, *(BasicBlock(out, out, 1) for _ in range(blocks - 1)))

    def forward(self, x: Tensor) -> Tensor:
        h = conv_act(self.conv1, self.bn1, x, F.relu)
        h = self.layer3(self.layer2(self.layer1(h)))
        return self.fc(F.adaptive_avg_pool2d(h, 1).flatten(1))  # type: ignore[no-any-return]

    def fold(self) -> None:
        """Merge every BatchNorm, with its training statistics, into the convolution before it."""
        fold_norm(self, "conv1", "bn1")
        for module in list(self.modules()):
            if isinstance(module, BasicBlock):
                module.fold()
