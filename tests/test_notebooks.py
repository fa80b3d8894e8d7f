"""The notebooks run from their first cell to their last, and show what they say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from diffsmooth_core import SmoothedClassifier
from diffsmooth_core.certification import notebook
from diffsmooth_core.config import SmoothingConfig
from diffsmooth_core.experiments.compare import Comparison, Entry
from diffsmooth_core.runs.records import Run
from docs.notebooks.execute import NOTEBOOKS, executed
from tests.worlds import GREY


def shown(document: dict[str, Any]) -> list[dict[str, str]]:
    """What each code cell shows, as text by kind."""
    outputs = [cell["outputs"] for cell in document["cells"] if cell["cell_type"] == "code"]
    data = [each[0]["data"] if each else {} for each in outputs]
    return [{kind: "".join(lines) for kind, lines in each.items()} for each in data]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_shows_what_is_kept_with_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers that no last bit of a network changes are the same; seconds are left out."""
    monkeypatch.setenv("DIFFSMOOTH_DATA", "")
    kept, again = shown(json.loads(path.read_text())), shown(executed(path))
    assert [set(one) for one in again] == [set(one) for one in kept]
    assert sum(map(bool, again)) >= 3
    if path.stem != "a-model-of-your-own":
        assert [one.get("text/plain") for one in again] == [one.get("text/plain") for one in kept]
    assert path.stat().st_size < 60_000


def test_theorems_fail_as_printed_and_hold_as_corrected() -> None:
    (path,) = (path for path in NOTEBOOKS if path.stem == "the-theorems")
    said = [eval(one["text/plain"]) for one in shown(json.loads(path.read_text())) if one]
    assert said[1]["printed"][0] < 0.9 * said[1]["printed"][1] < said[1]["corrected"][0]
    assert said[2]["printed"] < said[2]["distance"] <= said[2]["corrected"]


def test_a_certificate_shows_its_answer_its_votes_and_its_bound() -> None:
    settings = {"classes": 3, "sigma": 0.5, "n0": 5, "n": 50, "name": "<b>"}
    smoothed = SmoothedClassifier.around(lambda x: np.array([0] * len(x)), **settings)  # type: ignore[arg-type]
    *_, last = smoothed.certify_stream(GREY)
    html = last._repr_html_()
    certificate = last.certificate
    assert certificate is not None
    assert html.count("data:image/png;base64,") == 2, "the picture and its noisy copy"
    assert f"certified L2 radius {np.floor(certificate.radius * 1e4) / 1e4:.4f}" in html
    assert notebook.of_certificate(certificate) in html
    assert f'x2="{300 * 0.001 ** (1 / 50):.1f}"' in html, "the bound of 50 votes that agree, in pixels"
    assert "<b>" not in html.replace("<b>Class 0</b>", ""), "no name is markup"


def test_a_run_and_a_comparison_are_tables() -> None:
    config = SmoothingConfig(method="plain", n=100, classifier="<i>")
    run = Run(1, "<b>", "audit", "cifar10", config.as_dict(), (0, 5), {}, "")
    html = run._repr_html_()
    assert "&lt;b&gt;" in html
    assert "2 test pictures of cifar10" in html
    rows = re.findall("<tr>", Comparison((Entry(config), Entry(config)))._repr_html_())
    assert len(rows) == 3
