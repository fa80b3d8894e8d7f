"""The bundled CIFAR-10 classifier: a small whitened convolutional network that trains in minutes.

Architecture after Keller Jordan's airbench (arXiv 2404.00498): frozen whitening filters on 2x2
patches, then three blocks of two 3x3 convolutions.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffsmooth_core.classifiers.folding import fold_norm
from diffsmooth_core.layers.fused import conv_act

WIDTHS = (64, 256, 256)
SMALL_WIDTHS = (48, 128, 160)


class ConvBlock(nn.Module):
    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(out)
        for conv in (self.conv1, self.conv2):  # the first input channels start as an identity
            nn.init.dirac_(conv.weight[: conv.in_channels])

    def forward(self, x: Tensor) -> Tensor:  # (b,c,h,w) -> (b,out,h//2,w//2)
        x = conv_act(self.conv1, self.norm1, x, F.gelu, pool=2)
        return conv_act(self.conv2, self.norm2, x, F.gelu)

    def fold(self) -> None:
        """Merge each BatchNorm into the convolution before it.

        Max pooling lies between conv1 and norm1. The order of the two may be exchanged only where all scales
        of norm1 are above 0, so that the same value stays the maximum; otherwise norm1 is kept.
        """
        if self.norm1.weight.min() > 0:
            fold_norm(self, "conv1", "norm1")
        fold_norm(self, "conv2", "norm2")


class CompactCNN(nn.Module):
    """(b,3,h,w) normalised pictures, made for 32x32 -> logits (b,classes)."""

    def __init__(self, classes: int = 10, widths: tuple[int, int, int] = WIDTHS) -> None:
        super().__init__()
        self.whiten = nn.Conv2d(3, 24, 2)
        self.whiten.weight.requires_grad_(False)
        channels = (24, *widths)
        self.blocks = nn.Sequential(*map(ConvBlock, channels, widths))
        self.head = nn.Linear(widths[-1], classes, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        h = self.blocks(conv_act(self.whiten, nn.Identity(), x, F.gelu)).amax((2, 3))
        return self.head(h) / 9  # type: ignore[no-any-return]

    def fold(self) -> None:
        """Merge every BatchNorm, with its training statistics, into the convolution before it, where
        possible."""
        for block in self.blocks:
            assert isinstance(block, ConvBlock)
            block.fold()

    @torch.no_grad()
    def whiten_from(self, images: Tensor, eps: float = 5e-4) -> None:
        """Set the frozen filters to the whitened eigenvectors, and their negatives, of 2x2 patches.

        images: (b,3,h,w), normalised as in training.
        """
        patches = F.unfold(images, 2).transpose(1, 2).reshape(-1, 12)
        values, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
        filters = (vectors / (values + eps).sqrt()).T.reshape(12, 3, 2, 2)
        self.whiten.weight.copy_(torch.cat([filters, -filters]))
