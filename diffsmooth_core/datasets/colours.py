"""Pixels in the colour space that a picture's ICC profile names, as sRGB."""

from __future__ import annotations

import io
from typing import cast

import numpy as np
from PIL import Image, ImageCms

MAX_PROFILE = 8_000_000  # bytes; a printer's profile with large tables has 2 MB
_SPACES = {"RGB": "RGB ", "RGBA": "RGB ", "L": "GRAY", "CMYK": "CMYK"}
_NEARLY = 2  # steps of 1/255 by which the profiles that are called sRGB differ
_COLOURS = np.stack(np.meshgrid(*3 * [np.arange(0, 256, 51, dtype=np.uint8)]), axis=-1).reshape(1, -1, 3)


def to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """`image` in sRGB, as a browser shows it: with the profile's perceptual table where it has one.

    Unchanged where its profile is missing, damaged or of another kind of image, or says sRGB: converting that
    would only round once more. An image of mode RGB, RGBA, L or CMYK; the mode stays RGBA, else it is RGB.
    """
    if not profile or len(profile) > MAX_PROFILE or image.mode not in _SPACES:
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space != _SPACES[image.mode]:
            return image
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        if image.mode in ("RGB", "RGBA"):
            colours = Image.fromarray(_COLOURS)
            there = ImageCms.profileToProfile(colours, source, srgb)
            if there is None or np.abs(np.asarray(there).astype(int) - _COLOURS).max() <= _NEARLY:
                return image
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        return cast(Image.Image, ImageCms.profileToProfile(image, source, srgb, outputMode=mode))
    except (ImageCms.PyCMSError, OSError):
        return image
