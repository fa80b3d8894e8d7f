"""The sidebar of the Runs page: which run, and which of its pictures. Every choice is in the address."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from diffsmooth_core import ABSTAIN, InputError
from diffsmooth_core.analysis import browsing
from diffsmooth_core.analysis.browsing import ORDERS, REVIEWS, RowFilter, RunRow
from diffsmooth_core.analysis.comparing import CHANGES, Change, compare
from diffsmooth_core.analysis.diagnosis import REASONS
from diffsmooth_core.datasets import class_names
from diffsmooth_core.runs.reading import fault_of
from diffsmooth_core.runs.records import Run
from diffsmooth_core.runs.results import OUTCOMES
from ui.jobs import audits
from ui.page import error_box
from ui.session import notices
from ui.session.parameters import bind, check, show
from ui.text import plain
from ui.titles import run_title

ANY = "any"
MOST_OFFERED = 1000  # classes to choose from; of more only those that occur
SUMMARY, PICTURES = "summary", "pictures"  # the halves of the page
HALVES = {SUMMARY: "Summary", PICTURES: "Pictures"}
FILTERS = ("outcome", "class", "answer", "reason", "tag", "review", "from", "to", "near", "noted")
LONGEST = 16.0  # radius that can be asked for
LEFT_OUT = "{name} = {asked!r:.42} in the address is unknown and left out; {value}"
MOST_NAMED = 12  # values that such a sentence names


@dataclass(frozen=True)
class Selection:
    """What the page shows: a run, all its rows, those that pass the filters, and the run to compare it
    with."""

    run: Run
    names: tuple[str, ...]
    every: list[RunRow]
    shown: list[RunRow]
    filtered: bool
    other: Run | None
    changes: dict[int, Change]


def choose(runs: list[Run]) -> Run:
    """Draw the choice of a run; the first one is shown where the address names none that is here."""
    named = {run.name: run for run in runs}
    if added := st.session_state.pop("_next-run", None):
        st.query_params["run"] = added
    bound = bind("run", list(named), said="The run {asked:.80} in the address is not here; {value} is shown")
    with st.sidebar:
        return named[st.selectbox("Run", list(named), filter_mode="contains", **bound)]


def _other(names: list[str]) -> str | None:
    """The run that is compared with, if one is chosen."""
    _check_one_of("with", names)
    if not names:
        return None
    chosen: str | None = st.selectbox(
        "Compare with",
        names,
        None,
        key="with",
        bind="query-params",
        placeholder="another run",
        help="A run over the same pictures: which certificates it gained or lost.",
    )
    show("with", chosen)
    return chosen


def sidebar(runs: list[Run], run: Run) -> Selection:
    """Draw every control of a run."""
    with st.sidebar:
        named = {other.name: other for other in runs if other.dataset == run.dataset and not fault_of(other)}
        every = audits.rows(run)
        st.caption(plain(run_title(run)))
        beside = _other([name for name in named if name != run.name])
        other = named[beside] if beside else None
        names = class_titles(run.dataset, every + (audits.rows(other) if other else []))
        changes = _changes(every, other)
        st.markdown("**Show**")
        rule, order = _rule(every, names)
        _check_one_of("change", CHANGES.values())
        kinds = (
            st.pills(
                "Change",
                list(CHANGES),
                format_func=CHANGES.__getitem__,
                selection_mode="multi",
                key="change",
                bind="query-params",
            )
            if other
            else []
        )
        shown = browsing.chosen(every, rule, order)
        if kinds:
            shown = [
                row for row in shown if row.result.idx in changes and changes[row.result.idx].kind in kinds
            ]
        _views(run, rule, order)
    return Selection(run, names, every, shown, rule != RowFilter() or bool(kinds), other, changes)


def class_titles(dataset: str, rows: list[RunRow]) -> tuple[str, ...]:
    """What the classes of a run are called: by the names of its data set, and "class 49" where that has none
    or is not on this machine."""
    try:
        names = class_names(dataset)
    except InputError:
        names = ()
    last = (max(row.result.label or 0, row.result.predict, row.leader or 0) for row in rows)
    return with_numbers(names, 1 + max(last, default=-1))


def with_numbers(names: tuple[str, ...], classes: int) -> tuple[str, ...]:
    """The names of at least so many classes; those that have none are called by their numbers."""
    return (*names, *(f"class {k}" for k in range(len(names), classes)))


def _changes(every: list[RunRow], other: Run | None) -> dict[int, Change]:
    if other is None:
        return {}
    before = [row.result for row in audits.rows(other)]
    return {change.idx: change for change in compare(before, [row.result for row in every])}


def _rule(every: list[RunRow], names: tuple[str, ...]) -> tuple[RowFilter, str]:
    """The filters, and the order."""
    present_classes = {k for row in every for k in (row.result.label, row.result.predict, row.leader)}
    many = len(names) > MOST_OFFERED
    classes = {str(k): name for k, name in enumerate(names) if not many or k in present_classes}
    present = {row.reason for row in every if row.reason}
    tags = sorted({tag for row in every for tag in row.tags})
    outcome = _choice("Outcome", "outcome", OUTCOMES)
    left, right = st.columns(2)
    with left:
        label = _choice("True class", "class", classes)
    with right:
        predict = _choice("Answer", "answer", classes | {str(ABSTAIN): "abstains"})
    reason = _choice("Reason", "reason", {k: v for k, v in REASONS.items() if k in present})
    with st.expander("More filters"):
        left, right = st.columns(2)
        low = _number(left, "Radius from", "from", LONGEST, 0.05)
        high = _number(right, "to", "to", LONGEST, 0.05)
        near = _number(
            left,
            "Within … of ½",
            "near",
            0.5,
            0.01,
            "How near the share of the votes is to ½, where it is decided.",
        )
        with right:
            review = _choice("Review", "review", {k: v for k, v in REVIEWS.items() if k})
        tag = _choice("Tag", "tag", {tag: tag for tag in tags})
        _check("noted", lambda asked: asked.lower() in ("true", "false"), "it is true or false")
        noted = st.checkbox("With a note", key="noted", bind="query-params")
    _check_one_of("order", (title for title, _ in ORDERS.values()))
    order = st.selectbox(
        "Order", list(ORDERS), format_func=lambda name: ORDERS[name][0], key="order", bind="query-params"
    )
    rule = RowFilter(
        outcome=outcome or "",
        label=int(label) if label else None,
        predict=int(predict) if predict else None,
        reason=reason or "",
        tag=tag or "",
        review=review or "",
        noted=noted,
        radius=None if low is None and high is None else (low or 0.0, 1e9 if high is None else high),
        margin=None if near is None else (-near, near),
    )
    return rule, order


def _choice(label: str, key: str, titles: dict[str, str]) -> str | None:
    """A filter by one of some values, whose title stands in the address; None without a choice."""
    _check_one_of(key, titles.values())
    chosen = st.selectbox(
        label,
        list(titles),
        None,
        format_func=titles.__getitem__,
        key=key,
        bind="query-params",
        placeholder=ANY,
        disabled=not titles,
    )
    show(key, titles[chosen] if chosen else None)
    return chosen


def _number(
    place: DeltaGenerator, label: str, key: str, most: float, step: float, hint: str | None = None
) -> float | None:
    """A filter by a number from 0 to `most`; None without one."""

    def fits(asked: str) -> bool:
        try:
            return 0 <= float(asked) <= most
        except ValueError:
            return False

    _check(key, fits, f"it is a number from 0 to {most:g}")
    return place.number_input(label, 0.0, most, None, step, key=key, bind="query-params", help=hint)


def _check_one_of(name: str, titles: Iterable[str]) -> None:
    known = list(titles)
    named = ", ".join(f"“{title}”" for title in known[:MOST_NAMED])
    more = f" and {len(known) - MOST_NAMED:,} more" if len(known) > MOST_NAMED else ""
    there_are = f"known are {named}{more}" if known else "there is nothing to choose from here"
    _check(name, known.__contains__, there_are)


def _check(name: str, fits: Callable[[str], bool], known: str) -> None:
    """Say so where the address asks a filter for what it cannot be, and what it can be: the filter is then
    drawn as if nothing was asked."""
    check(name, ["", *filter(fits, st.query_params.get_all(name))], known, LEFT_OUT)


def clear() -> None:
    """Show everything again."""
    for key in (*FILTERS, "change"):
        st.session_state[key] = {"noted": False, "change": []}.get(key)


def show_pictures(**parameters: str) -> None:
    """Turn to the half of the page that has the pictures, with these parameters in the address."""
    st.query_params.update(parameters | {"view": PICTURES})


def ask(rule: RowFilter, order: str) -> None:
    """Set the filters to a rule."""
    clear()
    state = st.session_state
    state["outcome"], state["reason"] = rule.outcome or None, rule.reason or None
    state["tag"], state["review"], state["noted"] = rule.tag or None, rule.review or None, rule.noted
    state["class"] = None if rule.label is None else str(rule.label)
    state["answer"] = None if rule.predict is None else str(rule.predict)
    if rule.radius is not None:
        low, high = rule.radius
        state["from"], state["to"] = min(max(low, 0.0), LONGEST), high if 0 <= high <= LONGEST else None
    if rule.margin is not None:
        state["near"] = min(max(rule.margin[1], 0.0), 0.5)
    state["order"] = order


def _views(run: Run, rule: RowFilter, order: str) -> None:
    """Saved views: apply one, or save what is set now."""
    try:
        views = browsing.views(audits.store(), run)
    except InputError as problem:
        error_box(problem)
        views = {}

    def apply() -> None:
        if name := st.session_state["view"]:
            ask(*views[name])

    def save() -> None:
        name = st.session_state["view-name"]
        notices.attempt(browsing.save_view, audits.store(), run, name, rule, order, form="save-view")

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Saved views",
            list(views),
            None,
            key="view",
            on_change=apply,
            disabled=not views,
            placeholder="choose one" if views else "none yet",
        )
        with st.popover("Save"):
            st.text_input("Name of this view", key="view-name", max_chars=60)
            st.button("Save the filters and the order", on_click=save)
    notices.show_with("save-view")
    everything = rule == RowFilter()
    st.button("Show everything", on_click=clear, disabled=everything, icon=":material/filter_alt_off:")
