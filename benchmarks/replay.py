"""How many votes another kind of processor changes: the same votes with AVX2 alone and with all that is here.

PYTHONPATH=. python benchmarks/replay.py

Prints, for each arithmetic, the share of votes that differ, which `verify --replay` allows up to
`certification.replay.ALLOWED`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

from scipy.stats import beta

from diffsmooth_core import SmoothedClassifier, SmoothingConfig
from diffsmooth_core.certification.replay import ALLOWED
from diffsmooth_core.datasets import resolve

PICTURES = ("photo:cat", "photo:coffee", "gallery:sailing-yacht")
VOTES = 700
OLDER = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}


def votes(dtype: str) -> list[int]:
    """The votes of all pictures under the default setting, in this process."""
    smoothed = SmoothedClassifier.load(SmoothingConfig(dtype=dtype, device="cpu", n=VOTES))
    step, cast = smoothed.base.votes_per_step, list[int]()
    for spec in PICTURES:
        x = resolve(spec, "cifar10").tensor
        for start in range(0, VOTES, step):
            cast += smoothed.votes(x, "estimation", start, min(start + step, VOTES)).tolist()
    return cast


def elsewhere(dtype: str, environment: dict[str, str]) -> list[int]:
    """`votes` in a process with this environment."""
    done = subprocess.run(
        [sys.executable, __file__, dtype], env=os.environ | environment, capture_output=True, check=True
    )
    return list(json.loads(done.stdout))


def main() -> None:
    for dtype, allowed in ALLOWED.items():
        here, older = elsewhere(dtype, {}), elsewhere(dtype, OLDER)
        differing = sum(a != b for a, b in zip(here, older, strict=True))
        upper = beta.ppf(0.99, differing + 1, len(here) - differing)
        print(
            f"{dtype}: {differing} of {len(here):,} votes differ ({100 * differing / len(here):.2f} %, at "
            f"most {100 * upper:.2f} % with confidence .99); allowed are {100 * allowed:g} %"
        )


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(votes(sys.argv[1])))
    else:
        main()
