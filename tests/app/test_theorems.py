"""The Theorems page: what it says of a picture, and of the worlds where the printed theorems fail."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from ui import theorems_controls, theorems_runs
from ui.theorems_controls import EXACT

Visit = Callable[..., AppTest]


@pytest.fixture
def theorems(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page in the exact world, where nothing slow happens; sampling for a picture takes few paths."""
    monkeypatch.setattr(theorems_runs, "SIGMAS", (0.25, 0.5))
    monkeypatch.setattr(theorems_runs, "ERRORS", (0.0, 0.5))
    monkeypatch.setattr(theorems_runs, "BATCH", 4)
    page = visit()
    page.session_state["theorems-where"] = EXACT
    page.switch_page("pages/theorems.py").run()
    assert not page.exception
    return page


def said(page: AppTest) -> str:
    return " ".join(e.value for e in (*page.markdown, *page.caption, *page.error))


def test_both_theorems_have_their_numbers(theorems: AppTest) -> None:
    labels = [metric.label for metric in theorems.metric]
    assert labels[:2] == ["Samples' distance", "Bound, pathwise"]
    assert "Printed bound" in labels
    assert "256** samples are inside" in said(theorems)
    assert not theorems.error
    pixel = float(theorems.metric[0].value)
    theorems.session_state["theorems-unit"] = "[−1,1]"
    theorems.run()
    assert float(theorems.metric[0].value) == pytest.approx(2 * pixel, rel=1e-2)


@pytest.mark.parametrize(
    ("world", "sigma", "error", "words"),
    [("far", 1.0, 0.0, "256 of 256 samples lie beyond"), ("narrow", 0.5, 0.1, "the distance is")],
)
def test_a_violated_bound_is_said(
    theorems: AppTest, world: str, sigma: float, error: float, words: str
) -> None:
    for name, value in (("world", world), ("sigma", sigma), ("error", error)):
        theorems.session_state[f"theorems-{name}"] = value
    theorems.run()
    assert not theorems.exception
    assert [words in e.value for e in theorems.error] == [True]


def test_a_picture_is_sampled_and_a_stop_keeps_what_there_is(theorems: AppTest) -> None:
    theorems.session_state["theorems-where"] = theorems_controls.PICTURE
    theorems.session_state["theorems-steps"] = 8
    theorems.run()
    assert not theorems.exception
    assert "16 of 16** samples" in said(theorems)
    assert "Does purification help?" in [s.value for s in theorems.subheader]
    theorems.button(key="theorems-costs").click().run()
    assert not theorems.exception
    rows = theorems.table[-1].value
    assert list(rows["error of ε"]) == ["0", "0.5"]
    assert rows["most votes"].str.contains(" of 100, ").all()
    setting = theorems_controls.Setting(steps=8)
    theorems.session_state["theorems-samples"] = 64
    theorems.session_state["theorems-stopped"] = setting
    theorems.run()
    assert "Stopped after 16 of 64 samples." in said(theorems)
    assert theorems.metric[0].value
