"""Results of the theorems as Plotly figures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from diffsmooth_core.theory import Exact, Gain, Theorem1, Theorem2
from ui.colours import ABSTAIN

SHIFT, NOISE, SCORE, SAMPLES, ONE_SHOT = "#0e887d", "#6db8ae", "#d08a2e", "#6f7f95", "#b0406a"
TITLES = {
    "printed": "as printed",
    "corrected": "corrected",
    "pathwise": "pathwise",
    "tight": "tightened",
    "free": "without C",
}


def _finish(figure: go.Figure, height: int, x: str, y: str = "") -> go.Figure:
    figure.update_layout(
        height=height, margin={"l": 8, "r": 16, "t": 36, "b": 8}, bargap=0.25,
        legend={"orientation": "h", "traceorder": "normal", "y": 1, "yanchor": "bottom", "x": 0},
        xaxis_title=x, yaxis_title=y,
    )  # fmt: skip
    return figure


def distances(found: Theorem1, one_shot: float, scale: float, unit: str) -> go.Figure:
    """The samples' distances from the clean point, the one-shot output's, and the bounds that are near."""
    values = scale * found.distances
    bounds = {name: scale * float(found.bound(name).mean()) for name in ("free", "tight", "pathwise")}
    width = max(float(np.ptp(values)) / 8, max(bounds.values()) / 60)
    figure = go.Figure(go.Histogram(x=values, xbins={"size": width}, marker_color=SAMPLES, name="samples"))
    tallest = int(np.histogram(values, np.arange(values.min(), values.max() + 2 * width, width))[0].max())
    lines = [(one_shot * scale, "one-shot output", ONE_SHOT, "dot")]
    colours = {"free": NOISE, "tight": SHIFT, "pathwise": SCORE}
    lines += [(x, f"bound {TITLES[name]}", colours[name], "solid") for name, x in bounds.items()]
    for x, name, colour, dash in lines:
        figure.add_scatter(
            x=[x, x], y=[0, 1.15 * tallest], mode="lines", name=f"{name}: {x:.4g}",
            line={"color": colour, "width": 2.5, "dash": dash},
        )  # fmt: skip
    figure.update_xaxes(rangemode="tozero")
    return _finish(figure, 320, f"distance from the clean point, L2 in {unit} units", "samples")


def terms(found: Theorem1, scale: float, unit: str) -> go.Figure:
    """Every version of the bound as a bar of its terms. Bars far longer than the rest are cut and say so."""
    versions = list(TITLES)
    first = [scale * (0 if v == "tight" else found.shift) for v in versions]
    second = [scale * (found.quantile if v == "tight" else found.noise) for v in versions]
    third = [scale * float(found.score_term(v).mean()) for v in versions]
    totals = [sum(parts) for parts in zip(first, second, third, strict=True)]
    usual = max(totals[versions.index(v)] for v in ("pathwise", "tight", "free"))
    end = 1.25 * (max(totals) if max(totals) < 3 * usual else usual)
    names = [TITLES[v] for v in versions]
    figure = go.Figure()
    for title, colour, values in (
        ("shift ‖x<sub>rs</sub> − x₀‖", SHIFT, first),
        ("noise ρ·C<sub>η</sub>, or both exactly", NOISE, second),
        ("score term", SCORE, third),
    ):  # fmt: skip
        figure.add_bar(y=names, x=values, name=title, marker_color=colour, orientation="h",
                       hovertemplate="%{x:.4g}<extra>" + title + "</extra>")  # fmt: skip
    for name, total in zip(names, totals, strict=True):
        cut = total > end
        figure.add_annotation(
            x=end if cut else total, y=name, text=f"<b>{total:,.4g} →</b>" if cut else f"{total:,.4g}",
            showarrow=False, xanchor="right" if cut else "left", xshift=-6 if cut else 6,
            font={"color": "#1f2933"} if cut else None,
        )  # fmt: skip
    mean = scale * float(found.distances.mean())
    figure.add_vline(x=mean, line={"color": SAMPLES, "width": 2, "dash": "dot"})
    figure.update_layout(barmode="stack")
    figure.update_xaxes(range=[0, end])
    figure.update_yaxes(autorange="reversed")
    return _finish(figure, 330, f"L2 in {unit} units; dotted: samples' mean")


def second(found: Theorem2, scale: float, unit: str) -> go.Figure:
    """The distance that Theorem 2 speaks of beside its bounds."""
    rows = {
        "distance": (found.distance, ONE_SHOT), "exact identity": (found.identity, SHIFT),
        "corrected bound": (found.corrected, NOISE), "printed bound": (found.printed, SCORE),
    }  # fmt: skip
    values = [scale * value for value, _ in rows.values()]
    error = f" ± {scale * found.monte_carlo:.2g}" if found.monte_carlo else ""
    figure = go.Figure(
        go.Bar(y=list(rows), x=values, orientation="h", marker_color=[colour for _, colour in rows.values()],
               text=[f"{value:,.4g}{error if k == 0 else ''}" for k, value in enumerate(values)],
               textposition="outside", cliponaxis=False)
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(range=[0, 1.2 * max(*values, 1e-9)])
    return _finish(figure, 260, f"L2 in {unit} units")


def gain(found: Sequence[Gain], eta: float, scale: float, unit: str) -> go.Figure:
    """Distance to the picture over sigma, before and after purification, and Theorem 1 without its C."""
    sigmas = [g.sigma for g in found]
    pixel = 2 * scale  # Gain is in [0,1] units already
    figure = go.Figure()
    for title, colour, values in (
        ("noisy", SAMPLES, [g.noisy for g in found]), ("purified", ONE_SHOT, [g.purified for g in found]),
        ("bound without C", NOISE, [g.bound(eta) for g in found]),
        ("its exact quantile", SHIFT, [g.quantile(eta) for g in found]),
    ):  # fmt: skip
        figure.add_scatter(x=sigmas, y=[pixel * v for v in values], name=title, mode="lines+markers",
                           line={"color": colour, "width": 2.5})  # fmt: skip
    figure.update_yaxes(rangemode="tozero")
    return _finish(figure, 300, "noise σ", f"mean distance, {unit}")


def drawn(found: Exact, shown: int = 24) -> go.Figure:
    """Paths of a 1- or 2-dimensional world: through noise levels, or in the plane."""
    states = found.paths.states
    assert states is not None
    path = states[:, :shown].numpy()
    cloud = found.paths.end.numpy()
    clean, received = found.clean.numpy(), found.received.numpy()
    figure = go.Figure()
    thin = {"mode": "lines", "name": "reverse paths", "opacity": 0.5, "hoverinfo": "skip",
            "line": {"color": SAMPLES, "width": 1}}  # fmt: skip
    if path.shape[2] == 1:
        levels = list(found.levels)
        for k in range(path.shape[1]):
            figure.add_scatter(x=levels, y=path[:, k, 0], showlegend=k == 0, **thin)
        marks = [
            (levels[0], received[0]), (0, clean[0]), (0, found.one_shot[0]), (0, found.posterior_mean[0])
        ]  # fmt: skip
        figure.update_xaxes(autorange="reversed")
        axes = ("noise level ρ, falling to 0", "x̂")
    else:
        means = found.mixture.means.numpy()
        figure.add_scatter(x=means[:, 0], y=means[:, 1], mode="markers", name="centres of the mixture",
                           marker={"color": ABSTAIN, "size": 34, "opacity": 0.3})  # fmt: skip
        for k in range(path.shape[1]):
            figure.add_scatter(x=path[:, k, 0], y=path[:, k, 1], showlegend=k == 0, **thin)
        figure.add_scatter(x=cloud[:, 0], y=cloud[:, 1], mode="markers", name="their ends",
                           marker={"color": SHIFT, "size": 4})  # fmt: skip
        marks = [tuple(v) for v in (received, clean, found.one_shot.numpy(), found.posterior_mean.numpy())]
        figure.update_yaxes(scaleanchor="x")
        axes = ("first dimension", "second dimension")
    looks = (("x<sub>rs</sub>", "x", SCORE), ("clean x₀", "star", "#2f75c0"),
             ("one-shot", "diamond", ONE_SHOT),
             ("posterior mean", "circle-open", ONE_SHOT))  # fmt: skip
    for (x, y), (name, symbol, colour) in zip(marks, looks, strict=True):
        marker = {"symbol": symbol, "color": colour, "size": 13, "line": {"width": 2}}
        figure.add_scatter(x=[float(x)], y=[float(y)], mode="markers", name=name, marker=marker)
    return _finish(figure, 420, *axes)
