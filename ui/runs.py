"""Runs of the whole server: one manager, networks loaded once, shared by every session."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

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
from diffsmooth_core.certification import Samples, check_reachable
from diffsmooth_core.config import METHODS
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.jobs import JobManager, Point, Snapshot
from diffsmooth_core.purification.dncnn import DirectDenoiser
from diffsmooth_core.zoo import names
from ui import gallery, state

log = logging.getLogger(__name__)
_paces: dict[tuple[object, ...], float] = {}  # votes a second that this server reached


@dataclass(frozen=True)
class Run:
    """What a job works on. `earlier` is the cancelled run that it takes up again."""

    picture: Picture
    config: SmoothingConfig
    earlier: Snapshot | None = None


@st.cache_resource(show_spinner=False)
def manager() -> JobManager:
    """The one queue of this server."""
    return JobManager()


@lru_cache(maxsize=8)
def _classifier(name: str) -> Classifier:
    return load_classifier(name)


@lru_cache(maxsize=2)
def _denoiser(name: str) -> Denoiser | DirectDenoiser:
    return load_denoiser(name)


def base_classifier(config: SmoothingConfig) -> BaseClassifier:
    """The base classifier of `config`, its networks loaded at most once. Raises InputError."""
    purifies = METHODS[config.method].purifies
    return build_base(
        config, _classifier(config.classifier), _denoiser(config.denoiser) if purifies else None
    )


def checked(config: SmoothingConfig | InputError) -> SmoothingConfig | InputError:
    """`config`, or why there is no run of it."""
    try:
        if isinstance(config, SmoothingConfig):
            check_reachable(config)
            base_classifier(config)
    except InputError as error:
        return error
    return config


def submit(picture: Picture, config: SmoothingConfig, earlier: Snapshot | None = None) -> str:
    """Queue a certification and return its job id. Raises InputError where the queue is full."""
    resume = earlier.progress if earlier else None

    def stream() -> Iterator[Progress]:
        for progress in certify_stream(
            base_classifier(config), picture.tensor, config, resume=resume, source=picture.source
        ):
            _paces[_kind(config)] = progress.votes_per_second
            yield progress

    return manager().submit(stream, Run(picture, config, earlier))


def find(job_id: str | None) -> Snapshot | None:
    """A run of this server, or None where it is not known (any more) or not a certification."""
    snapshot = manager().snapshot(job_id) if job_id else None
    return snapshot if snapshot and isinstance(snapshot.subject, Run) else None


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
    state.cancel(job_id)


def estimate(config: SmoothingConfig) -> float | None:
    """Seconds that a run would take at the pace of the last one of its kind; None before there was one."""
    pace = _paces.get(_kind(config))
    return (config.n0 + config.n) / pace if pace else None


def _kind(config: SmoothingConfig) -> tuple[object, ...]:
    """What decides how long a vote takes."""
    used = METHODS[config.method].settings
    costs = ("denoiser", "m", "purifications", "reverse_steps")
    return config.method, config.classifier, *(getattr(config, name) for name in costs if name in used)


def trace(snapshot: Snapshot) -> tuple[Point, ...]:
    """The bounds over the votes of the run and of the cancelled ones that it continues."""
    earlier = snapshot.subject.earlier
    return (trace(earlier) if earlier else ()) + snapshot.trace


def progress(snapshot: Snapshot) -> Progress | None:
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
    """Load what the first visitor would wait for; freeze it, so that no collection walks it again."""
    try:
        for name in names("classifier", state.DEFAULTS.dataset):
            _classifier(name)
        preview(state.resolved(state.PICTURE), SmoothingConfig())
        gallery.warm_up()
    except Exception:
        log.exception("the server could not warm up")
    gc.collect()
    gc.freeze()
