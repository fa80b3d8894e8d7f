"""Tiny networks whose answers are known: what the tests of the core stand on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from diffsmooth_core.classifiers.base import Classifier
from diffsmooth_core.classifiers.compact import CompactCNN
from diffsmooth_core.classifiers.normalisation import STATISTICS, Normalise
from diffsmooth_core.config import SmoothingConfig
from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.purification.dncnn import DirectDenoiser
from diffsmooth_core.purification.purifiers import purifier_of
from diffsmooth_core.purification.schedule import Schedule

if TYPE_CHECKING:
    from diffsmooth_core.purification.purifier import AnyDenoiser

SHAPE = torch.Size((3, 32, 32))
GREY = torch.full(SHAPE, 0.5)
TINY_UNET = {"image_size": 32, "num_channels": 32, "num_res_blocks": 1, "channel_mult": (1,), "patch": 8}
IMAGENET_UNET = {  # the smallest that is built like the published one, as its record calls things
    "image_size": 256,
    "num_channels": 32,
    "num_res_blocks": 1,
    "channel_mult": "1,1,1,1",
    "attention_resolutions": "",
    "learn_sigma": True,
    "resblock_updown": True,
    "use_scale_shift_norm": True,
    "noise_schedule": "linear",
    "diffusion_steps": 1000,
    "rescale_timesteps": False,
}


def linear_classifier(weight: Tensor, bias: Tensor | None = None) -> Classifier:
    """Logits weight @ pixels + bias: (b,3,32,32) -> (b,k), for weight (k,3072)."""
    head = nn.Linear(weight.shape[1], weight.shape[0])
    head.weight.data, head.bias.data = weight.float(), torch.zeros(len(weight)) if bias is None else bias
    normalise = Normalise(*STATISTICS["none"])
    network = nn.Sequential(nn.Flatten(), head).requires_grad_(False)
    return Classifier(network, normalise, "linear", "0" * 64, len(weight), "cifar10").eval()


def half_space(margin: float) -> Classifier:
    """Two classes parted by a hyperplane at L2 distance `margin` from GREY, which lies in class 1
    for a positive margin."""
    direction = torch.randn(SHAPE.numel(), generator=torch.Generator().manual_seed(1))
    direction /= direction.norm()
    offset = margin - float(direction @ GREY.flatten())
    return linear_classifier(torch.stack([-direction, direction]), torch.tensor([-offset, offset]))


def ten_classes() -> Classifier:
    """Ten random directions: at GREY all classes get about as many votes."""
    weight = torch.randn(10, SHAPE.numel(), generator=torch.Generator().manual_seed(2))
    return linear_classifier(weight, -weight @ GREY.flatten())


class Oracle(nn.Module):
    """An epsilon-network that knows the clean picture, and remembers what it was asked."""

    def __init__(self, clean: Tensor, schedule: Schedule) -> None:
        super().__init__()
        self.clean, self.schedule = clean, schedule
        self.asked: list[tuple[Tensor, Tensor]] = []

    def forward(self, x_t: Tensor, t: Tensor) -> Tensor:
        self.asked.append((x_t, t))
        alpha_bar = float(self.schedule.alpha_bar[round(float(t[0]) / self.schedule.time_scale)])
        eps = (x_t - math.sqrt(alpha_bar) * (2 * self.clean - 1)) / math.sqrt(1 - alpha_bar)
        return torch.cat([eps, torch.full_like(eps, torch.nan)], 1)  # the variance, to be ignored


class Silent(nn.Module):
    """An epsilon-network that sees no noise: purification is then nothing but the clamp."""

    def forward(self, x_t: Tensor, t: Tensor) -> Tensor:
        return torch.zeros_like(x_t)


def clamping_denoiser() -> Denoiser:
    return Denoiser(Silent(), Schedule.named("cosine", 1000), "silent", "1" * 64)


def clamping_denoiser_for(config: SmoothingConfig) -> AnyDenoiser:
    """A clamping denoiser of the kind that the method takes."""
    if purifier_of(config.method).takes == DirectDenoiser.kind:
        return clamping_direct_denoiser(config.sigma)
    return clamping_denoiser()


def clamping_direct_denoiser(sigma: float) -> DirectDenoiser:
    return DirectDenoiser(nn.Identity(), sigma, "direct", "2" * 64)


def tiny_classifier(seed: int) -> Classifier:
    torch.manual_seed(seed)
    network = CompactCNN(10, (8, 8, 8)).requires_grad_(False)
    return Classifier(
        network, Normalise(*STATISTICS["cifar10"]), f"tiny {seed}", f"{seed}" * 64, 10, "cifar10"
    )
