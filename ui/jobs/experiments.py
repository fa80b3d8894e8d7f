"""Comparisons and sweeps of the whole server, in the one queue of all runs: start, follow, cancel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import streamlit as st

from diffsmooth_core import InputError, SmoothingConfig
from diffsmooth_core.datasets.sources import Picture, class_names
from diffsmooth_core.experiments import Comparison, Sweep, compare_stream, sweep_stream
from ui.jobs import certificates
from ui.jobs.polling import failure, wait, waits
from ui.jobs.registry import Snapshot
from ui.session import state
from ui.text import plain

SHOWN = ("tab", "settings", "comparison", "over", "sweep")  # of state.VIEW, what the Compare page shows


@dataclass(frozen=True)
class Experiment:
    """What a job works on: `kind` is "comparison" or "sweep", which is `over` one of SWEEPS. `earlier` is how
    far a cancelled one came that it takes up again."""

    kind: str
    picture: Picture
    configs: tuple[SmoothingConfig, ...]
    over: str = ""
    earlier: Any = field(default=None, compare=False)


def submit(experiment: Experiment) -> None:
    """Queue an experiment and show it. Raises InputError where the queue is full."""
    picture, configs, earlier = experiment.picture, experiment.configs, experiment.earlier

    def compared() -> Iterator[Comparison]:
        settings = [(certificates.base_classifier(config), config) for config in configs]
        return compare_stream(settings, picture.tensor, picture.source, earlier)

    def swept() -> Iterator[Sweep]:
        return sweep_stream(certificates.base_classifier(configs[0]), picture.tensor, configs, earlier)

    stream: Any = {"comparison": compared, "sweep": swept}[experiment.kind]
    state.put(**{experiment.kind: certificates.manager().submit(stream, experiment, state.visitor())})


def find(kind: str) -> Snapshot[Any] | None:
    """The experiment of this kind that the page shows, or None where it is not known (any more)."""
    snapshot = certificates.manager().snapshot(state.shown(kind))
    known = snapshot is not None and isinstance(snapshot.subject, Experiment)
    return snapshot if snapshot and known and snapshot.subject.kind == kind else None


def forget_unknown(kind: str) -> None:
    """Say that an experiment in the address is gone."""
    if state.shown(kind) and find(kind) is None:
        state.put(**{kind: ""})
        state.notify(f"The {kind} in the address is no longer on this server; the same seed repeats it.")


def found(snapshot: Snapshot[Any] | None) -> Any:
    """The latest Comparison or Sweep of a job, or of the one that it goes on from; None before there is
    one."""
    return (snapshot.progress or snapshot.subject.earlier) if snapshot else None


def action(label: str, experiment: Experiment, snapshot: Snapshot[Any] | None) -> None:
    """The button that starts the experiment, off where it has no settings, or stops the one that runs; and
    one that takes up a cancelled one where it stopped."""
    kind = experiment.kind
    if snapshot and not snapshot.finished:
        stopping = state.cancelling(snapshot.id)
        st.button(
            "Cancelling…" if stopping else "Cancel",
            key=f"{kind}-cancel",
            disabled=stopping,
            on_click=certificates.cancel,
            args=(snapshot.id,),
        )
        return
    so_far = found(snapshot) if snapshot and snapshot.state == "cancelled" else None
    if snapshot and so_far:
        again = replace(snapshot.subject, earlier=so_far)
        _start("Resume", f"{kind}-resume", again, "primary")
    if snapshot and snapshot.finished and snapshot.subject == experiment:
        label = f"{label} again"
    _start(label, f"{kind}-start", experiment, "secondary" if so_far else "primary")


def _start(label: str, key: str, experiment: Experiment, kind: Literal["primary", "secondary"]) -> None:
    if st.button(label, key=key, type=kind, disabled=not experiment.configs):
        try:
            submit(experiment)
        except InputError as error:
            state.notify(str(error))
        st.rerun()


def status(snapshot: Snapshot[Any], total: int) -> None:
    """How a job stands: a line and a bar while it runs, a line where it ended early."""
    so_far, earlier = found(snapshot), snapshot.subject.earlier
    done, before = (each.done if each else 0 for each in (so_far, earlier))
    with st.container():  # so that what follows keeps its place when the line goes
        if waits(snapshot):
            wait(lambda: certificates.manager().snapshot(snapshot.id))
            st.progress(done / total)
        elif not snapshot.finished:
            left = snapshot.seconds * (total - done) / (done - before) if done > before else None
            pace = f", about {max(1, round(left))} s left" if left is not None else ""
            st.progress(done / total, f"{done:,} of {total:,} votes{pace}")
        elif snapshot.state == "cancelled":
            goes_on = " Resume goes on from there." if done else ""
            st.markdown(
                f"**Cancelled** after {done:,} of {total:,} votes: only what was counted to its end is "
                f"certified.{goes_on}"
            )
        elif snapshot.state == "failed":
            st.error(f"{failure(snapshot)} Only what was counted to its end is certified.")


def other_picture(snapshot: Snapshot[Any], picture: Picture) -> None:
    """Say whose results these are where another picture is chosen by now."""
    of = snapshot.subject.picture
    if of.sha256 != picture.sha256:
        st.caption(f":material/info: These results are of the picture {plain(of.title)}.")


def address(picture: Picture, config: SmoothingConfig) -> dict[str, str]:
    """The URL parameters of a setting for another page, and those that bring this one back as it is."""
    setting = {name: str(getattr(config, name)) for name in state.SETTINGS}
    return {"picture": picture.source} | setting | {n: state.shown(n) for n in SHOWN if state.shown(n)}


def for_class(snapshot: Snapshot[Any]) -> str:
    """ " for ship" where the picture's class is known: a radius for another one is none."""
    picture = snapshot.subject.picture
    return "" if picture.label is None else f" for {class_names(picture.dataset)[picture.label]}"


def none_is_best(snapshot: Snapshot[Any], k: int) -> str:
    """Why there is no best of k settings."""
    return (
        f"No setting certifies a radius{for_class(snapshot)} at α/{k}, which is what the best of {k}, picked "
        "afterwards, needs."
    )


def certify_again(snapshot: Snapshot[Any], config: SmoothingConfig) -> None:
    """A link to the Certify page with this setting, under noise on which it was not picked."""
    picture = snapshot.subject.picture
    if not picture.source.startswith("upload:"):
        st.page_link(
            "pages/certify.py",
            label="Or certify it with new noise, at α itself",
            icon=":material/arrow_forward:",
            query_params=address(picture, replace(config, seed=config.seed + 1)),
        )
