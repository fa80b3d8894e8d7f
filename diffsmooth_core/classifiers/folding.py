"""Merge a BatchNorm, with its training statistics, into the convolution before it."""

from __future__ import annotations

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold_norm(module: nn.Module, conv: str, norm: str) -> None:
    """Merge the BatchNorm attribute `norm` of `module` into its convolution attribute `conv`, in place.

    The BatchNorm, which is applied to the convolution's output, is replaced by an identity.
    """
    setattr(module, conv, fuse_conv_bn_eval(getattr(module, conv), getattr(module, norm)))
    setattr(module, norm, nn.Identity())
