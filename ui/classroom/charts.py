"""What a class guessed, the bounds of its seeds, and its false claims by each look, for the projector."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from diffsmooth_core.wording import down, percent
from ui import echarts
from ui.colours import BOUND, outcome_colour, outcome_mark, text_colour
from ui.echarts import Spec
from ui.jobs.seeds import ALPHA, SeedResult
from ui.step_charts import false_claims

TENS = (*(f"{low} to {low + 9}" for low in range(0, 90, 10)), "90 to 100")  # guesses of a bar
FROM, TO = 40, 90  # percent: where the axis of the bounds begins and ends
PLOT = 480  # pixels that the rows of the bounds have
FEWEST = 8  # rows: a few bounds are not drawn as beams


def guessed(guesses: Sequence[float]) -> Spec:
    """How many people guessed how many in a hundred."""
    counts = np.bincount([min(int(guess // 10), 9) for guess in guesses], minlength=len(TENS))
    people = [{"value": int(n), "label": {"show": bool(n), "formatter": f"{n}"}} for n in counts]
    bars: Spec = {"type": "bar", "name": "people", "barWidth": "70%", "data": people, "color": BOUND}
    return {
        "animation": False,
        "grid": echarts.plot_area(10, 10, 28, 48),
        "xAxis": {
            "type": "category",
            "data": list(TENS),
            "axisTick": {"show": False},
            "axisLabel": {"interval": 0, "fontSize": 13},
            **echarts.axis_name("guessed, in a hundred", 30),
        },
        "yAxis": {
            "type": "value",
            "min": 0,
            "max": max(4, int(counts.max())),
            "show": False,
            "name": "people",
        },
        "series": [bars | {"label": {"position": "top", "fontSize": 15, "fontWeight": 600}}],
    }


def bounds(results: Sequence[SeedResult], people: int, truth: float) -> Spec:
    """The bound of each seed, in the order of their arrival, from the top: a bar over all shares that it
    leaves, so that a false one does not reach the line of the true share. `people` have a row."""
    rows = max(people, len(results), FEWEST)
    letters = max(9, min(14, round(0.75 * PLOT / rows)))
    seeds = [f"{result.seed}" for result in results]
    return {
        "animation": False,
        "grid": echarts.plot_area(100, 150, 34, 48),
        "xAxis": {
            "type": "value",
            "min": FROM,
            "max": TO,
            "startValue": TO,
            "axisLabel": {"formatter": "{value} %", "fontSize": 13},
            "splitLine": {"show": False},
            **echarts.axis_name("share of the votes for a frog: at least this", 30),
        },
        "yAxis": {
            "type": "category",
            "inverse": True,
            "name": "seed",
            "nameLocation": "start",
            "data": seeds + [""] * (rows - len(results)),
            "axisTick": {"show": False},
            "axisLine": {"show": False},
            "axisLabel": {"interval": 0, "fontSize": letters, "hideOverlap": True},
        },
        "series": [
            {
                "type": "bar",
                "name": "lower bound",
                "barWidth": "40%",
                "labelLayout": {"hideOverlap": True},  # of two hundred; the chart's table has them all
                "data": [_bar(result, letters) for result in results],
                "markLine": _true(truth),
            }
        ],
    }


def _bar(result: SeedResult, letters: int) -> Spec:
    """A seed's bar, from its bound to the right end; none where it claims nothing."""
    claim = f"{down(100 * result.lower, 1)} %" if result.votes else "claims nothing"
    words: Spec = {"position": "left", "formatter": claim}
    if result.false:  # beside the line of the true share there is no room
        words = {
            "position": "right",
            "formatter": f"{outcome_mark('wrong')}{claim}: too much",
            "fontWeight": 600,
        }
    return {
        "value": 100 * result.lower if result.votes else TO,
        "label": {"show": True, "color": text_colour(), "fontSize": letters, **words},
        "itemStyle": {"color": outcome_colour("wrong") if result.false else BOUND, "borderRadius": 3},
    }


def _true(share: float) -> Spec:
    words = {
        "formatter": f"true: {percent(share)}",
        "color": text_colour(),
        "fontSize": 15,
        "fontWeight": 600,
    }
    return echarts.mark_lines(
        [{"xAxis": 100 * share}],
        precision=6,  # ECharts rounds to two digits otherwise
        lineStyle={"color": text_colour(), "type": "solid", "width": 2},
        label={"position": "start", **words},
    )


def by_each_look(results: Sequence[SeedResult], votes: int) -> Spec:
    """How many of the class have claimed falsely by each look, one after every vote."""

    def by_then(found: Sequence[int | None]) -> npt.NDArray[np.int64]:
        return np.bincount([at for at in found if at is not None], minlength=votes + 1)[1:].cumsum()

    naive, anytime = by_then([r.naive_at for r in results]), by_then([r.anytime_at for r in results])
    return false_claims(np.arange(1, votes + 1), naive, anytime, len(results), ALPHA)
