"""Record the votes by which Certify answers while a dial is turned, for three pictures of each class of the
gallery; what is recorded already stays.

PYTHONPATH=. python assets/previews/record.py
"""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from dataclasses import replace

import numpy as np
from PIL import Image
from tqdm import tqdm

from diffsmooth_core.datasets.sources import catalogue
from ui.jobs.previews import FOLDER, SIGMAS, asked, draw, row_of
from ui.session import settings, state

DATASET = "cifar10"
EACH = 3  # pictures of a class
VOTES = 200
QUALITY = 25  # of the JPEGs: 6 kB for 36 images, most of them noise
CONFIG = replace(asked(settings.default_config(DATASET)), dtype="bfloat16")
FILE = FOLDER / "votes.json.gz"


def pictures() -> list[str]:
    """The specs of the pictures that are recorded: the first of each class, that of the page among them."""
    of_class = defaultdict(list)
    (gallery,) = (group for group in catalogue(DATASET) if group.kind == "gallery")
    for choice in sorted(gallery.choices, key=lambda choice: choice.spec != settings.FIRST_PICTURE):
        of_class[choice.label].append(choice.spec)
    return [spec for specs in of_class.values() for spec in specs[:EACH]]


def main() -> None:
    done = json.loads(gzip.decompress(FILE.read_bytes()))["pictures"] if FILE.is_file() else {}
    for spec in tqdm(pictures(), unit="picture"):
        name = spec.partition(":")[2]
        if name in done:
            continue
        picture, rows, votes = state.resolved(spec, DATASET), [], []
        for sigma in SIGMAS:
            first, samples = draw(picture, CONFIG, sigma, 0, 1)
            rows.append(np.concatenate(list(row_of(samples).values()), axis=1))
            votes.append("".join(map(str, first + draw(picture, CONFIG, sigma, 1, VOTES)[0])))
        Image.fromarray(np.concatenate(rows)).save(FOLDER / f"{name}.jpg", quality=QUALITY, optimize=True)
        done[name] = votes
        document = json.dumps({"config": CONFIG.as_dict(), "pictures": done})
        FILE.write_bytes(gzip.compress(document.encode(), mtime=0))


if __name__ == "__main__":
    main()
