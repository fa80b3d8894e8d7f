"""Whether the scans of a JPEG are all there, which libjpeg does not say: what is missing becomes grey."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from diffsmooth_core.config import InputError

SIGNATURE = b"\xff\xd8"
END = b"\xff\xd9"
MOST_SCANS = 40  # a progressive JPEG has about ten; each one goes over the whole picture again
MOST_PARTS = 10_000  # some hundred are usual with large remarks
_Values = npt.NDArray[np.uint8]
_SCAN = 0xDA
_PROGRESSIVE = 0xC2
_ALONE = (0x01, *range(0xD0, 0xD9))  # markers that nothing belongs to
_MARKER = re.compile(rb"\xff+([^\x00\xff])")
_AFTER_SCAN = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")  # in a scan 0xff00 is a value, 0xffd0 to 0xffd7 go on
_BITS = (b"\xaa" * 1024, b"\x00" * 1024)  # enough for a whole MCU, of which a part may lie outside
# Whatever bits a scan may lack, one of these begins with another bit than they do; so also where it ends
# before a restart marker, whatever its number.
_PADDINGS = tuple(bits + b"".join(bytes([0xFF, 0xD0 + k]) + bits for k in range(8)) for bits in _BITS)


def check_work(data: bytes) -> None:
    """Raise InputError for a JPEG that is made to be slow."""
    parts = scans = 0
    for marker, _, _ in _segments(data):
        parts, scans = parts + 1, scans + (marker == _SCAN)
        if parts > MOST_PARTS or scans > MOST_SCANS:
            raise InputError(
                f"this JPEG has more than {MOST_SCANS} scans or {MOST_PARTS:,} parts; save it again"
            )


def with_end(data: bytes) -> bytes:
    """A JPEG of which only the end marker is missing, or half of it, with one; b"" where more is missing."""
    data = data.removesuffix(b"\xff")
    return data + END if sends_everything(data) and _ends_in_scan(data) else b""


def sends_everything(data: bytes) -> bool:
    """Whether each channel has its scans: one, or in a progressive JPEG those of all 64 coefficients down to
    the last bit."""
    missing: dict[int, set[int]] = {}
    progressive = False
    for marker, start, end in _segments(data):
        body = data[start + 2 : end]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            progressive = marker == _PROGRESSIVE
            missing = {body[6 + 3 * i]: set(range(64)) for i in range(body[5])}
        elif marker == _SCAN:
            channels, (first, last, bits) = body[1 : 1 + 2 * body[0] : 2], body[1 + 2 * body[0] :][:3]
            sent = range(first, last + 1) if progressive and bits & 15 == 0 else range(0)
            for channel in channels:
                missing[channel] -= set(sent if progressive else range(64))
    return bool(missing) and not any(missing.values())


def is_whole(data: bytes, pixels: _Values, decoded: Callable[[bytes], _Values]) -> bool:
    """Whether no scan of a JPEG ends before its last block, given its pixels and how to decode.

    A decoder does not look at what follows the last block of a scan: it skips it on its way to the next
    marker. So other bytes are put there, twice, and a picture that they change was incomplete.
    """
    return all(np.array_equal(decoded(_padded(data, padding)), pixels) for padding in _PADDINGS)


def _padded(data: bytes, padding: bytes) -> bytes:
    """`data` with some bytes after each scan."""
    made, copied = [], 0
    for kind, _, end in _segments(data):
        if kind == _SCAN:
            made += [data[copied:end], padding]
            copied = end
    return b"".join((*made, data[copied:]))


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start of what belongs to it, and end of that: for a scan the end of its last value."""
    at = len(SIGNATURE)
    while found := _MARKER.search(data, at):
        marker, at = found[1][0], found.end()
        if marker == END[1]:
            return
        if marker in _ALONE:
            continue
        start, end = at, at + int.from_bytes(data[at : at + 2], "big")
        if marker == _SCAN:
            following = _AFTER_SCAN.search(data, end)
            end = following.start() if following else max(end, len(data))
        yield marker, start, end
        at = end


def _ends_in_scan(data: bytes) -> bool:
    segments = list(_segments(data))
    return bool(segments) and segments[-1][0] == _SCAN and segments[-1][2] == len(data)
