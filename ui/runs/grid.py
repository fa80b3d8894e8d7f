"""The pictures of a run that are asked for, to look through with mouse and keyboard and to download."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import streamlit as st

from diffsmooth_core import ABSTAIN, InputError
from diffsmooth_core.analysis import browsing
from diffsmooth_core.analysis.browsing import RunRow
from diffsmooth_core.exchange import bundles, logs
from diffsmooth_core.runs.records import Run
from diffsmooth_core.runs.results import OUTCOMES, Result
from diffsmooth_core.wording import length
from ui.colours import outcome_colour
from ui.components import focus, picker
from ui.jobs import audits
from ui.runs.controls import HALVES, PICTURES, Selection, clear, show_pictures
from ui.session import state
from ui.session.parameters import check, show
from ui.text import plain

PAGE = 36  # pictures at once
FEW = 12  # beside a run's numbers
NO_PICTURE = "{name} = {asked!r:.42} in the address is no picture of this run; picture {value} is shown"
MARKS = {"right": "✓", "wrong": "✕", "certified": "✓", "abstained": "–"}


def grid(selection: Selection) -> int | None:
    """Draw the pictures that pass the filters. Returns the index of the chosen one, which is kept in the
    page's address; None without a choice."""
    shown, total = selection.shown, len(selection.every)
    title = f"{len(shown):,} of {total:,} pictures" if selection.filtered else f"{total:,} pictures"
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader(title, anchor=False)
        _download(selection)
    if not shown:
        st.caption("No picture is like that.")
        st.button("Show every picture", on_click=clear)
        return None
    places = {row.result.idx: i for i, row in enumerate(shown)}
    idx = _chosen(places, selection)
    pages = -(-len(shown) // PAGE)
    page = 1 + places[idx] // PAGE
    if pages > 1:
        # The page follows the chosen picture, and a turned page chooses its first.
        key = f"grid-page-{page}"
        st.pagination(pages, default=page, key=key, on_change=lambda: _turn(shown, key))
    here = shown[PAGE * (page - 1) : PAGE * page]
    _say_missing(selection.run, here[0].result.idx)
    tiles = [_tile(selection.run, row, selection.names) for row in here]
    picker.picker(
        data={"chosen": str(idx), "large": True, "choices": tiles},
        key=f"grid-{selection.run.id}-{page}",
        on_picked_change=lambda: _picked(selection.run, page),
    )
    _keys(shown, idx)
    return idx


def latest(run: Run, rows: list[RunRow], names: tuple[str, ...]) -> None:
    """Draw the pictures that a run has certified last by their index; a click shows one."""
    if rows:
        st.markdown("**Certified so far**, the last one first")
        _row_of(f"latest-{run.id}", run, rows[: -FEW - 1 : -1], names)


def first(selection: Selection) -> None:
    """Draw the first pictures that pass the filters; a click shows one."""
    if selection.shown:
        st.subheader("Its pictures", anchor=False)
        _say_missing(selection.run, selection.shown[0].result.idx)
        _row_of(f"first-{selection.run.id}", selection.run, selection.shown[:FEW], selection.names)
        st.caption(
            f"The first {min(FEW, len(selection.shown))} of {len(selection.shown):,}, each with its radius. "
            f"Choose one to see its votes; *{HALVES[PICTURES]}* above has all."
        )


def _row_of(key: str, run: Run, rows: list[RunRow], names: tuple[str, ...]) -> None:
    def picked() -> None:
        if spec := st.session_state[key].picked:
            choose(int(spec))

    choices = [_tile(run, row, names) for row in rows]
    picker.picker(data={"chosen": "", "large": True, "choices": choices}, key=key, on_picked_change=picked)


def _chosen(places: dict[int, int], selection: Selection) -> int:
    """The picture that the address names, or else the first one that is shown. One that the filters leave out
    stays in the address, and is shown again without them."""
    first, every = next(iter(places)), {str(row.result.idx): row.result.idx for row in selection.every}
    check("image", every, first, NO_PICTURE)
    if (asked := st.query_params.get("image")) is not None:
        show("image", every.get(asked, first))
    chosen = every.get(asked or "", first)
    return chosen if chosen in places else first


def _turn(shown: list[RunRow], key: str) -> None:
    choose(shown[PAGE * (st.session_state[key] - 1)].result.idx)


def _picked(run: Run, page: int) -> None:
    if picked := st.session_state[f"grid-{run.id}-{page}"].picked:
        choose(int(picked))


def choose(idx: int) -> None:
    """Show this picture."""
    show_pictures(image=str(idx))


def _tile(run: Run, row: RunRow, names: tuple[str, ...]) -> dict[str, Any]:
    """A picture with the mark of its outcome and its radius."""
    result = row.result
    note = f"{MARKS[result.outcome]} {length(result.radius)}" if result.predict != ABSTAIN else "– abstains"
    return {
        "spec": str(result.idx),
        "title": f"Picture {result.idx}: {describe(result, names)}",
        "image": _image(run.dataset, result.idx),
        "note": note,
        "mark": outcome_colour(result.outcome),
    }


def _image(dataset: str, idx: int) -> str | None:
    try:
        return picker.thumbnail(f"{dataset}:{idx}", dataset)
    except InputError:
        return None


def _say_missing(run: Run, idx: int) -> None:
    """Say why a run's picture cannot be shown, if it cannot."""
    try:
        state.resolved(f"{run.dataset}:{idx}", run.dataset)
    except InputError as problem:
        why = str(problem)
        st.caption(
            ":material/image_not_supported: A run keeps its numbers and not the pictures. "
            f"{plain(why[0].upper() + why[1:])}."
        )


def describe(result: Result, names: tuple[str, ...]) -> str:
    """A result in a few words."""
    known = "" if result.label is None else f" (true class: {names[result.label]})"
    if result.predict == ABSTAIN:
        return f"abstains{known}"
    return (
        f"{OUTCOMES[result.outcome].lower()}, {names[result.predict]}, radius {length(result.radius)}{known}"
    )


def _keys(shown: list[RunRow], idx: int | None) -> None:
    """Next and previous by keyboard, among all that are shown or among their abstentions."""

    def go(wanted: Any, step: int = 1) -> None:
        if (found := browsing.following(shown, idx, wanted, step)) is not None:
            choose(found)

    def anything(_: RunRow) -> bool:
        return True

    def abstains(row: RunRow) -> bool:
        return row.result.predict == ABSTAIN

    none = not any(map(abstains, shown))
    with st.container(horizontal=True, key="picture-keys"):
        st.button("Previous", shortcut="P", on_click=go, args=(anything, -1), icon=":material/chevron_left:")
        st.button("Next", shortcut="N", on_click=go, args=(anything,), icon=":material/chevron_right:")
        st.button("Next abstention", shortcut="A", on_click=go, args=(abstains,), disabled=none)
        st.button(
            "Random abstention",
            shortcut="X",
            on_click=_random,
            args=([*filter(abstains, shown)],),
            disabled=none,
        )
        focus.steer()


def _random(abstentions: list[RunRow]) -> None:
    choose(secrets.choice(abstentions).result.idx)


def _download(selection: Selection) -> None:
    """The rows that are shown in a format of the field, or the whole run."""
    run, results = selection.run, [row.result for row in selection.shown]
    files: dict[str, tuple[str, Callable[[], bytes]]] = {
        "Cohen's log": ("tsv", lambda: logs.encoded(results, "cohen")),
        "Table as CSV": ("csv", lambda: logs.encoded(results, "csv")),
        "The whole run": ("json.gz", lambda: bundles.packed(audits.store(), run)),
    }
    with st.popover("Download"):
        for title, (suffix, data) in files.items():
            st.download_button(title, data, f"{run.name}.{suffix}", on_click="ignore")
