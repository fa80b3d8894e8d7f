"""Text for people: what came from outside is shown as it is, never as markup."""

from __future__ import annotations

import math
import re
import string

_SPECIAL = re.compile(f"([{re.escape(string.punctuation)}])")


def plain(text: str) -> str:
    """`text` so that Streamlit's Markdown shows exactly its characters, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def down(value: float, digits: int) -> str:
    """A bound or a radius, rounded down: what is shown is never more than what is certified."""
    return f"{math.floor(value * 10**digits) / 10**digits:.{digits}f}"


def duration(seconds: float) -> str:
    """A time left or taken, as coarse as it is uncertain: "8 s", "3 min", "2 h 10 min"."""
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
