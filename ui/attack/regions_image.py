"""Decision regions as a picture: a colour for each class, the certified circle to scale, and a dot for the
certified picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageColor, ImageDraw

from diffsmooth_core.attacks.plane import Labels
from ui.colours import ABSTAIN

SIDE = 432  # approximate side of the drawing in pixels
FINER = 4  # circles are drawn this many times larger and scaled down, to be smooth
LIGHT, DARK = (255, 255, 255), (20, 26, 33)


def regions_picture(
    labels: Labels, extent: float, radius: float, colours: Sequence[str]
) -> npt.NDArray[np.uint8]:
    """labels (g,g) on [-extent, extent]^2 as (s,s,3), class k in colours[k] and UNKNOWN grey; a circle of
    `radius` around the middle, where that is above 0, and a dot for the picture."""
    size = len(labels)
    palette = np.array([ImageColor.getrgb(colour) for colour in (*colours, ABSTAIN)], np.uint8)
    cell = max(1, round(SIDE / size)) * FINER
    image = Image.fromarray(np.kron(palette[labels], np.ones((cell, cell, 1), np.uint8)))
    draw = ImageDraw.Draw(image)
    middle = cell * size / 2
    for reach, filled in ((radius * (cell * (size - 1) / (2 * extent)), False), (1.25 * FINER, True)):
        if reach > 0:
            for width, colour in ((5, DARK), (2.5, LIGHT)):
                half = width * FINER / 2
                box = (
                    middle - reach - half,
                    middle - reach - half,
                    middle + reach + half,
                    middle + reach + half,
                )
                draw.ellipse(box, fill=colour if filled else None, outline=colour, width=round(2 * half))
    side = image.width // FINER
    return np.asarray(image.resize((side, side), Image.Resampling.BOX))
