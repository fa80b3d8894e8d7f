"""All that needs a GPU, in a quarter of an hour: is it right, how fast is it, what can it train?

    make gpu, or PYTHONPATH=. python3 -m benchmarks.gpu.run [--out FOLDER] [--minutes M] [PART ...]

Needs Python 3.11, torch for CUDA and what the core imports, neither a page nor a store nor pytest. Each part
is a process with a time limit of its own; what it printed is kept in FOLDER whatever becomes of it and of
those after it. FOLDER/results.md has all of it, ready for benchmarks/RESULTS.md.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Part:
    """A command, what it answers, and after how many seconds it is stopped."""

    name: str
    question: str
    command: tuple[str, ...]
    seconds: float


def _module(name: str) -> tuple[str, ...]:
    return (sys.executable, "-u", "-m", f"benchmarks.gpu.{name}")


PARTS = (
    Part("checks", "Does a GPU compute what it should?", _module("checks"), 120),
    Part("speed", "How fast are the full-size networks, against the plain path?", _module("speed"), 220),
    Part("visitors", "How fast are the bundled networks?", _module("visitors"), 60),
    Part("photographs", "What do the bundled networks certify on photographs?", _module("photographs"), 260),
    Part("training", "What do the minutes left train?", _module("training"), 900),
)


def run(part: Part, folder: Path, deadline: float) -> str:
    """Run a part until its limit or the deadline (of time.monotonic). Its section, in Markdown."""
    limit = max(0.0, min(part.seconds, deadline - time.monotonic()))
    began, output = time.monotonic(), folder / f"{part.name}.txt"
    with output.open("w") as out:
        process = subprocess.Popen(part.command, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            status = process.wait(limit)
            end = f"failed with status {status}" if status else "done"
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # with the processes that it began itself
            process.wait()
            end = "stopped, its time was over"
    said = output.read_text(errors="replace").rstrip()
    took = time.monotonic() - began
    return f"## gpu {part.name}\n\n{part.question}\n\n```\n{said}\n```\n\n{end} after {took:.0f} s\n"


def run_all(parts: tuple[Part, ...], folder: Path, seconds: float) -> bool:
    """Run parts one after another, for so many seconds in all. Whether all were done."""
    folder.mkdir(parents=True, exist_ok=True)
    deadline, sections = time.monotonic() + seconds, list[str]()
    for part in parts:
        print(f"== {part.name}: {part.question}", flush=True)
        sections.append(run(part, folder, deadline))
        print(sections[-1], flush=True)
        (folder / "results.md").write_text("\n".join(sections))
    return all("\ndone after " in section for section in sections)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=Path("gpu-results"))
    parser.add_argument("--minutes", type=float, default=14.5)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(part.name for part in PARTS))
    asked = parser.parse_args()
    if unknown := set(asked.parts) - {part.name for part in PARTS}:
        parser.error(f"there is no part {min(unknown)!r}; there are {', '.join(part.name for part in PARTS)}")
    chosen = tuple(part for part in PARTS if not asked.parts or part.name in asked.parts)
    os.environ["DIFFSMOOTH_GPU_OUT"] = str(asked.out.resolve())
    sys.exit(0 if run_all(chosen, asked.out, 60 * asked.minutes) else 1)


if __name__ == "__main__":
    main()
