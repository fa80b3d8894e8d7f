"""The pages of the app, in the order in which the navigation lists them, and what each is called."""

from __future__ import annotations

from typing import Literal

import streamlit as st

SECTIONS = {  # section -> page -> its title and Material icon
    "Watch": {
        "certify": ("Certify", "verified_user"),
        "step": ("Step through", "steps"),
        "compare": ("Compare", "compare_arrows"),
    },
    "Understand": {
        "theorems": ("Theorems", "function"),
        "attack": ("Try to break it", "swords"),
        "lessons": ("Lessons", "school"),
        "classroom": ("A class together", "groups"),
    },
    "Audit": {
        "runs": ("Runs", "fact_check"),
        "results": ("Results", "show_chart"),
        "models": ("Models", "inventory_2"),
    },
}
Visibility = Literal["visible", "hidden"]
PAGES = {name: page for listed in SECTIONS.values() for name, page in listed.items()}


def title(name: str) -> str:
    """What a page is called: in the navigation, at its top and in the browser's tab."""
    return PAGES[name][0]


def pages() -> dict[str, list[st.Page]]:
    """Every page by its section, as `st.navigation` takes them. Certify is there twice, at the empty address
    and at its name: the one that is open is listed, so that the navigation marks where one is."""
    by_name = (st.context.url or "").endswith("/certify")
    # The first page's own name stays free.
    first = _page("certify", "first", default=True, visibility="hidden" if by_name else "visible")
    certify = [first, certify_by_name("visible" if by_name else "hidden")]
    return {
        section: [page for name in listed for page in (certify if name == "certify" else [_page(name, name)])]
        for section, listed in SECTIONS.items()
    }


def certify_by_name(visibility: Visibility = "hidden") -> st.Page:
    """Certify, as the first page, has an empty address. Links call it by its name: a browser that opens an
    empty address in a new tab asks for the page that the link stands on."""
    return _page("certify", "certify", visibility=visibility)


def _page(name: str, address: str, default: bool = False, visibility: Visibility = "visible") -> st.Page:
    _, icon = PAGES[name]
    return st.Page(
        f"pages/{name}.py",
        title=title(name),
        icon=f":material/{icon}:",
        url_path=address,
        default=default,
        visibility=visibility,
    )
