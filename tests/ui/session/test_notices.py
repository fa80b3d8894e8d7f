"""What a person must read stays until it is dismissed or the page is left."""

from __future__ import annotations

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

Visit = Callable[..., AppTest]
SENTENCE = "sigma = 'x' in the address is not a number from 0.01 to 2; 0.5 is used instead"


def said(page: AppTest) -> list[str]:
    return [c.value.replace("\\", "") for c in page.caption if c.value.startswith(":material/info:")]


def test_a_sentence_stays_over_later_runs_of_the_page_until_it_is_dismissed(visit: Visit) -> None:
    page = visit(sigma="x")
    for _ in range(3):
        assert said(page) == [f":material/info: {SENTENCE}"]
        page.run()
    page.button(key=f"dismiss--{SENTENCE}").click().run()
    assert said(page) == []
    page.run()
    assert said(page) == []


def test_a_page_that_is_left_takes_its_sentences_along(visit: Visit) -> None:
    page = visit(sigma="x")
    page.query_params.clear()
    page.switch_page("pages/lessons.py").run()
    page.query_params.clear()
    page.switch_page("pages/certify.py").run()
    assert said(page) == []


def late() -> None:
    """A page that says something once its top is drawn."""
    import streamlit as st

    from ui.session import notices

    notices.show_on(st.session_state["at"])
    if st.session_state.pop("says", False):
        notices.notify("said late")
    notices.show_rest()


def test_what_is_said_late_is_said_on_its_own_page_alone() -> None:
    page = AppTest.from_function(late)
    page.session_state["at"], page.session_state["says"] = "here", True
    assert [caption.value for caption in page.run().caption] == [":material/info: said late"]
    page.session_state["at"] = "there"
    assert not page.run().caption


def form(outcome: str) -> None:
    """A page with a form that can be refused, and something that cannot."""
    import streamlit as st

    from diffsmooth_core import InputError
    from ui.session import notices

    def act() -> None:
        if outcome != "done":
            raise InputError(outcome)

    if st.button("Try"):
        notices.attempt(act, form="form")
        st.rerun()
    if st.button("Another form"):
        notices.attempt(act, form="other")
        st.rerun()
    notices.show_on("here")
    notices.show_with("form")


def test_a_refusal_is_said_with_its_form_until_that_is_tried_again() -> None:
    page = AppTest.from_function(form, kwargs={"outcome": "the *queue* is full"}).run()
    page.button[0].click().run()
    page.run()
    assert [error.value for error in page.error] == [r"the \*queue\* is full"]
    page.button[1].click().run()
    assert len(page.error) == 1, "another form's refusal is said elsewhere"
    accepted = AppTest.from_function(form, kwargs={"outcome": "done"})
    accepted.session_state["notices"] = page.session_state["notices"]
    accepted.run()
    accepted.button[0].click().run()
    assert not accepted.error


def test_only_the_latest_sentences_are_said_and_each_once() -> None:
    def script() -> None:
        import streamlit as st

        from ui.session import notices

        for k in range(20):
            notices.notify(f"sentence {k}")
        notices.notify("sentence 15")
        st.text(" ".join(notice.sentence[9:] for notice in notices.current()))

    page = AppTest.from_function(script).run()
    assert page.text[0].value == "14 16 17 18 19 15"


def test_what_is_no_bad_input_is_raised() -> None:
    def script() -> None:
        from ui.session import notices

        notices.attempt(int, "no number")

    page = AppTest.from_function(script).run()
    assert page.exception, "a fault of ours is not said as if it were the visitor's"
