"""Work of the Theorems page: jobs of the whole server, and what was found once is not sought again."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import streamlit as st

from diffsmooth_core import Denoiser, SmoothingConfig, load_classifier
from diffsmooth_core.datasets.sources import Picture, labelled_pictures
from diffsmooth_core.theory import (
    Comparison,
    Consequence,
    Convergence,
    Curves,
    Exact,
    Gain,
    Sampling,
    Setting,
    consequences,
    convergence,
    disturbed,
    exact,
    gains,
    over_sigma,
    over_sigma_exactly,
    sampling,
)
from diffsmooth_core.theory import compare as compare_pictures
from ui.jobs import certificates
from ui.jobs.polling import failure, follow, wait, waits
from ui.jobs.registry import JobManager, Snapshot
from ui.session import state

SIGMAS = (0.12, 0.25, 0.5, 0.75, 1.0)
ERRORS = (0.0, 0.1, 0.2, 0.5)
CURVE = (0.2, 0.4, 0.6, 0.8, 1.0)
PICTURES = 48
_newest: dict[Hashable, str] = {}  # the last job of each piece of work
_later: deque[str] = deque(maxlen=64)  # jobs that make way
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
    job = _newest.get(key)
    return manager().snapshot(job) if job else None


def found(snapshot: Snapshot[Any] | None) -> Any:
    """What a job has found, or the one that it continues; None where that is nothing."""
    if snapshot is None:
        return None
    return snapshot.progress if snapshot.progress is not None else snapshot.subject.earlier


def pursue(
    key: Hashable, stream: Callable[[Any], Iterator[Any]], enough: Callable[[Any], bool], first: bool = False
) -> Snapshot[Any]:
    """Have the server do this work, unless it is at it, has failed, or has `enough`.

    `stream` takes what was found earlier and goes on from there. Work that comes `first` makes all other
    kinds wait: they are cancelled, and the pages that show them take them up again. Raises InputError where
    the queue is full.
    """
    with _one_at_a_time:
        snapshot = find(key)
        if snapshot and (not snapshot.finished or snapshot.state == "failed"):
            return snapshot
        for forgotten in [k for k, job in _newest.items() if manager().snapshot(job) is None]:
            del _newest[forgotten]
        earlier = found(snapshot)
        if earlier is None or not enough(earlier):
            for job in _later if first else ():
                manager().cancel(job)
            _newest[key] = manager().submit(lambda: stream(earlier), Work(key, earlier))
            if not first:
                _later.append(_newest[key])
            snapshot = find(key)
        assert snapshot is not None
        return snapshot


def cancel(key: Hashable) -> None:
    """Stop this work after the step in hand."""
    if job := _newest.get(key):
        manager().cancel(job)


def active(key: Hashable) -> bool:
    """Whether a job of this work waits or runs."""
    snapshot = find(key)
    return snapshot is not None and not snapshot.finished


def attend(kind: str, key: Hashable) -> None:
    """Note what this session looks at now; work of the kind that it no longer looks at is cancelled."""
    attended = st.session_state.setdefault("theorems-attended", {})
    if attended.get(kind, key) != key:
        cancel(attended[kind])
    attended[kind] = key


def show(kind: str, key: Hashable, draw: Callable[[Any], None]) -> None:
    """Draw what work of this kind has found, as it comes, and before that how it stands."""
    attend(kind, key)

    def again() -> None:
        say(key)
        if (so_far := found(find(key))) is not None:
            draw(so_far)

    with st.container(key=f"charts-{kind}"):
        follow(lambda: [find(key)], again)


def say(key: Hashable) -> None:
    """How work stands that has found little or nothing yet."""
    job = find(key)
    if waits(job):
        wait(lambda: find(key))
    elif job and job.state == "failed":
        offer_again(key, job)
    elif found(job) is None:
        st.caption("On its way.")


def offer_again(key: Hashable, failed: Snapshot[Any]) -> None:
    """Why work failed, and a button that has it done once more."""
    st.error(failure(failed))
    if st.button("Try again", key=f"theorems-again-{failed.id}"):
        _newest.pop(key, None)
        st.rerun()


def sample(picture: Picture, setting: Setting, wanted: int) -> Snapshot[Sampling]:
    """Have at least `wanted` reverse-SDE samples drawn."""
    return pursue(
        (picture, setting),
        lambda earlier: sampling(picture.tensor, _denoiser(), setting, wanted, earlier),
        lambda earlier: replace(earlier, wanted=wanted).finished,
        first=True,
    )


def _denoiser() -> Denoiser:
    found = certificates.denoiser("bundled")
    assert isinstance(found, Denoiser)
    return found


def compare(sigma: float, eps_error: float, seed: int) -> Snapshot[Comparison]:
    """Have the test pictures purified at SIGMAS and at `sigma`."""
    sigmas = tuple(sorted({*SIGMAS, sigma}))
    return pursue(
        ("compare", sigmas, eps_error, seed),
        lambda _: compare_pictures(
            [p.tensor for p in pictures()[0]], _disturbed(eps_error, seed), sigmas, seed
        ),
        lambda found: found.finished,
    )


@lru_cache(maxsize=1)
def pictures() -> tuple[tuple[Picture, ...], str]:
    """The pictures of the comparison, and what they are."""
    return labelled_pictures(state.DEFAULTS.dataset, PICTURES)


def curves(picture: Picture, setting: Setting) -> Snapshot[Curves]:
    """Have both theorems followed over CURVE, the setting's own sigma left aside."""
    setting = replace(setting, sigma=CURVE[0])
    return pursue(
        ("curves", picture, setting),
        lambda earlier: over_sigma(picture.tensor, _denoiser(), setting, CURVE, resume=earlier),
        lambda found: found.finished,
    )


def exact_curves(world: str, dimension: int, setting: Setting) -> Snapshot[Curves]:
    """The same in a Gaussian mixture."""
    setting = replace(setting, sigma=CURVE[0])
    steps = 16 if dimension > 100 else 64
    return pursue(
        ("curves", world, dimension, setting),
        lambda _: over_sigma_exactly(world, dimension, CURVE, steps=steps, **_of_exact_world(setting)),
        lambda found: found.finished,
    )


def errors_of_schemes(world: str, dimension: int, setting: Setting) -> Snapshot[Convergence]:
    """Have the errors of both schemes measured in a Gaussian mixture."""
    sigma, noise, seed = setting.sigma, setting.noise, setting.seed
    return pursue(
        ("schemes", world, dimension, sigma, noise, seed),
        lambda _: convergence(world, dimension, sigma, noise=noise, seed=seed),
        lambda found: found.finished,
    )


def _disturbed(eps_error: float, seed: int) -> Denoiser:
    return disturbed(_denoiser(), eps_error, seed)


@lru_cache(maxsize=32)
def purification(picture: Picture, eps_error: float, seed: int) -> tuple[Gain, ...]:
    """What one-shot purification gains at each of SIGMAS."""
    return tuple(gains(picture.tensor, _disturbed(eps_error, seed), SIGMAS, copies=4, seed=seed))


@lru_cache(maxsize=32)
def costs(picture: Picture, sigma: float, seed: int) -> tuple[Consequence, ...]:
    """A small certification for each of ERRORS, on the same noise. Raises InputError."""
    config = SmoothingConfig(sigma=sigma, sigma_local=0.25, m=1, n0=20, n=100, seed=seed)
    classifier = load_classifier(config.classifier)
    return tuple(consequences(picture.tensor, classifier, _denoiser(), config, ERRORS, copies=4))


@lru_cache(maxsize=32)
def exact_world(name: str, dimension: int, setting: Setting) -> Exact:
    """The experiment in a Gaussian mixture. Raises InputError."""
    steps = 16 if dimension > 100 else 128
    return exact(name, dimension, setting.sigma, samples=256, steps=steps, **_of_exact_world(setting))


def _of_exact_world(setting: Setting) -> dict[str, Any]:
    """Those settings that the exact world has too, beside sigma."""
    return {name: getattr(setting, name) for name in ("eta", "eps_error", "noise", "seed", "scheme")}
