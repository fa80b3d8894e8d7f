"""What Windows and macOS lack is taken away here: modules, calls, and UTF-8 as what files are read as."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
LACKING = ("fcntl", "grp", "pwd", "resource", "termios")
CALLS = ("fork", "getuid", "sched_getaffinity", "sysconf")

SESSION = f"""
import codecs, os, sys
sys.modules |= dict.fromkeys({LACKING})
for name in {CALLS}:
    delattr(os, name)
from diffsmooth_core.cli import main

def run(*words):
    try:
        main(list(words))
    except SystemExit as ended:
        assert not ended.code, (words, ended.code)

assert codecs.lookup(open(os.devnull).encoding).name == "ascii"
small = ("--n0", "5", "--n", "40", "--m", "2")
run("certify", "gallery:sailing-yacht", *small, "--out", "cert.json")
run("verify", "cert.json")
run("import-run", {str(ROOT / "assets" / "runs" / "diffsmooth.json.gz")!r}, "--out", "first")
run("report", "first", "--html", "first.html", "--no-pictures")
run("verify", "first.html")
run("audit", "--help")

os.chdir({str(ROOT)!r})  # where the page's configuration lies
from streamlit.testing.v1 import AppTest
page = AppTest.from_file("app.py", default_timeout=200).run()
assert not page.exception, page.exception
"""


def test_commands_and_the_page_work_without_what_is_posix_and_without_utf_8(tmp_path: Path) -> None:
    """A locale of ASCII stands for Windows' code pages, which have no sigma either."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "PYTHON", "DIFFSMOOTH"))}
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", SESSION]
    own = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = subprocess.run(
        command, cwd=tmp_path, env=kept | ascii_only | own, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    assert b"holds" in done.stdout
    report = (tmp_path / "first.html").read_bytes()
    assert b"\r\n" not in report, "or its hash would be another's"
    assert "σ" in report.decode("utf-8")


def texts(tree: ast.AST) -> Iterator[ast.Call]:
    """The calls that read or write a file as text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            modes = " ".join(ast.unparse(word) for word in (*node.args, *(k.value for k in node.keywords)))
            owner = getattr(called.value, "id", "") if isinstance(called, ast.Attribute) else ""
            opens = name == "open" and owner not in ("Image", "gzip") and "b'" not in modes
            if opens or name in ("read_text", "write_text"):
                yield node


def test_every_text_file_is_utf_8_whatever_the_system_takes_it_for() -> None:
    """Python 3.14 and before read files as the system's code page."""
    files = [
        p for folder in ("diffsmooth_core", "ui", "pages", "deploy") for p in (ROOT / folder).rglob("*.py")
    ]
    found = [(path, call) for path in files for call in texts(ast.parse(path.read_text("utf-8")))]
    named = [
        any(k.arg == "encoding" for k in call.keywords) or "utf-8" in ast.unparse(call) for _, call in found
    ]
    assert len(found) > 40
    assert [f"{p.name}:{call.lineno}" for (p, call), said in zip(found, named, strict=True) if not said] == []
