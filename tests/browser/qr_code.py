"""A reader of QR codes as they stand on a screen, of versions 3 and 4, which addresses take (ISO/IEC 18004).
It corrects no errors: on a screenshot there are none."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
from PIL import Image

Modules = npt.NDArray[np.bool_]  # (n,n), dark ones are True

BLOCKS = {  # version, level -> blocks, and the data codewords of each
    (3, "L"): (1, 55),
    (3, "M"): (1, 44),
    (3, "Q"): (2, 17),
    (3, "H"): (2, 13),
    (4, "L"): (1, 80),
    (4, "M"): (2, 32),
    (4, "Q"): (2, 24),
    (4, "H"): (4, 9),
}
MASKS: tuple[Callable[[int, int], bool], ...] = (  # row, column -> whether the module was inverted
    lambda i, j: (i + j) % 2 == 0,
    lambda i, j: i % 2 == 0,
    lambda i, j: j % 3 == 0,
    lambda i, j: (i + j) % 3 == 0,
    lambda i, j: (i // 2 + j // 3) % 2 == 0,
    lambda i, j: i * j % 2 + i * j % 3 == 0,
    lambda i, j: (i * j % 2 + i * j % 3) % 2 == 0,
    lambda i, j: ((i + j) % 2 + i * j % 3) % 2 == 0,
)
QUIET = 4  # modules of white that the standard asks for


def read(png: bytes) -> str:
    """The text of the QR code that a picture shows, with its quiet zone and no more."""
    grey = np.asarray(Image.open(io.BytesIO(png)).convert("L"))
    modules = _modules(grey[1:-1, 1:-1])  # at its edges lies half a pixel of the page
    level, mask = _format(modules)
    blocks, length = BLOCKS[(len(modules) - 17) // 4, level]
    bits = [int(modules[i, j] ^ MASKS[mask](i, j)) for i, j in _data_places(len(modules))]
    words = np.packbits(bits)[: blocks * length].reshape(length, blocks).T.ravel()  # each block by itself
    message = "".join(f"{word:08b}" for word in words)
    assert message[:4] == "0100", "bytes"
    count = int(message[4:12], 2)
    return bytes(int(message[12 + 8 * k : 20 + 8 * k], 2) for k in range(count)).decode()


def _modules(grey: npt.NDArray[np.uint8]) -> Modules:
    """Which modules are dark, read at their middles. The first row of a code begins with seven dark ones."""
    dark = grey < 128
    rows, columns = np.flatnonzero(dark.any(1)), np.flatnonzero(dark.any(0))
    top, left, side = rows[0], columns[0], columns[-1] + 1 - columns[0]
    run = int(np.argmin(dark[top + 1, left:]))
    n = round(7 * side / run)
    middles = ((np.arange(n) + 0.5) * side / n).astype(int)
    assert min(top, left) >= (QUIET - 0.5) * side / n, "the quiet zone"
    assert grey[: top - 1].min() > 240, "and it is white"
    found: Modules = dark[np.ix_(top + middles, left + middles)]
    return found


def _format(modules: Modules) -> tuple[str, int]:
    """Level and mask, from the copy around the upper left corner."""
    places = [(8, j) for j in (0, 1, 2, 3, 4, 5, 7, 8)] + [(i, 8) for i in (7, 5, 4, 3, 2, 1, 0)]
    bits = int("".join(str(int(modules[place])) for place in places), 2) ^ 0b101010000010010
    return "MLHQ"[bits >> 13], bits >> 10 & 7


def _data_places(n: int) -> Iterator[tuple[int, int]]:
    """Where the bits stand: up and down in pairs of columns from the right, around what finds and times."""
    upwards = True
    for right in (*range(n - 1, 6, -2), 5, 3, 1):
        for i in range(n - 1, -1, -1) if upwards else range(n):
            yield from ((i, j) for j in (right, right - 1) if not _is_pattern(i, j, n))
        upwards = not upwards


def _is_pattern(i: int, j: int, n: int) -> bool:
    corner = (i < 9 and (j < 9 or j >= n - 8)) or (i >= n - 8 and j < 9)
    alignment = abs(i - (n - 7)) <= 2 and abs(j - (n - 7)) <= 2
    return corner or alignment or 6 in (i, j)
