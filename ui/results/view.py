"""The Results page: certified accuracy over the radius, of runs, imported logs, models' cards and papers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any

import pandas as pd
import streamlit as st

from diffsmooth_core.analysis import browsing
from diffsmooth_core.exchange.published import SLIPS, acr
from diffsmooth_core.runs.records import Run
from diffsmooth_core.runs.results import summary
from diffsmooth_core.zoo.cards import Card, every
from ui import accuracy
from ui.components import figure
from ui.jobs import audits
from ui.results import published
from ui.results.published import PublishedSetting, size
from ui.text import plain
from ui.titles import dataset_title, method_title, network_title, run_title

RUN, CARD = "run", "card"
CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"


@dataclass(frozen=True)
class ResultCurve:
    """One line of the plot and row of the table; certified accuracy is in percent, by radius."""

    name: str
    origin: str
    dataset: str
    line: accuracy.Line
    images: int | None
    acr: float | None
    certified: Mapping[float, float]
    n: int | None
    reported: float | None = None
    benign: float | None = None
    notes: Mapping[str, str] = field(default_factory=dict)  # mark -> what to mind


def sidebar(runs: list[Run]) -> list[ResultCurve]:
    """Choose what is compared."""
    cards = {card.name: card for card in every().values() if card.metrics.get("certified")}
    titles = {f"{RUN}:{run.name}": run.name for run in runs}
    titles |= {f"{CARD}:{name}": card_title(card) for name, card in cards.items()}
    by_name = {run.name: run for run in runs}
    with st.sidebar:
        usual = [f"{RUN}:{run.name}" for run in runs][:4] or [f"{CARD}:bundled", f"{CARD}:standard"]
        chosen = st.multiselect(
            "Our results",
            list(titles),
            usual,
            format_func=titles.__getitem__,
            key="results",
            bind="query-params",
            max_selections=len(accuracy.LINES),
            help="Audits of this server, imported logs, and what was measured for the bundled models' cards.",
        )
    found = []
    for name in chosen:
        kind, _, rest = name.partition(":")
        found.append(_of_run(by_name[rest]) if kind == RUN else _of_card(cards[rest]))
    return [series for series in found if series.images] + _of_papers(published.sidebar())


def card_title(card: Card) -> str:
    return f"{network_title(card.name)} (card)"


def _of_run(run: Run) -> ResultCurve:
    rows = audits.rows(run)
    results = [row.result for row in rows]
    config, found, benign = run.config, summary(results), browsing.benign(rows)
    return ResultCurve(
        run.name,
        run_title(run),
        run.dataset,
        accuracy.line_of(run.name, results),
        found.images,
        found.acr,
        {float(radius): 100 * share.share for radius, share in found.certified_accuracy.items()},
        config["n"],
        acr(run.dataset, config["sigma"], config.get("training_sigma")),
        100 * benign.share if benign else None,
    )


def _of_card(card: Card) -> ResultCurve:
    """What was measured for a model's card: a table, so points in place of a curve."""
    measured, name = card.metrics["certified"], card_title(card)
    percents = {float(radius): percent for radius, percent in measured["percent_at_radius"].items()}
    points = [(radius, percent / 100) for radius, percent in percents.items() if percent]
    what = f"{method_title(measured['method'])} · {network_title(measured['classifier'])}"
    return ResultCurve(
        name,
        f"{what} · σ = {measured['sigma']:g}",
        card.dataset,
        accuracy.Line(name, table=points),
        measured["images"],
        measured["acr"],
        percents,
        measured["n"],
    )


def _of_papers(chosen: list[PublishedSetting]) -> list[ResultCurve]:
    """Published numbers: points too, those with a note marked ①, ②, …"""
    found, marks = [], chain(CIRCLED, (f"({i})" for i in count(len(CIRCLED) + 1)))
    for paper in chosen:
        of = paper.setting
        marked = {radius: next(marks) for radius in paper.notes}
        points = sorted((radius, percent / 100) for radius, percent in paper.certified.items())
        by_radius = {radius: mark for radius, mark in marked.items() if radius is not None}
        line = accuracy.Line(paper.name, table=points, marks=by_radius, size=size(of))
        notes = {mark: paper.notes[radius] for radius, mark in marked.items()}
        found.append(
            ResultCurve(
                paper.name,
                f"{of.source} · {dataset_title(of.dataset)}",
                of.dataset,
                line,
                of.images,
                paper.acr,
                paper.certified,
                of.n,
                benign=paper.benign,
                notes=notes,
            )
        )
    return found


def show(chosen: list[ResultCurve]) -> None:
    """The plot, the table, and what to mind when comparing."""
    if not chosen:
        st.markdown("Choose some results in the sidebar.")
        return
    figure.show(
        accuracy.certified_accuracy([series.line for series in chosen], height=440),
        "certified-accuracy",
        "Certified accuracy in percent over the radius",
    )
    if any(series.line.points for series in chosen):
        st.caption(accuracy.BAND)
    if notes := [f"{mark} {plain(note)}" for series in chosen for mark, note in series.notes.items()]:
        st.caption("  \n".join(notes))
    rows = table(chosen)
    votes = st.column_config.NumberColumn(format="localized")
    words = st.column_config.TextColumn
    columns = {"Votes n": votes, "Pictures": votes, "Name": words(width=270), "What": words(width=300)}
    st.dataframe(rows, height="content", hide_index=True, placeholder="", column_config=columns)
    for sentence in cautions(chosen):
        st.caption(f":material/warning: {plain(sentence)}")
    with st.container(horizontal=True):
        st.download_button(
            "Table as CSV",
            rows.to_csv(index=False),
            "results.csv",
            "text/csv",
            on_click="ignore",
            icon=":material/download:",
        )
    with st.expander("Reading the paper's numbers with care"):
        for slip in SLIPS:
            st.markdown(f"- {plain(slip)}")


def table(chosen: list[ResultCurve]) -> pd.DataFrame:
    """A row for each; columns for the radii that any of them has, and for what any of them has beside."""
    radii = sorted({radius for series in chosen for radius in series.certified})
    rows = pd.DataFrame([_row(series, radii) for series in chosen])
    return rows.drop(columns=[name for name in ("Paper's ACR", "Benign") if rows[name].isna().all()])


def _row(series: ResultCurve, radii: list[float]) -> dict[str, Any]:
    certified = series.certified
    return {
        "Name": series.name,
        "ACR": None if series.acr is None else round(series.acr, 3),
        "Paper's ACR": series.reported,
        "Benign": None if series.benign is None else f"{series.benign:.1f} %",
        **{_at(r): f"{certified[r]:.1f} %" if r in certified else None for r in radii},
        "Pictures": series.images,
        "Votes n": series.n,
        "What": series.origin,
    }


def _at(radius: float) -> str:
    """A column's name: two digits, or as many as the radius has."""
    return f"r = {radius:.2f}" if radius == round(radius, 2) else f"r = {radius:g}"


def cautions(chosen: list[ResultCurve]) -> list[str]:
    """Why some of these numbers may not be compared."""
    found = []
    images = sorted({series.images for series in chosen if series.images})
    if images and images[-1] > 1.2 * images[0]:
        found.append(
            f"From {images[0]:,} to {images[-1]:,} pictures: the fewer, the less is sure, and the pictures "
            "are not the same."
        )
    votes = sorted({series.n for series in chosen if series.n})
    if len(votes) > 1:
        found.append(
            f"From n = {votes[0]:,} to {votes[-1]:,} votes: more votes certify larger radii of one network."
        )
    if unknown := sum(series.images is None or series.n is None for series in chosen):
        found.append(f"Of {unknown} of these it is not known how many pictures or votes they are of.")
    if len({series.dataset for series in chosen}) > 1:
        found.append("These are different data sets.")
    if bare := [series.name for series in chosen if not series.certified]:
        found.append(f"In the table alone, as no accuracy at a radius is known of them: {', '.join(bare)}.")
    return found
