"""The bundled diffusion model: noise prediction on CIFAR-10 (Ho et al. 2020), for one-shot purification."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.purification.schedule import Schedule
from diffsmooth_core.purification.unet import UNet, UNetConfig
from diffsmooth_core.training.loop import (
    Budget,
    Run,
    as_stored,
    device_name,
    flipped,
    load_pictures,
    write_model,
)

ARCHITECTURE = UNetConfig(
    image_size=32,
    num_channels=64,
    num_res_blocks=1,
    num_heads=4,
    attention_resolutions=(8,),
    channel_mult=(1, 2),
    patch=2,
)
STEPS = 1000  # T
FOCUS = (120, 740)  # sigma .1 to 1.1 of the cosine schedule: where smoothing noise lies
SIGMAS = (0.12, 0.25, 0.5, 1.0)
EMA = 0.999
BATCH = 128


def psnr(purify: Callable[[Tensor, float], Tensor], x: Tensor, sigma: float, batch: int = 500) -> float:
    """10 log10(1/MSE) of the one-shot estimate, pooled over x (n,3,32,32) in [0,1]."""
    generator = torch.Generator().manual_seed(0)
    error = 0.0
    for clean in x.split(batch):
        noisy = clean + sigma * torch.randn(clean.shape, generator=generator)
        error += float((purify(noisy, sigma) - clean).square().sum())
    return 10 * math.log10(x.numel() / error)


def train(
    folder: Path,
    name: str,
    budget: Budget,
    *,
    seed: int = 0,
    device: str = "cpu",
    batch: int = BATCH,
    lr: float = 1e-3,
    compiled: bool = False,
    limit: int | None = None,
    dataset: str = "cifar10",
    architecture: UNetConfig = ARCHITECTURE,
) -> Path:
    """Train, resume where a checkpoint lies in `folder`, and write weights and card.

    The loss is the noise prediction error weighted by 1/alpha_bar_t (that is the velocity error of
    Salimans and Ho 2022), with four timesteps in five drawn from FOCUS. `limit` trains on the
    first pictures only.
    """
    pictures = load_pictures("train", dataset)[0][:limit].to(device)
    torch.manual_seed(seed)
    architecture = replace(architecture, image_size=pictures.shape[-1])
    network = UNet(architecture).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    ema = copy.deepcopy(network).eval()
    optimizer = torch.optim.AdamW(network.parameters(), lr=lr, weight_decay=1e-3, betas=(0.9, 0.99))
    schedule = Schedule.named("cosine", STEPS)
    alpha_bar = torch.tensor(schedule.alpha_bar, dtype=torch.float32, device=device)
    folder.mkdir(parents=True, exist_ok=True)
    budget = budget.over(len(pictures), batch)
    run = Run(
        folder / f"{name}.checkpoint", budget, seed, {"network": network, "ema": ema, "optimizer": optimizer}
    )
    forward = torch.compile(network) if compiled else network
    device_type = torch.device(device).type

    def train_step(progress: float) -> float:
        g = run.generator
        x = flipped(pictures[torch.randint(len(pictures), (batch,), generator=g).to(device)], g)
        anywhere = torch.randint(STEPS, (batch,), generator=g)
        focused = torch.randint(*FOCUS, (batch,), generator=g)
        t = torch.where(torch.rand(batch, generator=g) < 0.8, focused, anywhere).to(device)
        eps = torch.randn(x.shape, generator=g).to(device)
        a = alpha_bar[t][:, None, None, None]
        x_t = a.sqrt() * (2 * x - 1) + (1 - a).sqrt() * eps
        x_t = x_t.contiguous(memory_format=torch.channels_last)
        with torch.autocast(device_type, torch.bfloat16):
            predicted = forward(x_t, t.float())
        loss = ((predicted.float() - eps).square() / a.clamp(min=0.1)).mean()
        for group in optimizer.param_groups:
            warm = min(1.0, (run.step + 1) / 500)
            group["lr"] = lr * warm * 0.5 * (1 + math.cos(math.pi * progress))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        decay = min(EMA, (1 + run.step) / (10 + run.step))
        with torch.no_grad():
            for average, now in zip(ema.parameters(), network.parameters(), strict=True):
                average.lerp_(now, 1 - decay)
        return float(loss.detach())

    run.loop(train_step)
    test = load_pictures("test", dataset)[0][:limit]
    ema = ema.cpu()
    as_stored(ema)
    trained = Denoiser(ema, schedule, name, weights="")
    card: dict[str, Any] = {
        "name": name,
        "kind": "denoiser",
        "dataset": dataset,
        "architecture": {"network": "unet"} | asdict(architecture),
        "schedule": {"noise_schedule": "cosine", "diffusion_steps": STEPS, "rescale_timesteps": False},
        "training": {
            "objective": "noise prediction, weighted by 1/alpha_bar",
            "data": f"{dataset} train split" + (f", first {limit}" if limit else ""),
            "batch": batch,
            "images": run.step * batch,
            "device": device_name(device),
        },
        "metrics": {
            "test_pictures": len(test),
            "psnr_db": {f"{s:g}": round(psnr(trained.purify, test, s), 2) for s in SIGMAS},
        },
    }
    return write_model(folder, card, ema, run)
