"""`streamlit run app.py`: the server imports this file once to set up, then runs it for every visit."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from ui import doors, presenting, server
from ui.components import decimals, theme
from ui.navigation import pages
from ui.session import visitor

ASSETS = Path(__file__).parent / "assets"

if __name__ == "__main__":
    icon = str(ASSETS / "icon.svg")
    st.set_page_config(page_icon=icon, layout="wide")  # first: a page without it has an icon from elsewhere
    page = st.navigation(pages())
    st.set_page_config(page_title=f"{page.title} · DiffSmooth")
    st.logo(str(ASSETS / "logo.svg"), size="large", icon_image=icon)
    decimals.read_commas()
    theme.follow()
    visitor.recognise_operator()
    presenting.begin_where_asked()
    st.html(presenting.styled(ASSETS))
    server.load(page.url_path)
    page.run()
    server.drawn.set()
else:
    server.refuse_wrong_limits()
    server.run_every_page_through_navigation()
    app = st.App(__file__, lifespan=server.lifespan, middleware=[Middleware(doors.Doors)])
