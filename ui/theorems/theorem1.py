"""Theorem 1 on the Theorems page: its numbers, where the printed bound fails, and what it says."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from diffsmooth_core.theory import Theorem1, c_eta
from diffsmooth_core.wording import confidence, percent
from ui.components import figure, terms
from ui.text import plain
from ui.theorems import charts, quantities
from ui.theorems.controls import Controls
from ui.theorems.quantities import CORRECTED, NOISE, PRINTED, SCORE, SHIFT, WITH_C

FORMULA = (
    r"\lVert \hat x_0 - x_0 \rVert \;\le\; \textcolor{%s}{\lVert x_{rs} - x_0 \rVert} \;+\; "
    r"\textcolor{%s}{\rho\, C_\eta} \;+\; \textcolor{%s}{%s}"
)
VERSIONS = (
    ("As printed", PRINTED, r"\tau\, C"),
    ("Corrected", CORRECTED, r"(e^{\tau} - 1)\, C"),
    ("Pathwise", SCORE, r"\int_0^{t^*} e^{\tau(t)} \gamma(t)\, \lVert \nabla \log p_t(\hat x_t) \rVert\, dt"),
)


LENGTHS_CANCEL = (  # said where the bound is more than twice as long as need be
    " The bound adds up lengths that in truth cancel, as the score pulls the noise out again. So it is far "
    "too long, and that all samples pass says little."
)


def show(
    theorem: Theorem1 | None, one_shot: float | None, wanted: int, chosen: Controls, below: Callable[[], None]
) -> None:
    """The theorem's question, its numbers, histogram and bounds; dashes and empty axes before the first
    sample, where `theorem` is None. `one_shot` is that output's distance in [-1,1] units, `wanted` the number
    of samples to come; `below` draws how the samples stand, below the numbers."""
    scale = chosen.scale
    st.subheader("Theorem 1: how far does purification end from the picture?", anchor=False)
    st.markdown(
        "The reverse process takes the noise out in many small steps, each with some chance. A **sample** is "
        "where it ends once. The theorem says how far from the picture that can be, and fails with a "
        f"probability of η\u00a0=\u00a0{chosen.setting.eta:g} at most, its **risk**. First its **pathwise** "
        "bound, which is proved with nothing estimated; below, all of its versions."
    )
    mean = scale * float(theorem.distances.mean()) if theorem else 0.0
    bound = scale * float(theorem.bound("pathwise").mean()) if theorem else 0.0
    figures, histogram = st.columns([3, 5], gap="medium", vertical_alignment="center")
    row = figures.container(horizontal=True, gap="medium", key="theorems-figures")
    row.metric(
        "Samples' distance",
        f"{mean:.4g}" if theorem else "–",
        help="‖x̂₀ − x₀‖: from a sample to the picture, the mean over the samples.",
    )
    row.metric(
        "Pathwise bound",
        f"{bound:.4g}" if theorem else "–",
        help="It adds up what the score did on each path; this is the mean over the paths.",
    )
    row.metric("Slack", f"{bound - mean:.4g}" if theorem else "–", help="What the bound leaves unused.")
    row.metric(
        "One-shot distance",
        "–" if one_shot is None else f"{scale * one_shot:.4g}",
        help="From the output of a single step, which DiffSmooth takes. Theorem 1 does not speak of it.",
    )
    with figures:
        below()
    chart = charts.distances(theorem, wanted, scale, chosen.unit)
    with histogram:
        alt = "Histogram of the samples' distances from the picture"
        figure.show(chart, "theorems-distances", alt, height=190)
    if theorem is None:
        return
    share, distances = theorem.share("pathwise"), scale * theorem.distances
    st.markdown(
        f"**{share.k} of {share.n}** samples are inside the pathwise bound; they lie "
        f"{distances.min():.4g} to {distances.max():.4g} from the picture. The theorem promises at least "
        f"{confidence(chosen.setting.eta)}, the samples alone show {percent(share.low)} to "
        f"{percent(share.high)} (95 % confidence)."
        + (LENGTHS_CANCEL if mean < bound / 2 and share.k == share.n else "")
    )
    st.caption(_in_symbols(theorem, chosen))
    rows, terms_by_name = quantities.first(theorem, scale, chosen.unit)
    usual = max(row.total for row in rows if row.title not in WITH_C)
    terms.show(rows, terms_by_name, key="theorems-terms", mark=mean, usual=usual)


def _in_symbols(theorem: Theorem1, chosen: Controls) -> str:
    """What the symbols of the bounds mean, before they are used."""
    return (
        "A bound adds up to three lengths: the **shift** ‖xᵣₛ − x₀‖ from the picture x₀ to what is received "
        "(the picture with its noise and its δ, where it has them), the **noise** $\\rho\\,C_\\eta$ of the "
        "process itself, and how far the **score** leads, the direction in which noisy pictures become more "
        "likely. ρ is the noise’s standard deviation, τ grows with it, and $C_\\eta$ is the length that d = "
        f"{theorem.dimension:,} standard normal values exceed with a probability of at most η. ‖·‖ is the L2 "
        f"length, in {plain(chosen.unit)} units."
    )


def say_violated(theorem: Theorem1, chosen: Controls) -> None:
    """Say where the printed bound fails: where more samples lie beyond it than its risk allows, and more than
    chance explains."""
    inside = theorem.share("printed")
    if inside.high < 1 - theorem.eta:
        printed, corrected = (chosen.scale * float(theorem.bound(v).mean()) for v in ("printed", "corrected"))
        st.error(
            "As printed, and with C as it is estimated here, the bound is violated: "
            f"{inside.n - inside.k} of {inside.n} samples lie beyond {printed:.4g}. The corrected one, "
            f"{corrected:.4g}, holds for {theorem.share('corrected').k} of them.",
            icon=":material/error:",
        )


def in_full(theorem: Theorem1, chosen: Controls) -> None:
    """The theorem in words, folded."""
    with st.expander("Theorem 1 in full: print and derivation"):
        for title, colour, term in VERSIONS:
            st.markdown(f"{title}:")
            st.latex(FORMULA % (SHIFT, NOISE, colour, term))
        st.markdown(
            "With probability at least 1 − η over the path's noise. The reverse SDE carries xᵣₛ to x̂₀: it "
            "starts **shifted** from the picture, adds **noise** of standard deviation ρ in total, and the "
            "**score** pulls towards pictures. The third term bounds that pull, where C/2 bounds the score's "
            "length. Solving the SDE weights the score by $e^{\\tau(t)}$, which the printed proof loses: "
            "its τ has to be $e^\\tau - 1$, which is larger.\n\n"
            "**What would break it.** No C bounds the score everywhere: it grows without end far from the "
            "data, and near t = 0 as 1/√(1 − ᾱ). The C here is twice the largest score on these paths, an "
            "estimate from below. “Inside” without the C term implies inside for every C; “outside” without "
            "it is no violation. The pathwise version needs no C. The tightened one also replaces the "
            "triangle inequality of the first two terms by their exact quantile, a noncentral χ²."
        )
        st.table(_symbols(theorem, chosen), border="horizontal")


def _symbols(theorem: Theorem1, chosen: Controls) -> dict[str, list[str]]:
    scale = chosen.scale
    rows = [
        (r"$d$", "number of values in a picture", f"{theorem.dimension:,}"),
        (r"$\bar\alpha$", "share of the picture's variance left at t*", f"{theorem.alpha_bar:.4g}"),
        (r"$\tau$", "−½ log ᾱ", f"{theorem.tau:.4g}"),
        (r"$e^\tau - 1$", "what stands in its place in the derivation", f"{theorem.alpha_bar**-0.5 - 1:.4g}"),
        (r"$\rho$", "√((1 − ᾱ)/ᾱ), the noise", f"{scale * theorem.rho:.4g}"),
        (r"$\eta$", "risk", f"{theorem.eta:g}"),
        (
            r"$C_\eta$",
            "length that d standard normals exceed with probability η at most",
            f"{c_eta(theorem.dimension, theorem.eta):.4g}",
        ),
        (
            r"$C$",
            "twice the largest score on the paths, an estimate; as a length, so that τ times C is one",
            f"{scale * theorem.c:,.4g}",
        ),
    ]
    names = ("symbol", "what it is", f"value now, {plain(chosen.unit)} units")
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
