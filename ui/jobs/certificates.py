"""Runs of the whole server: one manager, networks loaded once, shared by every session."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import streamlit as st
import torch

from diffsmooth_core import (
    BaseClassifier,
    Classifier,
    Denoiser,
    InputError,
    Progress,
    SmoothingConfig,
    build_base,
    certify_stream,
    load_classifier,
    load_denoiser,
)
from diffsmooth_core.certification.decision import check_reachable
from diffsmooth_core.certification.recording import Recording
from diffsmooth_core.certification.stream import Point
from diffsmooth_core.certification.voting import Samples, Stage, votes
from diffsmooth_core.config import METHODS
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.paths import ASSETS
from diffsmooth_core.purification.dncnn import DirectDenoiser
from diffsmooth_core.zoo.cards import names
from ui.components import picker
from ui.jobs.registry import JobManager, Snapshot
from ui.session import state
from ui.session.limits import limit

RECORDING = ASSETS / "runs" / "first.json"
_paces: dict[tuple[object, ...], float] = {}  # votes a second that this server reached


@dataclass(frozen=True)
class Run:
    """What a job works on, and the bounds over its estimation votes, which grow while it goes on.

    `earlier` is the cancelled run that it takes up again; a `recorded` run was counted elsewhere and is only
    shown.
    """

    picture: Picture
    config: SmoothingConfig
    earlier: Snapshot[Progress] | None = None
    recorded: bool = False
    points: list[Point] = field(default_factory=list)

    def follow(self, stream: Iterator[Progress]) -> Iterator[Progress]:
        """The stream, its bounds noted."""
        for progress in stream:
            if progress.point is not None:
                self.points.append(progress.point)
            yield progress


def queue() -> JobManager[Any]:
    """A new queue within the operator's limits."""
    return JobManager(
        limit("runs", "waiting"), each=limit("runs", "waiting_each"), turn=limit("runs", "turn_seconds")
    )


@st.cache_resource(show_spinner=False)
def manager() -> JobManager[Any]:
    """The queue of certificates, experiments and attacks."""
    return queue()


@lru_cache(maxsize=8)
def _classifier(name: str) -> Classifier:
    return load_classifier(name)


@lru_cache(maxsize=2)
def denoiser(name: str) -> Denoiser | DirectDenoiser:
    """A denoiser, loaded at most once. Raises InputError."""
    return load_denoiser(name)


def base_classifier(config: SmoothingConfig) -> BaseClassifier:
    """The base classifier of `config`, its networks loaded at most once. Raises InputError."""
    purifies = METHODS[config.method].purifies
    return build_base(config, _classifier(config.classifier), denoiser(config.denoiser) if purifies else None)


def checked(config: SmoothingConfig | InputError) -> SmoothingConfig | InputError:
    """`config`, or why there is no run of it."""
    try:
        if isinstance(config, SmoothingConfig):
            check_reachable(config)
            base_classifier(config)
    except InputError as error:
        return error
    return config


def submit(picture: Picture, config: SmoothingConfig, earlier: Snapshot[Progress] | None = None) -> str:
    """Queue a certification and return its job id. Raises InputError where the queue is full."""
    resume = earlier.progress if earlier else None
    run = Run(picture, config, earlier)

    def stream() -> Iterator[Progress]:
        votes = certify_stream(
            base_classifier(config), picture.tensor, config, resume=resume, source=picture.source
        )
        for progress in run.follow(votes):
            _paces[_kind(config)] = progress.votes_per_second
            yield progress

    return manager().submit(stream, run, state.visitor())


def find(job_id: str | None) -> Snapshot[Progress] | None:
    """A run of this server, or None where it is not known (any more)."""
    if job_id is None:
        return None
    found = manager().snapshot(job_id) or replays().snapshot(job_id)
    return found if found and isinstance(found.subject, Run) else None


@st.cache_resource(show_spinner=False)
def replays() -> JobManager[Progress]:
    """A queue for what is only shown again."""
    return JobManager()


@lru_cache(maxsize=1)
def _recording() -> tuple[Recording, Snapshot[Progress]]:
    """The bundled recording, and it as a finished run."""
    recording = Recording.from_json(RECORDING.read_text())
    picture = state.resolved(recording.certificate.source)
    run = Run(picture, recording.certificate.config, recorded=True)
    first = preview(picture, run.config)
    assert first is not None
    *_, last = run.follow(recording.played(lambda stage, vote: first))
    return recording, Snapshot("recorded", "done", 0, last, recording.certificate.seconds, None, run)


def recorded(picture: Picture, config: SmoothingConfig | InputError) -> Snapshot[Progress] | None:
    """The bundled recording, where it is of this picture with these settings. Only the precision may be
    another one: it is the processor's."""
    _, snapshot = _recording()
    run = snapshot.subject
    same = isinstance(config, SmoothingConfig) and replace(config, dtype=run.config.dtype) == run.config
    return snapshot if same and picture.sha256 == run.picture.sha256 else None


def play() -> str:
    """Show the recording again from its first vote; the job's id."""
    recording, snapshot = _recording()
    run = replace(snapshot.subject, points=[])

    def stream() -> Iterator[Progress]:
        base, began, whole = base_classifier(run.config), time.monotonic(), recording.certificate.seconds
        seen: list[Samples] = []

        def samples(stage: Stage, vote: int) -> Samples:
            n = vote + (1 if stage == "selection" else 1 + run.config.n0)
            early = began + whole * n / (run.config.n0 + run.config.n) - time.monotonic()
            if early > 0 or not seen:  # otherwise the last vote's pictures stay, so that the pace is kept
                seen[:] = [votes(base, run.picture.tensor, run.config, stage, vote, vote + 1)[1]]
                time.sleep(max(0.0, early - 0.02))
            return seen[0]

        yield from run.follow(recording.played(samples))

    return replays().submit(stream, run)


def find_again() -> None:
    """Take up the run that the URL names; its picture too, where that was uploaded."""
    if (job_id := state.job()) is None:
        return
    snapshot = find(job_id)
    if snapshot is None:
        state.watch(None)
        state.notify(
            "The run in the address is no longer on this server. Certify repeats it: the same seed gives "
            "the same votes."
        )
    elif snapshot.subject.picture.source.startswith("upload:"):
        state.pick(snapshot.subject.picture)


def leave_behind(picture: Picture) -> None:
    """Stop showing a finished run once another picture is chosen after its end, and not before."""
    snapshot = find(state.job())
    if snapshot is None or not snapshot.finished:
        return
    if picture.sha256 not in (snapshot.subject.picture.sha256, state.beside(snapshot.id, picture.sha256)):
        state.watch(None)


def cancel(job_id: str) -> None:
    """Have a run stop after the votes in hand."""
    manager().cancel(job_id)
    replays().cancel(job_id)
    state.cancel(job_id)


def estimate(config: SmoothingConfig) -> float | None:
    """Seconds that a run would take at the pace of the last one of its kind; None before there was one."""
    pace = _paces.get(_kind(config))
    return (config.n0 + config.n) / pace if pace else None


def wait(job_id: str) -> float | None:
    """Seconds until a waiting run has its turn, where every run ahead of it has a known pace."""
    seconds = 0.0
    for ahead in manager().ahead(job_id):
        run = ahead.subject
        whole = estimate(run.config) if isinstance(run, Run) else None
        if whole is None:
            return None
        latest = progress(ahead)
        votes_in_all = run.config.n0 + run.config.n
        counted = sum(latest.counts0) + sum(latest.counts) if latest else 0
        seconds += whole * (1 - counted / votes_in_all)
    return seconds


def _kind(config: SmoothingConfig) -> tuple[object, ...]:
    """What decides how long a vote takes."""
    used = METHODS[config.method].settings
    costs = ("denoiser", "m", "purifications", "reverse_steps")
    return config.method, config.classifier, *(getattr(config, name) for name in costs if name in used)


def trace(snapshot: Snapshot[Progress]) -> tuple[Point, ...]:
    """The bounds over the votes of the run and of the cancelled ones that it continues."""
    earlier = snapshot.subject.earlier
    return (trace(earlier) if earlier else ()) + tuple(snapshot.subject.points)


def progress(snapshot: Snapshot[Progress]) -> Progress | None:
    """The latest of the run, or of the one that it continues while it has nothing yet."""
    earlier = snapshot.subject.earlier
    return snapshot.progress or (progress(earlier) if earlier else None)


def quick(config: SmoothingConfig) -> bool:
    """Whether a vote takes a moment; ImageNet's networks take a CPU most of a minute."""
    return config.dataset == state.DEFAULTS.dataset or torch.cuda.is_available()


@lru_cache(maxsize=64)
def preview(picture: Picture, config: SmoothingConfig) -> Samples | None:
    """The run's first selection vote, to look at before the run; None where there is no such run, or
    where votes are not quick."""
    if not quick(config):
        return None
    try:
        base = base_classifier(config)
        return next(certify_stream(base, picture.tensor, config, batch=1)).samples
    except InputError:
        return None


def warm_up() -> None:
    """Load what the first visitor would wait for."""
    for name in names("classifier", state.DEFAULTS.dataset):
        _classifier(name)
    preview(state.resolved(state.PICTURE), state.DEFAULTS)
    _recording()
    picker.warm_up()
