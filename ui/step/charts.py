"""The noise schedule as an ECharts specification."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ui import echarts
from ui.colours import ABSTAIN
from ui.echarts import Spec, heading


def timestep(noise_ratio: npt.NDArray[np.float64], t: int, sigma: float) -> Spec:
    """(1 - alpha_bar) / alpha_bar over all timesteps, on a logarithmic scale, and the first t at which it
    reaches (2 sigma)^2 (Algorithm 1)."""
    steps = np.unique(np.append(np.linspace(0, len(noise_ratio) - 1, 200).round().astype(int), t))
    target = (2 * sigma) ** 2
    return {
        "animation": False,
        "title": heading("Noise against picture, (1 − ᾱ) / ᾱ", 52),
        "grid": echarts.plot_area(52, 76, 44, 44),
        "xAxis": echarts.number_axis("timestep t", 0, len(noise_ratio)),
        "yAxis": {"type": "log", "min": 1e-3, "max": 1e3},
        "series": [
            echarts.line("noise ratio", "#0e887d", 2.5, [[int(s), float(noise_ratio[s] ** 2)] for s in steps])
            | {
                "markLine": echarts.mark_lines(
                    [
                        {"yAxis": target, "label": {"formatter": f"(2σ)² = {target:.3g}"}},
                        {"xAxis": t, "label": {"formatter": f"t* = {t}"}},
                    ],
                    lineStyle={"color": ABSTAIN, "type": "dashed", "width": 1.5},
                    label={"color": ABSTAIN, "fontSize": 12},
                ),
                "markPoint": {
                    "symbol": "circle",
                    "symbolSize": 11,
                    "label": {"show": False},
                    "data": [{"coord": [t, float(noise_ratio[t] ** 2)]}],
                },
            }
        ],
    }
