"""The dials of the Certify page: noise and votes as sliders, and what votes drawn beforehand say of them.

What they say is of the bound of these settings, computed by the core for every place at which the slider of n
can stand: nothing is interpolated, and all of it holds only if the share does.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import lru_cache

import streamlit as st

from diffsmooth_core import InputError, SmoothingConfig
from diffsmooth_core.certification.decision import decide, selected
from diffsmooth_core.config import METHODS
from diffsmooth_core.datasets.sources import Picture, class_names
from diffsmooth_core.wording import duration, length, percent
from ui import tours
from ui.certify.vote_machine import UNBROKEN
from ui.components import dials
from ui.components.dials import Dial, Panel, Seen
from ui.jobs import certificates, previews
from ui.jobs.previews import Preview, Tried
from ui.session import notices, settings, state
from ui.session.draft import Draft
from ui.session.numbers import NUMBERS, fits, typed, within
from ui.session.settings import DIALS, SPANS

KEY = "dials"
COARSE = {"sigma": 4, "sigma_local": 4, "m": 8, "n": 9}  # places that a page key goes
NEAR = 1.2  # how much larger a σ may be than another for which its votes are shown
TICK_SECONDS = 1.0  # between two looks at what is drawn in the background
TITLES = {"noisy": "With noise", "purified": "Purified", "local": "Classified"}
NONE = "No votes were drawn beforehand at this noise."
COMING = "A few votes are being drawn, to show what to expect here."
STALE = "Let go, and a few votes are drawn with this value."


def show(picture: Picture, draft: Draft[SmoothingConfig]) -> None:
    """Draw the dials that the page or its lesson shows, and below them what votes drawn beforehand say. A
    lesson does without these, as its run is to answer what is asked in it."""
    if not any(map(tours.shows, DIALS)):
        return
    config = draft.values if tours.current() is None and not state.picture_problem() else None
    asked = previews.asked(config) if config else None
    growing = config is not None and asked is not None and previews.may_draw(picture, asked, config.sigma)
    begun = "dials-begun"  # a run that begins ends the drawing, and the panel keeps its place
    if growing:
        st.session_state[begun] = (picture.sha256, asked)
    open_panel = growing or st.session_state.get(begun) == (picture.sha256, asked)
    stays = False

    def redraw() -> None:
        nonlocal stays
        if st.session_state.pop("dial-moved", False):
            st.rerun()
        if growing and stays and config and asked:  # a page that was only opened draws nothing
            if not previews.may_draw(picture, asked, config.sigma):
                st.rerun()
            with suppress(InputError):  # too many wait, or what the operator forbids: nobody asked for it
                previews.keep_drawing(picture, asked, config.sigma)
        stays = True
        drawn = _dials(state.setting("method"))
        found = (previews.drawn(picture, asked) if asked else None) or (Preview() if open_panel else None)
        panel = _panel(picture, config, found, growing) if config and found else None
        dials.show(drawn, panel, st.session_state.get("dials-heard", 0), KEY, _moved)

    with st.container():
        st.fragment(redraw, run_every=TICK_SECONDS if growing else None)()


def _moved() -> None:
    """Take what was chosen in the browser."""
    if not (moved := st.session_state[KEY].moved):
        return
    name = str(moved["name"])
    st.session_state["dials-heard"] = int(moved["number"])
    st.session_state["dial-moved"] = True
    if name in DIALS:
        notices.attempt(lambda: state.change_settings(**{name: typed(name, str(moved["text"]))}))


def _dials(method: str) -> tuple[Dial, ...]:
    return tuple(_dial(name, METHODS[method].smooths_locally) for name in DIALS if tours.shows(name))


def _dial(name: str, local: bool) -> Dial:
    label, step, hint = NUMBERS[name]
    value, span = state.setting(name), SPANS[name]
    problem = Draft.of(lambda: within(label, value, span)).problem
    places = _places(name)
    return Dial(
        name=name,
        label=label,
        hint=hint,
        text=_text(value),
        places=tuple(map(_text, places)),
        at=min(range(len(places)), key=lambda i: abs(places[i] - value)),
        coarse=COARSE[name],
        whole=isinstance(step, int),
        used=local or name in ("sigma", "n") or not fits(value, span),
        decides=name in previews.DECIDING,
        problem=f"{problem}." if problem else "",
    )


def _places(name: str) -> tuple[float, ...]:
    """Where a slider can stand, its number as it is now among them where that can be."""
    value = state.setting(name)
    here = {value} if fits(value, SPANS[name]) else set()
    return tuple(sorted(here | _steps(name)))


@lru_cache(maxsize=8)
def _steps(name: str) -> set[float]:
    """The steps of a field from the smallest number that it can be to the largest; those of n by decades."""
    (low, high), step = SPANS[name], NUMBERS[name][1]
    if name == "n":
        steps: list[float] = [digit * 10**k for k in range(9) for digit in range(1, 10)]
    else:
        steps = [round(i * step, 10) for i in range(round(high / step) + 1)]
    return {low, high} | {place for place in steps if low < place < high}


def _text(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _panel(picture: Picture, config: SmoothingConfig, found: Preview, growing: bool) -> Panel:
    sizes = tuple(int(n) for n in _places("n"))
    rows = {one.sigma: row for row, one in enumerate(one for one in found.tried if one.votes)}
    rest = replace(config, sigma=settings.DEFAULTS.sigma)
    each = certificates.seconds_a_vote(config)
    return Panel(
        titles=tuple(TITLES[name] for name in found.images),
        sheet=found.sheet,
        rows=len(rows),
        crisp=len(picture.pixels) <= previews.SIDE,
        seen=tuple(_seen(one, rows.get(one.sigma, -1), rest, sizes) for one in found.tried),
        nearest=tuple(_nearest(sigma, found.tried) for sigma in _places("sigma")),
        times=tuple(_time(n, config, each) for n in sizes),
        none=COMING if growing else NONE,
        stale=STALE,
    )


def _nearest(sigma: float, tried: tuple[Tried, ...]) -> int:
    """The number of what was tried nearest to this σ; -1 where nothing was near."""
    if not tried:
        return -1
    i = min(range(len(tried)), key=lambda i: abs(tried[i].sigma - sigma))
    return i if max(tried[i].sigma, sigma) <= NEAR * min(tried[i].sigma, sigma) else -1


def _time(n: int, config: SmoothingConfig, each: float | None) -> str:
    if each is None:
        return ""
    most = "" if config.stopping == "fixed" else "at most "
    return f"{n:,} votes take {most}about {duration((config.n0 + n) * each)}."


@lru_cache(maxsize=256)
def _seen(tried: Tried, row: int, config: SmoothingConfig, sizes: tuple[int, ...]) -> Seen:
    """What the votes at one σ say, for each number of votes n."""
    if not tried.votes:
        return Seen(-1, "Share of the votes", "–", ("–",) * len(sizes), f"{tried.problem}.")
    names = class_names(config.dataset)
    counts = [tried.votes.count(label) for label in range(len(names))]
    label, total = selected(counts), len(tried.votes)
    at = replace(config, sigma=tried.sigma)
    return Seen(
        row=row,
        class_words=f"Share of {names[label]}",
        share=percent(counts[label] / total),
        radii=tuple(_radius(counts, at, n) for n in sizes),
        words=f"{counts[label]:,} of {total:,} votes drawn beforehand at σ{UNBROKEN}{tried.sigma:g} say "
        f"{names[label]}. A run draws other noise, so by chance its figures will differ.",
    )


def _radius(counts: list[int], config: SmoothingConfig, n: int) -> str:
    """What n votes with these shares would certify. They are rounded down, and the votes that are left go to
    the runner-up. A test of a target bounds nothing else."""
    if config.stopping == "sequential":
        return "–"
    label, total = selected(counts), sum(counts)
    expected = [n * count // total for count in counts]
    second = max((k for k in range(len(counts)) if k != label), key=counts.__getitem__)
    expected[second] += n - sum(expected)
    try:
        radius = decide(counts, expected, replace(config, n=n)).radius
    except InputError:  # so few votes cannot certify
        radius = 0.0
    return length(radius) if radius else "none"
