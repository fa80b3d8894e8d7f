"""A run's bounds, votes and stages as Plotly figures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from diffsmooth_core.analysis.stages import Stages
from diffsmooth_core.runs.results import OUTCOMES, Result
from ui.accuracy import finish
from ui.colours import ABSTAIN, class_colour, outcome_colour
from ui.text import unmarked

ROWS = 9  # classes that have a bar of their own
SEEN = 6  # classes that have a part of the stages' bars
OTHERS = -1  # in the place of a class: the bar of all others


def bounds(results: Sequence[Result]) -> go.Figure:
    """How the lower bounds of p_A are distributed, by outcome, against ½."""
    figure = go.Figure()
    for outcome, title in OUTCOMES.items():
        values = [r.p_a_lower for r in results if r.outcome == outcome and r.p_a_lower is not None]
        if values:
            figure.add_histogram(
                x=values,
                xbins={"start": 0, "end": 1.0001, "size": 0.05},
                name=title,
                marker_color=outcome_colour(outcome),
                hovertemplate="%{y} pictures with a bound of %{x}<extra>" + title + "</extra>",
            )
    figure.add_vline(0.5, line={"color": ABSTAIN, "width": 1.5})
    figure.update_layout(barmode="stack")
    ticks = {"0": 0, "¼": 0.25, "½": 0.5, "¾": 0.75, "1": 1}
    figure.update_xaxes(range=[0, 1], tickvals=list(ticks.values()), ticktext=list(ticks))
    return finish(figure, 260, "lower bound of the class's share p_A", "pictures", legend=True)


def votes(counts: Sequence[int], names: Sequence[str], chosen: int | None) -> go.Figure:
    """Estimation votes of each class as bars to click; where more than ROWS have any, the others share the
    lowest, OTHERS."""
    cast = sorted((k for k in range(len(counts)) if counts[k]), key=lambda k: counts[k])
    rest, order = cast[:-ROWS], cast[-ROWS:]
    bars = [(k, unmarked(names[k]), counts[k], class_colour(k)) for k in order]
    if rest:
        bars.insert(0, (OTHERS, f"{len(rest)} other", sum(counts[k] for k in rest), ABSTAIN))
    classes, labels, numbers, colours = zip(*bars, strict=True)
    figure = go.Figure(
        go.Bar(
            y=labels,
            x=numbers,
            orientation="h",
            text=[f"{number:,}" for number in numbers],
            textposition="auto",
            customdata=classes,
            name="votes",
            marker={
                "color": colours,
                "line": {"width": [3 if k == chosen else 0 for k in classes], "color": "#8b9098"},
            },
            hovertemplate="%{y}: %{x:,} votes<extra></extra>",
        )
    )
    figure.update_xaxes(showticklabels=False, showgrid=False)
    return finish(figure, max(140, 46 + 30 * len(bars)), "")


STAGES = {
    "clean": "The picture",
    "noisy": "With noise",
    "purified": "Purified",
    "local": "With local noise",
    "votes": "Votes",
}


def stages(found: Stages, names: Sequence[str]) -> go.Figure:
    """What the classifier sees at every stage: shares of the classes, in their colours; of many classes the
    SEEN that are seen most at some stage, and all others together."""
    names, shares = [unmarked(name) for name in names], {}
    for stage, title in STAGES.items():
        classes = getattr(found, stage)
        if classes is not None:
            shares[title] = np.bincount(np.ravel(classes), minlength=len(names)) / np.size(classes)
    titles, table = list(shares), np.array(list(shares.values()))  # (stages, classes)
    largest = table.max(0)
    seen = sorted(k for k in np.argsort(-largest, kind="stable")[:SEEN] if largest[k] > 0.02)
    bars = [(names[k], class_colour(int(k)), table[:, k]) for k in seen]
    if (rest := 1 - table[:, seen].sum(1)).max() > 1e-6:
        bars.append(("others", ABSTAIN, rest))
    figure = go.Figure()
    for name, colour, parts in bars:
        percent = [100 * float(part) for part in parts]
        figure.add_bar(
            y=titles,
            x=percent,
            orientation="h",
            name=name,
            marker={
                "color": colour,
                "line": {"width": 1, "color": "white"},
            },  # parts of one colour, told apart
            text=[name if p >= 22 else "" for p in percent],
            insidetextanchor="middle",
            textangle=0,
            textfont={"size": 11, "color": "white"},
            constraintext="none",
            hovertemplate="%{y}: %{x:.0f} % are taken for " + name + "<extra></extra>",
        )
    figure.update_layout(barmode="stack", bargap=0.3)
    figure.update_yaxes(autorange="reversed")
    ticks = (0, 25, 50, 75, 100)
    figure.update_xaxes(range=[0, 100], tickvals=ticks, ticktext=[f"{tick} %" for tick in ticks])
    return finish(figure, 60 + 38 * len(titles) + 10 * len(bars), "", legend=True)
