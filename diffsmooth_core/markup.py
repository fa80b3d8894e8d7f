"""HTML and SVG from elements: whatever is no `Markup` is text and becomes its characters, never a tag."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

Part = str | None
VOID = ("img", "meta")  # elements without an end


class Markup(str):
    """Text that is HTML already: only `element` and `joined` make it."""

    __slots__ = ()


def joined(*parts: Part) -> Markup:
    """Parts one after the other, texts escaped and None left out."""
    return Markup("".join(_shown(part) for part in parts if part is not None))


def element(tag: str, /, *parts: Part, **attributes: str | float | None) -> Markup:
    """The element `tag` around its parts. An attribute is escaped, and left out where it is None; `class_`
    is class, and other underscores are hyphens, as in `stroke_width`."""
    given = {"class" if key == "class_" else key.replace("_", "-"): v for key, v in attributes.items()}
    shown = "".join(f' {key}="{escape(f"{value}")}"' for key, value in given.items() if value is not None)
    return Markup(f"<{tag}{shown}>" + ("" if tag in VOID else f"{joined(*parts)}</{tag}>"))


def table(head: Sequence[str], rows: Iterable[Sequence[Part]], class_: str | None = None) -> Markup:
    """A table; its first column names each row."""
    top = element("tr", *(element("th", name, scope="col") for name in head))
    body = (
        element("tr", element("th", row[0], scope="row"), *(element("td", cell) for cell in row[1:]))
        for row in rows
    )
    lines = (joined(row, Markup("\n")) for row in body)
    return element("table", element("thead", top), element("tbody", *lines), class_=class_)


def _shown(part: str) -> str:
    return part if isinstance(part, Markup) else escape(part)
