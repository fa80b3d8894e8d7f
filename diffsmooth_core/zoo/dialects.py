"""Recognising the published checkpoint layouts by keys and shapes alone, without executing code."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from diffsmooth_core.classifiers.normalisation import STATISTICS
from diffsmooth_core.classifiers.resnet import CifarResNet
from diffsmooth_core.config import InputError, check_choice
from diffsmooth_core.purification.diffusers_unet import DiffusersUNet
from diffsmooth_core.purification.prediction import PREDICTIONS, Prediction
from diffsmooth_core.purification.schedule import Schedule
from diffsmooth_core.purification.unet import UNet, UNetConfig
from diffsmooth_core.zoo import checkpoints, diffusers_folder

# The two released diffusion models that the paper uses, under OpenAI's names.
PUBLISHED: dict[str, dict[str, Any]] = {
    "cifar10_uncond_50M_500K": {
        "image_size": 32,
        "num_channels": 128,
        "num_res_blocks": 3,
        "num_heads": 4,
        "attention_resolutions": "16,8",
        "dropout": 0.3,
        "learn_sigma": True,
        "use_scale_shift_norm": True,
        "noise_schedule": "cosine",
        "diffusion_steps": 4000,
        "rescale_timesteps": True,
    },
    "256x256_diffusion_uncond": {
        "image_size": 256,
        "num_channels": 256,
        "num_res_blocks": 2,
        "num_head_channels": 64,
        "attention_resolutions": "32,16,8",
        "learn_sigma": True,
        "resblock_updown": True,
        "use_scale_shift_norm": True,
        "noise_schedule": "linear",
        "diffusion_steps": 1000,
        "rescale_timesteps": False,
    },
}
KNOWN = (
    "Cohen's (also SmoothAdv, Consistency, SmoothMix), MACER's, torchvision's or timm's ResNet-50, "
    "timm's BEiT, EfficientNet-Lite, OpenAI's diffusion U-Nets, diffusers' folders"
)
MOST_BLOCKS = 1_000
CLASSES = {"cifar10": 10, "imagenet": 1000}  # the data sets that a layout suggests
PREFIXES = ("module.", "1.", "model.", "net.", "network.", "backbone.")
WRAPPERS = (
    "state_dict",
    "net",
    "model",
    "model_state_dict",
    "weights",
    "ema",
    "model_ema",
    "state_dict_ema",
)  # keys that hold the state dict


@dataclass(frozen=True)
class Recognised:
    """A recognised checkpoint, with its network not yet built: `build` makes one, whose size is only as
    trustworthy as the file, so `checkpoints.built` compares its shapes before it takes memory.

    `normalisation` is the usual one of the layout. No file stores it, so the checkpoint doctor (`doctor.py`)
    finds out by measuring accuracy under each.
    """

    dialect: str
    kind: str  # "classifier" or "denoiser"
    dataset: str
    build: Callable[[], nn.Module]
    state: Mapping[str, Tensor]
    classes: int = 0
    normalisation: str = "none"
    schedule: Schedule | None = None
    record: Mapping[str, Any] | None = None  # a diffusion model's configuration: how to build it again
    file: Path | None = None  # of the weights, where the source is a folder


def schedule_of(record: Mapping[str, Any]) -> Schedule:
    if missing := sorted({"noise_schedule", "diffusion_steps"} - set(record)):
        raise InputError(f"the diffusion model's configuration has no {missing[0]!r}; add it")
    ends = record.get("betas")  # the first and the last, of diffusers' schedules
    return Schedule.named(
        record["noise_schedule"],
        record["diffusion_steps"],
        bool(record.get("rescale_timesteps")),
        (ends[0], ends[1]) if ends else None,
    )


def predicts(record: Mapping[str, Any]) -> Prediction:
    """What a diffusion model's network predicts: the value of `predicts` in the record, "x0" where OpenAI's
    `predict_xstart` is set, "eps" without either. Raises InputError for any other value."""
    found = record.get("predicts", "x0" if record.get("predict_xstart") else "eps")
    check_choice("predicts", found, PREDICTIONS)
    return found  # type: ignore[no-any-return]


def recognise(content: Mapping[str, Any], source: str, config: Mapping[str, Any] | None = None) -> Recognised:
    """Recognise the layout of a checkpoint's content.

    `config` is the configuration, in OpenAI's names, of a diffusion model other than the published ones.
    Raises InputError where the layout is unknown.
    """
    present = [key for key in WRAPPERS if key in content]
    held = [key for key in present if isinstance(content[key], Mapping) and content[key]] or present
    if len(held) > 1:
        raise InputError(
            f"{source} holds {' and '.join(map(repr, held))}; which is meant? Save that one alone: "
            f"torch.save(content[{held[-1]!r}], 'weights.pth')"
        )
    wrapper = held[0] if held else ""
    entries = checkpoints.tensors(content[wrapper] if wrapper else content, source)
    state, prefix = _unwrapped(entries)
    found = _recognised(state, prefix, wrapper, content, source, config)
    stored = _stored_normalisation(entries, source)
    return replace(found, normalisation=stored) if stored and found.kind == "classifier" else found


def _recognised(
    state: dict[str, Tensor],
    prefix: str,
    wrapper: str,
    content: Mapping[str, Any],
    source: str,
    config: Mapping[str, Any] | None,
) -> Recognised:
    if "input_blocks.0.0.weight" in state:
        return _openai(state, source, config)
    if "patch_embed.proj.weight" in state and "blocks.0.attn.qkv.weight" in state:
        return _beit(state, source)
    if "layer4.0.conv3.weight" in state:
        return _resnet50(state, source)
    if "_conv_stem.weight" in state or "conv_stem.weight" in state:
        return _efficientnet_lite(state, source)
    if "layer3.0.conv2.weight" in state and "layer4.0.conv1.weight" not in state:
        return _cifar_resnet(
            state, source, content.get("arch"), macer=wrapper == "net" and "1." not in prefix
        )
    raise InputError(
        f"{source} has an unknown layout (its first key is {next(iter(state))[:60]!r}); known are {KNOWN}"
    )


def _stored_normalisation(entries: Mapping[str, Tensor], source: str) -> str:
    """The key of STATISTICS whose mean and standard deviation the file stores beside the weights, as "0.mean"
    and "0.std", say; "" where it stores none. Raises InputError where it stores others."""
    stored = {key.rpartition(".")[2]: value for key, value in entries.items() if value.numel() == 3}
    for names in (("mean", "std"), ("mu", "sigma")):
        if all(name in stored for name in names):
            values = [tuple(stored[name].float().flatten().tolist()) for name in names]
            for key, statistics in STATISTICS.items():
                if all(math.dist(a, b) < 1e-3 for a, b in zip(values, statistics, strict=True)):
                    return key
            raise InputError(
                f"{source} stores a normalisation of its own (mean {values[0]}, standard deviation "
                f"{values[1]}), and known are {', '.join(STATISTICS)}; fold it into the first layer"
            )
    return ""


def _unwrapped(entries: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], str]:
    """The entries without a wrapper's prefix to their keys, and that prefix: DataParallel adds "module.", and
    in Cohen's layout the normalising layer is entry 0 of a Sequential and the network entry 1."""
    entries = {key.replace("_orig_mod.", ""): value for key, value in entries.items()}  # of torch.compile
    prefix = ""
    while found := next((p for p in PREFIXES if any(key.startswith(prefix + p) for key in entries)), ""):
        prefix += found
    return {k.removeprefix(prefix): v for k, v in entries.items() if k.startswith(prefix)}, prefix


def _openai(state: Mapping[str, Tensor], source: str, config: Mapping[str, Any] | None) -> Recognised:
    record = config if config is not None else published(state, source)
    architecture = UNetConfig.from_record(record)
    _affordable(architecture.num_res_blocks * len(architecture.multipliers), state, source)
    dataset = "cifar10" if architecture.image_size == 32 else "imagenet"
    return Recognised(
        "openai",
        "denoiser",
        dataset,
        lambda: UNet(architecture),
        state,
        schedule=schedule_of(record),
        record=record,
    )


def published(state: Mapping[str, Tensor], source: str) -> Mapping[str, Any]:
    """The published configuration whose network has exactly these keys and shapes. Raises InputError where
    there is none."""
    shapes = {k: tuple(v.shape) for k, v in state.items()}
    for record in PUBLISHED.values():
        with torch.device("meta"):
            expected = UNet(UNetConfig.from_record(record)).state_dict()
        if shapes == {k: tuple(v.shape) for k, v in expected.items()}:
            return record
    raise InputError(
        f"{source} is a diffusion model but none of the published ones; "
        "give its configuration in OpenAI's names (image_size, num_channels, ...)"
    )


def diffusers(folder: Path) -> Recognised:
    """A UNet2DModel in diffusers' layout: a folder with config.json and the weights, as
    google/ddpm-cifar10-32 is. Raises InputError where either is missing or has what is not understood."""
    place = diffusers_folder.unet(folder)
    config = diffusers_folder.read_json(place / "config.json")
    with torch.device("meta"):
        DiffusersUNet(config)  # a wrong key is named before the weights are read
    file, state = diffusers_folder.weights(place)
    dataset = "cifar10" if config.get("sample_size") in (32, [32, 32]) else "imagenet"
    record = config | dict(diffusers_folder.schedule(place))
    return Recognised(
        "diffusers",
        "denoiser",
        dataset,
        lambda: DiffusersUNet(config),
        state,
        schedule=schedule_of(record),
        record=record,
        file=file,
    )


def _shape(state: Mapping[str, Tensor], key: str, axes: int, source: str) -> torch.Size:
    """The shape of an entry that the network is built from, with `axes` axes, none of them empty."""
    if key not in state:
        raise InputError(f"{source} has no {key!r}; it is another network")
    shape = state[key].shape
    if len(shape) != axes or 0 in shape:
        raise InputError(f"{source}: {key!r} has shape {tuple(shape)} where {axes} axes are expected")
    return shape


def check_outputs(found: Recognised, dataset: str, source: str) -> None:
    """Raise InputError where a classifier has another number of outputs than the data set has classes. Those
    of a data set that was added are not known here."""
    wanted = CLASSES.get(dataset, found.classes)
    if found.classes == wanted + 1:
        raise InputError(
            f"{source} has {found.classes} outputs for the {wanted} classes of {dataset}; which one is none "
            "of them? Remove the first or the last row of its final layer, whichever it is"
        )
    if found.kind == "classifier" and found.classes != wanted:
        raise InputError(
            f"{source} has {found.classes} outputs and {dataset} has {wanted} classes; "
            "name the data set that it was trained for (--dataset)"
        )


def _affordable(blocks: object, state: Mapping[str, Tensor], source: str) -> None:
    """Raise InputError where a network has more blocks than the file has entries, or more than 1,000."""
    if not isinstance(blocks, int) or not 0 < blocks <= min(len(state), MOST_BLOCKS):
        raise InputError(
            f"{source} would be a network of {str(blocks)[:40]} blocks; at most {MOST_BLOCKS} are built, and "
            "no more than the file has entries"
        )


def _blocks(state: Mapping[str, Tensor], stage: str) -> int:
    return len({m[1] for key in state if (m := re.match(rf"{stage}\.([0-9]+)\.", key))})


def _cifar_resnet(state: dict[str, Tensor], source: str, arch: object, macer: bool) -> Recognised:
    for name in ("weight", "bias"):  # MACER calls its final layer so
        if f"linear.{name}" in state:
            state[f"fc.{name}"] = state.pop(f"linear.{name}")
    classes = _shape(state, "fc.weight", 2, source)[0]
    named = re.fullmatch(r"cifar_resnet([0-9]{1,4})", arch) if isinstance(arch, str) else None
    depth = int(named[1]) if named else 6 * _blocks(state, "layer1") + 2
    _affordable(depth // 2, state, source)
    dialect, normalisation = ("macer", "none") if macer else ("cohen", "cifar10")
    return Recognised(
        dialect, "classifier", "cifar10", lambda: CifarResNet(depth, classes), state, classes, normalisation
    )


def _resnet50(state: Mapping[str, Tensor], source: str) -> Recognised:
    from timm.models.resnet import Bottleneck, ResNet

    classes = _shape(state, "fc.weight", 2, source)[0]
    layers = tuple(_blocks(state, f"layer{stage}") for stage in (1, 2, 3, 4))
    width = _shape(state, "layer1.0.conv1.weight", 4, source)[0]
    _affordable(sum(layers), state, source)

    def build() -> nn.Module:
        return ResNet(Bottleneck, layers, num_classes=classes, base_width=width)  # type: ignore[arg-type]

    return Recognised("resnet50", "classifier", "imagenet", build, state, classes, "imagenet")


def _beit(state: dict[str, Tensor], source: str) -> Recognised:
    from timm.models.beit import Beit

    state = {k: v for k, v in state.items() if not k.endswith("relative_position_index")}  # a constant
    width, _, patch, _ = _shape(state, "patch_embed.proj.weight", 4, source)
    classes = _shape(state, "head.weight", 2, source)[0]
    table = "blocks.0.attn.relative_position_bias_table"
    heads = _shape(state, table, 2, source)[1] if table in state else max(1, width // 64)
    if width % heads:
        raise InputError(f"{source}: {table!r} has {heads} heads, which do not divide the width {width}")
    depth = _blocks(state, "blocks")
    if depth > 48 or patch < 8:  # each block also holds a table of (224 / patch)^4 positions
        raise InputError(
            f"{source} is a BEiT of {depth} blocks on patches of {patch} pixels; "
            "up to 48 blocks and patches of at least 8 pixels are built"
        )

    def build() -> nn.Module:
        return Beit(
            img_size=224,
            patch_size=patch,
            num_classes=classes,
            embed_dim=width,
            depth=depth,
            num_heads=heads,
            use_abs_pos_emb="pos_embed" in state,
            use_rel_pos_bias=table in state,
            init_values=0.1 if "blocks.0.gamma_1" in state else None,
        )

    return Recognised("beit", "classifier", "imagenet", build, state, classes, "half")


# efficientnet-lite-pytorch's names -> timm's: outside the blocks, in blocks that expand, in the others.
_OUTSIDE = {
    "_conv_stem": "conv_stem",
    "_bn0": "bn1",
    "_conv_head": "conv_head",
    "_bn1": "bn2",
    "_fc": "classifier",
}
_EXPANDING = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
_PLAIN = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}


def _efficientnet_lite(state: Mapping[str, Tensor], source: str) -> Recognised:
    """EfficientNet-Lite under the names of timm or efficientnet-lite-pytorch, its size derived from the
    shapes."""
    import timm

    for size in range(5):
        with torch.device("meta"):
            network = timm.create_model(f"tf_efficientnet_lite{size}")
        stages = network.get_submodule("blocks").children()
        renamed = _timms_names(state, [len(list(stage.children())) for stage in stages])
        if {k: v.shape for k, v in renamed.items()} == {k: v.shape for k, v in network.state_dict().items()}:
            build = partial(timm.create_model, f"tf_efficientnet_lite{size}")
            return Recognised("efficientnet_lite", "classifier", "imagenet", build, renamed, 1000, "half")
    raise InputError(f"{source} is an EfficientNet but none of Lite0 to Lite4; only these are known")


def _timms_names(state: Mapping[str, Tensor], stages: list[int]) -> dict[str, Tensor]:
    """The entries renamed as in timm, which numbers blocks within each stage, whereas
    efficientnet-lite-pytorch numbers them through all stages."""
    place = [f"blocks.{stage}.{i}" for stage, blocks in enumerate(stages) for i in range(blocks)]

    def renamed(key: str) -> str:
        module, _, tensor = key.rpartition(".")
        if block := re.fullmatch(r"_blocks\.([0-9]{1,3})\.(\w+)", module):
            number, names = int(block[1]), _PLAIN
            if f"_blocks.{number}._expand_conv.weight" in state:
                names = _EXPANDING
            if number < len(place) and block[2] in names:
                return f"{place[number]}.{names[block[2]]}.{tensor}"
        return f"{_OUTSIDE.get(module, module)}.{tensor}"

    return {renamed(key): value for key, value in state.items()}
