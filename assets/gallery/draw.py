"""Draws the gallery's pictures again, each the same every time, and writes gallery.json.

    python assets/gallery/draw.py            # every picture, and gallery.json
    python assets/gallery/draw.py red-biplane stag

The pictures are RGB PNG files of 256x256 pixels, and of 224x224 where only ImageNet has a class for them.
No photograph and no data set goes into them: the shapes are signed-distance functions (drawing/shapes.py),
ray-marched under a sun and a sky (drawing/render.py).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from drawing.pictures import PICTURES, Picture
from drawing.render import render
from PIL import Image

FOLDER = Path(__file__).parent
SAMPLES = 2
MADE_BY = "Drawn by a script of this project (ray-marched signed-distance shapes)."


def classes(picture: Picture) -> dict[str, str]:
    """The picture's class in each data set that has one for it."""
    named = {"cifar10": picture.cifar10, "imagenet": picture.imagenet}
    return {dataset: name for dataset, name in named.items() if name}


def main(names: list[str]) -> int:
    if unknown := [name for name in names if name not in PICTURES]:
        print(f"unknown picture {unknown[0]!r}; known: {', '.join(PICTURES)}", file=sys.stderr)
        return 2
    for name in names or PICTURES:
        size = 256 if PICTURES[name].cifar10 else 224
        picture = Image.fromarray(render(PICTURES[name].scene(), size, SAMPLES))
        picture.save(FOLDER / f"{name}.webp", lossless=True, quality=100, method=6)
        print(name, flush=True)
    entries = [
        {"name": name, "file": f"{name}.webp", "classes": classes(p), "title": p.title, "made_by": MADE_BY}
        for name, p in PICTURES.items()
    ]
    (FOLDER / "gallery.json").write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
