"""The sidebar of the Runs page: which run, and which of its pictures. Every choice is in the address."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

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
from ui.session.parameters import bind
from ui.text import plain
from ui.titles import run_title

ANY = "any"
MOST_OFFERED = 1000  # classes to choose from; of more only those that occur
SUMMARY, PICTURES = "summary", "pictures"  # the halves of the page
HALVES = {SUMMARY: "Summary", PICTURES: "Pictures"}
FILTERS = ("outcome", "class", "answer", "reason", "tag", "review", "from", "to", "near", "noted")


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
    chosen: str | None = st.selectbox(
        "Compare with",
        names,
        None,
        key="with",
        bind="query-params",
        placeholder="another run",
        help="A run over the same pictures: which certificates it gained or lost.",
    )
    return chosen


def sidebar(runs: list[Run], run: Run) -> Selection:
    """Draw every control of a run."""
    with st.sidebar:
        named = {other.name: other for other in runs if other.dataset == run.dataset and not fault_of(other)}
        every = audits.rows(run)
        st.caption(plain(run_title(run)))
        others = [name for name in named if name != run.name]
        beside = _other(others) if others else None
        other = named[beside] if beside else None
        names = class_titles(run.dataset, every + (audits.rows(other) if other else []))
        changes = _changes(every, other)
        st.markdown("**Show**")
        rule, order = _rule(run, every, names)
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


def _rule(run: Run, every: list[RunRow], names: tuple[str, ...]) -> tuple[RowFilter, str]:
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
        low = left.number_input("Radius from", 0.0, 16.0, None, 0.05, key="from", bind="query-params")
        high = right.number_input("to", 0.0, 16.0, None, 0.05, key="to", bind="query-params")
        near = left.number_input(
            "Within … of ½",
            0.0,
            0.5,
            None,
            0.01,
            key="near",
            bind="query-params",
            help="How near the share of the votes is to ½, where it is decided.",
        )
        with right:
            review = _choice("Review", "review", {k: v for k, v in REVIEWS.items() if k})
        tag = _choice("Tag", "tag", {tag: tag for tag in tags})
        noted = st.checkbox("With a note", key="noted", bind="query-params")
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
    return st.selectbox(
        label,
        list(titles),
        None,
        format_func=titles.__getitem__,
        key=key,
        bind="query-params",
        placeholder=ANY,
        disabled=not titles,
    )


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
        state["from"], state["to"] = min(max(low, 0.0), 16.0), high if 0 <= high <= 16 else None
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
