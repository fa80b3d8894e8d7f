"""Reading a folder as diffusers writes it: which files hold the weights, what the network is, and by which
noise schedule and prediction it was trained."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from diffsmooth_core.config import InputError
from diffsmooth_core.purification.prediction import Prediction
from diffsmooth_core.zoo import checkpoints

SUBFOLDERS = ("unet", "unet_ema")
STEM = "diffusion_pytorch_model"
ENDINGS = ("safetensors", "fp16.safetensors", "bin", "fp16.bin")  # the first that is there is read
RENAMED = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}  # before diffusers 0.18
SCHEDULES = {"linear": "linear", "scaled_linear": "scaled_linear", "squaredcos_cap_v2": "cosine"}
PREDICTIONS: dict[str, Prediction] = {"epsilon": "eps", "sample": "x0", "v_prediction": "v"}
# Schedulers of the forward process of Ho et al. 2020, which differ in how they sample.
SCHEDULERS = (
    "DDPMScheduler",
    "DDPMParallelScheduler",
    "DDIMScheduler",
    "DDIMParallelScheduler",
    "DDIMInverseScheduler",
    "PNDMScheduler",
    "DPMSolverMultistepScheduler",
    "DPMSolverSinglestepScheduler",
    "UniPCMultistepScheduler",
    "DEISMultistepScheduler",
    "EulerDiscreteScheduler",
    "EulerAncestralDiscreteScheduler",
    "HeunDiscreteScheduler",
    "LMSDiscreteScheduler",
)


def unet(folder: Path) -> Path:
    """The folder with the U-Net's config.json: `folder` itself, or its unet/ or unet_ema/. Raises InputError
    where there is none, or both of these."""
    found = [part for part in (folder, *(folder / name for name in SUBFOLDERS)) if _json_file(part)]
    if not found:
        raise InputError(f"{folder} has no config.json; a folder has to be a model in diffusers' layout")
    if len(found) > 1 and found[0] != folder:
        raise InputError(f"{folder} has a unet and a unet_ema; give the one that is meant, {found[1]} say")
    return found[0]


def _json_file(folder: Path) -> bool:
    return (folder / "config.json").is_file()


def read_json(path: Path) -> dict[str, Any]:
    """A configuration. Raises InputError where the file is no JSON object."""
    try:
        if path.stat().st_size > 2**20:
            raise ValueError("it is larger than a megabyte")
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} is no configuration ({str(error)[:120]}); fetch it again") from None
    if not isinstance(content, dict):
        raise InputError(f"{path} is no configuration; fetch it again")
    return content


def weights(folder: Path) -> tuple[Path, dict[str, Tensor]]:
    """The file with the weights, and these under today's names. Raises InputError."""
    names = [f"{STEM}.{ending}" for ending in ENDINGS]
    file = next((path for name in names if (path := folder / name).is_file()), None)
    if file is None:
        raise InputError(f"{folder} has neither {names[0]} nor {names[2]}; fetch the model again")
    entries = checkpoints.tensors(checkpoints.read(file), str(file))
    pattern = re.compile(rf"\.({'|'.join(RENAMED)})\.")
    return file, {pattern.sub(lambda m: f".{RENAMED[m[1]]}.", key): value for key, value in entries.items()}


def schedule(folder: Path) -> Mapping[str, Any]:
    """The noise schedule and the prediction that scheduler_config.json states, as a card records them.

    It lies beside config.json or in scheduler/ beside the U-Net's folder. Without one they are those of
    google/ddpm-cifar10-32, which diffusers also takes by default. Raises InputError that names the key that
    is not understood.
    """
    places = [folder / "scheduler_config.json", folder / "scheduler" / "scheduler_config.json"]
    if folder.name in SUBFOLDERS:
        places.append(folder.parent / "scheduler" / "scheduler_config.json")
    path = next((place for place in places if place.is_file()), None)
    config = read_json(path) if path else {}

    def choice(key: str, usual: Any, known: Mapping[str, Any]) -> Any:
        value = config.get(key, usual)
        if not isinstance(value, str) or value not in known:
            listed = ", ".join(known)
            raise InputError(f"{path}: {key} is {str(value)[:60]!r}; understood here are {listed}")
        return known[value]

    choice("_class_name", SCHEDULERS[0], {name: name for name in SCHEDULERS})
    for key in ("trained_betas", "rescale_betas_zero_snr"):
        if config.get(key):
            raise InputError(f"{path}: {key} is given; it is not understood here")
    ends = [config.get("beta_start", 1e-4), config.get("beta_end", 0.02)]
    for key, end in zip(("beta_start", "beta_end"), ends, strict=True):
        if not isinstance(end, float) or not 0 < end < 1:
            raise InputError(f"{path}: {key} is {str(end)[:60]!r}; a number between 0 and 1 is expected")
    return {
        "noise_schedule": choice("beta_schedule", "linear", SCHEDULES),
        "diffusion_steps": config.get("num_train_timesteps", 1000),
        "rescale_timesteps": False,
        "betas": ends,
        "predicts": choice("prediction_type", "epsilon", PREDICTIONS),
    }
