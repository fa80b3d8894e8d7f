"""The last panel of the Step through page: the vote is counted, and how that changes bound and radius."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

import numpy as np
import streamlit as st

from diffsmooth_core import InputError, SmoothingConfig
from diffsmooth_core.certification.decision import Decision, check_reachable, decide, selected
from diffsmooth_core.config import ABSTAIN, ANYTIME
from diffsmooth_core.wording import down, duration, length, written
from ui import charts
from ui.components import figure, softmax
from ui.jobs import certificates, networks, votes
from ui.page import error_box
from ui.step.panels import CHART, ROWS, Scene, halves
from ui.text import plain

COUNTED = 2000  # votes that are drawn to show a count, at most
NAMED = 4  # classes that are named while they are drawn


def count(scene: Scene) -> None:
    config, copy, label = scene.config, scene.traced.index + 1, scene.traced.vote
    name = plain(scene.names[label])
    see, read = halves()
    with read:
        try:
            check_reachable(config)
        except InputError as error:
            error_box(error)
            return
        if not networks.votes_quickly(config) or config.n0 + copy > COUNTED:
            st.markdown(
                f"The vote for **{name}** is counted with the others. Certify draws them all; here, the "
                f"{config.n0 + copy - 1:,} votes before this one would have to be drawn first."
            )
            return
        drawn = _drawn(scene, copy)
    if drawn is None:
        return
    selection, estimation = drawn
    candidate = selected(counts0 := _counts(selection, len(scene.names)))
    after = _counts(estimation[:copy], len(scene.names))
    before = _counts(estimation[: copy - 1], len(scene.names))
    with see:
        _tally(scene, after, candidate)
        points = votes.bounds(estimation, candidate, config)
        spec = charts.trace(points, config, False, at=copy)
        figure.show(spec, "step-trace", "The bound over the votes, against ½", CHART)
    with read:
        wins = plain(scene.names[candidate])
        counts_for = (
            f"so it counts **for** {wins}" if label == candidate else f"so it counts **against** {wins}"
        )
        st.markdown(
            f"The run's first n₀ = {config.n0:,} votes, of other copies, chose **{wins}** as the class to "
            f"certify, with {counts0[candidate]:,}. This vote is for {name}, {counts_for}: "
            f"{after[candidate]:,} of {copy:,}."
        )
        _change(decide(counts0, before, config), decide(counts0, after, config))
        _rule(config, after[candidate], copy)
        _at_the_end(after[candidate] / copy, wins, config)


def _drawn(scene: Scene, copy: int) -> tuple[list[int], list[int]] | None:
    """The classes of the run's votes up to this one. While they are drawn: how many there are, for which
    classes, how long the others take, and a button that stops it; None once that was pressed."""
    config, total, here = scene.config, scene.config.n0 + copy, (scene.picture.sha256, scene.config, copy)

    def stop(at: object) -> None:
        st.session_state["step-stopped"] = at

    name = plain(scene.names[scene.traced.vote])
    if st.session_state.get("step-stopped") == here:
        st.markdown(f"Stopped before the vote for **{name}** was counted. What was drawn is kept.")
        st.button("Go on", key="step-go-on", on_click=stop, args=(None,))
        return None
    meanwhile, began = st.empty(), time.monotonic()
    found: tuple[list[int], list[int]] = ([], [])
    with meanwhile.container():
        st.markdown(
            f"This vote is for **{name}**. To count it, the {total - 1:,} votes before it are drawn: those "
            "that choose the class to certify, and the earlier copies."
        )
        expected = total * (certificates.seconds_a_vote(config) or 0)
        bar, so_far = st.progress(0.0, _pace(0, total, expected)), st.empty()
        st.button("Stop", key="step-stop", on_click=stop, args=(here,))
    for found in votes.up_to(scene.picture, config, copy, scene.tied_to):
        done = min(total, len(found[0]) + len(found[1]))
        bar.progress(done / total, _pace(done, total, (time.monotonic() - began) * (total / done - 1)))
        often = Counter(label for part in found for label in part).most_common(NAMED)
        so_far.caption("So far: " + ", ".join(f"{plain(scene.names[k])} {n:,}" for k, n in often) + ".")
    meanwhile.empty()
    return found


def _pace(done: int, total: int, left: float) -> str:
    """How many votes are drawn, and about how many seconds the others take; 0 where that is not known."""
    return f"{done:,} of {total:,} votes" + (f", about {duration(left)} left" if left else "")


def _rule(config: SmoothingConfig, k: int, n: int) -> None:
    """How the bound follows from k of n votes, and the radius from it."""
    if config.bound == "two-class":
        st.latex(r"R = \tfrac{\sigma}{2}\left(\Phi^{-1}(\underline{p_A}) - \Phi^{-1}(\overline{p_B})\right)")
    elif config.stopping == "sequential":
        st.latex(rf"R = {config.target_radius:g} \text{{ once enough of }} n \text{{ votes agree}}")
    elif config.stopping in ANYTIME:
        st.latex(r"R = \sigma\,\Phi^{-1}(\underline{p_A}), \quad \underline{p_A} \text{ anytime}")
    else:
        st.latex(
            r"\begin{aligned} \underline{p_A} &= \mathrm{Beta}^{-1}(\alpha;\, k,\, n-k+1) \\"
            r"R &= \sigma\,\Phi^{-1}(\underline{p_A}) \end{aligned}"
        )
    alpha = written(config.alpha) + (f"/{config.rounds}" if config.stopping == "adaptive" else "")
    st.latex(rf"k = {k:,}, \; n = {n:,}, \; \alpha = {alpha}, \; \sigma = {config.sigma:g}")


def _counts(classes: Sequence[int], k: int) -> tuple[int, ...]:
    return tuple(map(int, np.bincount(np.array(classes, np.int64), minlength=k)))


def _tally(scene: Scene, counts: tuple[int, ...], candidate: int) -> None:
    """Draw the votes counted so far, including this one."""
    values = np.array(counts, np.float32)
    n, label = sum(counts), scene.traced.vote
    shown = softmax.leading(values, ROWS)
    found = []
    for k, bar in zip([*shown, -1], softmax.bars(values, shown, scene.names, "{:,.0f}"), strict=False):
        text = f"{counts[k] - 1:,} + 1" if k == label else bar.text
        found.append(softmax.Bar(bar.label, bar.share / n, text, bar.colour, k == candidate))
    softmax.show([softmax.SoftmaxCard(f"Votes of copies 1 to {n:,}", tuple(found))], key="step-tally")


def _change(before: Decision, after: Decision) -> None:
    """Show bound and radius, and how this vote changed them."""
    with st.container(horizontal=True, key="figures-step"):
        bound = after.p_a_lower - before.p_a_lower
        st.metric(
            "Lower bound",
            down(after.p_a_lower, 4),
            f"{bound:+.4f}",
            width=150,
            help="Of the class's true share, if the run ended with this vote.",
        )
        radius = after.radius - before.radius
        st.metric(
            "Radius (L2)",
            length(after.radius) if after.radius else "–",
            f"{radius:+.4f}" if radius else None,
            width=150,
            help="None while the bound is not above ½.",
        )


def _at_the_end(share: float, name: str, config: SmoothingConfig) -> None:
    """Say how much one more vote would change the result of the whole run."""
    k = min(round(share * config.n), config.n - 1)
    one, other = (decide((1, 0), (won, config.n - won), config) for won in (k, k + 1))
    radius = (
        f"the radius from {down(one.radius, 4)} to {down(other.radius, 4)}"
        if one.label != ABSTAIN
        else "and there is no radius yet"
        if other.label == ABSTAIN
        else f"and the radius becomes {down(other.radius, 4)}"
    )
    holds = (
        "This bound may be looked at whenever one likes. At the end"
        if config.stopping in ANYTIME
        else "The bound holds for a number of votes fixed beforehand, so only at the end"
    )
    st.caption(
        f"{holds}: at n = {config.n:,}, {k + 1:,} votes for {name} in place of {k:,} move it "
        f"from {down(one.p_a_lower, 4)} to {down(other.p_a_lower, 4)}, {radius}."
    )
