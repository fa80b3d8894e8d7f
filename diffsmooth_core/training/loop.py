"""The training loop that all tasks share: the task defines what is learned; the loop runs it until the budget
is spent, saves checkpoints and resumes from them.

A new objective is a `Task` in a file of its own. The loop calls `build` and, in a new run, `prepare`; then at
every step `loss`, `learning_rate` and `after_step`; at the end `finish`.
"""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from diffsmooth_core.config import InputError
from diffsmooth_core.training.model_files import device_name, write_model


@dataclass(frozen=True)
class Budget:
    """How long to train: in steps, in minutes of wall-clock time (summed over resumes), or in epochs. Raises
    InputError unless exactly one of them is given."""

    steps: int | None = None
    minutes: float | None = None
    epochs: int | None = None

    def __post_init__(self) -> None:
        if [self.steps, self.minutes, self.epochs].count(None) != 2:
            raise InputError("a training budget is steps, minutes or epochs; give exactly one")

    def over(self, pictures: int, batch: int) -> Budget:
        """The budget with epochs converted to steps, for epochs of `pictures` in whole batches of `batch`."""
        return Budget(steps=self.epochs * max(1, pictures // batch)) if self.epochs else self

    def progress(self, step: int, minutes: float) -> float:
        """The share of the budget that is spent, 0 to 1; learning rates depend on it."""
        spent = step / self.steps if self.steps else minutes / (self.minutes or 1)
        return min(spent, 1.0)


@dataclass
class TrainingRun:
    """The state of a training run: step count, time spent, random generators, and the checkpoint file that
    stores all of this.

    What is chosen for a step (pictures, their augmentation, timesteps) is drawn from `generator` on the CPU;
    noise, which is large, from `noise_generator` on the `device`. On a CPU both are one.

    Where the checkpoint exists, the run resumes from it. The generators' states are part of it, so that an
    interrupted run draws the same random numbers as an undisturbed one. Raises InputError where the run was
    begun on another kind of device, whose random numbers are others.
    """

    checkpoint: Path
    budget: Budget
    seed: int
    parts: Mapping[str, Any]  # name -> object with state_dict() and load_state_dict()
    device: str = "cpu"
    save_every_minutes: float = 2.0
    step: int = 0
    minutes: float = 0.0
    generator: torch.Generator = field(init=False)
    noise_generator: torch.Generator = field(init=False)

    def __post_init__(self) -> None:
        self.generator = self.noise_generator = torch.Generator().manual_seed(self.seed)
        if self._on_gpu:
            self.noise_generator = torch.Generator(self.device).manual_seed(self.seed)
        if self.checkpoint.is_file():
            state = torch.load(self.checkpoint, weights_only=True, map_location="cpu")
            if self._on_gpu != ("noise_generator" in state):
                raise InputError(
                    f"{self.checkpoint} was begun on {'a CPU' if self._on_gpu else 'a GPU'}, whose random "
                    "numbers are others; go on there, or begin under another name"
                )
            self.step, self.minutes = state["step"], state["minutes"]
            self.generator.set_state(state["generator"])
            if self._on_gpu:
                self.noise_generator.set_state(state["noise_generator"])
            for name, part in self.parts.items():
                part.load_state_dict(state[name])

    @property
    def _on_gpu(self) -> bool:
        return torch.device(self.device).type == "cuda"

    def save(self) -> None:
        """Write the checkpoint; the file is replaced only once the new one is whole."""
        state = {name: part.state_dict() for name, part in self.parts.items()}
        state |= {"step": self.step, "minutes": self.minutes, "generator": self.generator.get_state()}
        if self._on_gpu:
            state["noise_generator"] = self.noise_generator.get_state()
        partial_file = self.checkpoint.with_suffix(".partial")
        torch.save(state, partial_file)
        os.replace(partial_file, self.checkpoint)

    def spend_budget(self, train_step: Callable[[float], Tensor]) -> None:
        """Call train_step(progress) -> loss () until the budget is spent, saving every few minutes. Nothing
        waits for the device but the loss that is shown every 50 steps."""
        saved = clock = time.monotonic()
        with tqdm(total=1.0, bar_format="{l_bar}{bar}| {elapsed}<{remaining} {postfix}") as bar:
            while (progress := self.budget.progress(self.step, self.minutes)) < 1:
                loss = train_step(progress)
                self.step += 1
                now = time.monotonic()
                self.minutes += (now - clock) / 60
                clock = now
                if self.step % 50 == 0:
                    bar.set_postfix_str(f"step {self.step} loss {float(loss):.4f}")
                    bar.update(progress - bar.n)
                if now - saved > 60 * self.save_every_minutes:
                    self.save()
                    saved = now
        self.save()


class Task(ABC):
    """A training task: a network, its examples, its loss, and the metrics of the result.

    Every random number comes from the generators of `run`, so that a resumed run ends with the same weights
    as an undisturbed one.
    """

    batch: int  # examples a step
    network: nn.Module  # these three are set by `build`
    optimizer: torch.optim.Optimizer
    size: int  # examples of an epoch

    longest_gradient: float | None = None  # gradients are clipped to this L2 norm

    @abstractmethod
    def build(self, device: str) -> None:
        """Load the examples and build network and optimiser on the device. The loop has seeded torch's global
        generator, so that the initial weights depend only on the seed. Raises InputError where a needed file
        is not on this machine."""

    @property
    def parts(self) -> dict[str, Any]:
        """The objects whose state a checkpoint stores, by name; they have state_dict() and
        load_state_dict()."""
        return {"network": self.network, "optimizer": self.optimizer}

    def prepare(self, run: TrainingRun) -> None:  # noqa: B027  most tasks have nothing to prepare
        """Called before the first step of a new run; a resumed run has the effect in its checkpoint."""

    @abstractmethod
    def loss(self, run: TrainingRun, progress: float) -> Tensor:
        """The loss () of the next batch; `progress` is the share of the budget that is spent."""

    @abstractmethod
    def learning_rate(self, run: TrainingRun, progress: float, group: Mapping[str, Any]) -> float:
        """The learning rate of one of the optimiser's parameter groups at this step."""

    def after_step(self, run: TrainingRun) -> None:  # noqa: B027  most tasks have nothing to do here
        """Called after each update of the weights."""

    @abstractmethod
    def finish(self, run: TrainingRun) -> tuple[nn.Module, dict[str, Any]]:
        """The network to store and the content of its card: kind, dataset, architecture, training (objective,
        data, ...) and metrics, which are measured with the weights as they are stored."""


def train(task: Task, folder: Path, name: str, budget: Budget, *, seed: int = 0, device: str = "cpu") -> Path:
    """Train a network, resuming from the checkpoint in `folder` if there is one, and write NAME.safetensors
    and its card NAME.json.

    Returns the card's path. `seed` determines initial weights, order of the examples, and noise.
    """
    torch.manual_seed(seed)
    task.build(device)
    folder.mkdir(parents=True, exist_ok=True)
    budget = budget.over(task.size, task.batch)
    run = TrainingRun(folder / f"{name}.checkpoint", budget, seed, task.parts, device)
    if run.step == 0:
        task.prepare(run)
    run.spend_budget(partial(_step, task, run))
    network, card = task.finish(run)
    card["training"] |= {
        "batch": task.batch,
        "images": run.step * task.batch,
        "device": device_name(device),
        "seed": run.seed,
        "steps": run.step,
        "minutes": round(run.minutes, 1),
    }
    return write_model(folder, {"name": name} | card, network)


def _step(task: Task, run: TrainingRun, progress: float) -> Tensor:
    """Update the weights once; returns the loss () before the update."""
    loss = task.loss(run, progress)
    for group in task.optimizer.param_groups:
        group["lr"] = task.learning_rate(run, progress, group)
    task.optimizer.zero_grad(set_to_none=True)
    loss.backward()
    if task.longest_gradient:
        nn.utils.clip_grad_norm_(task.network.parameters(), task.longest_gradient)
    task.optimizer.step()
    task.after_step(run)
    return loss.detach()
