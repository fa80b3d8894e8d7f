"""The command line that reproduces what the Theorems page shows."""

from __future__ import annotations

from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.runs.commands import line
from diffsmooth_core.theory import Exact
from ui.commands import image
from ui.theorems.controls import Controls


def on_picture(chosen: Controls, picture: Picture) -> str:
    """Of both theorems on a picture."""
    setting = {
        name: getattr(chosen.setting, name)
        for name in (
            "sigma",
            "perturbation",
            "radius",
            "eta",
            "eps_error",
            "steps",
            "dtype",
            "scheme",
            "seed",
        )
    }
    options = {"dataset": picture.dataset, "denoiser": chosen.denoiser} | setting
    options |= {"samples": chosen.samples, "unit": _unit(chosen)}
    return line(f"theory image {image(picture)}", options, f"{_noise(chosen)} --json")


def exact(chosen: Controls, found: Exact) -> str:
    """Of both theorems in a Gaussian mixture."""
    setting = {
        name: getattr(chosen.setting, name) for name in ("sigma", "eta", "eps_error", "scheme", "seed")
    }
    options = (
        {"world": chosen.world, "dimension": chosen.dimension}
        | setting
        | {"samples": len(found.theorem1.distances), "steps": len(found.levels) - 1, "unit": _unit(chosen)}
    )
    return line("theory exact", options, f"{_noise(chosen)} --json")


def _noise(chosen: Controls) -> str:
    return "--noise" if chosen.setting.noise else "--no-noise"


def _unit(chosen: Controls) -> str:
    return "pixel" if chosen.scale == 0.5 else "model"
