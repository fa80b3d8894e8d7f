"""BatchNorm, with the statistics of training, as part of the convolution before it."""

from __future__ import annotations

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold_norm(module: nn.Module, conv: str, norm: str) -> None:
    """Put the BatchNorm `module.norm` into the convolution `module.conv` whose output it sees."""
    setattr(module, conv, fuse_conv_bn_eval(getattr(module, conv), getattr(module, norm)))
    setattr(module, norm, nn.Identity())
