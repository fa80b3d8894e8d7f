"""The settings that are compared, as one text in the address."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from ui.compare import controls


def settings_of(text: str) -> AppTest:
    """The settings that a page makes of this text, and what the page says of it."""

    def script(text: str) -> None:
        import streamlit as st

        from ui.compare import controls
        from ui.session import notices, url

        url.read(controls.SETTINGS)
        st.session_state["settings"] = text
        st.session_state["found"] = controls.chosen()
        st.session_state["said"] = [notice.sentence for notice in notices.current()]

    page = AppTest.from_function(script, kwargs={"text": text}, default_timeout=60).run()
    assert not page.exception
    return page


def test_a_first_visit_starts_with_one_method_of_each_kind() -> None:
    page = settings_of("")
    assert [one["method"] for one in page.session_state["found"]] == list(controls.START)
    assert set(page.session_state["found"][0]) == set(controls.FIELDS)


def test_each_setting_of_the_text_has_its_values_in_their_kinds() -> None:
    page = settings_of("plain,standard,0.5,0.25,5,1000;dds,gaussian-0.25,1.0,0.0,1,200")
    first, second = page.session_state["found"]
    assert first == {
        "method": "plain",
        "classifier": "standard",
        "sigma": 0.5,
        "sigma_local": 0.25,
        "m": 5,
        "n": 1000,
    }
    assert (second["method"], second["sigma"], second["n"]) == ("dds", 1.0, 200)
    assert not page.session_state["said"]


def test_more_settings_than_there_are_letters_are_left_out() -> None:
    page = settings_of(";".join(["plain,standard,0.5,0.25,5,1000"] * 9))
    assert len(page.session_state["found"]) == len(controls.LETTERS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("plain,standard,0.5", "is not method, classifier, sigma, sigma_local, m, n"),
        ("plain,standard,wide,0.25,5,1000", "sigma = 'wide' in the address is not a number"),
        ("magic,standard,0.5,0.25,5,1000", "method = 'magic' in the address"),
    ],
)
def test_a_text_that_is_no_settings_is_said_and_left_out(text: str, words: str) -> None:
    page = settings_of(text)
    (said,) = page.session_state["said"]
    assert words in said
    assert [one["method"] for one in page.session_state["found"]] == list(controls.START)
    assert page.session_state["settings"] == ""
