"""A denoiser trained for one noise level: DnCNN (Zhang et al. 2017), for denoised smoothing (Salman 2020)."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from diffsmooth_core.config import InputError
from diffsmooth_core.layers.fused import conv_act


class Activated(nn.Module):
    """relu(conv(x)): (b,c,h,w) -> (b,out,h,w)."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.conv = conv

    def forward(self, x: Tensor) -> Tensor:
        return conv_act(self.conv, nn.Identity(), x, F.relu)


class DnCNN(nn.Module):
    """(b,3,h,w) noisy pictures in [0,1] units -> denoised ones; the layers predict the noise.

    With `patch` above 1, patch x patch pixels are moved into the channels before the layers and back after
    them, as in FFDNet (Zhang et al. 2018): the layers see wider surroundings and run faster, which large
    pictures need. h and w have to be multiples of `patch`. `norm` tells whether a BatchNorm follows each
    inner convolution, as in DnCNN. Convolutions without one start close to the identity; otherwise little of
    the noise would reach the last layer at first, and training would be slow to begin.
    """

    def __init__(self, depth: int = 17, width: int = 64, patch: int = 1, norm: bool = True) -> None:
        super().__init__()
        self.patch = patch
        channels = 3 * patch**2
        layers: list[nn.Module] = [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
        for _ in range(depth - 2):
            inner = nn.Conv2d(width, width, 3, padding=1, bias=not norm)
            if norm:
                layers += [inner, nn.BatchNorm2d(width), nn.ReLU()]
            else:
                identity = nn.init.dirac_(torch.empty_like(inner.weight))
                inner.weight = nn.Parameter(identity + 0.2 * inner.weight.detach())
                layers += [inner, nn.ReLU()]
        self.layers: nn.Module = nn.Sequential(*layers, nn.Conv2d(width, channels, 3, padding=1))

    def fold(self) -> None:
        """Merge each BatchNorm into the convolution before it, and each activation into the pass that adds
        a convolution's bias, in place."""
        assert isinstance(self.layers, nn.Sequential)
        *others, last = self.layers
        convs: list[nn.Conv2d] = []
        for layer in others:
            if isinstance(layer, nn.Conv2d):
                convs.append(layer)
            elif isinstance(layer, nn.BatchNorm2d):
                convs[-1] = fuse_conv_bn_eval(convs[-1], layer)
        self.layers = nn.Sequential(*map(Activated, convs), last)

    def forward(self, x: Tensor) -> Tensor:
        noise: Tensor = self.layers(F.pixel_unshuffle(x, self.patch))
        return x - F.pixel_shuffle(noise, self.patch)


class DirectDenoiser(nn.Module):
    """A denoiser without a timestep, for the one sigma (in [0,1] units) that it was trained under.

    `weights` is the SHA-256 of the file that the parameters came from.
    """

    kind: ClassVar = "direct"  # compared with what a purifier takes

    def __init__(self, network: nn.Module, sigma: float, name: str, weights: str) -> None:
        super().__init__()
        self.network = network
        self.sigma = sigma
        self.name = name
        self.weights = weights

    def with_network(self, network: nn.Module) -> DirectDenoiser:
        """The same denoiser with its network replaced by an equivalent one, such as a folded or compiled
        one."""
        return DirectDenoiser(network, self.sigma, self.name, self.weights)

    def check(self, sigma: float) -> None:
        """Raise InputError for another sigma than the one it was trained for."""
        if not math.isclose(sigma, self.sigma):
            raise InputError(
                f"denoiser {self.name!r} was trained for sigma {self.sigma:g}, not {sigma:g}; "
                f"set sigma to {self.sigma:g} or choose another denoiser"
            )

    @torch.inference_mode()
    def purify(self, x_noisy: Tensor, sigma: float) -> Tensor:
        """x_noisy (b,c,h,w) in [0,1] units plus N(0, sigma^2) noise; the same shape, clamped to [0,1]."""
        return self.purify_with_gradient(x_noisy, sigma)

    def purify_with_gradient(self, x_noisy: Tensor, sigma: float) -> Tensor:
        """`purify`, differentiable in x_noisy."""
        self.check(sigma)
        return self.network(x_noisy).float().clamp(0, 1)  # type: ignore[no-any-return]
