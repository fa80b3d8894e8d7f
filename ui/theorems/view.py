"""The right side of the Theorems page: both theorems with their numbers, figures and words."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

import streamlit as st

from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.theory import Exact, Sampling, Theorem1, Theorem2, c_eta, clouds
from ui import commands
from ui.components import figure, strip, terms
from ui.images import data_url
from ui.jobs import theorems
from ui.jobs.polling import is_waiting, poll, show_queue_position
from ui.jobs.registry import Snapshot, jobs
from ui.text import confidence, plain
from ui.theorems import charts, exact_charts, live
from ui.theorems import terms as theorems_terms
from ui.theorems.controls import Controls, go_on, stop, stopped
from ui.theorems.terms import CORRECTED, NOISE, PRINTED, SCORE, SHIFT, WITH_C

PATIENCE = 0.8  # seconds that the page stays for its first samples
POLL_SECONDS = 0.4  # between two drawings: a batch of samples on two cores takes less

FIRST = (
    r"\lVert \hat x_0 - x_0 \rVert \;\le\; \textcolor{%s}{\lVert x_{rs} - x_0 \rVert} \;+\; "
    r"\textcolor{%s}{\rho\, C_\eta} \;+\; \textcolor{%s}{%s}"
)
VERSIONS = (
    ("As printed", PRINTED, r"\tau\, C"),
    ("Corrected", CORRECTED, r"(e^{\tau} - 1)\, C"),
    ("Pathwise", SCORE, r"\int_0^{t^*} e^{\tau(t)} \gamma(t)\, \lVert \nabla \log p_t(\hat x_t) \rVert\, dt"),
)


CANCELS = (
    " Passing is almost automatic, so look at the slack: the bound adds up lengths that in truth cancel, "
    "because the score pulls the noise out again."
)


def show_picture(picture: Picture, chosen: Controls) -> None:
    """Both theorems for a picture and the bundled denoiser; what is missing is sampled. Raises InputError."""
    key = (picture, chosen.setting)
    live.watch("samples", key)
    job = _requested(picture, chosen)
    sampling: Sampling | None = job.progress if job else None
    poll(lambda: [jobs().latest(key)], lambda: _live(picture, chosen), POLL_SECONDS, PATIENCE, _histogram)
    if theorems.is_active(key) or sampling is None or sampling.count < 2:
        return
    _words(sampling.theorem1, chosen)
    second = sampling.theorem2
    _second(second, chosen)
    st.caption(
        f"The posterior mean is not known for a real picture: the mean of {sampling.count} samples "
        f"stands in for it, with a standard error of {chosen.scale * second.monte_carlo:.2g}, and the "
        "identity holds by construction. In the exact world nothing is estimated."
    )
    commands.show(commands.theorems(chosen, picture))


def _histogram(sampling: Sampling | None) -> bool:
    return sampling is not None and sampling.count > 0


def _requested(picture: Picture, chosen: Controls) -> Snapshot[Sampling] | None:
    if stopped((picture, chosen.setting)):
        return jobs().latest((picture, chosen.setting))
    return theorems.request_samples(picture, chosen.setting, chosen.samples)


def _live(picture: Picture, chosen: Controls) -> None:
    """Theorem 1 with the samples so far. What is drawn keeps its place from the first tick to the last."""
    key = (picture, chosen.setting)
    snapshot = jobs().latest(key)
    sampling: Sampling | None = snapshot.progress if snapshot else None
    _status(snapshot, sampling, chosen, key)
    if sampling is None:
        return
    begun, some = sampling.begun, sampling.count > 0
    received = begun.received.permute(1, 2, 0).numpy()
    estimate = ((begun.one_shot + 1) / 2).permute(1, 2, 0).numpy()
    frames = [
        strip.Frame("The picture", "x₀", (data_url(picture.pixels),)),
        strip.Frame("What is received", "xᵣₛ: with δ and noise, as chosen", (data_url(received),)),
        strip.Frame("One shot", "Theorem 2 speaks of it", (data_url(estimate),)),
    ]
    if some:
        sample = ((sampling.parts[0].end[0] + 1) / 2).permute(1, 2, 0).numpy()
        words = "Theorem 1 speaks of it"
        frames.append(strip.Frame("One reverse-SDE sample", words, (data_url(sample),)))
    else:
        coming = snapshot is not None and not snapshot.finished
        words, sign = ("on its way", "…") if coming else ("none was drawn", "–")
        frames.append(strip.Frame("One reverse-SDE sample", words, word=sign))
    strip.show(frames, key="theorems-strip")
    _first(sampling.theorem1 if some else None, begun.one_shot_distance, chosen)


def _status(
    snapshot: Snapshot[Sampling] | None, sampling: Sampling | None, chosen: Controls, key: Hashable
) -> None:
    """A line on how things stand and a bar, at the same place while sampling and afterwards."""
    count, wanted, setting = sampling.count if sampling else 0, chosen.samples, chosen.setting
    running = snapshot is not None and not snapshot.finished
    with st.container(horizontal=True, vertical_alignment="center", key="theorems-status"):
        if snapshot is not None and snapshot.state == "failed":
            live.offer_retry(snapshot)
            return
        if running:
            if is_waiting(snapshot):
                show_queue_position(lambda: jobs().latest(key))
            words = f"{min(count, wanted)} of {wanted} samples, {setting.steps} steps each"
            st.progress(sampling.done if sampling else 0.0, words)
            st.button("Stop", key="theorems-stop", on_click=_stop, args=(key,))
            return
        if sampling is None or not replace(sampling, wanted=wanted).finished:
            st.markdown(f"Stopped after {count} of {wanted} samples.")
            if st.button("Go on", key="theorems-go-on"):
                go_on()
                st.rerun()  # the whole page, which has the samples drawn
            return
    error = chosen.scale * sampling.doubling_error
    st.caption(
        f"{count} samples in {len(sampling.begun.levels) - 1} steps each, the network in {setting.dtype}. "
        f"Leaving out every second step, under the same noise, moves their ends by {error:.2g}; more "
        "steps would still change something of that size. The bounds without C hold for the discretised "
        "paths themselves."
    )


def _stop(key: Hashable) -> None:
    stop(key)
    theorems.cancel(key)


def show_exact(chosen: Controls) -> None:
    """Both theorems in a Gaussian mixture. Raises InputError."""
    found = theorems.exact_world(chosen.world, chosen.dimension, chosen.setting)
    st.markdown(
        "Here the pictures are points of a Gaussian mixture, so the score, the posterior mean and every "
        "other term are closed forms. Nothing is estimated but the paths, which have the exact score."
    )
    if found.paths.states is not None:
        _drawn(found)
    away = float((found.one_shot - found.clean).norm())
    _first(found.theorem1, away, chosen)
    _words(found.theorem1, chosen)
    st.caption(
        f"The paths take {len(found.levels) - 1} steps; leaving out every second one moves their ends by "
        f"{chosen.scale * found.doubling_error:.2g}."
    )
    _second(found.theorem2, chosen)
    commands.show(commands.exact(chosen, found))


def _drawn(found: Exact) -> None:
    levels = [found.levels[0] * k / 3 for k in range(4)]
    shown = clouds(found.mixture, levels, 300, seed=1)
    if found.mixture.dimension == 2:
        st.markdown("**Noise comes in.** Points of each component, and the component that Bayes would name.")
        with st.container(key="charts-clouds"):
            for k, (column, cloud) in enumerate(zip(st.columns(4), shown, strict=True)):
                with column:
                    alt = (
                        f"Points of each component at σ = {cloud.rho / 2:.2g}, over what Bayes decides there"
                    )
                    figure.show(exact_charts.forward(found, shown, k), f"theorems-cloud-{k}", alt)
        st.markdown("**And is taken out again.** The paths of the reverse SDE from one noisy point.")
    alt = "Reverse paths over the decision regions, and where they begin and should end"
    figure.show(exact_charts.drawn(found, shown), "theorems-drawn", alt)
    st.caption(
        "In the model's [−1,1] units, scaled by 1/√ᾱ so that the components stay where they are. Shaded: the "
        "component that is most likely, in one dimension at every noise level. The paths begin at xᵣₛ and "
        "end where the clean point may be; their ends have the colour of the region that they end in."
    )


def _first(found: Theorem1 | None, one_shot: float, chosen: Controls) -> None:
    """Figures of Theorem 1; dashes and empty axes before the first sample."""
    scale = chosen.scale
    st.subheader("Theorem 1: how far purification ends from the picture", anchor=False)
    mean = scale * float(found.distances.mean()) if found else 0.0
    bound = scale * float(found.bound("pathwise").mean()) if found else 0.0
    row = st.container(horizontal=True, gap="medium", key="theorems-figures-1")
    row.metric(
        "Samples' distance", f"{mean:.4g}" if found else "–", help="‖x̂₀ − x₀‖, the mean over the samples."
    )
    row.metric(
        "Bound, pathwise", f"{bound:.4g}" if found else "–", help="Without any C; the mean over the paths."
    )
    row.metric("Slack", f"{bound - mean:.4g}" if found else "–", help="What the bound leaves unused.")
    row.metric("One-shot distance", f"{scale * one_shot:.4g}", help="Theorem 1 does not speak of it.")
    figure.show(
        charts.distances(found, one_shot, scale, chosen.unit),
        "theorems-distances",
        "Histogram of the samples' distances from the clean point, and the bounds",
        height=320,
    )
    if found is None:
        return
    share = found.share("pathwise")
    st.markdown(
        f"**{share.k} of {share.n}** samples are inside the pathwise bound. The theorem promises at "
        f"least {confidence(chosen.setting.eta)}; the samples alone show a probability of {share.low:.1%} "
        f"to {share.high:.1%} (95 % confidence)." + (CANCELS if mean < bound / 2 else "")
    )
    rows, quantities = theorems_terms.first(found, scale, chosen.unit)
    usual = max(row.total for row in rows if row.title not in WITH_C)
    terms.show(rows, quantities, key="theorems-terms", mark=mean, usual=usual)


def _words(found: Theorem1, chosen: Controls) -> None:
    """Where the printed bound fails, and the theorem in words."""
    fails = found.share("printed")
    if fails.k < fails.n:
        printed, corrected = (chosen.scale * float(found.bound(v).mean()) for v in ("printed", "corrected"))
        st.error(
            f"As printed the bound is violated: {fails.n - fails.k} of {fails.n} samples lie "
            f"beyond {printed:.4g}. The corrected one, {corrected:.4g}, holds for "
            f"{found.share('corrected').k} of them.",
            icon=":material/error:",
        )
    with st.expander("What it says, and where print and derivation differ"):
        for title, colour, term in VERSIONS:
            st.markdown(f"{title}:")
            st.latex(FIRST % (SHIFT, NOISE, colour, term))
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
        (
            r"$C_\eta$",
            "length that d standard normals exceed with probability η at most",
            f"{c_eta(found.dimension, found.eta):.4g}",
        ),
        (r"$C$", "twice the largest score on the paths, an estimate", f"{found.c / scale:,.4g}"),
    ]
    names = ("symbol", "what it is", f"value now, {plain(chosen.unit)} units")
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def _second(found: Theorem2, chosen: Controls) -> None:
    scale = chosen.scale
    st.subheader("Theorem 2: how far the one-shot output is from the posterior mean", anchor=False)
    row = st.container(horizontal=True, gap="medium", key="theorems-figures-2")
    row.metric("Distance", f"{round(scale * found.distance, 7):.4g}", help="‖x̂ − E[x₀|x_t]‖")
    row.metric("Corrected bound", f"{scale * found.corrected:.4g}", help="ρ√E")
    row.metric("Printed bound", f"{scale * found.printed:.4g}", help="ρE")
    row.metric(
        "Error E",
        f"{found.error:.4g}",
        help="E[‖ε − ε_θ‖² | x_t], summed over all values. The bounds cross at 1.",
    )
    rows, quantities = theorems_terms.second(found, scale)
    terms.show(rows, quantities, key="theorems-second")
    if found.distance > found.printed * (1 + 1e-9):
        st.error(
            f"As printed the bound is violated: the distance is {scale * found.distance:.4g}, the printed "
            f"bound {scale * found.printed:.4g}. The corrected one, {scale * found.corrected:.4g}, holds.",
            icon=":material/error:",
        )
    with st.expander("What it says, and where print and derivation differ"):
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
