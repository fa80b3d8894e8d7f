"""The charts of a report as SVG: they need no script, print sharply, and are the same on every machine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from diffsmooth_core.figures import OUTCOME_COLOURS
from diffsmooth_core.markup import Markup, element, joined
from diffsmooth_core.runs.results import OUTCOMES, Result, curve

WIDTH, HEIGHT = 660, 250
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 10, 40  # pixels around the plot
BINS = 20  # of the lower bounds, from 0 to 1


@dataclass(frozen=True)
class Plot:
    """A plane from 0 to `right` and from 0 to `top`, and where its points lie in the drawing."""

    right: float
    top: float

    def x(self, value: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * value / self.right, 2)

    def y(self, value: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / self.top, 2)

    def path(self, points: Sequence[tuple[float, float]]) -> str:
        return "M" + " L".join(f"{self.x(x)} {self.y(y)}" for x, y in points)

    def drawn(self, title: str, across: str, ticks: Sequence[tuple[float, float]], *parts: Markup) -> Markup:
        """The parts within axes. `ticks` are pairs of a step along an axis and the factor of its numbers, of
        the horizontal axis first; the vertical one is titled by the text above the drawing."""
        (step_x, factor_x), (step_y, factor_y) = ticks
        lines = [
            element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=self.y(v), y2=self.y(v), class_="grid")
            for v in _steps(self.top, step_y)
        ]
        numbers = [_number(LEFT - 6, self.y(v) + 4, v * factor_y, "end") for v in _steps(self.top, step_y)]
        numbers += [
            _number(self.x(v), HEIGHT - BOTTOM + 16, v * factor_x, "middle")
            for v in _steps(self.right, step_x)
        ]
        below = element("text", across, x=(LEFT + WIDTH - RIGHT) / 2, y=HEIGHT - 6, text_anchor="middle")
        return element(
            "svg",
            element("title", title),
            joined(*lines, *parts, *numbers, below),
            viewBox=f"0 0 {WIDTH} {HEIGHT}",
            role="img",
        )


def certified_accuracy(results: Sequence[Result]) -> Markup:
    """Certified accuracy in percent over the radius, with its simultaneous band."""
    points = curve(results, 200)
    plot = Plot(points[-1][0], 1.0)
    highs = _stairs([(r, share.high) for r, share in points])
    lows = _stairs([(r, share.low) for r, share in points])
    band = element("path", d=plot.path(highs + lows[::-1]) + "Z", class_="band")
    line = element("path", d=plot.path(_stairs([(r, s.share) for r, s in points])), class_="curve")
    step = _round_step(plot.right, 6)
    return plot.drawn(
        "Certified accuracy over the radius",
        "radius (L2, pixels in [0,1])",
        ((step, 1), (0.2, 100)),
        band,
        line,
    )


def bounds(results: Sequence[Result]) -> Markup:
    """How many pictures have a lower bound of p_A in each twentieth, stacked by outcome, with a line at ½.
    At least one of the results has a bound."""
    known = [
        (r.outcome, min(BINS - 1, math.floor(r.p_a_lower * BINS))) for r in results if r.p_a_lower is not None
    ]
    most = max(sum(bin_ == k for _, bin_ in known) for k in range(BINS))
    plot, bars = Plot(1.0, float(most)), list[Markup]()
    for k in range(BINS):
        below = 0
        for outcome in OUTCOMES:
            if count := known.count((outcome, k)):
                top, foot = plot.y(below + count), plot.y(below)
                left, right = plot.x(k / BINS) + 1, plot.x((k + 1) / BINS) - 1
                bars.append(
                    element(
                        "rect",
                        x=left,
                        y=top,
                        width=round(right - left, 2),
                        height=round(foot - top, 2),
                        fill=OUTCOME_COLOURS[outcome],
                    )
                )
                below += count
    half = element("line", x1=plot.x(0.5), x2=plot.x(0.5), y1=TOP, y2=HEIGHT - BOTTOM, class_="half")
    ticks = ((0.25, 1.0), (_round_step(most, 5, least=1.0), 1.0))
    return plot.drawn("Pictures by the lower bound of p_A", "lower bound of p_A", ticks, *bars, half)


def _stairs(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points with the corner before each step down."""
    found = [points[0]]
    for (_, before), (x, y) in pairwise(points):
        found += [(x, before), (x, y)] if y != before else [(x, y)]
    return found


def _steps(end: float, step: float) -> list[float]:
    return [i * step for i in range(math.floor(end / step + 1e-9) + 1)]


def _round_step(end: float, most: int, least: float = 0.0) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that cuts [0, end] into at most so many parts."""
    power = 10.0 ** math.floor(math.log10(end / most))
    return max(least, next(power * k for k in (1, 2, 5, 10) if end / (power * k) <= most))


def _number(x: float, y: float, value: float, anchor: str) -> Markup:
    return element("text", f"{value:g}", x=x, y=round(y, 2), text_anchor=anchor)
