"""DnCNN on pixels and on patches of them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from diffsmooth_core.purification.dncnn import DnCNN


@pytest.mark.parametrize(("patch", "side"), [(1, 7), (2, 14)])
def test_a_pixel_is_denoised_from_the_patches_around_its_own(patch: int, side: int) -> None:
    """Three layers of 3x3: the patch itself and three on either side of it, (2*3+1)*patch pixels."""
    network = DnCNN(depth=3, width=4, patch=patch, norm=False)
    for parameter in network.parameters():
        nn.init.constant_(parameter, 0.1)  # every ReLU is open
    x = torch.rand(1, 3, 24, 24).requires_grad_()
    row, column = 12, 11
    (gradient,) = torch.autograd.grad(network(x)[0, 0, row, column], x)
    seen = gradient[0].abs().sum(0).nonzero()
    first = torch.tensor([row // patch - 3, column // patch - 3]) * patch
    assert torch.equal(seen.amin(0), first)
    assert torch.equal(seen.amax(0) - seen.amin(0) + 1, torch.tensor([side, side]))


@pytest.mark.parametrize("patch", [1, 2, 4])
def test_patches_are_put_back_where_they_were(patch: int) -> None:
    """Layers that pass everything on call the whole picture noise, and nothing is left of it."""
    network = DnCNN(depth=3, width=3 * patch**2, patch=patch, norm=False)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.dirac_(module.weight)
            nn.init.zeros_(module.bias)  # type: ignore[arg-type]
    assert not network(torch.rand(2, 3, 16, 16)).any()


def test_without_batchnorm_the_noise_reaches_the_last_layer_of_a_new_network() -> None:
    torch.manual_seed(0)
    layers = DnCNN(depth=17, width=32, patch=2, norm=False).layers
    with torch.inference_mode():
        features = layers[:2](torch.rand(4, 12, 16, 16))
        reached = layers[2:-1](features)
    assert 0.5 < float(reached.std() / features.std()) < 2
