"""What do the bundled networks certify on photographs, with 1,000 votes for each? Hours of a CPU core.

    PYTHONPATH=. python -m benchmarks.gpu.photographs

Prints, for each method and sigma, the percent of the photographs in DIFFSMOOTH_DATA/imagenet/val that are
certified right at a radius of 0, 0.1 and sigma, and how many abstain. Needs the data that DIFFSMOOTH_DATA
names.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from benchmarks.gpu.where import Where
from diffsmooth_core import SmoothedClassifier, SmoothingConfig
from diffsmooth_core.config import USUAL
from diffsmooth_core.datasets import resolve
from diffsmooth_core.statistics import certified_accuracy

PICTURES = 100
SETTINGS = [
    {"method": method, "sigma": sigma}
    for sigma in (0.25, 0.12, 0.5)
    for method in ("diffsmooth", "dds", "plain")
]


def line(where: Where, changes: Mapping[str, object]) -> str:
    """A row of the table."""
    n0, n = (4, 12) if where.tiny else (20, 1000)
    usual = {**USUAL["imagenet"], "dataset": "imagenet", "stopping": "fixed", "dtype": "bfloat16"}
    config = SmoothingConfig(**{**usual, **changes, "n0": n0, "n": n, "device": where.device})
    smoothed, began = SmoothedClassifier.load(config), time.monotonic()
    radii, correct = [], []
    for i in range(1 if where.tiny else PICTURES):
        picture = resolve(f"imagenet:{i}", "imagenet")
        certificate = smoothed.certify(picture.tensor)
        radii.append(certificate.radius)
        correct.append(certificate.label == picture.label)
    shares = [100 * certified_accuracy(radii, correct, r) for r in (0.0, 0.1, config.sigma)]
    cells = " | ".join(f"{share:.0f}" for share in shares)
    return (
        f"| {config.method} | {config.sigma:g} | {n:,} | {cells} | {radii.count(0.0)} abstain | "
        f"{time.monotonic() - began:.0f} s |"
    )


def main(where: Where) -> None:
    print(where.machine())
    if not os.environ.get("DIFFSMOOTH_DATA"):
        print("DIFFSMOOTH_DATA is not set: there are no photographs")
        return
    for changes in SETTINGS[: 3 if where.tiny else None]:
        print(line(where, changes), flush=True)


if __name__ == "__main__":
    main(Where())
