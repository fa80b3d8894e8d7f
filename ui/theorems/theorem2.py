"""Theorem 2 on the Theorems page: its numbers, where the printed bound fails, and what it says."""

from __future__ import annotations

import streamlit as st

from diffsmooth_core.theory import Theorem2
from ui.components import terms
from ui.theorems import quantities
from ui.theorems.controls import Controls


def show(theorem: Theorem2, chosen: Controls) -> None:
    """The theorem's numbers, its bounds, and what it says."""
    scale = chosen.scale
    st.subheader(
        "Theorem 2: how far is the one-shot output from the mean of what could have been?", anchor=False
    )
    wrong = "larger than it need be" if theorem.error > 1 else "smaller than what is proved"
    st.markdown(
        "Many pictures could have become the noisy one xₜ. A single step, which DiffSmooth takes, "
        "estimates their mean, the **posterior mean** E[x₀|xₜ]. The theorem bounds its distance from it by "
        f"the network’s error: **E = {theorem.error:.4g}** is the expected squared error of the predicted "
        "noise ε, summed over all values. As printed, the bound has E where √E belongs, and so it is "
        f"{wrong} here."
    )
    rows, terms_by_name = quantities.second(theorem, scale)
    terms.show(rows, terms_by_name, key="theorems-second")
    if theorem.distance > theorem.printed * (1 + 1e-9):
        st.error(
            f"As printed the bound is violated: the distance is {scale * theorem.distance:.4g}, "
            f"the printed bound {scale * theorem.printed:.4g}. "
            f"The corrected one, {scale * theorem.corrected:.4g}, holds.",
            icon=":material/error:",
        )


def in_full() -> None:
    """The theorem in words, folded."""
    with st.expander("Theorem 2 in full: print and derivation"):
        st.markdown("As printed, written with E:")
        st.latex(
            r"\lVert \hat x_0 - \mathbb E[x_0|x_t] \rVert \;\le\; \rho\, E, \qquad "
            r"E = \mathbb E[\lVert \varepsilon - \varepsilon_\theta \rVert^2 \,|\, x_t]"
        )
        st.markdown("What holds exactly, and the bound that follows:")
        st.latex(
            r"\lVert \hat x_0 - \mathbb E[x_0|x_t] \rVert^2 = \rho^2 E - "
            r"\mathbb E[\lVert x_0 - \mathbb E[x_0|x_t] \rVert^2 \,|\, x_t] \le \rho^2 E"
        )
        st.markdown(
            "The one-shot output estimates the mean of all pictures that $x_t$ may have come from. A perfect "
            "network gives exactly that mean: even then E is not zero, as ε is not known from $x_t$, and "
            "the identity subtracts just this. The printed proof takes a squared length for a length. "
            "Where E is above 1 its bound is the larger one and true; a narrow posterior with a small "
            "network error makes E less than 1, and it fails: try the narrow cluster in the exact world with "
            "a network error of 0.1."
        )
