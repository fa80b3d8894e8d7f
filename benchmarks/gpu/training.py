"""What do the minutes left train? Candidates: one replaces a bundled network only where it is clearly better
on the usual pictures.

    PYTHONPATH=. python -m benchmarks.gpu.training

Trains each in turn, for so many minutes, into candidates/ of the results' folder; the command line prints
what it measured. Needs the data that DIFFSMOOTH_DATA names.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CANDIDATES = (  # the objective, further options, and minutes
    ("denoiser", (), 2.0),
    ("gaussian", ("--sigma", "0.25"), 0.7),
    ("gaussian", ("--sigma", "0.5"), 0.7),
    ("gaussian", ("--sigma", "1.0"), 0.7),
    ("smoothadv", ("--sigma", "0.5"), 1.5),
)


def command(objective: str, options: tuple[str, ...], minutes: float, device: str, folder: Path) -> list[str]:
    name = "-".join((objective, *options[1::2]))
    budget = ("--minutes", f"{minutes:g}", "--device", device, "--out", str(folder))
    return [sys.executable, "-m", "diffsmooth_core", "train", objective, "--name", name, *options, *budget]


def main() -> None:
    if not os.environ.get("DIFFSMOOTH_DATA"):
        print("DIFFSMOOTH_DATA is not set: nothing to train on")
        return
    folder = Path(os.environ.get("DIFFSMOOTH_GPU_OUT", "gpu-results")) / "candidates"
    for objective, options, minutes in CANDIDATES:
        words = command(objective, options, minutes, "cuda", folder)
        print(" ".join(words[2:]), flush=True)
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        print("\n".join(done.stdout.splitlines()[-5:]), flush=True)


if __name__ == "__main__":
    main()
