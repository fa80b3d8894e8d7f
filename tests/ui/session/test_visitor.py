"""A browser stays the same visitor, other browsers are others, and the operator has a word."""

from __future__ import annotations

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

from tests.ui.conftest import APP
from ui.jobs import cancelling
from ui.jobs.registry import Snapshot
from ui.session import limits, visitor


def arrives(monkeypatch: pytest.MonkeyPatch, cookie: str | None) -> str:
    """Who somebody is that opens a page anew with this cookie."""
    cookies = {} if cookie is None else {"_streamlit_xsrf": cookie}
    monkeypatch.setattr(type(st.context), "cookies", property(lambda _: cookies))
    st.session_state.pop("visitor", None)
    return visitor.visitor()


def test_a_browser_is_known_again_by_its_cookie(monkeypatch: pytest.MonkeyPatch) -> None:
    mine, yours = b"m" * 16, b"y" * 16
    first, again = (arrives(monkeypatch, generate_xsrf_token_string(mine)) for _ in range(2))
    assert first == again, "though the cookie's text is another after each visit"
    assert arrives(monkeypatch, generate_xsrf_token_string(yours)) != first
    assert mine.hex() not in first, "the name does not tell the cookie"


@pytest.mark.parametrize("cookie", [None, "", "2|x|y|z", "no cookie of ours"])
def test_without_a_cookie_every_opening_is_another_visitor(
    monkeypatch: pytest.MonkeyPatch, cookie: str | None
) -> None:
    names = {arrives(monkeypatch, cookie) for _ in range(5)}
    assert len(names) == 5
    assert min(map(len, names)) >= 16, "nobody guesses one"


def test_a_run_is_stopped_by_who_started_it_and_by_the_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitor, "_operators", set())
    owner = arrives(monkeypatch, generate_xsrf_token_string(b"o" * 16))
    job = Snapshot("a", "running", owner=owner)
    assert cancelling.may_cancel(job)
    other = arrives(monkeypatch, generate_xsrf_token_string(b"p" * 16))
    assert not cancelling.may_cancel(job)
    assert cancelling.may_cancel(Snapshot("b", "running")), "what nobody started is everybody's"
    visitor._operators.add(other)
    assert cancelling.may_cancel(job)


@pytest.mark.parametrize(
    ("word", "given", "operator"),
    [("tulip", "tulip", True), ("tulip", "rose", False), ("tulip", "", False), ("", "", False)],
)
def test_the_word_in_the_address_makes_the_operator_and_leaves_it(
    monkeypatch: pytest.MonkeyPatch, word: str, given: str, operator: bool
) -> None:
    monkeypatch.setitem(limits._limits()["runs"], "operator", word)
    monkeypatch.setattr(visitor, "_operators", set())
    page = AppTest.from_file(str(APP), default_timeout=200)
    page.query_params["operator"] = given
    page.run()
    assert not page.exception
    assert "operator" not in page.query_params
    assert bool(visitor._operators) == operator
