"""The displayed names of data sets, methods, networks and runs."""

from __future__ import annotations

import re

from diffsmooth_core.config import METHODS
from diffsmooth_core.runs.records import Run
from diffsmooth_core.zoo.cards import Card

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
}


def dataset_title(name: str) -> str:
    return DATASETS.get(name, name)


def method_title(name: str) -> str:
    return METHODS[name].title


def classifier_title(name: str) -> str:
    """ "gaussian-0.25-b" is "Gaussian (b), noise 0.25"."""
    named = re.fullmatch(r"([a-z-]+)-([0-9.]+)(?:-([a-z]))?", name)
    if named is None or named[1] not in FAMILIES:
        return "Standard, no noise" if name == "standard" else name
    which = f" ({named[3]})" if named[3] else ""
    return f"{FAMILIES[named[1]]}{which}, noise {float(named[2]):g}"


def model_title(card: Card) -> str:
    """A network in a person's words."""
    return denoiser_title(card.name) if card.kind == "denoiser" else classifier_title(card.name)


def denoiser_title(name: str) -> str:
    return "Bundled diffusion model" if name == "bundled" else classifier_title(name)


def run_title(run: Run) -> str:
    """Where a run comes from, and its main settings."""
    config = run.config
    noise = f"σ = {config['sigma']:g}, n = {config['n']:,}, α = {config['alpha']:g}"
    if run.origin != "audit":
        return f"A log in {run.origin}'s dialect, {dataset_title(run.dataset)}: {noise}"
    what = f"{method_title(config['method'])} · {classifier_title(config['classifier'])}"
    return f"{what} · {dataset_title(run.dataset)} · {noise}"
