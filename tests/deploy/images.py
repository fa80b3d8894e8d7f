"""A Dockerfile carried out without an engine, as far as files, settings and commands go."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from tests.browser.serving import serve


@dataclass(frozen=True)
class Image:
    """A Dockerfile's instructions in order, each with its arguments. Of several CMD the last one counts."""

    steps: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, file: Path) -> Image:
        code = "\n".join(line for line in file.read_text().splitlines() if not line.startswith("#"))
        lines = [line for line in code.replace("\\\n", " ").splitlines() if line.strip()]
        return cls(tuple((line.split()[0], line.partition(" ")[2].strip()) for line in lines))

    def all(self, instruction: str) -> list[str]:
        return [arguments for name, arguments in self.steps if name == instruction]

    def last(self, instruction: str) -> str:
        return self.all(instruction)[-1]

    @property
    def health_check(self) -> list[str]:
        """The command that asks whether the server is well."""
        return list(json.loads(self.last("HEALTHCHECK").partition("CMD ")[2]))

    @property
    def command(self) -> list[str]:
        """What starts the server; options may follow."""
        line = self.last("CMD")
        return list(json.loads(line)) if line.startswith("[") else ["sh", "-c", f'{line} "$@"', "sh"]

    def copy(self, context: Path, app: Path) -> None:
        """Carry out every COPY, of a folder without what its .dockerignore names; `app` stands for /app."""
        patterns = (context / ".dockerignore").read_text().split()

        def ignored(folder: str, names: list[str]) -> list[str]:
            paths = {name: (Path(folder) / name).relative_to(context).as_posix() for name in names}
            return [n for n, path in paths.items() if any(_matches(path, each) for each in patterns)]

        for arguments in self.all("COPY"):
            source, target = arguments.split()
            assert target == ".", "everything goes to /app"
            if source == ".":
                shutil.copytree(context, app, ignore=ignored, dirs_exist_ok=True)
            else:
                shutil.copy(context / source, app)

    def environment(self, app: Path, data: Path) -> dict[str, str]:
        """What ENV sets, with folders that stand for /app and /data."""
        pairs = dict(pair.split("=", 1) for line in self.all("ENV") for pair in line.split())
        moved = {k: v.replace("/app", str(app)).replace("///data", f"//{data}") for k, v in pairs.items()}
        return {k: v.replace("/data", str(data), 1) if v.startswith("/data") else v for k, v in moved.items()}


def _matches(path: str, pattern: str) -> bool:
    """Whether a line of a .dockerignore names this path; `**/` is any number of folders."""
    return fnmatch(path, pattern) or (pattern.startswith("**/") and fnmatch(f"/{path}", f"*/{pattern[3:]}"))


@contextmanager
def running(image: Image, app: Path, home: Path, given: Sequence[str] = ()) -> Iterator[str]:
    """The address of the server that the image starts in `app`, with what the machine around it sets."""
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    settings = [f"{name}={value}" for name, value in image.environment(app, home / "data").items()]
    (home / "data").mkdir(parents=True)
    command = ("env", f"PATH={programs}", *settings, *given, *image.command, "--server.port")
    with serve(home, home / "log.txt", command, app) as url:
        yield url
