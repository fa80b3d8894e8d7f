"""What the Results page is asked: a question, a data set, one σ, and the rows that are drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from diffsmooth_core import InputError
from diffsmooth_core.exchange import published, questions
from diffsmooth_core.exchange.published import Value
from diffsmooth_core.exchange.questions import QUESTIONS, Question
from diffsmooth_core.runs.reading import fault_of
from diffsmooth_core.runs.records import Run
from diffsmooth_core.zoo.cards import every
from ui import uploads
from ui.page import error_box
from ui.results.curves import ResultCurve, marked, named, of_card, of_papers, of_run
from ui.session.parameters import bind, check, show
from ui.titles import dataset_title

MOST = 8  # lines at once, of ours and of published ones
USUAL = 6  # published lines at first
ASKED = ("question", "results-dataset", "results-sigma")  # parameters of the address
NONE = "none"  # in the place of rows, where somebody wants none of them
NO_ROW = "{name} = {asked!r:.80} in the address is none of the rows here; it is left out"
Scope = tuple[str, str, str, float | None]  # parameter of the address, question, data set, σ
FEWEST = 50  # pictures of a result of ours that is drawn unasked


def question(place: DeltaGenerator) -> Question:
    """Which question is asked."""
    return QUESTIONS[place.selectbox("Question", format_func=_titled, **_which("question", list(QUESTIONS)))]


def curves(
    question: Question, runs: Sequence[Run], dataset_at: DeltaGenerator, sigma_at: DeltaGenerator
) -> list[ResultCurve]:
    """What is to be drawn for a question: our results, then the published rows. The data set and one noise
    are asked for at the places given."""
    values = _values()
    of_tables = [v for v in values if not question.tables or v.setting.table in question.tables]
    dataset = _dataset(dataset_at, of_tables)
    sigma = _sigma(sigma_at, of_tables, dataset) if question.one_sigma else None
    asked = questions.asked(values, question, dataset, sigma)
    st.caption(question.about)
    usual, papers = questions.usual(asked, USUAL), named(of_papers(asked))
    ours = named(_ours(runs, dataset))
    comparable = [any(questions.matches(mine.setting, row.setting) for row in papers) for mine in ours]
    scope = (question.title, dataset, sigma)
    chosen = _picked("Our results", ours, _best(ours, comparable), ("results", *scope))
    printed = _picked(
        "Published rows", papers, [row.setting in usual for row in papers], ("published", *scope)
    )
    return chosen + marked(printed)


def _titled(key: str) -> str:
    question = QUESTIONS[key]
    numbers = [table.removeprefix("Table ") for table in question.tables]
    if not numbers or not numbers[0].isdigit():
        return f"{question.title} ({numbers[0]})" if numbers else question.title
    tables = (
        f"Table {numbers[0]}" if len(numbers) == 1 else f"Tables {', '.join(numbers[:-1])} and {numbers[-1]}"
    )
    return f"{question.title} ({tables})"


def _which(name: str, options: Sequence[Any], usual: Any = None) -> dict[str, Any]:
    """Arguments for a control of what is asked. Another question, data set or noise begins with its own
    rows."""
    bound = bind(name, options, usual)

    def chosen() -> None:
        kept = {other: st.query_params[other] for other in (*ASKED, "view") if other in st.query_params}
        st.query_params.from_dict(kept | {name: str(st.session_state[bound["key"]])})

    return {"options": options, "key": bound["key"], "on_change": chosen}


def _values() -> list[Value]:
    """Every published number: bundled, the operator's and the visitor's own."""
    with st.sidebar:
        file = uploads.uploader(
            "Your own numbers",
            "published-file",
            ["csv"],
            help="A CSV file with a line a number; the documentation of audits names its columns. It is "
            "shown to you alone and not kept.",
        )
    values = [value for path in published.files() for value in _read(published.read, path)]
    return values + (_read(published.decoded, file.getvalue(), file.name) if file else [])


def _read(read: Callable[..., Sequence[Value]], *of: Any) -> list[Value]:
    """What a file holds; none, and why, where it cannot be read."""
    try:
        return list(read(*of))
    except InputError as problem:
        error_box(problem)
        return []


def _dataset(place: DeltaGenerator, values: Sequence[Value]) -> str:
    options = sorted({value.setting.dataset for value in values})
    return str(place.selectbox("Data set", format_func=dataset_title, **_which("results-dataset", options)))


def _sigma(place: DeltaGenerator, values: Sequence[Value], dataset: str) -> float | None:
    options = sorted({v.setting.sigma for v in values if v.setting.dataset == dataset and v.setting.sigma})
    usual = 0.5 if 0.5 in options else None
    chosen: float | None = place.selectbox("Noise σ", **_which("results-sigma", options, usual))
    return chosen


def _ours(runs: Sequence[Run], dataset: str) -> list[ResultCurve]:
    """Runs with results, and the cards for which certified accuracy was measured. A run whose record cannot
    be is left out: the page Runs says what is wrong with it."""
    cards = [card for card in every().values() if card.metrics.get("certified")]
    found = [of_run(run) for run in runs if run.dataset == dataset and not fault_of(run)]
    found += [of_card(card) for card in cards if card.dataset == dataset]
    return [curve for curve in found if curve.setting.images]


def _best(ours: Sequence[ResultCurve], comparable: Sequence[bool]) -> list[bool]:
    """Of each method the comparable result of largest ACR, and every log that the paper has printed."""
    best: dict[str, ResultCurve] = {}
    for curve, fits in zip(ours, comparable, strict=True):
        if fits and (curve.setting.images or 0) >= FEWEST:
            known = best.get(curve.setting.method)
            if known is None or (curve.acr or 0) > (known.acr or 0):
                best[curve.setting.method] = curve
    chosen = [curve.name for curve in best.values()]
    return [
        curve.name in chosen or (fits and bool(curve.printed))
        for curve, fits in zip(ours, comparable, strict=True)
    ]


def _picked(
    label: str, curves: Sequence[ResultCurve], usual: Sequence[bool], scope: Scope
) -> list[ResultCurve]:
    """Those of `curves` that are chosen: in the address, or else the `usual` ones. Every question, data set
    and noise has a choice of its own, so that none keeps the rows of another."""
    by_name = {curve.name: curve for curve in curves}
    begin = [curve.name for curve, first in zip(curves, usual, strict=True) if first][:MOST]
    parameter, key = scope[0], "-".join(map(str, scope))
    asked = st.query_params.get_all(parameter)
    known = [name for name in dict.fromkeys(asked) if name in by_name][:MOST]
    st.session_state[key] = known if known or asked == [NONE] else begin
    check(parameter, {*by_name, NONE}, None, NO_ROW)

    def chosen() -> None:
        st.query_params[parameter] = st.session_state[key] or NONE

    names = st.multiselect(
        label,
        list(by_name),
        key=key,
        max_selections=MOST,
        placeholder="Choose what is drawn",
        on_change=chosen,
    )
    show(parameter, known or (NONE if asked == [NONE] else None))
    return [by_name[name] for name in names]
