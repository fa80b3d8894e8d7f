"""One picture of a run: its votes in words, and the class whose voters are shown."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from diffsmooth_core.runs.results import Result
from diffsmooth_core.runs.store import Store
from tests.ui.runs.conftest import Open, audited, keep
from ui.runs import controls


@pytest.mark.parametrize(
    ("low", "high", "said"), [(90, 90, "90 of 100 votes · lower"), (88, 91, "88 to 91 of 100 votes · lower")]
)
def test_the_votes_of_a_log_are_said_as_far_as_they_are_known(
    store: Store, open_page: Open, low: int, high: int, said: str
) -> None:
    keep(store, "log", [Result(0, 3, 3, 0.5, 0.8, 100, low, high)])
    page = open_page(image="0")
    assert any(m.value.replace("\\", "").startswith(f"{said} bound 0.8000") for m in page.markdown)


def test_names_of_classes_are_text_beside_their_voters_too(
    store: Store, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    audited(store)
    monkeypatch.setattr(controls, "class_names", lambda _: tuple(f":red[{k}]" for k in range(10)))
    (voters,) = open_page(image="1").pills
    assert voters.options
    assert all(option.startswith("\\:red\\[") for option in voters.options)


def press_bars() -> None:
    from types import SimpleNamespace

    import streamlit as st

    from ui.runs import charts, detail

    for classes in ([4], [charts.OTHERS], []):
        points = [{"customdata": label} for label in classes]
        st.session_state["voters-bars"] = SimpleNamespace(selection=SimpleNamespace(points=points))
        detail._clicked("voters")
        st.text(str(st.session_state["voters"]))


def test_a_bar_shows_the_voters_of_its_class_and_that_of_all_others_nobodys() -> None:
    page = AppTest.from_function(press_bars).run()
    assert not page.exception
    assert [text.value for text in page.text] == ["4", "4", "4"]
