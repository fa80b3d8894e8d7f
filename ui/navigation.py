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
    },
    "Audit": {
        "runs": ("Runs", "fact_check"),
        "results": ("Results", "show_chart"),
        "models": ("Models", "inventory_2"),
    },
}


def pages() -> dict[str, list[st.Page]]:
    """Every page by its section, as `st.navigation` takes them."""
    return {
        section: [
            st.Page(f"pages/{name}.py", title=title, icon=f":material/{icon}:")
            for name, (title, icon) in listed.items()
        ]
        for section, listed in SECTIONS.items()
    }
