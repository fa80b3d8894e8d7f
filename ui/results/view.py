"""The Results page: certified accuracy over the radius, of papers, runs, imported logs and cards."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import pandas as pd
import streamlit as st

from diffsmooth_core.analysis.curves import difference
from diffsmooth_core.exchange import questions
from diffsmooth_core.exchange.published import SLIPS
from diffsmooth_core.exchange.questions import Question
from diffsmooth_core.exchange.recomputed import MARKS, Check, recomputed
from diffsmooth_core.figures import BAND, certified_accuracy
from diffsmooth_core.runs.records import Run
from ui.components import figure
from ui.results import charts
from ui.results.curves import ResultCurve, costs
from ui.session.parameters import bind
from ui.text import no_formula, plain, unbroken
from ui.titles import dataset_title

VIEWS = {  # in the address -> on the page
    "radius": "Over the radius",
    "share": "Over the share of votes",
    "difference": "Difference of two",
}
ACR_WARNING = (
    "ACR, the average certified radius, is led by the pictures that are easy: the largest radii grow with "
    "the number of votes, and a network may gain on them what it loses on all others. At σ = 0.5 the largest "
    "ACR of seven published methods, .760, comes with 59.3 % of pictures right at r = 0, where another "
    "method has 68.8 % with .571 (Sun, Mao, Müller and Vechev, arXiv 2410.06895). They propose to look at "
    f"the distribution of p_A: it is *{VIEWS['share']}* above the chart."
)
COLUMNS = {  # of the paper's tables that hold no certified accuracies, in the order in which they are shown
    "table": "Table",
    "dataset": "Data set",
    "extra_data": "Extra data",
    "sigma": "Noise σ",
    "attack": "Attack",
    "steps": "Steps",
    "epsilon_255": "Attack's radius, in 255ths",
    "m": "Copies m",
    "weight": "Weight of extra data",
    "seconds": "Seconds",
    "n": "Votes n",
    "classifier": "Classifier",
    "part": "Of",
}
NUMBERS = ("n", "m", "seconds", "sigma", "steps", "epsilon_255", "weight")
WORDS = {"sigma_local": "σ′ =", "m": "m =", "n": "n =", "images": "number of pictures"}


def show(curves: Sequence[ResultCurve]) -> None:
    """The chart, the table, and what to mind when comparing."""
    if not curves:
        st.markdown("Choose some rows above.")
        return
    _chart(curves)
    notes = {mark: note for curve in curves for mark, note in curve.notes.items()}
    if notes:
        st.caption("  \n".join(f"{mark} {plain(note)}" for mark, note in notes.items()))
    rows = table(curves)
    with st.container(key="results-table"):
        st.table(written(rows).assign(From=list(map(_linked, curves))), border="horizontal", hide_index=True)
    for sentence in beside(curves) or cautions(curves):
        st.caption(f":material/warning: {plain(sentence)}")
    if rows["ACR"].notna().any():
        st.caption(unbroken(ACR_WARNING))
    st.download_button(
        "Table as CSV",
        rows.map(lambda cell: no_formula(cell) if isinstance(cell, str) else cell).to_csv(index=False),
        "results.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
    )
    _recomputed([curve for curve in curves if curve.printed and curve.run])
    with st.expander("Reading the paper's numbers with care"):
        for slip in SLIPS:
            st.markdown(f"- {plain(slip)}")


def _chart(curves: Sequence[ResultCurve]) -> None:
    views = [name for name in VIEWS if name != "difference" or len(curves) > 1]
    view = st.segmented_control(
        "Chart",
        views,
        required=True,
        format_func=VIEWS.__getitem__,
        label_visibility="collapsed",
        **bind("view", views),
    )
    if view == "share":
        known = [curve for curve in curves if curve.setting.sigma]
        figure.show(
            charts.shares([(curve.line, curve.setting.sigma) for curve in known if curve.setting.sigma]),
            "share-of-votes",
            "Pictures that are right with at least this share of votes, in percent",
        )
        st.caption(
            "p_A is the share of noisy copies that are taken for the class. The lower bound p that a "
            "picture has of it says the same as its radius, σ·Φ⁻¹(p), but does not stretch the easy "
            "pictures."
            + ("" if len(known) == len(curves) else " Rows without a σ of their own are left out.")
        )
    elif view == "difference":
        _difference(curves)
    else:
        figure.show(
            certified_accuracy([curve.line for curve in curves], charts.height(len(curves))),
            "certified-accuracy",
            "Certified accuracy in percent over the radius",
        )
    if view != "difference" and any(curve.run for curve in curves):
        st.caption(BAND)


def _difference(curves: Sequence[ResultCurve]) -> None:
    by_name = {curve.name: curve for curve in curves}
    names = list(by_name)
    left, right = st.columns(2)
    first = by_name[left.selectbox("Certified accuracy of", names, **bind("of", names))]
    second = by_name[right.selectbox("minus that of", names, **bind("minus", names, names[1]))]
    found = difference(first.curve, second.curve)
    if not found.radii:
        st.markdown("These two have no radius in common.")
        return
    figure.show(charts.difference(found), "difference", "Difference of certified accuracy in points")
    if found.crossings:
        radii = " and ".join(f"{radius:.2f}" for radius in found.crossings[:6])
        more = f", and {len(found.crossings) - 6} times more" if len(found.crossings) > 6 else ""
        st.markdown(f"They cross at radius {radii}{more}.")
    else:
        st.markdown("They do not cross.")
    if found.margin:
        st.caption(
            "The band holds the true difference, at all radii together, with 95 % confidence (Dvoretzky, "
            "Kiefer "
            "and Wolfowitz, half of the risk for each). It holds for any two runs; over the same pictures "
            "two "
            "runs differ by less."
        )


def show_sheet(question: Question, runs: Sequence[Run]) -> None:
    """A question whose answer is a table of other numbers than certified accuracies, and what is known of
    them here."""
    st.caption(question.about)
    paper = questions.sheet(question)
    rows = pd.DataFrame(paper + (costs(runs) if "seconds" in paper[0] else []))
    for name in NUMBERS:
        if name in rows:
            rows[name] = pd.to_numeric(rows[name])
    rows["dataset"] = [dataset_title(name) for name in rows["dataset"]]
    columns = {name: st.column_config.NumberColumn(format="localized") for name in NUMBERS}
    st.dataframe(
        rows[[name for name in COLUMNS if name in rows]].rename(columns=COLUMNS),
        height="content",
        hide_index=True,
        placeholder="",
        column_config={COLUMNS[name]: column for name, column in columns.items()},
    )
    if "seconds" in rows:
        st.page_link(
            "pages/compare.py",
            label="Sweep m with the networks here",
            icon=":material/arrow_forward:",
            query_params={"tab": "sweep", "over": "m"},
        )


def table(curves: Sequence[ResultCurve]) -> pd.DataFrame:
    """A row for each; columns for the radii that any of them has, and for what any of them has beside."""
    radii = sorted({radius for curve in curves for radius in curve.certified})
    rows = pd.DataFrame([_row(curve, radii) for curve in curves])
    return rows.drop(columns="Benign") if rows["Benign"].isna().all() else rows


def written(rows: pd.DataFrame) -> pd.DataFrame:
    """The table for people: digits of one length, nothing where nothing is known, and text as it is."""
    forms = {"ACR": "{:.3f}", "Pictures": "{:,.0f}", "Votes n": "{:,.0f}"}

    def write(column: str, cell: Any) -> str:
        said = plain(forms.get(column, "{}").format(cell)) if pd.notna(cell) else ""
        return said.replace(" \\= ", whole(" \\= ")) if column in ("Name", "From") else whole(said)

    return pd.DataFrame({whole(str(name)): [write(str(name), cell) for cell in rows[name]] for name in rows})


def _linked(curve: ResultCurve) -> str:
    """Where a row is from, with a link to its run, to the cards or to its paper."""
    said = plain(curve.origin)
    if curve.run:
        return f"[{said}](runs?run={quote(curve.run.name)})"
    if not curve.published:
        return f"[{said}](models)"
    return re.sub(r"arXiv (\d{4})\\\.(\d{4,5})", r"[arXiv \1.\2](https://arxiv.org/abs/\1.\2)", said)


def whole(text: str) -> str:
    """The text on one line: a column of numbers is as wide as they are."""
    return text.replace(" ", "\u00a0")


def _row(curve: ResultCurve, radii: list[float]) -> dict[str, Any]:
    certified = curve.certified
    return {
        "Name": curve.name,
        "ACR": None if curve.acr is None else round(curve.acr, 3),
        "Benign": None if curve.benign is None else f"{curve.benign:.1f} %",
        **{_at(r): f"{certified[r]:.1f} %" if r in certified else None for r in radii},
        "Pictures": curve.setting.images,
        "Votes n": curve.setting.n,
        "From": curve.origin,
    }


def _at(radius: float) -> str:
    """A column's name: two digits, or as many as the radius has."""
    return f"r = {radius:.2f}" if radius == round(radius, 2) else f"r = {radius:g}"


def beside(curves: Sequence[ResultCurve]) -> list[str]:
    """What else differs between our results and the published rows of their method and noise, once for those
    in which it is the same."""
    found: dict[str, list[str]] = {}
    printed = [curve.setting for curve in curves if curve.published]
    for curve in curves:
        rows = [row for row in printed if questions.matches(curve.setting, row)]
        if curve.published or not rows:
            continue
        differing = [
            f"{WORDS[name]} {ours}, in the paper {theirs}"
            for name, ours, theirs in questions.differences(curve.setting, rows)
        ]
        if differing:
            found.setdefault("; ".join(differing), []).append(curve.name)
    ours = sum(not curve.published for curve in curves)
    return [
        f"{'Our results' if len(names) == ours else '; '.join(names)}: {differing}."
        for differing, names in found.items()
    ]


def cautions(curves: Sequence[ResultCurve]) -> list[str]:
    """Why some of these numbers may not be compared."""
    found = []
    images = sorted({curve.setting.images for curve in curves if curve.setting.images})
    if images and images[-1] > 1.2 * images[0]:
        found.append(
            f"From {images[0]:,} to {images[-1]:,} pictures: the fewer, the less is sure, and the pictures "
            "are not the same."
        )
    votes = sorted({curve.setting.n for curve in curves if curve.setting.n})
    if len(votes) > 1:
        found.append(
            f"From n = {votes[0]:,} to {votes[-1]:,} votes: more votes certify larger radii of one network."
        )
    if unknown := sum(curve.setting.images is None or curve.setting.n is None for curve in curves):
        found.append(f"Of {unknown} of these it is not known how many pictures or votes they are of.")
    if bare := [curve.name for curve in curves if not curve.certified]:
        found.append(f"In the table alone, as no accuracy at a radius is known of them: {', '.join(bare)}.")
    return found


def _recomputed(logs: Sequence[ResultCurve]) -> None:
    """Imported logs beside the numbers that are printed for their networks."""
    for log in logs:
        of, checks = log.printed[0].setting, recomputed(log.results, log.printed)
        marks = Counter(check.mark for check in checks)
        said = f"{marks['equal']} of {len(checks)} numbers come out as printed"
        said += f", {marks['differs']} differ as other votes may make them" if marks["differs"] else ""
        said += f", {marks['conflict']} are in conflict" if marks["conflict"] else ""
        with st.expander(f"{plain(log.label)} beside {of.table}, {of.classifier}: {said}"):
            rows = pd.DataFrame([_checked(check, len(log.results)) for check in checks])
            st.dataframe(rows, height="content", hide_index=True, placeholder="")


def _checked(check: Check, images: int) -> dict[str, str | None]:
    if check.radius is None:
        at, said, apart = "ACR", "{:.3f}", None
    else:
        at, said = _at(check.radius), "{:.1f} %"
        apart = f"{round((check.recomputed - check.printed) * images / 100):+d}".replace("+0", "0")
    return {
        "": at,
        "Printed": said.format(check.printed),
        "Recomputed": said.format(check.recomputed),
        "Pictures apart": apart,
        "Recomputed is": MARKS[check.mark],
    }
