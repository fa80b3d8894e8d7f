"""Work of the Theorems page: jobs of the whole server, and what was found once is not sought again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import streamlit as st

from diffsmooth_core import Denoiser, SmoothingConfig, load_classifier
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.jobs import JobManager, Snapshot
from diffsmooth_core.theory import (
    Consequence,
    Exact,
    Gain,
    Sampling,
    Setting,
    consequences,
    disturbed,
    exact,
    gains,
    sampling,
)
from ui import runs

SIGMAS = (0.12, 0.25, 0.5, 0.75, 1.0)
ERRORS = (0.0, 0.1, 0.2, 0.5)
_newest: dict[Hashable, str] = {}  # the last job of each piece of work
_one_at_a_time = threading.Lock()  # two sessions may ask for the same


@dataclass(frozen=True)
class Work:
    """What a job works on, and what an earlier job of the same found before it was stopped."""

    key: Hashable
    earlier: Any = None


@st.cache_resource(show_spinner=False)
def manager() -> JobManager[Any]:
    """A queue beside that of certificates, so that a look of seconds does not wait for minutes."""
    return JobManager()


def find(key: Hashable) -> Snapshot[Any] | None:
    """The last job of this work, or None where there was none that is still known."""
    return manager().snapshot(_newest[key]) if key in _newest else None


def found(snapshot: Snapshot[Any] | None) -> Any:
    """What a job has found, or the one that it continues; None where that is nothing."""
    if snapshot is None:
        return None
    return snapshot.progress if snapshot.progress is not None else snapshot.subject.earlier


def pursue(
    key: Hashable, stream: Callable[[Any], Iterator[Any]], enough: Callable[[Any], bool]
) -> Snapshot[Any] | None:
    """Have the server do this work, unless it is at it, has failed, or has `enough`.

    `stream` takes what was found earlier and goes on from there. Raises InputError where the queue is full.
    """
    with _one_at_a_time:
        snapshot = find(key)
        if snapshot and (not snapshot.finished or snapshot.state == "failed"):
            return snapshot
        for forgotten in [k for k, job in _newest.items() if manager().snapshot(job) is None]:
            del _newest[forgotten]
        earlier = found(snapshot)
        if earlier is None or not enough(earlier):
            _newest[key] = manager().submit(lambda: stream(earlier), Work(key, earlier))
        return find(key)


def cancel(key: Hashable) -> None:
    """Stop this work after the step in hand."""
    if key in _newest:
        manager().cancel(_newest[key])


def sample(picture: Picture, setting: Setting, wanted: int) -> Snapshot[Sampling] | None:
    """Have at least `wanted` reverse-SDE samples drawn."""
    return pursue(
        (picture, setting),
        lambda earlier: sampling(picture.tensor, _denoiser(), setting, wanted, earlier),
        lambda earlier: replace(earlier, wanted=wanted).finished,
    )


def _denoiser() -> Denoiser:
    found = runs.denoiser("bundled")
    assert isinstance(found, Denoiser)
    return found


@lru_cache(maxsize=32)
def purification(picture: Picture, eps_error: float, seed: int) -> tuple[Gain, ...]:
    """What one-shot purification gains at each of SIGMAS."""
    denoiser = disturbed(_denoiser(), eps_error, seed) if eps_error else _denoiser()
    return tuple(gains(picture.tensor, denoiser, SIGMAS, copies=4, seed=seed))


@lru_cache(maxsize=32)
def costs(picture: Picture, sigma: float, seed: int) -> tuple[Consequence, ...]:
    """A small certification for each of ERRORS, on the same noise. Raises InputError."""
    config = SmoothingConfig(sigma=sigma, sigma_local=0.25, m=1, n0=20, n=100, seed=seed)
    classifier = load_classifier(config.classifier)
    return tuple(consequences(picture.tensor, classifier, _denoiser(), config, ERRORS, copies=4))


@lru_cache(maxsize=32)
def exact_world(name: str, dimension: int, sigma: float, eps_error: float, eta: float, noise: bool,
                seed: int) -> Exact:  # fmt: skip
    """The experiment in a Gaussian mixture. Raises InputError."""
    steps = 16 if dimension > 100 else 128
    return exact(name, dimension, sigma, samples=256, steps=steps, eta=eta, eps_error=eps_error, noise=noise,
                 seed=seed)  # fmt: skip
