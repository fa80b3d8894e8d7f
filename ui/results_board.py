"""The Results page: certified accuracy over the radius, of runs, imported logs and the models' cards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from diffsmooth_core.audit import paper
from diffsmooth_core.audit.results import Share, summary
from diffsmooth_core.audit.store import Run
from diffsmooth_core.zoo import Card, every
from ui import audit_charts, audits, figure
from ui.audit_controls import described
from ui.text import plain

RUN, CARD = "run", "card"


@dataclass(frozen=True)
class Series:
    """One line of the plot and row of the table."""

    name: str
    origin: str
    dataset: str
    line: audit_charts.Line
    images: int
    acr: float
    certified_accuracy: dict[str, Share]
    n: int
    reported: float | None = None


def sidebar(runs: list[Run]) -> list[Series]:
    """Choose what is compared."""
    cards = {card.name: card for card in every().values() if card.metrics.get("certified")}
    names = [f"{RUN}:{run.name}" for run in runs] + [f"{CARD}:{name}" for name in cards]
    titles = {name: name.partition(":")[2] + ("" if name.startswith(RUN) else " (card)") for name in names}
    by_name = {run.name: run for run in runs}
    with st.sidebar:
        usual = [f"{RUN}:{run.name}" for run in runs][:4] or [f"{CARD}:bundled", f"{CARD}:standard"]
        chosen = st.multiselect(
            "Results", names, usual, format_func=titles.__getitem__, key="results", bind="query-params",
            max_selections=len(audit_charts.LINES), help="Audits of this server, imported logs, and what was "
            "measured for the bundled models' cards.",
        )  # fmt: skip
    found = []
    for name in chosen:
        kind, _, rest = name.partition(":")
        found.append(_of_run(by_name[rest]) if kind == RUN else _of_card(cards[rest]))
    return [series for series in found if series.images]


def _of_run(run: Run) -> Series:
    results = [row.result for row in audits.rows(run)]
    config, found = run.config, summary(results)
    reported = paper.acr(run.dataset, config["sigma"], config.get("training_sigma"))
    return Series(
        run.name, described(run), run.dataset, audit_charts.of(run.name, results), found.images, found.acr,
        found.certified_accuracy, config["n"], reported,
    )  # fmt: skip


def _of_card(card: Card) -> Series:
    """What was measured for a model's card: a table, so points in place of a curve."""
    measured = card.metrics["certified"]
    images = measured["images"]
    percents = measured["percent_at_radius"].items()
    table = {radius: Share.of(round(percent * images / 100), images) for radius, percent in percents}
    name = f"{card.name} (card)"
    points = [(float(r), share.share) for r, share in table.items() if share.k]
    return Series(
        name, f"{measured['method']} with {measured['classifier']}: σ = {measured['sigma']:g}", card.dataset,
        audit_charts.Line(name, table=points), images, measured["acr"], table, measured["n"],
    )  # fmt: skip


def show(chosen: list[Series]) -> None:
    """The plot, the table, and what to mind when comparing."""
    if not chosen:
        st.markdown("Choose some results in the sidebar.")
        return
    figure.show(
        audit_charts.certified_accuracy([series.line for series in chosen], height=440), "results-plot",
        "Certified accuracy in percent over the radius",
        config={"displaylogo": False, "modeBarButtonsToAdd": [],
                "modeBarButtons": [["toImage"]],
                "toImageButtonOptions": {"format": "svg", "filename": "certified-accuracy"}},
    )  # fmt: skip
    rows = pd.DataFrame([_row(series) for series in chosen])
    st.dataframe(rows, hide_index=True, placeholder="")
    for sentence in cautions(chosen):
        st.caption(f":material/warning: {plain(sentence)}")
    with st.container(horizontal=True):
        st.download_button("Table as CSV", rows.to_csv(index=False), "results.csv", "text/csv",
                           on_click="ignore", icon=":material/download:")  # fmt: skip
    with st.expander("Reading the paper's numbers with care"):
        for slip in paper.SLIPS:
            st.markdown(f"- {plain(slip)}")


def _row(series: Series) -> dict[str, Any]:
    shares = series.certified_accuracy.items()
    table = {f"r = {radius}": f"{100 * share.share:.1f} %" for radius, share in shares}
    return {
        "Name": series.name,
        "What": series.origin,
        "Pictures": series.images,
        "Votes n": series.n,
        "ACR": round(series.acr, 3),
        "Paper's ACR": series.reported,
        **table,
    }


def cautions(chosen: list[Series]) -> list[str]:
    """Why some of these numbers may not be compared."""
    found = []
    images = sorted({series.images for series in chosen})
    if images[-1] > 1.2 * images[0]:
        found.append(
            f"From {images[0]:,} to {images[-1]:,} pictures: the fewer, the wider the band, and the pictures "
            "are not the same."
        )
    votes = sorted({series.n for series in chosen})
    if len(votes) > 1:
        found.append(
            f"From n = {votes[0]:,} to {votes[-1]:,} votes: more votes certify larger radii of one network."
        )
    if len({series.dataset for series in chosen}) > 1:
        found.append("These are different data sets.")
    return found
