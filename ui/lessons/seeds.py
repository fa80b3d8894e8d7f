"""A class's experiment: certify one picture with a thousand seeds, show the best; then under a challenge."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import streamlit as st

from diffsmooth_core.certification.thousand_seeds import recorded
from diffsmooth_core.datasets import class_names, resolve
from diffsmooth_core.statistics import certified_radius
from diffsmooth_core.statistics.seeds import Grinding, grind
from diffsmooth_core.wording import down, percent
from ui import commands, tours
from ui.components import figure
from ui.curriculum import Tour
from ui.echarts import Spec
from ui.lessons.peeking import LEVELS
from ui.step_charts import ANYTIME, NAIVE, steps

SEEDS = (1, 3, 10, 30, 100, 300, 1000)
ASKED = (1000, 0.01)  # seeds and risk that the lesson asks about
FREE, CHALLENGED = "Whoever certifies", "A verifier, who gives a nonce"


def show(tour: Tour) -> None:
    """The panel: how many seeds are tried, at which risk, and who chooses them."""
    record = recorded()
    config, share = record.config, record.share
    true, name = certified_radius(share, config.sigma), class_names(config.dataset)[record.label]
    drawing = record.picture.partition(":")[2].replace("-", " ")
    st.markdown(
        f"The drawing *{drawing}* is a hard one: of {record.long:,} noisy copies {percent(share)} "
        f"are taken for a {name}, which is worth a radius of {true:.3f}. It was certified with every seed "
        f"from 0 to {len(record.votes) - 1}, with n = {config.n} votes each."
    )
    one, two, three = st.columns([3, 2, 4])
    tried = one.select_slider("Seeds tried", SEEDS, 1)
    alpha = two.select_slider("Risk α", list(LEVELS), 0.01, format_func=LEVELS.__getitem__, key="seeds-alpha")
    chosen_by = three.segmented_control(
        "The noise is chosen by", [FREE, CHALLENGED], default=FREE, required=True
    )
    found = _ground(alpha, share)
    fair = chosen_by == CHALLENGED
    if (tried, alpha, fair) == (*ASKED, False):
        tours.came_out(tour, down(float(found.best[tried - 1]), 3))
    _figures(found, tried, true, fair)
    alt = "The largest radius of the first seeds, over their number, against the radius of the true share"
    figure.show(chart(found, true, fair, tried), "seeds", alt, 300)
    if fair:
        st.markdown(
            f"The verifier's ledger holds a nonce for each of the {tried:,} tries, also for those that "
            f"nobody shows. So each is read at α/{tried:,}: then any of them is wrong with probability α at "
            "most."
        )
        picture = resolve(record.picture, config.dataset)
        commands.show(
            *commands.challenged(config, picture), note="The verifier calls the second and the last."
        )
    else:
        st.markdown(
            f"One certificate is false with probability {100 * found.chance:.2g} % here, and with at most "
            f"{100 * alpha:g} % anywhere. At least one of {tried:,} is false with probability "
            f"{percent(found.any_false(tried))}. The file that is shown looks the same: nothing in it says "
            "how many there were."
        )


@st.cache_data(max_entries=8)
def _ground(alpha: float, share: float) -> Grinding:
    record = recorded()
    return grind(record.votes, record.config.n, alpha, share, record.config.sigma)


def _figures(found: Grinding, tried: int, true: float, fair: bool) -> None:
    one, two, three = st.columns(3)
    shown = (found.corrected if fair else found.best)[tried - 1]
    one.metric(
        f"Best of {tried:,}, read at α/{tried:,}" if fair and tried > 1 else f"Best radius of {tried:,}",
        down(float(shown), 3),
        f"{shown - true:+.3f} against the truth" if shown else "no certificate",
        delta_color="off" if shown <= true else "inverse",
        delta_arrow="auto" if shown else "off",
    )
    two.metric("Radius of the true share", f"{true:.3f}")
    three.metric(
        "Certificates that claim more",
        f"{found.false[tried - 1]:,} of {tried:,}",
        help="At α itself, each by itself.",
    )


def chart(found: Grinding, true: float, fair: bool, tried: int) -> Spec:
    """The best radius of the first k seeds over k, up to those that were tried, and under a challenge what
    the ledger leaves of it."""
    lines = {"the best so far, at α": (NAIVE, _points(found.best[:tried]))}
    if fair:
        lines["the best so far, at α over the number of nonces"] = (ANYTIME, _points(found.corrected[:tried]))
    across = {"type": "log", "min": 1, "max": len(found.best), "name": "seeds tried"}
    return steps(lines, across, {"max": 0.15}, (true, "true share", "insideEndTop"), "%.3f")


def _points(radii: npt.NDArray[np.float64]) -> list[list[float]]:
    """Radii over the number of seeds, those beyond the hundredth where they change."""
    return [
        [k + 1, round(float(radii[k]), 4)]
        for k in range(len(radii))
        if k < 100 or k + 1 == len(radii) or radii[k] != radii[k - 1]
    ]
