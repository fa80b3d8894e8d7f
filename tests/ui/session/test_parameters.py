"""The address of a page without settings: what is shown is in it, and what is in it is shown."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.ui.conftest import address


def draw() -> None:
    import streamlit as st

    from ui.session import notices, parameters

    st.session_state["present"] = False
    parameters.begin()
    notices.show_on("here")
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


def test_what_an_address_asks_in_vain_is_said_once_and_at_once() -> None:
    page = AppTest.from_function(draw)
    page.query_params["size"], page.query_params["colour"] = "<b>9</b>" + 10_000 * "9", "red"
    for _ in range(2):  # the second run may come before the browser's address is completed
        page.run()
        assert chosen(page) == [2, "red"]
        (said,) = page.caption
        assert said.value.startswith(":material/info: size \\= \\'\\<b\\>9\\<\\/b\\>9999")
        assert said.value.endswith("in the address is unknown\\; 2 is used instead")
        assert len(said.value) < 200
    page.query_params["size"] = "2"
    assert page.run().caption, "until it is dismissed"
    page.button[0].click().run()
    assert not page.caption


def draw_fewer() -> None:
    import streamlit as st

    from ui.session import notices, parameters

    st.session_state["present"] = False
    parameters.begin()
    notices.show_on("here")
    sizes = st.session_state.get("sizes", [1, 2])
    st.selectbox("Size", sizes, **parameters.bind("size", sizes))
    parameters.tell()


def test_what_the_page_itself_had_shown_is_not_called_unknown() -> None:
    page = AppTest.from_function(draw_fewer)
    page.query_params["size"] = "2"
    assert chosen(page.run()) == [2]
    page.session_state["sizes"] = [1, 3]  # as after the choice of another data set
    assert chosen(page.run()) == [1]
    assert not page.caption


def test_a_page_that_broke_off_before_its_notices_still_ends() -> None:
    def draw_nothing() -> None:
        import streamlit as st

        from ui.session import notices, parameters

        st.session_state["present"] = False
        parameters.begin()
        notices.notify("said by a press")
        parameters.tell()

    page = AppTest.from_function(draw_nothing).run()
    assert not page.exception
    assert not page.caption
