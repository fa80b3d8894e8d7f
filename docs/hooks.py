"""What the site needs beside docs/: pages and pictures that lie elsewhere in the repository.

Pages link to one another where they lie in the repository, so that the links work there too. On the site
docs/ is the root: what else a page links to is added under its path, and links are turned accordingly.
"""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"(\]\()(?![a-z]+:|#)([^)\s#]+)")
ALWAYS = ("README.md", "CHANGELOG.md", "assets/icon.svg")


def place(path: Path) -> str:
    """Where a file of the repository is on the site. There a README beside index.md would be left out."""
    inside = path.relative_to(ROOT).as_posix()
    return "start.md" if inside == "README.md" else inside.removeprefix("docs/")


def linked(page: Path) -> set[Path]:
    """The files that a page links to."""
    targets = (
        Path(os.path.normpath(page.parent / link)) for _, link in LINK.findall(page.read_text("utf-8"))
    )
    return {target for target in targets if target.is_file()}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what any page links to, and what those pages link to."""
    waiting = {ROOT / name for name in ALWAYS} | {
        Path(file.abs_src_path) for file in files if file.abs_src_path
    }
    seen: set[Path] = set()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        if path.suffix == ".md":
            waiting |= linked(path) - seen
        if path.is_relative_to(ROOT) and files.get_file_from_path(place(path)) is None:
            files.append(File.generated(config, place(path), abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The page's links, from where they lead in the repository to where they lead on the site."""
    path = Path(page.file.abs_src_path)
    here = posixpath.dirname(page.file.src_uri)

    def turned(match: re.Match[str]) -> str:
        target = Path(os.path.normpath(path.parent / match[2]))
        if not target.is_file():
            return match[0]
        return match[1] + posixpath.relpath(place(target), here or ".")

    return LINK.sub(turned, markdown)
