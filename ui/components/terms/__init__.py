"""Bounds as formulas above bars: a term and its segment light up together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "diffsmooth_terms",
    html='<div class="terms"><div class="rows"></div><div class="words" aria-live="polite"></div></div>',
    css=(_HERE / "terms.css").read_text(encoding="utf-8"),
    js=(_HERE / "terms.js").read_text(encoding="utf-8"),
)
HINT = "Point at a term or a bar, or go through them with the arrow keys: what belongs together lights up."
MARK = "The dotted line is the samples’ mean distance. "


@dataclass(frozen=True)
class Term:
    """A quantity of the formulas. In `symbol` "_" sets the next character or {…} low, "^" high. `words` are
    said while it is lit."""

    symbol: str
    colour: str
    words: str = ""


@dataclass(frozen=True)
class TermRow:
    """The inequality "left ≤ sum of terms" under a title; each term is a pair (its key, its length). `words`
    say what it is, with "_" and "^" as in a symbol."""

    title: str
    left: str
    parts: Sequence[tuple[str, float]]
    words: str = ""

    @property
    def total(self) -> float:
        return sum(value for _, value in self.parts)


def show(
    rows: Sequence[TermRow],
    terms: Mapping[str, Term],
    key: str,
    mark: float | None = None,
    usual: float = 0.0,
) -> None:
    """One bar a row, all on one scale, which ends at a round length: so it stays while lengths change a
    little as samples come in. A dotted line goes through the bars at `mark`.

    Where the longest is more than three times `usual`, bars end at `usual` and say what they come to.
    """
    longest = max(row.total for row in rows)
    end = _round(1.25 * max(usual if longest > 3 * usual > 0 else longest, mark or 0.0, 1e-12))
    data = {
        "rows": [
            asdict(row)
            | {
                "total": f"{row.total:,.4g}",
                "cut": row.total > end,
                "parts": [{"term": term, "value": value} for term, value in _within(row, end)],
            }
            for row in rows
        ],
        "terms": {name: asdict(term) for name, term in terms.items()},
        "end": end,
        "mark": mark,
        "hint": (HINT if mark is None else MARK + HINT) if any(term.words for term in terms.values()) else "",
    }
    _component(data=data, key=key)


def _round(length: float) -> float:
    """The next round length that is not shorter."""
    size: float = 10.0 ** math.floor(math.log10(length))
    return next(size * step for step in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if size * step >= length)


def _within(row: TermRow, end: float) -> list[tuple[str, float]]:
    """The parts of a bar as they are drawn: what lies beyond `end` is cut off."""
    drawn, left = [], 0.85 * end if row.total > end else end
    for term, value in row.parts:
        drawn.append((term, min(value, left)))
        left -= drawn[-1][1]
    return drawn
