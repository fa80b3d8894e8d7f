"""`torch.load` for checkpoints of strangers. What people keep beside the weights, such as the arguments of a
training, is passed over unseen; other types than those are named, and nothing is ever run."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

import torch

from diffsmooth_core.config import InputError

# As a pickle names them: old names, new ones and those of Python 3.13.
BESIDE = (
    "argparse.Namespace",
    "types.SimpleNamespace",
    *(f"datetime.{name}" for name in ("date", "datetime", "time", "timedelta", "timezone")),
    *(
        f"{module}.{name}"
        for module in ("pathlib", "pathlib._local")
        for name in ("Path", "PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath")
    ),
    *(f"numpy.{core}.multiarray.{name}" for core in ("core", "_core") for name in ("scalar", "_reconstruct")),
    *("numpy.dtype", "numpy.ndarray", "_codecs.encode", "uuid.UUID", "builtins.range", "__builtin__.xrange"),
)
MOST_UNKNOWN = 8  # types of a file that are looked at to find out whether it holds a network
_UNKNOWN = re.compile(r"(?:GLOBAL|Unsupported class|Unsupported global:) ?(?:GLOBAL )?([A-Za-z_][\w.]*\.\w+)")
_NETWORK = re.compile(r"torch\.nn\.|torchvision\.models\.|timm\.models\.")
_alone = threading.Lock()  # torch keeps its list of types for all threads


class Unread:
    """What stands in the place of a value of another type: it takes everything and does nothing."""

    def __new__(cls, *_: object) -> Unread:
        return object.__new__(cls)

    def __setstate__(self, _: object) -> None:
        pass


def _stand_in(name: str) -> Any:
    """A type that torch is told to take for the one of this name."""
    return type(name.rpartition(".")[2], (Unread,), {}), name


def load(path: Path) -> Any:
    """What a file of `torch.save` holds. Raises InputError where it holds a type that is neither a tensor,
    nor a plain value, nor one of BESIDE; torch's own exceptions where the file is damaged."""
    unknown: list[str] = []
    while True:
        try:
            with _alone, torch.serialization.safe_globals([_stand_in(name) for name in (*BESIDE, *unknown)]):
                content = torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:
            found = _UNKNOWN.search(str(error))
            if found is None and not unknown:
                raise
            ended = found is None or found[1] in unknown or len(unknown) == MOST_UNKNOWN
            unknown += [found[1]] if found else []
        else:
            if not unknown:
                return content
            ended = True
        if ended or _NETWORK.match(unknown[-1]):
            raise InputError(_refusal(path, unknown))


def _refusal(path: Path, unknown: list[str]) -> str:
    name = unknown[0][:80]
    if any(map(_NETWORK.match, unknown)):
        return (
            f"{path} holds a whole network as a Python object ({name}), which only its code can read; load "
            "it where it was made and save network.state_dict()"
        )
    return (
        f"{path} is not a checkpoint that can be loaded safely: it holds a {name}, which is code to be run "
        "or a type that is not known here; load it where it was made and save the state_dict() alone"
    )
