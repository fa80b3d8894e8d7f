"""What the fuzz tests share: inputs changed at random, and a watch on what each of them costs."""

from __future__ import annotations

import os
import random
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from diffsmooth_core.config import InputError

SECONDS = 2.0  # of computing that one input may take, whatever else the machine does
GROWTH = 200_000_000  # bytes
EVIL: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 10, 999, -7, 2**31, 2**63, 2**70, 10**400, 0.5, -0.0, 1e-100, 1e308),
    *(float("inf"), float("-inf"), float("nan"), "", "x", "\ud800", "\0", "٣", "1e9", "-1", "a" * 5000),
    *([], {}, [None], [0.5], {"": 0}, [[[[[]]]]], [0] * 5000),
)


def watched(
    inputs: Callable[[int], Any],
    count: int,
    take: Callable[[Any], Any],
    use: Callable[[Any], object],
    peak: int = GROWTH,
) -> tuple[int, int]:
    """How many of `count` inputs are taken and how many are refused. Each is one or the other, in a sentence,
    and what was taken can be used; none hangs, none takes more than `peak` bytes while it is read, and all
    together leave no more than GROWTH behind."""
    refused, before, most = 0, _resident(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for turn in range(count):
        value = inputs(turn)
        began = time.thread_time()
        try:
            taken = take(value)
        except InputError as error:
            refused += 1
            assert "\n" not in str(error), str(error)[:600]
            assert len(str(error)) < 600, str(error)[:600]
        else:
            use(taken)
        assert time.thread_time() - began < SECONDS, f"input {turn}: {str(value)[:200]}"
    assert _resident() - before < GROWTH
    assert 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - most) < peak
    return count - refused, refused


def _resident() -> int:
    """Bytes of memory that this process takes now; 0 where the system does not say."""
    pages = Path("/proc/self/statm")
    return int(pages.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if pages.is_file() else 0


def changed_bytes(data: bytes, chance: random.Random) -> bytes:
    """One to four edits: bits, bytes, runs, lengths, cuts, doublings."""
    edited = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(edited))
        kind = chance.randrange(6)
        if kind == 0:
            edited[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            edited[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF))
        elif kind == 2:
            edited[at : at + 4] = chance.choice(
                (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\x20\0", b"\x7f\xff\xff\xff")
            )
        elif kind == 3:
            del edited[at : at + chance.randint(1, 40)]
        elif kind == 4:
            edited[at:at] = edited[at : at + chance.randint(1, 60)]
        else:
            edited[at:at] = chance.randbytes(chance.randint(1, 30))
        if len(edited) < 20:
            break
    return bytes(edited)


def changed_document(document: Any, chance: random.Random) -> Any:
    """A copy of a JSON document with one to three of its values replaced, removed or repeated."""
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        path: list[Any] = []
        here = document
        while isinstance(here, dict | list) and here and (not path or chance.random() < 0.85):
            path.append(chance.choice(list(here)) if isinstance(here, dict) else chance.randrange(len(here)))
            here = here[path[-1]]
        document = _replaced(document, path, chance)
    return document


def _replaced(node: Any, path: list[Any], chance: random.Random) -> Any:
    """The node with the value at the path changed; what is not on the path is shared with the original."""
    if not path or not isinstance(node, dict | list):
        return chance.choice(EVIL)
    copy: Any = dict(node) if isinstance(node, dict) else list(node)
    key = path[0]
    if len(path) > 1:
        copy[key] = _replaced(copy[key], path[1:], chance)
    elif (kind := chance.randrange(6)) == 0:
        del copy[key]
    elif kind == 1 and isinstance(copy, list):
        copy.insert(chance.randrange(len(copy) + 1), copy[key])
    elif kind < 5 and type(copy[key]) in (int, float):
        step = chance.choice((-1, 0, 1, 0.001)) if abs(copy[key]) < 1e300 else 1
        copy[key] = chance.choice((-1, 0, 1, 2)) * copy[key] + step
    elif kind < 4 and isinstance(copy[key], str):
        copy[key] += chance.choice(("x", " ", "*", "<b>", "=1"))
    else:
        copy[key] = chance.choice(EVIL)
    return copy
