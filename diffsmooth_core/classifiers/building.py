"""Build the base classifier f from its networks, for one setting on one device."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from diffsmooth_core.classifiers.base import BaseClassifier, Classifier
from diffsmooth_core.classifiers.batching import default_purifier_batch
from diffsmooth_core.classifiers.device import on_device, resolve_device, resolve_dtype
from diffsmooth_core.classifiers.execution import EAGER, Execution, available
from diffsmooth_core.classifiers.timings import candidates, fastest, remembered
from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.purification.purifiers import purifier_of

if TYPE_CHECKING:
    from diffsmooth_core.purification.purifier import AnyDenoiser

LARGE = 100_000_000  # parameters; of a larger network no second copy is kept in a CPU's memory


def build_base(
    config: SmoothingConfig,
    classifier: Classifier,
    denoiser: AnyDenoiser | None = None,
    execution: Execution | None = None,
) -> BaseClassifier:
    """Build the base classifier for the method of `config` on its device.

    The default of `execution` is `default_execution`. Raises InputError where the method needs a denoiser and
    none or one of the wrong kind is given, where its schedule does not reach sigma, or where the classifier
    belongs to another data set.
    """
    if classifier.dataset != config.dataset:
        raise InputError(
            f"classifier {classifier.name!r} is for {classifier.dataset}, "
            f"the configuration says {config.dataset}; choose one of that data set"
        )
    purifier, device = purifier_of(config.method).of(config, denoiser), resolve_device(config.device)
    if purifier.denoiser is not None:
        purifier = replace(purifier, denoiser=on_device(purifier.denoiser, device))
    dtype = resolve_dtype(config.dtype, device)
    base = BaseClassifier(config, on_device(classifier, device), purifier, device, dtype, purifier_batch=1)
    base = replace(base, purifier_batch=default_purifier_batch(config, device, base.parameters))
    return replace(base, execution=execution or default_execution(base, config.n0 + config.n))


def default_execution(base: BaseClassifier, votes: int) -> Execution:
    """How the networks run in a run of so many votes.

    The environment variable DIFFSMOOTH_EXECUTION decides, if it is set; otherwise the fastest way that was
    timed on this machine; without timings the networks are folded. The value "untimed" ignores the timings.
    On a CPU, networks run unchanged ("eager") if they have more than LARGE parameters, since a second, folded
    copy would take too much memory, and where one is used at several timesteps, none of which can be folded
    in. Raises InputError for an execution that this machine does not have.
    """
    asked = os.environ.get("DIFFSMOOTH_EXECUTION", "")
    if base.device.type == "cpu" and (base.parameters > LARGE or not base.purifier.one_timestep):
        return EAGER
    if asked and asked != "untimed":
        return available(Execution.parse(asked), base.device)
    timings = {} if asked else remembered(timed_as(base))
    return fastest(timings, votes, base.device) or _untimed(base)


def _untimed(base: BaseClassifier) -> Execution:
    """The execution without timings: folded, with the first candidate's classifier batch.

    Where a CPU purifies only a few copies in a batch, they are classified at once, because purifying enough
    of them to fill a larger classifier batch would take seconds.
    """
    few = base.device.type == "cpu" and base.purifier_batch < 8
    return Execution("folded", 0 if few else candidates(base.device)[0].classifier_batch)


def timed_as(base: BaseClassifier) -> str:
    """The key under which timings are stored: device, threads, torch version, dtype and networks."""
    if base.device.type == "cuda":
        name = torch.cuda.get_device_name(base.device)
    elif base.device.type == "mps":
        name = torch.backends.mps.get_name()
    else:
        name = torch.cpu.get_capabilities()["cpu_name"]
    weights = " ".join(sha[:16] for _, sha in sorted(base.weights.items()))
    return f"{name}, {torch.get_num_threads()} threads, torch {torch.__version__}, {base.dtype}, {weights}"
