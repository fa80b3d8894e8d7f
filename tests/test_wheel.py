"""What a wheel brings, and that it works where it is installed, from any folder."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest

from diffsmooth_core.version import __version__
from diffsmooth_core.zoo.cards import bundled
from tests.commands import run

ROOT = Path(__file__).parent.parent


@pytest.fixture
def elsewhere(tmp_path: Path) -> dict[str, str]:
    """An environment whose home is an empty folder."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DIFFSMOOTH_", "PYTHON", "XDG_"))}
    return kept | {"HOME": str(tmp_path)}


def test_the_wheel_brings_what_the_app_needs_and_no_more(wheel: Path) -> None:
    entries = ZipFile(wheel).infolist()
    names = {entry.filename for entry in entries}
    assert wheel.name == f"diffsmooth-{__version__}-py3-none-any.whl"
    assert {name.split("/")[0] for name in names} == {
        "diffsmooth_core",
        "diffsmooth_app",
        f"diffsmooth-{__version__}.dist-info",
    }
    assert "diffsmooth_core/py.typed" in names
    app = {name.removeprefix("diffsmooth_app/") for name in names if name.startswith("diffsmooth_app/")}
    styles = {"assets/style.css", "assets/presenting.css"}
    assert {".streamlit/config.toml", "app.py", "limits.toml"} | styles <= app
    assert {f"assets/models/{card.file}" for card in bundled().values() if card.file} <= app
    sources = [
        str(path.relative_to(ROOT))
        for folder in ("pages", "ui")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".js", ".css")
    ]
    assert set(sources) <= app
    assert not [name for name in app if name.startswith("assets") and name.endswith(".py")]
    assert sum(entry.file_size for entry in entries) < 60_000_000


def test_a_certificate_is_made_and_verified(
    installed: Path, elsewhere: dict[str, str], tmp_path: Path
) -> None:
    def call(program: str, *words: str) -> str:
        command = [str(installed / program), *words]
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, env=elsewhere, check=True
        )
        return done.stdout

    assert call("diffsmooth", "--version") == f"diffsmooth {__version__}\n"
    small = ("--n", "100", "--n0", "10", "--m", "1", "--out", "cert.json")
    call("diffsmooth", "certify", "photo:cat", *small)
    certificate = json.loads((tmp_path / "cert.json").read_text())
    assert sum(certificate["counts"]) == 100
    assert certificate["versions"]["diffsmooth"] == __version__
    assert "holds" in call("diffsmooth", "verify", "cert.json")
    listed = json.loads(call("python", "-m", "diffsmooth_core", "models", "list", "--json"))
    assert {card["name"] for card in listed} == set(bundled())
    used = call("python", "-c", "import diffsmooth_core; print(diffsmooth_core.__file__)")
    assert used.startswith(str(installed.parent)), "the checkout's files were used"


def test_without_streamlit_the_page_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("diffsmooth_core.cli.app.find_spec", lambda name: None)
    assert run("app") == 2
    assert "pip install 'diffsmooth[app]'" in capsys.readouterr().err
