"""Text for people: what came from outside is shown as it is, never as markup."""

from __future__ import annotations

import re
import string

_SPECIAL = re.compile(f"([{re.escape(string.punctuation)}])")


def plain(text: str) -> str:
    """`text` so that Streamlit's Markdown shows exactly its characters, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def unbroken(text: str) -> str:
    """`text` in which no line ends before or after an equals sign, or before a percent sign."""
    return text.replace(" = ", "\u00a0=\u00a0").replace(r" \= ", "\u00a0\\=\u00a0").replace(" %", "\u00a0%")


def no_formula(cell: str) -> str:
    """A cell of a CSV file that no spreadsheet takes for a formula: one that begins like a formula and is no
    number gets an apostrophe in front."""
    if not cell.startswith(("=", "+", "-", "@", "\t", "\r")):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell
