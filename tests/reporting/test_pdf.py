"""A report as a PDF: printed by the browser that is here, or refused in a sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from diffsmooth_core.exchange import bundles
from diffsmooth_core.paths import ASSETS
from diffsmooth_core.reporting.pdf import find_browser, printed
from diffsmooth_core.runs.store import Store
from tests.commands import run

A4 = (595, 842)  # points


def test_a_report_is_printed_on_a4(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if find_browser() is None:
        pytest.skip("no Chromium on the PATH; install it or set CHROMIUM")
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    bundles.unpack(Store(url), (ASSETS / "runs" / "diffsmooth.json.gz").read_bytes())
    html, pdf = tmp_path / "report.html", tmp_path / "report.PDF"
    assert run("report", "diffsmooth", "--html", str(html), "--pdf", str(pdf), "--store", url) == 0
    assert capsys.readouterr().out.count("200 results") == 2
    data = pdf.read_bytes()
    assert data.startswith(b"%PDF-")
    pages = re.findall(rb"/MediaBox ?\[0 0 ([0-9.]+) ([0-9.]+)\]", data)
    assert len(pages) > 10, "two hundred pictures have a row each"
    assert all((float(width), float(height)) == pytest.approx(A4, abs=2) for width, height in pages)
    assert run("verify", str(html)) == 0, "the page beside it is still the one to verify"


def test_without_a_browser_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from diffsmooth_core.config import InputError

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    with pytest.raises(InputError, match="no Chromium is found .*; install one, set CHROMIUM"):
        printed("<p>")
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(InputError, match="chromium printed no PDF .*; set CHROMIUM to another browser"):
        printed("<p>")
