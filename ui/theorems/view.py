"""The right side of the Theorems page: both theorems for a picture, or in the exact world."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from itertools import zip_longest

import streamlit as st

from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.theory import Cloud, Exact, Sampling, TheoremSetting, clouds
from diffsmooth_core.wording import duration
from ui import commands
from ui.components import figure, strip
from ui.images import data_url
from ui.jobs import cancelling, theorems
from ui.jobs.polling import is_waiting, poll, show_queue_position
from ui.jobs.registry import Snapshot, jobs
from ui.theorems import exact_charts, live, theorem1, theorem2
from ui.theorems.commands import exact, on_picture
from ui.theorems.controls import Controls, go_on, stop, stopped

PATIENCE = 0.8  # seconds that the page stays for its first samples
POLL_SECONDS = 0.4  # between two drawings: a batch of samples on two cores takes less


def show_picture(picture: Picture, chosen: Controls) -> None:
    """Both theorems for a picture and the bundled denoiser; what is missing is sampled. Raises InputError."""
    key = (picture, chosen.setting)
    live.watch("samples", key)
    job = _requested(picture, chosen)
    sampling: Sampling | None = job.progress if job else None
    poll(
        lambda: [jobs().latest(key)],
        lambda: _show_samples(picture, chosen),
        POLL_SECONDS,
        PATIENCE,
        _any_sample,
    )
    if theorems.is_active(key) or sampling is None or sampling.count < 2:
        return
    theorem1.say_violated(sampling.theorem1, chosen)
    theorem2.show(sampling.theorem2, chosen)
    with live.parts("reading"):
        theorem1.in_full(sampling.theorem1, chosen)
        theorem2.in_full()
        with st.expander("How exact these numbers are"):
            st.markdown(_exactness(sampling, chosen))
        commands.show(on_picture(chosen, picture))


def _any_sample(sampling: Sampling | None) -> bool:
    return sampling is not None and sampling.count > 0


def _requested(picture: Picture, chosen: Controls) -> Snapshot[Sampling] | None:
    if stopped((picture, chosen.setting)):
        return jobs().latest((picture, chosen.setting))
    return theorems.request_samples(picture, chosen.denoiser, chosen.setting, chosen.samples)


def _show_samples(picture: Picture, chosen: Controls) -> None:
    """Theorem 1 with the samples so far. Every part keeps its place from the first drawing to the last."""
    key = (picture, chosen.setting)
    job = jobs().latest(key)
    sampling: Sampling | None = job.progress if job else None
    running = job is not None and not job.finished
    strip.show(_frames(picture, sampling, chosen.setting, running), key="theorems-strip")
    first = sampling.theorem1 if sampling and sampling.count else None
    one_shot = sampling.begun.one_shot_distance if sampling else None
    theorem1.show(first, one_shot, chosen.samples, chosen, below=lambda: _status(job, chosen, key))


def _frames(
    picture: Picture, sampling: Sampling | None, setting: TheoremSetting, running: bool
) -> list[strip.Frame]:
    """The picture, what is received of it, the one-shot output and the first sample, as far as there are."""
    added = ("δ",) * (setting.perturbation != "none") + ("noise",) * setting.noise
    frames = (
        ("→", "The picture", "x₀"),
        ("→", "What is received", f"xᵣₛ: with {' and '.join(added)}" if added else "xᵣₛ: the picture itself"),
        ("→", "One shot", "Theorem 2 speaks of it"),
        ("or", "One sample", "Theorem 1 speaks of it"),
    )
    there = [data_url(picture.pixels)]
    if sampling:
        outputs = (sampling.begun.one_shot, *(part.end[0] for part in sampling.parts[:1]))
        tensors = (sampling.begun.received, *((output + 1) / 2 for output in outputs))
        there += [data_url(tensor.permute(1, 2, 0).numpy()) for tensor in tensors]
    words, mark = ("on its way", "…") if running else ("none was drawn", "–")
    return [
        strip.Frame(title, caption, (url,), sign=sign)
        if url
        else strip.Frame(title, words, word=mark, sign=sign)
        for (sign, title, caption), url in zip_longest(frames, there)
    ]


def _status(job: Snapshot[Sampling] | None, chosen: Controls, key: Hashable) -> None:
    """A line on how things stand, and a bar while samples are drawn."""
    sampling = job.progress if job else None
    count, wanted, setting = sampling.count if sampling else 0, chosen.samples, chosen.setting
    with st.container(horizontal=True, vertical_alignment="center", key="theorems-status"):
        if job is not None and job.state == "failed":
            live.offer_retry(job)
            return
        if job is not None and not job.finished:
            if is_waiting(job):
                show_queue_position(lambda: jobs().latest(key))
            words = f"{min(count, wanted)} of {wanted} samples, {setting.steps} steps each{_left(job)}"
            if count >= wanted:
                words += "; now some with half the steps, to see what more steps would change"
            st.progress(sampling.done if sampling else 0.0, words)
            if cancelling.offered(job):
                st.button("Stop", key="theorems-stop", on_click=_stop, args=(key,))
            return
        if sampling is None or not replace(sampling, wanted=wanted).finished:
            st.markdown(f"Stopped after {count} of {wanted} samples.")
            if st.button("Go on", key="theorems-go-on"):
                go_on()
                st.rerun()  # the whole page, which has the samples drawn
            return
    st.caption(f"{count} samples in {len(sampling.begun.levels) - 1} steps each.")


def _exactness(sampling: Sampling, chosen: Controls) -> str:
    """What only an expert asks of the samples."""
    moved, error = (chosen.scale * x for x in (sampling.doubling_error, sampling.theorem2.monte_carlo))
    return (
        f"The network computes in {chosen.setting.dtype}. Leaving out every second step, under the same "
        f"noise, moves the samples by {moved:.2g}: more steps would still change something of that size. The "
        "pathwise and the tightened bound hold for the paths as they were stepped.\n\n"
        f"The posterior mean is not known for a real picture. The mean of {sampling.count} samples stands in "
        f"for it, with a standard error of {error:.2g}, and the identity holds by construction. In the exact "
        "world it is a closed form."
    )


def _left(job: Snapshot[Sampling]) -> str:
    """How long the samples that are wanted will still take, once their pace is known."""
    done, before = (each.done if each else 0.0 for each in (job.progress, job.resumed))
    left = job.seconds * (1 - done) / (done - before) if done > before else 0.0
    return f", about {duration(left)} left" if left > 1 else ""


def _stop(key: Hashable) -> None:
    stop(key)
    theorems.leave(key)


def show_exact(chosen: Controls) -> None:
    """Both theorems in a Gaussian mixture. Raises InputError."""
    world = theorems.exact_world(chosen.world, chosen.dimension, chosen.setting)
    st.markdown(
        "Here the pictures are points of a Gaussian mixture, so the score and all of Theorem 2 are closed "
        "forms. Of Theorem 1 the paths are sampled, with the exact score, and C is estimated on them."
    )
    if world.paths.states is not None:
        _show_paths(world)
    samples = len(world.theorem1.distances)

    def steps() -> None:
        st.caption(
            f"{samples} samples in {len(world.levels) - 1} steps each; leaving out every second step moves "
            f"them by {chosen.scale * world.doubling_error:.2g}."
        )

    theorem1.show(world.theorem1, float((world.one_shot - world.clean).norm()), samples, chosen, below=steps)
    theorem1.say_violated(world.theorem1, chosen)
    theorem2.show(world.theorem2, chosen)
    with live.parts("reading"):
        theorem1.in_full(world.theorem1, chosen)
        theorem2.in_full()
        commands.show(exact(chosen, world))


def _show_paths(world: Exact) -> None:
    """A world of one or two dimensions: noise comes in, and the reverse paths take it out again."""
    forward = clouds(world.mixture, [world.levels[0] * k / 3 for k in range(4)], 300, seed=1)
    alt = "Reverse paths over the decision regions, and where they begin and should end"
    with st.container(key="charts-world"):
        columns = st.columns([2, 3] if world.mixture.dimension == 2 else 1, gap="medium")
        if world.mixture.dimension == 2:
            with columns[0]:
                _show_clouds(world, forward)
        with columns[-1]:
            st.markdown("**Noise is taken out.** The paths of the reverse SDE from one noisy point.")
            figure.show(exact_charts.reverse_paths(world, forward), "theorems-drawn", alt)
    st.caption(
        "In the model's [−1,1] units, scaled by 1/√ᾱ so that the components stay where they are. Shaded: the "
        "component that is most likely, in one dimension at every noise level. The paths begin at xᵣₛ and "
        "end where the clean point may be; their ends have the colour of the region that they end in."
    )


def _show_clouds(world: Exact, forward: Sequence[Cloud]) -> None:
    """A world in the plane at several noise levels."""
    st.markdown("**Noise comes in.** The points of each component.")
    with st.container(key="charts-clouds"):
        for k, (column, cloud) in enumerate(zip(st.columns(4), forward, strict=True)):
            with column:
                alt = f"Points of each component at σ = {cloud.rho / 2:.2g}, over what Bayes decides there"
                chart = exact_charts.forward_cloud(world, forward, k)
                figure.show(chart, f"theorems-cloud-{k}", alt)
