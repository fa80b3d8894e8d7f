"""The right side of the Theorems page: both theorems with their numbers, figures and words."""

from __future__ import annotations

from typing import Any

import streamlit as st
from plotly.graph_objects import Figure

from diffsmooth_core import ABSTAIN, InputError
from diffsmooth_core.datasets.sources import Picture, class_names
from diffsmooth_core.theory import Exact, Theorem1, Theorem2, c_eta
from ui import strip, theorems_charts, theorems_controls, theorems_runs
from ui.images import data_url
from ui.text import confidence, length, plain
from ui.theorems_charts import NOISE, SCORE, SHIFT
from ui.theorems_controls import Controls, go_on, stop, stopped

FIRST = (
    r"\lVert \hat x_0 - x_0 \rVert \;\le\; \textcolor{%s}{\lVert x_{rs} - x_0 \rVert} \;+\; "
    r"\textcolor{%s}{\rho\, C_\eta} \;+\; \textcolor{%s}{%s}"
)
PRINTED, CORRECTED = r"\tau\, C", r"(e^{\tau} - 1)\, C"
PATHWISE = r"\int_0^{t^*} e^{\tau(t)} \gamma(t)\, \lVert \nabla \log p_t(\hat x_t) \rVert\, dt"


CANCELS = (
    " Passing is almost automatic, so look at the slack: the bound adds up lengths that in truth cancel, "
    "because the score pulls the noise out again."
)


def _plot(figure: Figure, key: str) -> None:
    st.plotly_chart(figure, key=key, config={"displayModeBar": False})


def show_picture(picture: Picture, chosen: Controls) -> None:
    """Both theorems for a picture and the bundled denoiser. Samples what is missing, shown as it comes."""
    try:
        experiment = theorems_runs.experiment(picture, chosen.setting)
    except InputError as problem:
        st.error(plain(str(problem)))
        return
    begun = experiment.begun
    received = begun.received.permute(1, 2, 0).numpy()
    estimate = ((begun.one_shot + 1) / 2).permute(1, 2, 0).numpy()
    bar, live = st.empty(), st.empty()
    _sample(experiment, chosen, bar, live)
    if experiment.count < 2:
        return
    paths = experiment.paths
    sample = ((paths.end[0] + 1) / 2).permute(1, 2, 0).numpy()
    with live.container():
        strip.show(
            [
                strip.Frame("The picture", "x₀", (data_url(picture.pixels),)),
                strip.Frame("What is received", "xᵣₛ: with δ and noise, as chosen", (data_url(received),)),
                strip.Frame("One shot", "Theorem 2 speaks of it", (data_url(estimate),)),
                strip.Frame("One reverse-SDE sample", "Theorem 1 speaks of it", (data_url(sample),)),
            ],
            key="theorems-strip",
        )
        _first(begun.theorem1(paths), begun.one_shot_distance, chosen)
        error = chosen.scale * theorems_runs.doubling_error(picture, chosen.setting)
        st.caption(
            f"The paths take {len(begun.levels) - 1} steps. Leaving out every second step, under the same "
            f"noise, moves their ends by {error:.2g}: the discretisation error is about as large. The bounds "
            "without C hold for the discretised paths themselves, so they do not depend on it."
        )
        second = begun.theorem2(paths)
        _second(second, chosen)
        st.caption(
            f"The posterior mean is not known for a real picture: the mean of {experiment.count} samples "
            f"stands in for it, with a standard error of {chosen.scale * second.monte_carlo:.2g}, and the "
            "identity holds by construction. In the exact world nothing is estimated."
        )


def _sample(experiment: theorems_runs.Experiment, chosen: Controls, bar: Any, live: Any) -> None:
    """Sample up to the number asked for, unless stopped; a stop keeps what there is."""
    setting, wanted = chosen.setting, chosen.samples
    if experiment.count >= wanted:
        return
    if stopped(setting):
        with bar.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"Stopped after {experiment.count} of {wanted} samples.")
            st.button("Go on", key="theorems-go-on", on_click=go_on)
        return
    with bar.container():
        progress = st.progress(experiment.count / wanted, f"{experiment.count} of {wanted} samples")
        st.button("Stop", key="theorems-stop", on_click=stop, args=(setting,))
    for done in experiment.sample(wanted):
        progress.progress(min(1.0, done / wanted), f"{done} of {wanted} samples")
        if done < wanted:
            found = experiment.begun.theorem1(experiment.paths)
            figure = theorems_charts.distances(
                found, experiment.begun.one_shot_distance, chosen.scale, chosen.unit
            )
            live.plotly_chart(figure, key=f"theorems-live-{done}")
    bar.empty()


def show_exact(chosen: Controls) -> None:
    """Both theorems in a Gaussian mixture."""
    setting = chosen.setting
    try:
        found = theorems_runs.exact_world(
            chosen.world, chosen.dimension, setting.sigma, setting.eps_error, setting.eta, setting.noise,
            setting.seed,
        )  # fmt: skip
    except InputError as problem:
        st.error(plain(str(problem)))
        return
    st.markdown(
        "Here the pictures are points of a Gaussian mixture, so the score, the posterior mean and every "
        "other term are closed forms. Nothing is estimated but the paths, which have the exact score."
    )
    if found.paths.states is not None:
        _drawn(found)
    away = float((found.one_shot - found.clean).norm())
    _first(found.theorem1, away, chosen)
    st.caption(
        f"The paths take {len(found.levels) - 1} steps; leaving out every second one moves their ends by "
        f"{chosen.scale * found.doubling_error:.2g}."
    )
    _second(found.theorem2, chosen)


def _drawn(found: Exact) -> None:
    _plot(theorems_charts.drawn(found), "theorems-drawn")
    st.caption("In the model's [−1,1] units. The paths begin at xᵣₛ and end where the clean point may be.")


def _first(found: Theorem1, one_shot: float, chosen: Controls) -> None:
    scale, setting = chosen.scale, chosen.setting
    st.subheader("Theorem 1: how far purification ends from the picture", anchor=False)
    bounds = {version: scale * float(found.bound(version).mean()) for version in theorems_charts.TITLES}
    mean = scale * float(found.distances.mean())
    share = found.share("pathwise")
    row = st.container(horizontal=True, gap="medium")
    row.metric("Samples' distance", f"{mean:.4g}", help="‖x̂₀ − x₀‖, the mean over the samples.")
    row.metric("Bound, pathwise", f"{bounds['pathwise']:.4g}", help="Without any C; the mean over the paths.")
    row.metric("Slack", f"{bounds['pathwise'] - mean:.4g}", help="What the bound leaves unused.")
    row.metric("One-shot distance", f"{scale * one_shot:.4g}", help="Theorem 1 does not speak of it.")
    _plot(theorems_charts.distances(found, one_shot, scale, chosen.unit), "theorems-distances")
    st.markdown(
        f"**{share.inside} of {share.count}** samples are inside the pathwise bound. The theorem promises at "
        f"least {confidence(setting.eta)}; the samples alone show a probability of {share.lower:.1%} to "
        f"{share.upper:.1%} (95 % confidence)." + (CANCELS if mean < bounds["pathwise"] / 2 else "")
    )
    _plot(theorems_charts.terms(found, scale, chosen.unit), "theorems-terms")
    fails = found.share("printed")
    if fails.inside < fails.count:
        st.error(
            f"As printed the bound is violated: {fails.count - fails.inside} of {fails.count} samples lie "
            f"beyond {bounds['printed']:.4g}. The corrected one, {bounds['corrected']:.4g}, holds for "
            f"{found.share('corrected').inside}.",
            icon=":material/error:",
        )
    with st.expander("What it says, and where print and derivation differ"):
        for title, term in (("As printed", PRINTED), ("Corrected", CORRECTED), ("Pathwise", PATHWISE)):
            st.markdown(f"{title}:")
            st.latex(FIRST % (SHIFT, NOISE, SCORE, term))
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
        st.table(_symbols(found, chosen), border="horizontal")


def _symbols(found: Theorem1, chosen: Controls) -> dict[str, list[str]]:
    scale = chosen.scale
    rows = [
        (r"$d$", "number of values in a picture", f"{found.dimension:,}"),
        (r"$\bar\alpha$", "share of the picture's variance left at t*", f"{found.alpha_bar:.4g}"),
        (r"$\tau$", "−½ log ᾱ", f"{found.tau:.4g}"),
        (r"$e^\tau - 1$", "what stands in its place in the derivation", f"{found.alpha_bar**-0.5 - 1:.4g}"),
        (r"$\rho$", "√((1 − ᾱ)/ᾱ), the noise", f"{scale * found.rho:.4g}"),
        (r"$\eta$", "risk", f"{found.eta:g}"),
        (r"$C_\eta$", "length that d standard normals exceed with probability η at most",
         f"{c_eta(found.dimension, found.eta):.4g}"),
        (r"$C$", "twice the largest score on the paths, an estimate", f"{found.c / scale:,.4g}"),
    ]  # fmt: skip
    names = ("symbol", "what it is", f"value now, {plain(chosen.unit)} units")
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def _second(found: Theorem2, chosen: Controls) -> None:
    scale = chosen.scale
    st.subheader("Theorem 2: how far the one-shot output is from the posterior mean", anchor=False)
    row = st.container(horizontal=True, gap="medium")
    row.metric("Distance", f"{scale * found.distance:.4g}", help="‖x̂ − E[x₀|x_t]‖")
    row.metric("Corrected bound", f"{scale * found.corrected:.4g}", help="ρ√E")
    row.metric("Printed bound", f"{scale * found.printed:.4g}", help="ρE")
    row.metric(
        "Error E",
        f"{found.error:.4g}",
        help="E[‖ε − ε_θ‖² | x_t], summed over all values. The bounds cross at 1.",
    )
    _plot(theorems_charts.second(found, scale, chosen.unit), "theorems-second")
    if found.distance > found.printed * (1 + 1e-9):
        st.error(
            f"As printed the bound is violated: the distance is {scale * found.distance:.4g}, the printed "
            f"bound {scale * found.printed:.4g}. The corrected one is {scale * found.corrected:.4g}.",
            icon=":material/error:",
        )
    with st.expander("What it says, and where print and derivation differ"):
        st.markdown("As printed, written with E:")
        st.latex(r"\lVert \hat x_0 - \mathbb E[x_0|x_t] \rVert \;\le\; \rho\, E, \qquad "
                 r"E = \mathbb E[\lVert \varepsilon - \varepsilon_\theta \rVert^2 \,|\, x_t]")  # fmt: skip
        st.markdown("What holds exactly, and the bound that follows:")
        st.latex(r"\lVert \hat x_0 - \mathbb E[x_0|x_t] \rVert^2 = \rho^2 E - "
                 r"\mathbb E[\lVert x_0 - \mathbb E[x_0|x_t] \rVert^2 \,|\, x_t] \le \rho^2 E")  # fmt: skip
        st.markdown(
            "The one-shot output estimates the mean of all pictures that $x_t$ may have come from. A perfect "
            "network gives exactly that mean: even then E is not zero, as ε is not known from $x_t$, and "
            "the identity subtracts just this. The printed proof takes a squared length for a length. "
            "Where E is above 1 its bound is the larger one and true; a narrow posterior with a small "
            "network error makes E less than 1, and it fails: try the narrow cluster in the exact world with "
            "a network error of 0.1."
        )


def show_gain(picture: Picture, chosen: Controls) -> None:
    """Distances before and after one-shot purification, and the pictures, over sigma."""
    st.subheader("Does purification help?", anchor=False)
    with st.spinner("Purifying at five noise levels"):
        found = theorems_runs.purification(picture, chosen.setting.eps_error, chosen.setting.seed)
    frames = [
        strip.Frame(f"σ = {g.sigma:g}", f"{2 * chosen.scale * g.noisy:.3g} → "
                    f"{2 * chosen.scale * g.purified:.3g}", (data_url(g.estimate),))
        for g in found
    ]  # fmt: skip
    strip.show(frames, key="theorems-gain")
    _plot(theorems_charts.gain(found, chosen.setting.eta, chosen.scale, chosen.unit), "theorems-gain-chart")
    nearer = sum(g.shortened == 1 for g in found)
    st.caption(
        f"‖xᵣₛ − x₀‖ before and ‖x̂ − x₀‖ after, L2 in {plain(chosen.unit)} units, means of 4 noisy copies; "
        f"every copy came nearer at {nearer} of {len(found)} noise levels. The network error of the sidebar "
        "is added here too; δ is not. The upper lines are Theorem 1's bound without its score term, for a "
        "reverse-SDE sample that starts from such a copy."
    )


def show_costs(picture: Picture, chosen: Controls) -> None:
    """What errors of the network do to distance, votes and radius; asked for, as it takes seconds."""
    st.subheader("What does a network error cost?", anchor=False)
    sigma, seed = chosen.setting.sigma, chosen.setting.seed
    if not theorems_controls.costs_asked(picture, chosen.setting):
        st.button(
            f"Certify with {len(theorems_runs.ERRORS)} sizes of error", key="theorems-costs",
            on_click=theorems_controls.ask_costs, args=(picture, chosen.setting),
        )  # fmt: skip
        return
    with st.spinner("Certifying with each error, on the same noise"):
        found = theorems_runs.costs(picture, sigma, seed)
    names = class_names(picture.dataset)
    distance = f"purified distance, {chosen.unit}"
    rows: dict[str, list[str]] = {"error of ε": [], distance: [], "most votes": [], "certified radius": []}
    for cost in found:
        counts, label = cost.certificate.counts, cost.certificate.label
        rows["error of ε"].append(f"{cost.eps_error:g}")
        rows[distance].append(f"{2 * chosen.scale * cost.purified:.3g}")
        rows["most votes"].append(f"{max(counts)} of {sum(counts)}, {names[counts.index(max(counts))]}")
        radius = "abstains" if label == ABSTAIN else length(cost.certificate.radius)
        rows["certified radius"].append(radius)
    st.table(rows, border="horizontal")
    st.caption(
        f"DiffSmooth with m = 1 and n = 100 votes at σ = {sigma:g}; the error is a fixed pattern of this "
        "root mean square in the predicted noise. Radii are in [0,1] units. Votes can be "
        "stabler than pictures."
    )
