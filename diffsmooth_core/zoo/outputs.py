"""A classifier's outputs against the classes of its data set."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from diffsmooth_core.config import InputError

CLASSES = {"cifar10": 10, "imagenet": 1000}  # of the data sets that a layout suggests
LAST_LAYERS = ("fc", "linear", "head", "classifier", "_fc")  # as the known layouts call it


def check(outputs: int, dataset: str, source: str) -> None:
    """Raise InputError where a classifier has another number of outputs than the data set has classes. Those
    of a data set that was added are not known here."""
    wanted = CLASSES.get(dataset, outputs)
    if outputs == wanted + 1:
        raise InputError(
            f"{source} has {outputs} outputs for the {wanted} classes of {dataset}; which one is none of "
            "them? Add it with `models add` and --offset 1 if that is the first, as in networks from "
            "TensorFlow, or --offset 0 if it is the last"
        )
    if outputs != wanted:
        raise InputError(
            f"{source} has {outputs} outputs and {dataset} has {wanted} classes; "
            "name the data set that it was trained for (--dataset)"
        )


def without_one(state: Mapping[str, Tensor], offset: int, source: str) -> dict[str, Tensor]:
    """A classifier's weights without its first output (`offset` 1) or its last (`offset` 0). Raises
    InputError where there is no final layer of several outputs."""
    if offset not in (0, 1):
        raise InputError(f"offset {offset!r:.40} is neither 1, the first output is no class, nor 0, the last")
    last = next((name for name in LAST_LAYERS if f"{name}.weight" in state), "")
    rows = state[f"{last}.weight"].shape[0] if last and state[f"{last}.weight"].dim() else 0
    if rows < 3:
        raise InputError(f"{source} has no final layer from which an output could be left out; omit --offset")
    cut = {key for key in (f"{last}.weight", f"{last}.bias") if key in state and len(state[key]) == rows}
    return {key: value[offset : offset + rows - 1] if key in cut else value for key, value in state.items()}
