"""Put the folder of a Space on Hugging Face together: `python deploy/space/assemble.py FOLDER`.

It gets the files that a wheel gets, as far as they are tracked, and what a Space has beside them: its README
with the settings in its head, its limits, and the Dockerfile of this project with the lines of
`Dockerfile.space` at its end. Nothing is uploaded.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path("deploy", "space")
BESIDE = ("LICENSE", "requirements.txt", ".dockerignore", str(HERE / "limits.toml"))


def needed() -> list[str]:
    """The tracked files that the app needs, by their paths in the checkout."""
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    wheel = wheel["targets"]["wheel"]
    wanted = [*wheel["only-include"], *wheel["force-include"], *BESIDE]
    command = ["git", "ls-files", "-z", "--", *wanted]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True)
    names = [name for name in listed.stdout.split("\0") if name]
    return [name for name in names if not (name.startswith("assets/") and name.endswith(".py"))]


def assemble(folder: Path) -> None:
    """Fill `folder`, which is new or empty."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise SystemExit(f"{folder} is not empty; name a new folder")
    for name in needed():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    shutil.copyfile(ROOT / HERE / "README.md", folder / "README.md")
    parts = (ROOT / "Dockerfile", ROOT / HERE / "Dockerfile.space")
    text = "".join(part.read_text(encoding="utf-8") for part in parts)
    (folder / "Dockerfile").write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python deploy/space/assemble.py FOLDER")
    assemble(Path(sys.argv[1]))
