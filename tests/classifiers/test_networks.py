"""The classifier networks themselves."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from diffsmooth_core.classifiers.compact import CompactCNN
from diffsmooth_core.classifiers.resnet import CifarResNet
from diffsmooth_core.config import InputError


@pytest.mark.parametrize(("depth", "parameters"), [(20, 272_474), (110, 1_730_714)])
def test_cifar_resnets_have_their_size(depth: int, parameters: int) -> None:
    """He et al. 2016 report .27M and 1.7M; projection shortcuts add a little."""
    with torch.device("meta"):
        network = CifarResNet(depth)
    assert sum(p.numel() for p in network.parameters()) == parameters


@pytest.mark.parametrize("depth", [2, 21, 0, -4])
def test_an_impossible_depth_is_named(depth: int) -> None:
    with pytest.raises(InputError, match=f"got {depth}"):
        CifarResNet(depth)


def test_whitening_makes_patches_uncorrelated() -> None:
    generator = torch.Generator().manual_seed(0)
    images = F.avg_pool2d(torch.randn(200, 3, 34, 34, generator=generator), 3, 1)  # neighbours correlate
    network = CompactCNN()
    network.whiten_from(images, eps=0.0)
    with torch.no_grad():
        whitened = (network.whiten(images) - network.whiten.bias.view(-1, 1, 1))[:, :12]
    flat = whitened.transpose(0, 1).flatten(1)
    torch.testing.assert_close(flat @ flat.T / flat.shape[1], torch.eye(12), atol=1e-2, rtol=0)
    assert torch.equal(network.whiten.weight[12:], -network.whiten.weight[:12])
    assert not network.whiten.weight.requires_grad


def test_the_compact_network_gives_a_logit_a_class() -> None:
    network = CompactCNN(classes=7, widths=(8, 16, 16)).eval()
    with torch.inference_mode():
        assert network(torch.rand(2, 3, 32, 32)).shape == (2, 7)
