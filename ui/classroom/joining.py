"""How a phone comes into a room: by the page's address and the room's code, or by a QR code of both."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlencode, urlsplit

import segno
import streamlit as st

from diffsmooth_core.markup import Markup, element

QUIET = 4  # modules of white around a QR code, as its standard asks
UNREACHABLE = (
    "Phones cannot open this address, which is this computer’s own: start the app with `streamlit run app.py "
    "--server.address 0.0.0.0 --server.allowedHosts NAME` and open `http://NAME:8501` here too, where NAME "
    "is this computer’s name or number in the network."
)


def address() -> str:
    """The page's address in this browser, without parameters."""
    return (st.context.url or "").partition("?")[0].rstrip("/")


def link(code: str) -> str:
    """The address that leads into the room."""
    return f"{address()}?{urlencode({'room': code})}"


def only_here(url: str) -> bool:
    """Whether an address leads to the machine itself, whoever opens it; that of no machine, 0.0.0.0, does."""
    host = urlsplit(url).hostname or ""
    try:
        number = ip_address(host)
        return number.is_loopback or number.is_unspecified
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def qr(text: str) -> Markup:
    """A QR code: dark modules on white whatever the theme, with its quiet zone."""
    drawn = segno.make(text, error="m", micro=False).svg_data_uri(border=QUIET, light="#fff", omitsize=True)
    return element("img", src=drawn, alt=f"QR code of {text}", class_="room-qr")


def typed(code: str) -> Markup:
    """The address and the code, for whoever types them."""
    return element(
        "div",
        element("p", "Scan, or open"),
        element("p", address(), class_="room-address"),
        element("p", "and type"),
        element("p", code, class_="room-code"),
        class_="room-typed",
    )
