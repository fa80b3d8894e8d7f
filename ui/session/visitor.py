"""Who visits: a browser, known by Streamlit's own cookie, and whether its person is the operator.

Session-state key: `visitor`.
"""

from __future__ import annotations

import secrets
from hashlib import sha256

import streamlit as st
from streamlit.web.server.starlette.starlette_app_utils import decode_xsrf_token_string

from ui.session.limits import limit

COOKIE = "_streamlit_xsrf"  # holds a random token of the browser, under a mask that changes
_operators: set[str] = set()  # visitors who gave the operator's word


def visitor() -> str:
    """Whose browser this is: a name for the queue and for who may stop a run, not for a person.

    All pages of a browser have the same, also after a reload. Without cookies every opening of a page has one
    of its own.
    """
    if "visitor" not in st.session_state:
        token, _ = decode_xsrf_token_string(st.context.cookies.get(COOKIE) or "")
        name = sha256(token).hexdigest()[:16] if token else secrets.token_urlsafe(12)
        st.session_state["visitor"] = name
    return str(st.session_state["visitor"])


def is_operator() -> bool:
    """Whether this browser was opened with the operator's word."""
    return visitor() in _operators


def recognise_operator() -> None:
    """Take the operator's word from the address, if it is there."""
    given, word = st.query_params.get("operator"), limit("runs", "operator")
    if given is None:
        return
    del st.query_params["operator"]
    if word and secrets.compare_digest(given.encode(), word.encode()):
        _operators.add(visitor())
