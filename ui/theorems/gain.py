"""The Theorems page: does purification help, and what does a network error cost?"""

from __future__ import annotations

from collections.abc import Hashable

import streamlit as st

from diffsmooth_core import ABSTAIN
from diffsmooth_core.datasets.sources import Picture, class_names
from diffsmooth_core.theory import PurificationDistances
from diffsmooth_core.wording import length, percent
from ui.components import figure, strip
from ui.images import data_url
from ui.jobs import cancelling, theorems
from ui.jobs.polling import poll
from ui.jobs.registry import jobs
from ui.text import plain
from ui.theorems import charts, controls, live
from ui.theorems.controls import Controls

TITLE = "Before and after, over the noise"


def show_gain(picture: Picture, chosen: Controls) -> None:
    """Whether one-shot purification brings pictures nearer, this one and many."""
    st.subheader("Does purification help?", anchor=False)
    if theorems.is_active((picture, chosen.setting)):
        st.caption("Once the samples are in.")
        return
    live.show("compare", _many(picture, chosen), lambda found: _nearer(found, chosen.setting.sigma))


def _many(picture: Picture, chosen: Controls) -> Hashable:
    """The key of the work that purifies many pictures, which is under way."""
    setting = chosen.setting
    return theorems.request_comparison(
        picture.dataset, chosen.denoiser, setting.sigma, setting.eps_error, setting.seed
    ).key


def show_distances(picture: Picture, chosen: Controls) -> None:
    """Distances before and after one-shot purification: this picture over sigma, and many pictures."""
    if theorems.is_active((picture, chosen.setting)):
        return
    if part := live.folded(TITLE, "gain"):
        key = _many(picture, chosen)

        def draw() -> None:
            job = jobs().latest(key)
            _before_and_after(picture, chosen, job.progress if job else None)

        with part, st.container(key="charts-gain"):
            poll(lambda: [jobs().latest(key)], draw)


def _before_and_after(picture: Picture, chosen: Controls, many: PurificationDistances | None) -> None:
    """This picture at several noise levels, and its distances and those of many, as far as they are known."""
    setting = chosen.setting
    found = theorems.purification(picture, chosen.denoiser, setting.eps_error, setting.seed)
    frames = [
        strip.Frame(
            f"σ = {g.sigma:g}",
            f"{2 * chosen.scale * g.noisy:.3g} → {2 * chosen.scale * g.purified:.3g}",
            (data_url(g.estimate),),
        )
        for g in found
    ]
    strip.show(frames, key="theorems-gain", arrows=False)
    left, right = st.columns(2, gap="medium")
    with left:
        spec = charts.gain(found, setting.eta, chosen.scale, chosen.unit)
        figure.show(spec, "theorems-gain-chart", "Distances over sigma", charts.HEIGHT)
    with right:
        if many is not None:
            spec = charts.compared(many, picture.pixels.size, chosen.scale, chosen.unit)
            figure.show(spec, "theorems-compared", "Distances of many pictures", charts.HEIGHT)
    nearer = sum(g.shortened == 1 for g in found)
    st.caption(
        "Below the pictures and on the left: the distance to the original before and after, L2 in "
        f"{plain(chosen.unit)} units, the mean over {theorems.COPIES} noisy copies, of which the first is "
        f"shown. At {nearer} of {len(found)} noise levels every one of them came nearer. The upper lines are "
        "shift and noise of Theorem 1, for a sample that starts from such a copy. The network error of the "
        "sidebar is added here too; δ is not."
    )


def _nearer(found: PurificationDistances, sigma: float) -> None:
    share = found.nearer(sigma)
    if share.n:
        st.markdown(
            f"A single step at σ = {sigma:g} brought **{share.k} of {share.n}** pictures nearer: a "
            f"share of {percent(share.low)} to {percent(share.high)} (95 % confidence)."
        )


def show_costs(picture: Picture, chosen: Controls) -> None:
    """What errors of the network do to distance, votes and radius; asked for, as it takes a while."""
    if part := live.folded("What a network error costs", "costs"):
        with part:
            _offer_costs(picture, chosen)


def _offer_costs(picture: Picture, chosen: Controls) -> None:
    config = theorems.costs_config(picture, chosen.denoiser, chosen.setting.sigma, chosen.setting.seed)
    key = ("costs", picture, config)
    if not controls.asked(key):
        votes = len(theorems.ERRORS) * (config.n0 + config.n)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                f"Certify with {len(theorems.ERRORS)} sizes of error",
                key="theorems-costs",
                on_click=controls.ask,
                args=(key,),
            )
            st.caption(f"{votes:,} votes in all")
        return
    theorems.request_costs(picture, config)

    def draw(costs: theorems.Costs) -> None:
        done, of = len(costs.found), len(theorems.ERRORS)
        job = jobs().latest(key)
        if not costs.finished and job and not job.finished:
            st.progress(done / of, f"{done} of {of} sizes of error, on the same noise")
            if cancelling.offered(job):
                st.button("Stop", key="theorems-costs-stop", on_click=_stop, args=(key,))
        if costs.found:
            _costs(costs, picture, chosen)

    live.show("costs", key, draw)


def _stop(key: Hashable) -> None:
    controls.withdraw(key)
    theorems.leave(key)


def _costs(costs: theorems.Costs, picture: Picture, chosen: Controls) -> None:
    """A row for each size of error."""
    names = class_names(picture.dataset)
    distance = f"purified distance, {chosen.unit}"
    rows: dict[str, list[str]] = {"error of ε": [], distance: [], "most votes": [], "certified radius": []}
    for cost in costs.found:
        counts, label = cost.certificate.counts, cost.certificate.label
        rows["error of ε"].append(f"{cost.eps_error:g}")
        rows[distance].append(f"{2 * chosen.scale * cost.purified:.3g}")
        first = plain(names[counts.index(max(counts))])
        rows["most votes"].append(f"{max(counts)} of {sum(counts)}, {first}")
        radius = "abstains" if label == ABSTAIN else length(cost.certificate.radius)
        rows["certified radius"].append(radius)
    st.table(rows, border="horizontal")
    config = costs.found[0].certificate.config
    st.caption(
        f"DiffSmooth with m = {config.m} and n = {config.n} votes at σ = {config.sigma:g}; the error is a "
        "fixed pattern of this root mean square in the predicted noise. Radii are in [0,1] units. Votes can "
        "be stabler than pictures."
    )
