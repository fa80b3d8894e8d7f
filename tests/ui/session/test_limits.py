"""What the operator allows binds every visitor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from diffsmooth_core import InputError
from tests.ui.conftest import APP
from ui import server
from ui.session import limits

ASK = """
import json
from streamlit.testing.v1 import AppTest
page = AppTest.from_file("app.py", default_timeout=200)
page.query_params["n"] = "5000"
page.query_params["classifier"] = "gaussian-0.50"
page.run()
assert not page.exception, page.exception
found = {name: page.session_state[name] for name in ("n", "classifier")}
said = [c.value.replace("\\\\", "") for c in page.caption]
options = next(box.options for box in page.selectbox if box.key == "classifier")
page.switch_page("pages/models.py").run()
print(json.dumps({"n": found["n"], "classifier": found["classifier"], "said": said, "options": options,
                  "forms": [e.label for e in page.expander]}))
"""


def test_a_limit_binds_the_page_and_the_address(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        '[runs]\nn = 500\n[models]\nclassifiers = ["gaussian-0.25", "standard"]\nmay_change = false\n'
    )
    named = {"DIFFSMOOTH_LIMITS": str(tmp_path / "mine.toml"), "PYTHONPATH": str(APP.parent)}
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        env=os.environ | named,
        cwd=APP.parent,
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["n"] == 500
    assert found["classifier"] == "gaussian-0.25"
    assert len(found["options"]) == 2
    assert any("n = '5000' in the address is not a whole number from 10 to 500" in c for c in found["said"])
    assert any("classifier = 'gaussian-0.50' in the address is unknown" in c for c in found["said"])
    assert found["forms"] == [], "nothing to add a network with"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[runs]\nvotes = 3\n", "mine.toml, line 2 has an unknown limit runs.votes"),
        ('[runs]\nn = "many"\n', "runs.n = 'many', in limits.toml it is 1000000"),
        ("[runs]\nn = -1\n", "runs.n = -1"),
        ("[uploads]\nmegabytes = 3\n[runs]\n# votes\nm = 0.5\n", "line 5: runs.m = 0.5"),
        ("runs = 3\n", "line 1 has no section"),
        ("[models]\nclassifiers = [3]\n", "line 2: models.classifiers"),
        ("[runs]\nn =\n", "line 2"),
        ("[runs", "cannot be read"),
        ('[pages]\nframes = "https://a.example"\n', "line 2: pages.frames = 'https://a.example'"),
    ],
)
def test_a_wrong_file_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, sentence: str
) -> None:
    (tmp_path / "mine.toml").write_text(text)
    monkeypatch.setenv("DIFFSMOOTH_LIMITS", str(tmp_path / "mine.toml"))
    with pytest.raises(InputError, match=sentence):
        limits._limits.__wrapped__()


def test_with_a_wrong_file_the_server_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def leave(status: int) -> None:
        raise SystemExit(status)

    (tmp_path / "mine.toml").write_text("[runs]\nvotes = 3\n")
    monkeypatch.setenv("DIFFSMOOTH_LIMITS", str(tmp_path / "mine.toml"))
    monkeypatch.setattr(server.os, "_exit", leave)
    limits._limits.cache_clear()
    with pytest.raises(SystemExit) as ended:
        server.refuse_wrong_limits()
    limits._limits.cache_clear()
    assert ended.value.code == 2
    assert "line 2 has an unknown limit runs.votes" in capsys.readouterr().err


def test_without_a_file_nothing_is_hidden() -> None:
    page = AppTest.from_file(str(APP), default_timeout=200).run()
    page.switch_page("pages/models.py").run()
    assert [e.label for e in page.expander] == ["Add a network"]
