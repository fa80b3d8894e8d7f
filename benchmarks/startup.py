"""How soon does a command answer, and in how much memory? Whole processes, from their start to their end.

    make bench, or PYTHONPATH=. python benchmarks/startup.py [OTHER]

OTHER is the folder of another checkout: its commands are then run in turn with this one's, and both stand in
the table. Medians of several runs; memory is the most that a process held.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

REPEATS = 7
HERE = Path(__file__).parent.parent
LOG = "idx\tlabel\tpredict\tradius\tcorrect\ttime\n" + "".join(
    f"{i}\t3\t3\t0.617\t1\t0:00:01\n" for i in range(0, 500, 5)
)
CERTIFY = ["certify", "gallery:deer-in-the-snow", "--n0", "1", "--n", "10", "--out", "cert.json"]
COMMANDS = {
    "--help": ["--help"],
    "certify, 10 votes": CERTIFY,
    "verify": ["verify", "cert.json"],
    "import-log": ["import-log", "log.tsv", "--sigma", "0.5"],
    "models list": ["models", "list"],
}
# A process of its own runs the command, so that the memory of its children is that of this one command.
MEASURE = """
import json, resource, subprocess, sys, time
began = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
seconds = time.perf_counter() - began
print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024]))
"""


def measured(checkout: Path, arguments: Sequence[str], folder: Path) -> tuple[float, float]:
    """Seconds and MB of one command of a checkout."""
    command = [sys.executable, "-c", MEASURE, sys.executable, "-m", "diffsmooth_core", *arguments]
    environment = os.environ | {"PYTHONPATH": str(checkout)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    seconds, megabytes = json.loads(done.stdout)
    return seconds, megabytes


def main() -> None:
    checkouts = {"now": HERE} | ({"before": Path(sys.argv[1]).resolve()} if sys.argv[1:] else {})
    print(f"{'':<20}" + "".join(f"{name:>20}" for name in checkouts))
    for title, arguments in COMMANDS.items():
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in checkouts}
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "log.tsv").write_text(LOG)
            measured(HERE, CERTIFY, Path(folder))  # what `verify` reads
            for _ in range(REPEATS):
                for name, checkout in checkouts.items():
                    found[name].append(measured(checkout, arguments, Path(folder)))
        cells = []
        for rows in found.values():
            seconds, megabytes = (statistics.median(column) for column in zip(*rows, strict=True))
            cells.append(f"{seconds:>9.2f} s {megabytes:>5.0f} MB")
        print(f"{title:<20}" + "".join(f"{cell:>20}" for cell in cells))


if __name__ == "__main__":
    main()
