"""Files that came from a browser, and forgetting them once they were read.

Streamlit keeps every file until the visitor takes it back or their session ends. It has no documented way to
let go of one earlier, so this asks its own store of files, as its chat input does.

Session-state keys: `forgotten-KEY`, how many files the uploader with this key has had forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ui.session.limits import limit


class Upload(Protocol):
    """What `st.file_uploader` gives, as far as it is used."""

    name: str
    file_id: str

    def getvalue(self) -> bytes:
        """The whole content."""


def uploader(
    label: str,
    key: str,
    kinds: Sequence[str] | None = None,
    help: str | None = None,
    on_change: Callable[[], None] | None = None,
) -> Upload | None:
    """A place for a file whose name ends as one of `kinds`, as large as the operator allows; the file, if one
    is there."""
    return st.file_uploader(
        label,
        type=kinds,
        key=_current(key),
        help=help,
        on_change=on_change,
        max_upload_size=limit("uploads", "megabytes"),
    )


def given(key: str) -> Upload | None:
    """The file that lies in an uploader."""
    file: Upload | None = st.session_state.get(_current(key))
    return file


def forget(key: str) -> None:
    """Let go of the file that lies in an uploader, which is empty when it is drawn next."""
    file, context = given(key), get_script_run_ctx()
    if file is None or context is None:
        return
    st.session_state[f"forgotten-{key}"] = st.session_state.get(f"forgotten-{key}", 0) + 1
    if isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)


def _current(key: str) -> str:
    """The key that Streamlit knows an uploader by: another one after each file that was forgotten, so that it
    is empty again."""
    times = st.session_state.get(f"forgotten-{key}", 0)
    return f"{key}-{times}" if times else key
