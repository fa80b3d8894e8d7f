"""The bundled diffusion model: noise prediction on CIFAR-10 (Ho et al. 2020), for one-shot purification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from diffsmooth_core.classifiers.device import autocast
from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.purification.schedule import Schedule
from diffsmooth_core.purification.unet import UNet
from diffsmooth_core.purification.unet_config import UNetConfig
from diffsmooth_core.training.averaging import MovingAverage
from diffsmooth_core.training.examples import drawn, load_pictures, split_title
from diffsmooth_core.training.loop import Task, TrainingRun
from diffsmooth_core.training.metrics import SIGMAS, psnr
from diffsmooth_core.training.model_files import as_stored
from diffsmooth_core.training.recipes import warmed_cosine

ARCHITECTURE = UNetConfig(
    image_size=32,
    num_channels=64,
    num_res_blocks=1,
    num_heads=4,
    attention_resolutions=(8,),
    channel_mult=(1, 2),
    patch=2,
)
TIMESTEPS = 1000  # T
FOCUS = (120, 740)  # sigma .1 to 1.1 of the cosine schedule: where smoothing noise lies
DECAY = 0.999  # of the moving average of the weights
WARM_UP = 500  # steps


@dataclass
class NoisePrediction(Task):
    """Train a diffusion U-Net to predict the noise in x_t.

    The loss is the noise prediction error weighted by 1/alpha_bar_t (that is the velocity error of
    Salimans and Ho 2022), with four timesteps in five drawn from FOCUS. With `limit`, only the first `limit`
    pictures are used. The stored network is a moving average of the weights.
    """

    dataset: str = "cifar10"
    batch: int = 128
    lr: float = 1e-3
    limit: int | None = None
    architecture: UNetConfig = ARCHITECTURE
    compiled: bool = False
    longest_gradient = 1.0

    def build(self, device: str) -> None:
        self._pictures = load_pictures("train", self.dataset)[0][: self.limit].to(device)
        self.size = len(self._pictures)
        self._architecture = replace(self.architecture, image_size=self._pictures.shape[-1])
        self.network = UNet(self._architecture).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._average = MovingAverage(self.network, DECAY)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=self.lr, weight_decay=1e-3, betas=(0.9, 0.99)
        )
        self._schedule = Schedule.named("cosine", TIMESTEPS)
        self._alpha_bar = torch.tensor(self._schedule.alpha_bar, dtype=torch.float32, device=device)
        self._forward = torch.compile(self.network) if self.compiled else self.network

    @property
    def parts(self) -> dict[str, Any]:
        return super().parts | {"ema": self._average.network}

    def loss(self, run: TrainingRun, progress: float) -> Tensor:
        """||eps - eps_theta(x_t, t)||^2 / alpha_bar_t at pictures and timesteps drawn at random."""
        g, device = run.generator, self._pictures.device
        x = drawn(self._pictures, self.batch, g)
        t = _timesteps(self.batch, g).to(device, non_blocking=True)
        eps = torch.randn(x.shape, generator=run.noise_generator, device=device)
        a = self._alpha_bar[t][:, None, None, None]
        x_t = a.sqrt() * (2 * x - 1) + (1 - a).sqrt() * eps
        x_t = x_t.contiguous(memory_format=torch.channels_last)
        with autocast(device, torch.bfloat16):
            predicted = self._forward(x_t, t.float())
        return ((predicted.float() - eps).square() / a.clamp(min=0.1)).mean()  # type: ignore[no-any-return]

    def learning_rate(self, run: TrainingRun, progress: float, group: Mapping[str, Any]) -> float:
        return warmed_cosine(self.lr, (run.step + 1) / WARM_UP, progress)

    def after_step(self, run: TrainingRun) -> None:
        self._average.update(self.network, run.step)

    def finish(self, run: TrainingRun) -> tuple[nn.Module, dict[str, Any]]:
        network = self._average.network
        as_stored(network)
        test = load_pictures("test", self.dataset)[0][: self.limit].to(self._pictures.device)
        purify = Denoiser(network, self._schedule, "", weights="").purify
        return network, {
            "kind": "denoiser",
            "dataset": self.dataset,
            "architecture": {"network": "unet"} | asdict(self._architecture),
            "schedule": {
                "noise_schedule": "cosine",
                "diffusion_steps": TIMESTEPS,
                "rescale_timesteps": False,
            },
            "training": {
                "objective": "noise prediction, weighted by 1/alpha_bar",
                "data": split_title(self.dataset, "train", self.limit),
            },
            "metrics": {
                "test_pictures": len(test),
                "psnr_db": {f"{s:g}": round(psnr(purify, test, s), 2) for s in SIGMAS},
            },
        }


def _timesteps(count: int, generator: torch.Generator) -> Tensor:
    """Random timesteps (count,): four in five from the range FOCUS, the others from all TIMESTEPS."""
    anywhere = torch.randint(TIMESTEPS, (count,), generator=generator)
    focused = torch.randint(*FOCUS, (count,), generator=generator)
    return torch.where(torch.rand(count, generator=generator) < 0.8, focused, anywhere)
