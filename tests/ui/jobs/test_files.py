"""Files that are read beside their page."""

from __future__ import annotations

import threading
import weakref
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from diffsmooth_core.config import InputError
from ui.jobs import files


class Content:
    """What a file holds; it takes as long to read as the test says."""

    def __init__(self, problem: str = "") -> None:
        self.go, self.problem = threading.Event(), problem

    def read(self) -> str:
        assert self.go.wait(100)
        if self.problem:
            raise InputError(self.problem)
        return "what it says"


CONTENT: list[Content] = []


def app() -> None:
    import streamlit as st

    from tests.ui.jobs.test_files import CONTENT
    from ui.jobs import files

    if st.button("Give"):
        then = st.session_state.setdefault
        files.read("here", "files", "a *log*", CONTENT.pop().read, lambda r: then("got", r), st.error)
    st.button("Other")
    files.show("here")
    st.markdown(st.session_state.get("got", "nothing yet"))


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr(files, "PATIENCE", 0.0)
    return AppTest.from_function(app, default_timeout=100).run()


def give(page: AppTest, content: Content) -> Any:
    CONTENT.append(content)
    page.button[0].click().run()
    return weakref.ref(content)


def test_the_page_answers_while_a_file_is_read(page: AppTest) -> None:
    content = Content()
    give(page, content)
    assert page.markdown[0].value == "nothing yet"
    page.button[1].click().run()
    (said,) = page.caption
    assert r"a \*log\* is being read" in said.value
    content.go.set()
    while page.run().markdown[0].value == "nothing yet":  # until the test's time is over
        pass
    assert page.markdown[0].value == "what it says"
    assert not page.caption
    assert not page.exception


def test_why_a_file_cannot_be_used_is_handed_on(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PATIENCE", 100.0)
    content = Content("it is no log")
    content.go.set()
    give(page, content)
    assert [error.value for error in page.error] == ["it is no log"]


def test_what_was_read_is_let_go_of(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PATIENCE", 100.0)
    content = Content()
    content.go.set()
    kept = give(page, content)
    del content
    assert page.run().markdown[0].value == "what it says"
    assert kept() is None
