"""Letting go of a file: Streamlit's store no longer has it, and its uploader is empty."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def one_uploader() -> None:
    import streamlit as st
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    from ui import uploads

    file = uploads.uploader("File", "file")
    st.text(file.getvalue() if file else "nothing")
    st.button("Forget", on_click=uploads.forget, args=("file",))
    context = get_script_run_ctx()
    assert context is not None
    st.text(sum(map(len, context.uploaded_file_mgr.file_storage.values())))  # type: ignore[attr-defined]


def test_a_forgotten_file_is_nowhere_and_another_one_can_be_given() -> None:
    page = AppTest.from_function(one_uploader).run()
    for content in (b"first", b"second"):
        page.file_uploader[0].set_value(("a.txt", content, "text/plain")).run()
        assert [text.value for text in page.text] == [str(content), "1"]
        page.button[0].click().run()
        assert [text.value for text in page.text] == ["nothing", "0"]
    page.button[0].click().run()
    assert not page.exception, "there is nothing to forget"
