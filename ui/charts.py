"""Votes and bounds as ECharts specifications, for the pages that count them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from diffsmooth_core import Progress, SmoothingConfig
from diffsmooth_core.certification.progress import Point
from diffsmooth_core.certification.target_test import target_test
from diffsmooth_core.config import ANYTIME
from ui import echarts
from ui.colours import ABSTAIN, BOUND, class_colour
from ui.echarts import Spec, heading

HEIGHT = 300  # pixels of the charts that are side by side below an answer
CLASSES = 10  # of more, a count shows the first ones
ROWS = 5  # of these, beside a row for all others
ROW = 40  # height of such a row in pixels
TOP = 50  # pixels of their headings
POINTS = 400  # points of a trace, at most

Panel = tuple[str, str, Sequence[float], float]  # title, its line below, votes a class, where the axis ends


def votes(
    progress: Progress | None, config: SmoothingConfig, class_names: Sequence[str], most: int = ROWS
) -> Spec:
    """Counts per class, selection (n0 votes) on the left and estimation (n votes) on the right; `most` as for
    `tallies`."""
    empty = (0,) * len(class_names)
    counts0, counts = (progress.counts0, progress.counts) if progress else (empty, empty)
    first = 1000 if config.stopping == "fixed" else 100
    panels = [
        (name, f"{sum(c):,} of {total:,}", c, axis_end(sum(c), total, first))
        for name, c, total in (
            ("Selection votes", counts0, config.n0),
            ("Estimation votes", counts, config.n),
        )
    ]
    return tallies(panels, class_names, most)


def height(tallied: Spec) -> int:
    """The height in pixels of `votes` or `tallies`: of many classes as many rows as are drawn."""
    grid = tallied["grid"][0]
    return int(grid["top"] + grid["height"]) if "height" in grid else HEIGHT


def tallies(panels: Sequence[Panel], class_names: Sequence[str], most: int = ROWS) -> Spec:
    """Two bar charts of counts side by side. Where there are many classes, the up to `most` with the most
    votes have a row each, with their name above it, and all others share one."""
    many = len(class_names) > CLASSES
    rows = (
        leading(np.sum([counts for _, _, counts, _ in panels], axis=0), most)
        if many
        else range(len(class_names))
    )
    labels, colours = [class_names[k] for k in rows], [class_colour(k) for k in rows]
    drawn = [[counts[k] for k in rows] for _, _, counts, _ in panels]
    if many:
        labels, colours = [*labels, "other"], [*colours, ABSTAIN]
        rests = [max(0, sum(panel[2]) - sum(shown)) for panel, shown in zip(panels, drawn, strict=True)]
        drawn = [[*shown, rest] for shown, rest in zip(drawn, rests, strict=True)]
    left, place = (8, {"height": ROW * len(labels)}) if many else (76, {"bottom": 4})
    places: tuple[Spec, ...] = ({"left": left, "right": "58%"}, {"left": "52%", "right": 44})
    return {
        "animation": False,
        "title": [
            heading(name, sides["left"]) | {"subtext": words, "itemGap": 6, "subtextStyle": {"fontSize": 12}}
            for (name, words, _, _), sides in zip(panels, places, strict=True)
        ],
        "grid": [{"top": TOP} | place | sides for sides in places],
        "xAxis": [
            {"gridIndex": i, "min": 0, "max": end, "show": False} for i, (_, _, _, end) in enumerate(panels)
        ],
        "yAxis": echarts.row_axes(labels, interval=0, **(echarts.ABOVE_BAR if many else {})),
        "series": [
            echarts.bars(
                name,
                i,
                "40%" if many else "62%",
                [_bar(c, colour) for c, colour in zip(counts, colours, strict=True)],
            )
            | {"label": {"show": True, "position": "right"}}
            for i, ((name, *_), counts) in enumerate(zip(panels, drawn, strict=True))
        ],
    }


def leading(votes: npt.ArrayLike, most: int) -> list[int]:
    """The up to `most` classes that have the most votes, of those that have any."""
    votes = np.asarray(votes)
    return [int(k) for k in np.argsort(-votes, kind="stable")[:most] if votes[k] >= 0.5]


def _bar(count: float, colour: str) -> Spec:
    return {
        "value": round(count, 1),
        "label": {"show": count >= 0.5, "formatter": f"{count:,.0f}"},
        "itemStyle": {"color": colour, "borderRadius": 3},
    }


def axis_end(done: int, total: int, end: int = 1000) -> int:
    """The end of a count's axis: `total`, or in a long run a smaller number that doubles as votes come in."""
    while end < done:
        end *= 2
    return min(end, total)


def trace(points: Sequence[Point], config: SmoothingConfig, finished: bool, at: int | None = None) -> Spec:
    """The candidate's share and its lower bounds over the estimation votes, with a line at 1/2. With `at`, a
    mark at that vote; the axis then ends at the last point.

    The bound that the certificate uses is bold: Clopper-Pearson's, which holds only at the end and is dashed
    until `finished`, or the anytime bound, which holds at every look. The other one is thin, for comparison.
    A test of the target radius has no bound: bold is the share that passes it at each look, thin the share at
    which the target is given up.
    """
    points = points[:: -max(1, len(points) // POINTS)][::-1]  # counted from the end, which stays
    end = config.n if config.stopping == "fixed" else axis_end(points[-1][0] if points else 0, config.n, 100)
    if at is not None:
        end = points[-1][0]
    votes_axis = "estimation votes" if at is None else "estimation votes; the upright line is this one"
    tested = config.stopping == "sequential"
    share, used, other = (
        _test_lines(points, config, end) if tested else _bound_lines(points, config, finished)
    )
    if at is not None:
        share["markLine"] = echarts.mark_lines(
            [{"xAxis": at}],
            lineStyle={"color": ABSTAIN, "type": "dashed", "width": 1.5},
            label={"show": False},
        )
    if not tested:
        used["markArea"] = echarts.certified_area([[{"yAxis": 0.5}, {"yAxis": 1}]])
    used["markLine"] = echarts.half_line("yAxis", "end")
    return {
        "animation": False,
        "title": heading(
            "The share has to reach the bold line" if tested else "The bound has to exceed ½", 36
        ),
        "legend": echarts.legend(36, 24),
        "grid": echarts.plot_area(36, 26, 58, 40),
        "xAxis": echarts.number_axis(votes_axis, 0, end),
        "yAxis": echarts.share_axis(),
        "tooltip": {"trigger": "axis", "valueFormatter": "%.4f"},
        "series": [share, used, other],
    }


def _bound_lines(points: Sequence[Point], config: SmoothingConfig, finished: bool) -> tuple[Spec, Spec, Spec]:
    """The share's line, that of the bound which the certificate takes, and that of the other bound."""
    anytime = config.stopping in ANYTIME
    fixed_name = "fixed-n bound" if anytime or finished else "fixed-n bound, provisional"
    fixed, any_time = (
        (name, [[point[0], point[column]] for point in points])
        for name, column in ((fixed_name, 2), ("anytime bound", 3))
    )
    used, other = (any_time, fixed) if anytime else (fixed, any_time)
    dash = "solid" if finished or anytime else "dashed"
    return (
        _share_line(points),
        echarts.line(used[0], BOUND, 2.5, used[1], dash) | _lone(points),
        echarts.line(other[0], ABSTAIN, 1.2, other[1], "dotted") | _lone(points),
    )


def _test_lines(points: Sequence[Point], config: SmoothingConfig, end: int) -> tuple[Spec, Spec, Spec]:
    """The share's line, and the shares that pass the test of the target radius and give it up, up to `end`
    votes."""
    test = target_test(config)
    passing = [[n, 1 - most / n] for n, most in test.against.items() if most >= 0 and n <= end]
    lost = [[n, most / n] for n, most in test.for_it.items() if most >= 0 and n <= end]
    thinned = (line[:: -max(1, len(line) // POINTS)][::-1] for line in (passing, lost))
    return (
        _share_line(points),
        echarts.line(f"certifies radius {config.target_radius:g}", BOUND, 2.5, next(thinned)),
        echarts.line("gives up", ABSTAIN, 1.2, next(thinned), "dotted"),
    )


def _share_line(points: Sequence[Point]) -> Spec:
    return echarts.line("share p̂", ABSTAIN, 1.5, [[point[0], point[1]] for point in points]) | _lone(points)


def _lone(points: Sequence[Point]) -> Spec:
    """A mark where there is one point: a line needs two."""
    return {"showSymbol": len(points) == 1, "symbol": "circle", "symbolSize": 8}
