"""The address of a page without settings: what is shown is in it, and what is in it is shown."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.ui.conftest import address


def draw() -> None:
    import streamlit as st

    from ui.session import parameters

    st.session_state["present"] = False
    parameters.begin()
    size = st.selectbox("Size", [1, 2, 3], **parameters.bind("size", [1, 2, 3], 2))
    st.selectbox("Colour", ["red", "blue"], **parameters.bind("colour", ["red", "blue"]))
    parameters.show("odd", "yes" if size % 2 else None)
    parameters.tell()


def chosen(page: AppTest) -> list[object]:
    assert not page.exception
    return [box.value for box in page.selectbox]


def test_what_is_shown_unasked_is_in_the_address_too() -> None:
    page = AppTest.from_function(draw).run()
    assert chosen(page) == [2, "red"]
    assert address(page) == {"size": "2", "colour": "red"}
    assert not page.query_params, "it is completed in place: Back leaves the page"


def test_a_link_is_shown_a_choice_follows_and_back_takes_it_back() -> None:
    page = AppTest.from_function(draw)
    page.query_params["size"], page.query_params["colour"] = "3", "green"
    page.run()
    assert chosen(page) == [3, "red"], "there is no green"
    assert address(page) == {"size": "3", "colour": "red", "odd": "yes"}
    page.selectbox[0].set_value(2).run()
    assert chosen(page) == [2, "red"]
    assert page.query_params["size"] == "2", "an entry of its own"
    assert address(page) == {"size": "2", "colour": "red"}
    page.query_params["size"] = "3"
    page.run()
    assert chosen(page) == [3, "red"]
