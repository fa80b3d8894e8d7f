"""The displayed names of data sets, methods, networks and runs."""

from __future__ import annotations

import re

from diffsmooth_core.config import METHODS
from diffsmooth_core.plugins import package_of
from diffsmooth_core.runs.records import Run
from diffsmooth_core.wording import written

DATASETS = {"cifar10": "CIFAR-10", "imagenet": "ImageNet"}
FAMILIES = {
    "gaussian": "Gaussian",
    "smoothadv": "SmoothAdv",
    "macer": "MACER",
    "consistency": "Consistency",
    "smoothmix": "SmoothMix",
    "ensemble": "Ensemble",
    "dncnn-mse": "DnCNN (MSE)",
    "dncnn-stability": "DnCNN (stability)",
    "dncnn-photographs": "DnCNN for photographs",
    "dncnn-photographs-stability": "DnCNN for photographs (stability)",
}
NETWORKS = {  # those whose name has no noise in it
    "standard": "Standard, no noise",
    "bundled": "Bundled diffusion model",
    "photographs": "Diffusion model for photographs",
    "efficientnet-lite0": "EfficientNet-Lite0, no noise",
}


def dataset_title(name: str) -> str:
    return DATASETS.get(name, name)


def method_title(name: str) -> str:
    return METHODS[name].title


def network_title(name: str) -> str:
    """A network in a person's words: "gaussian-0.25-b" is "Gaussian (b), noise 0.25". One that a person added
    keeps its name, to which the package is added where it is a plug-in's."""
    named = re.fullmatch(r"([a-z-]+)-([0-9.]+)(?:-([a-z]))?", name)
    if named is None or named[1] not in FAMILIES:
        package = package_of("networks", name)
        return NETWORKS.get(name) or (f"{name} ({package})" if package else name)
    which = f" ({named[3]})" if named[3] else ""
    return f"{FAMILIES[named[1]]}{which}, noise {float(named[2]):g}"


def run_title(run: Run) -> str:
    """Where a run comes from, and its main settings."""
    config = run.config
    noise = f"σ = {config['sigma']:g}, n = {config['n']:,}, α = {written(config['alpha'])}"
    if run.origin != "audit":
        return f"A log in {run.origin}'s dialect, {dataset_title(run.dataset)}: {noise}"
    what = f"{method_title(config['method'])} · {network_title(config['classifier'])}"
    return f"{what} · {dataset_title(run.dataset)} · {noise}"
