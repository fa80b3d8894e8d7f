"""The documentation as a site: no warning, every public name, nothing asked of another machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import diffsmooth_core

ROOT = Path(__file__).parent.parent


def test_the_site_is_built_without_a_warning_and_asks_no_other_machine(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    env = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pages = {path.relative_to(tmp_path).as_posix(): path.read_text() for path in tmp_path.rglob("*.html")}
    assert {"index.html", "start.html", "api.html", "CERTIFICATE.html"} <= pages.keys()
    for name, page in pages.items():
        loaded = re.findall(r"<(?:script|img|link)[^>]+(?:src|href)=[\"']?(https?:[^\"' >]+)", page)
        assert not loaded, name
    assert 'id="diffsmooth_core.smoothed.SmoothedClassifier.certify"' in pages["api.html"]
    assert 'href="CERTIFICATE.html"' in pages["index.html"], "a link that leads out of docs/"


def test_every_public_name_is_described() -> None:
    described = re.findall(r"^::: \S+\.(\w+)$", (ROOT / "docs" / "api.md").read_text(), re.MULTILINE)
    assert sorted([*described, "__version__"]) == sorted(diffsmooth_core.__all__)
