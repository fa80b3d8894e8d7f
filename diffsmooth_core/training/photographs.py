"""The diffusion model for photographs: EDM's residual (Karras et al. 2022) learned on crops of ImageNet.

Its U-Net works on 2x2 patches; with 4x4 patches it lost detail at sigma 0.25 that longer training did not
recover.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffsmooth_core.classifiers.device import autocast
from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.purification.prediction import edm_parts
from diffsmooth_core.purification.schedule import Schedule
from diffsmooth_core.purification.unet import UNet
from diffsmooth_core.purification.unet_config import UNetConfig
from diffsmooth_core.training.averaging import MovingAverage
from diffsmooth_core.training.crops import Crops, held_out
from diffsmooth_core.training.loop import Task, TrainingRun
from diffsmooth_core.training.metrics import SIGMAS, psnr
from diffsmooth_core.training.model_files import as_stored
from diffsmooth_core.training.recipes import warmed_cosine

ARCHITECTURE = UNetConfig(
    image_size=224,
    num_channels=64,
    num_res_blocks=2,
    attention_resolutions=(),
    channel_mult=(1, 1, 2, 2),
    patch=2,
)
SCHEDULE = {
    "noise_schedule": "linear",
    "diffusion_steps": 1000,
    "rescale_timesteps": False,
    "predicts": "edm",
}
TRAINED_FOR = (0.08, 1.2)  # range of the smoothing noise sigma
ANYWHERE = 0.08  # share of the timesteps that are drawn from the whole schedule
SIDE, LATE_SIDE = 128, 224  # of crops; large ones at the end, so that GroupNorm sees whole pictures
LATE = 0.7  # share of the budget after which crops have LATE_SIDE
DECAY = 0.999  # of the moving average of the weights
WARM_UP = 200  # steps


@dataclass
class PhotographDenoising(Task):
    """Train a diffusion U-Net at noise levels spread evenly on a log scale.

    `batch` is the number of crops of side 128 a step; late in training crops are larger and fewer, so that a
    step has about as many pixels. The stored network is a moving average of the weights.
    """

    batch: int = 128
    lr: float = 1e-3
    architecture: UNetConfig = ARCHITECTURE
    compiled: bool = False
    longest_gradient = 1.0

    def build(self, device: str) -> None:
        self._crops = Crops.of_imagenet(device)
        self.size = self._crops.count
        self._test = held_out()[0].to(device)
        self.network = UNet(self.architecture).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._average = MovingAverage(self.network, DECAY)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=self.lr, weight_decay=1e-3, betas=(0.9, 0.99)
        )
        self._schedule = Schedule.named("linear", 1000)
        self._alpha_bar = torch.tensor(self._schedule.alpha_bar, dtype=torch.float32, device=device)
        self._shares = timestep_shares(self._schedule)
        self._device = torch.device(device)
        self._forward = torch.compile(self.network) if self.compiled else self.network

    @property
    def parts(self) -> dict[str, Any]:
        return super().parts | {"ema": self._average.network}

    def loss(self, run: TrainingRun, progress: float) -> Tensor:
        """The residual's mean squared error: that of x_0 times 1/noise variance + 1/picture variance."""
        g = run.generator
        side = SIDE if progress < LATE else LATE_SIDE
        count = max(1, self.batch * SIDE**2 // side**2)
        x_0 = 2 * self._crops.draw(count, side, g) - 1
        t = torch.multinomial(self._shares, count, replacement=True, generator=g)
        t = t.to(self._device, non_blocking=True)
        a = self._alpha_bar[t][:, None, None, None]
        eps = torch.randn(x_0.shape, generator=run.noise_generator, device=self._device)
        x_t = (a.sqrt() * x_0 + (1 - a).sqrt() * eps).contiguous(memory_format=torch.channels_last)
        skip, scale = edm_parts(a)
        with autocast(self._device, torch.bfloat16):
            predicted = self._forward(x_t, t.float())
        return F.mse_loss(predicted.float(), (x_0 - skip * x_t) / scale)

    def learning_rate(self, run: TrainingRun, progress: float, group: Mapping[str, Any]) -> float:
        return warmed_cosine(self.lr, (run.step + 1) / WARM_UP, progress)

    def after_step(self, run: TrainingRun) -> None:
        self._average.update(self.network, run.step)

    def finish(self, run: TrainingRun) -> tuple[nn.Module, dict[str, Any]]:
        network = self._average.network
        as_stored(network)
        purify = Denoiser(network, self._schedule, "", weights="", predicts="edm").purify
        lowest, highest = TRAINED_FOR
        return network, {
            "kind": "denoiser",
            "dataset": "imagenet",
            "architecture": {"network": "unet"} | asdict(self.architecture),
            "schedule": SCHEDULE,
            "training": {
                "objective": f"EDM's residual, noise even on a log scale, sigma {lowest:g} to {highest:g}",
                "data": self._crops.title,
            },
            "metrics": {
                "test_pictures": len(self._test),
                "psnr_db": {f"{s:g}": round(psnr(purify, self._test, s), 2) for s in SIGMAS},
            },
        }


def timestep_shares(schedule: Schedule) -> Tensor:
    """The probability of each timestep (T,): even in log noise over TRAINED_FOR, with a share ANYWHERE spread
    over the whole schedule."""
    ratio = schedule.noise_ratio
    first, last = (int(np.searchsorted(ratio, 2 * sigma)) for sigma in TRAINED_FOR)
    focused = np.zeros(len(ratio))
    focused[first:last] = np.diff(np.log(ratio))[first - 1 : last - 1]
    return torch.tensor((1 - ANYWHERE) * focused / focused.sum() + ANYWHERE / len(ratio))
