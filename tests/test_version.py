"""One version, wherever it is written."""

from __future__ import annotations

import re
from pathlib import Path

import diffsmooth_core
from diffsmooth_core.certification.stream import versions
from diffsmooth_core.version import __version__

ROOT = Path(__file__).parent.parent


def test_the_version_is_recorded_and_exported() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)
    assert versions()["diffsmooth"] == diffsmooth_core.__version__ == __version__


def test_citation_and_changelog_speak_of_this_version() -> None:
    cited = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(), re.M)
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert cited
    assert newest
    assert cited[1] == newest[1] == __version__
