"""A PNG without what is beside its pixels: text, XMP, dates and the colour profile."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from diffsmooth_core.config import InputError
from diffsmooth_core.datasets.colours import MAX_PROFILE

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_CHUNKS = 100_000  # a file of 20 MB has 2,500 of the usual size
_DRAWN = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_LENGTH_AND_KIND = struct.Struct(">I4s")


def without_remarks(data: bytes) -> tuple[bytes, bytes, bytes]:
    """The chunks that make up a PNG's pixels, as a PNG; its ICC profile, and its Exif block, or b"".

    A profile or an Exif block whose checksum is wrong counts as absent, as in a browser. Where the chunks end
    too early so does what is returned, so that a decoder finds it incomplete. Raises InputError for a file
    made of tiny chunks.
    """
    kept: list[bytes | memoryview] = [SIGNATURE]
    profile = exif = b""
    for count, (kind, body, whole, checksum) in enumerate(_chunks(data)):
        if count == MOST_CHUNKS:
            raise InputError(f"this PNG has more than {MOST_CHUNKS:,} chunks; save it again")
        if kind in _DRAWN:
            kept.append(whole)
        elif kind in (b"iCCP", b"eXIf") and zlib.crc32(kind + body) == checksum:
            profile, exif = (profile, bytes(body)) if kind == b"eXIf" else (_unpacked(body), exif)
    return b"".join(kept), profile, exif


def is_bare(data: bytes) -> bool:
    """Whether this is a PNG of its pixels and nothing else, so that every program shows the same."""
    kinds = {kind for kind, *_ in _chunks(data)}
    return data.startswith(SIGNATURE) and kinds == {b"IHDR", b"IDAT", b"IEND"}


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview, memoryview, int]]:
    """Kind, content, the whole chunk and the checksum that it gives, up to the end chunk; of one that is cut
    off, what there is of it."""
    view, at = memoryview(data), len(SIGNATURE)
    while at + 8 <= len(view):
        length, kind = _LENGTH_AND_KIND.unpack_from(view, at)
        end = at + 12 + length
        yield kind, view[at + 8 : end - 4], view[at:end], int.from_bytes(view[end - 4 : end], "big")
        if kind == b"IEND":
            return
        at = end


def _unpacked(body: memoryview) -> bytes:
    """The profile in an iCCP chunk: a name, 0, the method 0, and the packed profile; b"" where it is none."""
    _, _, packed = bytes(body).partition(b"\0")
    unpacker = zlib.decompressobj()
    try:
        profile = unpacker.decompress(packed[1:], MAX_PROFILE)
    except zlib.error:
        return b""
    return profile if unpacker.eof else b""
