"""Models: which networks there are, where they come from, how good they are."""

from __future__ import annotations

import streamlit as st

from ui import page
from ui.models import adding, view
from ui.session import parameters

page.header("models")
st.markdown(
    "Every network that can be chosen on the other pages. Those with a ★ are used where none is chosen. "
    "Choose a row to see where a network comes from and what was measured of it."
)
view.show()
view.from_plugins()
adding.form()
parameters.tell()
