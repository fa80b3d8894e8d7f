"""Run every other script here and write RESULTS.md: the figures, the machine, the versions, the date.

    make bench, or PYTHONPATH=. python benchmarks/all.py [NAME ...]

With names only those run, and their part of RESULTS.md alone changes.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import torch

HERE = Path(__file__).parent
RESULTS = HERE / "RESULTS.md"


def machine() -> str:
    """What the figures were measured on."""
    name = str(torch.cpu.get_capabilities().get("cpu_name", platform.machine()))
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    return (
        f"{name}, {torch.get_num_threads()} threads, {gpu}; "
        f"load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores at the end; "
        f"Python {platform.python_version()}, torch {torch.__version__}; {datetime.now(UTC):%Y-%m-%d}"
    )


def measured(script: Path) -> str:
    """The part of one script: its question and what it printed."""
    question = script.read_text().split('"""')[1].strip().splitlines()[0]
    print(f"== {script.stem}: {question}", flush=True)
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{script.name} failed:\n{done.stderr[-2000:]}")
    print(done.stdout, flush=True)
    drawing = f"![]({script.stem}.svg)\n\n" if script.with_suffix(".svg").exists() else ""
    figures = f"```\n{done.stdout.rstrip()}\n```\n\n{drawing}"
    return f"## {script.stem}\n\n{question}\n\n{figures}{machine()}\n"


def main() -> None:
    scripts = {path.stem: path for path in sorted(HERE.glob("*.py")) if path.stem != "all"}
    wanted = sys.argv[1:] or list(scripts)
    if unknown := [name for name in wanted if name not in scripts]:
        raise SystemExit(f"there is no benchmark {unknown[0]!r}; there are {', '.join(scripts)}")
    text = RESULTS.read_text() if RESULTS.exists() else ""
    parts = dict(re.findall(r"(?ms)^(?=## ([^\n]+)\n)(.*?)(?=^## |\Z)", text))
    for name in wanted:
        parts[name] = measured(scripts[name])
        head = "# What was measured\n\nWritten by `make bench`, the parts on a GPU by `make gpu`; "
        head += "every part names its machine.\n\n"
        here = [name for name in scripts if name in parts]
        elsewhere = [name for name in parts if name.startswith("gpu ")]  # by benchmarks/gpu/run.py
        kept = [parts[name].strip() + "\n" for name in here + elsewhere]
        RESULTS.write_text(head + "\n".join(kept))


if __name__ == "__main__":
    main()
