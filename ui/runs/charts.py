"""A picture's votes and stages as Plotly figures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from diffsmooth_core.analysis.stages import Stages
from diffsmooth_core.figures import finish, unmarked
from ui.colours import ABSTAIN, class_colour

ROWS = 9  # classes that have a bar of their own
SEEN = 6  # classes that have a part of the stages' bars
OTHERS = -1  # in the place of a class: the bar of all others


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
            textfont={"size": 12, "color": "white"},
            constraintext="none",
            hovertemplate="%{y}: %{x:.0f} % are taken for " + name + "<extra></extra>",
        )
    figure.update_layout(barmode="stack", bargap=0.3)
    figure.update_yaxes(autorange="reversed")
    ticks = (0, 25, 50, 75, 100)
    figure.update_xaxes(range=[0, 100], tickvals=ticks, ticktext=[f"{tick} %" for tick in ticks])
    return finish(figure, 60 + 38 * len(titles) + 10 * len(bars), "", legend=True)
