"""Untrusted bytes to uint8 pixels: PNG, JPEG and WEBP only, under limits checked before decoding."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, UnidentifiedImageError

from diffsmooth_core.config import InputError
from diffsmooth_core.datasets import jpeg, png
from diffsmooth_core.datasets.colours import to_srgb

Pixels = npt.NDArray[np.uint8]

FORMATS = ("PNG", "JPEG", "WEBP")
MAX_BYTES = 20_000_000
MAX_PIXELS = 40_000_000
MIN_SIDE = 8
STRIP = 2_000_000  # pixels

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_MISSING = (127, 128)  # in each channel, of a block that a JPEG lacks; CMYK may be inverted

# Set once for the process: `catch_warnings` around each call would race between the server's threads.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


def decode(data: bytes, in_srgb: bool = True) -> Pixels:
    """The picture in `data` as uint8 (h,w,3) RGB, upright, in sRGB, alpha composed on white, first frame.

    What is beside the pixels does not decide: damaged or large remarks are passed over. Without `in_srgb` a
    colour profile is too, as in torchvision and so in published results. Of 16-bit grey the high byte is
    kept, as Pillow does for 16-bit colour. The format is recognised from the data, not from the file's name.
    Raises InputError for anything but a complete picture within the limits.
    """
    if len(data) > MAX_BYTES:
        raise InputError(
            f"this file has more than the {MAX_BYTES // 1_000_000} MB that are accepted; "
            "save the picture smaller"
        )
    try:
        profile, exif = None, b""
        if data.startswith(png.SIGNATURE):
            data, profile, exif = png.without_remarks(data)
        image = _jpeg(data) if data.startswith(jpeg.SIGNATURE) else _loaded(data)
        if profile is None:
            profile = image.info.get("icc_profile") or b""
        return _pixels(_rgb(_upright(image, exif), profile if in_srgb else b""))
    except InputError:
        raise
    except UnidentifiedImageError as error:
        raise InputError(
            "this file is not a PNG, JPEG or WEBP picture; save the picture in one of these formats"
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InputError(
            f"this picture is larger than {MAX_PIXELS // 1_000_000} megapixels; scale it down first"
        ) from error
    except Exception as error:  # Pillow's parsers raise many exception types on malicious data
        raise InputError(
            "this file is a damaged or incomplete PNG, JPEG or WEBP picture; save it again and retry"
        ) from error


def _loaded(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        _check_sides(*image.size)
        image.load()
        return image


def _jpeg(data: bytes) -> Image.Image:
    """A JPEG's image; a missing end marker is put there. As libjpeg makes blocks that are missing grey, one
    whose last pixel is so is looked at more closely."""
    jpeg.check_work(data)
    try:
        image = _loaded(data)
    except OSError:
        data = jpeg.with_end(data)
        image = _loaded(data)
        suspect = True
    else:
        last = np.asarray(image.crop((image.width - 1, image.height - 1, image.width, image.height)))
        suspect = bool(np.isin(last, _MISSING).all()) or not jpeg.sends_everything(data)
    if suspect and not jpeg.is_whole(data, np.asarray(image), lambda padded: np.asarray(_loaded(padded))):
        raise InputError("this JPEG ends before its picture does; fetch it again")
    return image


def read(path: str | os.PathLike[str], in_srgb: bool = True) -> Pixels:
    """Decode the picture file at `path` under the limits of `decode`, as uint8 (h,w,3). Raises InputError."""
    file, shown = Path(path), repr(str(path))
    try:
        if not file.exists():
            raise InputError(f"there is no file {shown}; check the path")
        if not file.is_file():
            raise InputError(f"{shown} is not a file; give the path of one picture")
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{shown} cannot be read ({error.strerror}); check the path") from error
    try:
        return decode(data, in_srgb)
    except InputError as error:
        raise InputError(f"{shown} cannot be used: {error}") from error


def _check_sides(width: int, height: int) -> None:
    if min(width, height) < MIN_SIDE:
        raise InputError(f"this picture has {width} x {height} pixels; each side needs at least {MIN_SIDE}")
    if width * height > MAX_PIXELS:
        raise InputError(
            f"this picture has {width} x {height} pixels, more than the "
            f"{MAX_PIXELS // 1_000_000} megapixels that are accepted; scale it down first"
        )


def _upright(image: Image.Image, exif: bytes = b"") -> Image.Image:
    # Not ImageOps.exif_transpose: it also rewrites the metadata, which fails on many cameras' notes.
    notes = image.getexif()
    try:
        if exif:
            notes.load(exif)
        turn = _UPRIGHT.get(notes.get(ExifTags.Base.Orientation, 1))
    except Exception:  # its parser raises many types; what is beside the pixels does not decide
        turn = None
    return image if turn is None else image.transpose(turn)


def _rgb(image: Image.Image, profile: bytes) -> Image.Image:
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        rgba = to_srgb(image.convert("RGBA"), profile)
        return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
    if image.mode not in ("L", "CMYK", "RGB"):
        image = image.convert("RGB")
    image = to_srgb(image, profile)
    return image if image.mode == "RGB" else image.convert("RGB")  # `convert` copies


def _pixels(image: Image.Image) -> Pixels:
    """An RGB image as an array, copied in strips: Pillow copies what it hands over once more."""
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    rows = max(1, STRIP // image.width)
    for top in range(0, image.height, rows):
        below = min(top + rows, image.height)
        pixels[top:below] = np.asarray(image.crop((0, top, image.width, below)))
    return pixels
