"""What every objective shares: pictures in memory, a budget, checkpoints that resume, a model card."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn
from tqdm import tqdm

from diffsmooth_core import datasets
from diffsmooth_core.config import InputError
from diffsmooth_core.datasets.custom import Split


@dataclass(frozen=True)
class Budget:
    """How long to train: a number of steps, of minutes of wall clock (summed over resumes), or of passes over
    the pictures."""

    steps: int | None = None
    minutes: float | None = None
    epochs: int | None = None

    def __post_init__(self) -> None:
        if [self.steps, self.minutes, self.epochs].count(None) != 2:
            raise InputError("a training budget is steps, minutes or epochs; give exactly one")

    def over(self, pictures: int, batch: int) -> Budget:
        """Epochs as steps, where `pictures` are seen in whole batches of `batch`."""
        return Budget(steps=self.epochs * max(1, pictures // batch)) if self.epochs else self

    def progress(self, step: int, minutes: float) -> float:
        """The share of the budget that is spent, 0 to 1; learning rates are functions of it."""
        spent = step / self.steps if self.steps else minutes / (self.minutes or 1)
        return min(spent, 1.0)


def load_pictures(split: Split, dataset: str = "cifar10") -> tuple[Tensor, Tensor]:
    """A data set's split as (n,3,h,w) float32 in [0,1] and labels (n,)."""
    pictures, labels = datasets.load_split(dataset, split)
    chw = torch.tensor(pictures).permute(0, 3, 1, 2)
    return chw.float() / 255, torch.tensor(labels)


def flipped(x: Tensor, generator: torch.Generator) -> Tensor:
    """Each picture mirrored with probability 1/2."""
    mirror = torch.rand(len(x), generator=generator) < 0.5
    return torch.where(mirror.to(x.device)[:, None, None, None], x.flip(3), x)


def translated(x: Tensor, pixels: int, generator: torch.Generator) -> Tensor:
    """Each picture moved by up to `pixels` in both directions, edges reflected."""
    b, c, h, w = x.shape
    padded = F.pad(x, (pixels,) * 4, mode="reflect")
    dy, dx = torch.randint(0, 2 * pixels + 1, (2, b, 1), generator=generator).to(x.device)
    rows = (dy + torch.arange(h, device=x.device))[:, None, :, None]
    columns = (dx + torch.arange(w, device=x.device))[:, None, None, :]
    batch = torch.arange(b, device=x.device)[:, None, None, None]
    return padded[batch, torch.arange(c, device=x.device)[None, :, None, None], rows, columns]


@dataclass
class Run:
    """One training run: owns the step count, the clock, the generator and the checkpoint."""

    checkpoint: Path
    budget: Budget
    seed: int
    parts: Mapping[str, Any]  # name -> object with state_dict() and load_state_dict()
    save_every_minutes: float = 2.0
    step: int = 0
    minutes: float = 0.0
    generator: torch.Generator = field(default_factory=torch.Generator)

    def __post_init__(self) -> None:
        self.generator.manual_seed(self.seed)
        if self.checkpoint.is_file():
            state = torch.load(self.checkpoint, weights_only=True, map_location="cpu")
            self.step, self.minutes = state["step"], state["minutes"]
            self.generator.set_state(state["generator"])
            for name, part in self.parts.items():
                part.load_state_dict(state[name])

    def save(self) -> None:
        state = {name: part.state_dict() for name, part in self.parts.items()}
        state |= {"step": self.step, "minutes": self.minutes, "generator": self.generator.get_state()}
        partial = self.checkpoint.with_suffix(".partial")
        torch.save(state, partial)
        os.replace(partial, self.checkpoint)

    def loop(self, train_step: Callable[[float], float]) -> None:
        """Call train_step(progress) -> loss until the budget is spent, saving on the way."""
        saved = clock = time.monotonic()
        with tqdm(total=1.0, bar_format="{l_bar}{bar}| {elapsed}<{remaining} {postfix}") as bar:
            while (progress := self.budget.progress(self.step, self.minutes)) < 1:
                loss = train_step(progress)
                self.step += 1
                now = time.monotonic()
                self.minutes += (now - clock) / 60
                clock = now
                if self.step % 50 == 0:
                    bar.set_postfix_str(f"step {self.step} loss {loss:.4f}")
                    bar.update(progress - bar.n)
                if now - saved > 60 * self.save_every_minutes:
                    self.save()
                    saved = now
        self.save()


def as_stored(network: nn.Module) -> None:
    """Round every parameter and buffer to the float16 that the file will hold, so that the metrics are
    those of the network that others load."""
    for tensor in network.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(tensor.half())


def device_name(device: str) -> str:
    if torch.device(device).type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()}, {torch.get_num_threads()} threads"


def write_model(folder: Path, card: dict[str, Any], network: nn.Module, run: Run) -> Path:
    """Write NAME.safetensors (float16) and its card NAME.json; return the card's path."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / f"{card['name']}.safetensors"
    state = {
        k: (v.half() if v.is_floating_point() else v).contiguous().cpu()
        for k, v in network.state_dict().items()
    }
    save_file(state, weights)
    card["training"] |= {
        "seed": run.seed,
        "steps": run.step,
        "minutes": round(run.minutes, 1),
        "torch": torch.__version__,
        "finished": datetime.now(UTC).date().isoformat(),
    }
    card |= {
        "parameters": sum(p.numel() for p in network.parameters()),
        "file": weights.name,
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
    }
    path = folder / f"{card['name']}.json"
    path.write_text(json.dumps(card, indent=2) + "\n")
    return path
