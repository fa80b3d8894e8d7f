"""The pages of the app, in the order in which the navigation lists them."""

from __future__ import annotations

import streamlit as st

SECTIONS = {  # section -> page -> its title and Material icon
    "Watch": {
        "certify": ("Certify now", "verified_user"),
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


def pages() -> dict[str, list[st.Page]]:
    """Every page by its section, as `st.navigation` takes them."""
    by_section = {
        section: [
            st.Page(
                f"pages/{name}.py",
                title=title,
                icon=f":material/{icon}:",
                default=name == "certify",
                url_path="first" if name == "certify" else name,  # the first page's own name stays free
            )
            for name, (title, icon) in listed.items()
        ]
        for section, listed in SECTIONS.items()
    }
    return by_section | {"": [certify_by_name()]}


def certify_by_name() -> st.Page:
    """Certify, as the first page, has an empty address. Links call it by its name: a browser that opens an
    empty address in a new tab asks for the page that the link stands on."""
    return st.Page("pages/certify.py", title="Certify", url_path="certify", visibility="hidden")
