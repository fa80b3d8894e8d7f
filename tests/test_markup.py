"""HTML from elements."""

from __future__ import annotations

from diffsmooth_core.markup import Markup, element, joined


def test_what_is_no_markup_is_text() -> None:
    assert element("p", "<i>", None, Markup("<b></b>"), title='"') == '<p title="&quot;">&lt;i&gt;<b></b></p>'
    assert element("img", class_="a", stroke_width=2, alt=None) == '<img class="a" stroke-width="2">'
    assert joined("a & b", element("br-like")) == "a &amp; b<br-like></br-like>"
