"""Votes in the order in which they were cast, as the text that a certificate keeps of them."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from diffsmooth_core.config import InputError


def _kind(classes: int) -> np.dtype[np.unsignedinteger]:
    """A byte for each vote; two, little-endian, where there are more than 256 classes."""
    return np.dtype("u1") if classes <= 256 else np.dtype("<u2")


def packed(votes: Sequence[int] | npt.NDArray[np.integer], classes: int) -> str:
    """Class ids (n,) below `classes` as base64 of their compressed bytes."""
    raw = np.asarray(votes).astype(_kind(classes)).tobytes()
    return base64.b64encode(zlib.compress(raw, 9)).decode()


def unpacked(text: str, classes: int, n: int, name: str = "votes") -> npt.NDArray[np.unsignedinteger]:
    """The n class ids below `classes` that `text` holds, no more of which is unpacked than n votes take.

    Raises InputError, in which `name` says which votes these are, for any other text.
    """
    kind = _kind(classes)
    size = n * kind.itemsize
    try:
        unpacker = zlib.decompressobj()
        raw = unpacker.decompress(base64.b64decode(text, validate=True), size + 1)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise InputError(
            f"the certificate's {name} cannot be unpacked ({error}); they were damaged"
        ) from None
    if len(raw) != size or not unpacker.eof or unpacker.unused_data:
        many = "more" if len(raw) > size else "fewer" if len(raw) < size else "other bytes"
        raise InputError(f"the certificate's {name} hold {many} than the {n:,} votes of its counts")
    votes = np.frombuffer(raw, kind)
    if n and (largest := int(votes.max())) >= classes:
        raise InputError(f"the certificate's {name} hold class {largest}, and there are {classes} classes")
    return votes
