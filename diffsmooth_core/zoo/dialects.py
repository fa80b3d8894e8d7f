"""Recognising the published checkpoint layouts by keys and shapes alone, without executing code."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from diffsmooth_core.classifiers.resnet import CifarResNet
from diffsmooth_core.config import InputError, check_choice
from diffsmooth_core.purification.diffusers_unet import DiffusersUNet
from diffsmooth_core.purification.prediction import PREDICTIONS, Prediction
from diffsmooth_core.purification.schedule import Schedule
from diffsmooth_core.purification.unet import UNet
from diffsmooth_core.purification.unet_config import UNetConfig
from diffsmooth_core.zoo import diffusers_folder, outputs, wrapping

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


@dataclass(frozen=True)
class Recognised:
    """A recognised checkpoint, with its network not yet built: `build` makes one, whose size is only as
    trustworthy as the file, so `checkpoints.built` compares its shapes before it takes memory.

    `normalisation` is the one that the file stores, or the usual one of its layout. Few files store it, so
    the checkpoint doctor (`doctor.py`) finds out by measuring accuracy under each.
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
    entry: str = ""  # under which the content holds the weights, where they are not all of it


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


def recognise(
    content: Mapping[str, Any],
    source: str,
    config: Mapping[str, Any] | None = None,
    offset: int | None = None,
    weights: str | None = None,
) -> Recognised:
    """Recognise the layout of a checkpoint's content.

    `config` is the configuration, in OpenAI's names, of a diffusion model other than the published ones.
    `offset` is the output of the first class, of a classifier with one output more than classes: 1 where the
    first output is none of them, 0 where the last is; that output is left out.
    `weights` is the key of the content that holds the weights, where several do.
    Raises InputError where the layout is unknown, and SeveralSetsError (`wrapping.py`) where `weights` is
    needed.
    """
    held = wrapping.unwrapped(content, source, weights)
    if offset is not None:
        held = replace(held, state=outputs.without_one(held.state, offset, source))
    found = replace(_recognised(held, content.get("arch"), source, config), entry=held.entry)
    stored = found.kind == "classifier" and held.normalisation
    return replace(found, normalisation=stored) if stored else found


def _recognised(
    held: wrapping.Unwrapped, arch: object, source: str, config: Mapping[str, Any] | None
) -> Recognised:
    state = held.state
    if "input_blocks.0.0.weight" in state:
        return _openai(state, source, config)
    if "patch_embed.proj.weight" in state and "blocks.0.attn.qkv.weight" in state:
        return _beit(state, source)
    if "layer4.0.conv3.weight" in state:
        return _resnet50(state, source)
    if "_conv_stem.weight" in state or "conv_stem.weight" in state:
        return _efficientnet_lite(state, source)
    if "layer3.0.conv2.weight" in state and "layer4.0.conv1.weight" not in state:
        return _cifar_resnet(state, source, arch, macer=held.entry == "net" and "1." not in held.prefix)
    raise InputError(
        f"{source} has an unknown layout (its first key is {next(iter(state))[:60]!r}); known are {KNOWN}"
    )


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

    last = "classifier.weight" if "classifier.weight" in state else "_fc.weight"
    classes = _shape(state, last, 2, source)[0]
    for size in range(5):
        build = partial(timm.create_model, f"tf_efficientnet_lite{size}", num_classes=classes)
        with torch.device("meta"):
            network = build()
        stages = network.get_submodule("blocks").children()
        renamed = _timms_names(state, [len(list(stage.children())) for stage in stages])
        if {k: v.shape for k, v in renamed.items()} == {k: v.shape for k, v in network.state_dict().items()}:
            return Recognised("efficientnet_lite", "classifier", "imagenet", build, renamed, classes, "half")
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
