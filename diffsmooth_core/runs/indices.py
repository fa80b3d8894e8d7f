"""Which test pictures a run is over, as a person writes them: "0:10000:20", "7", or several such parts."""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence

from diffsmooth_core.config import InputError
from diffsmooth_core.datasets import test_size

_PART = re.compile(r"\s*([0-9]{0,9})(?:(:)([0-9]{0,9})(?::([0-9]{1,9}))?)?\s*")  # START, or START:STOP:STEP

USUAL_PICTURES = 500  # of a run, as in the papers


def parse_indices(spec: str, dataset: str) -> tuple[int, ...]:
    """The test pictures that `spec` names, each once, in its order. Raises InputError where it names none, or
    one that is not on this machine."""
    size = test_size(dataset)
    indices: list[int] = []
    for part in spec.split(","):
        match = _PART.fullmatch(part)
        if match is None or not (match[1] or match[2]):
            raise InputError(f"indices {part!r} are not understood; give START:STOP:STEP or a number")
        start = int(match[1] or 0)
        stop, step = (int(match[3] or size), int(match[4] or 1)) if match[2] else (start + 1, 1)
        if step < 1 or start >= stop:
            raise InputError(
                f"indices {part!r} name no picture; give START below STOP and a STEP of 1 or more"
            )
        if stop > size:
            raise InputError(
                f"{dataset} has test pictures 0 to {size - 1} here, and {part!r} goes to {stop - 1}"
            )
        indices += range(start, stop, step)
    return tuple(dict.fromkeys(indices))


def spread(dataset: str, count: int = USUAL_PICTURES) -> str:
    """About `count` test pictures, evenly spread, or all where there are fewer, as text that `parse_indices`
    reads. Raises InputError where the data set is not on this machine."""
    size = test_size(dataset)
    return f"0:{size}:{max(1, size // count)}"


def format_indices(indices: Sequence[int]) -> str:
    """These indices as text that `parse_indices` reads, as a range where they are evenly spaced."""
    step = indices[1] - indices[0] if len(indices) > 1 else 1
    even = range(indices[0], indices[-1] + 1, step) if step > 0 else range(0)
    if len(even) == len(indices) and all(map(operator.eq, even, indices)):  # `even` may be a billion long
        return f"{even.start}:{even.stop}:{step}"
    return ",".join(map(str, indices))
