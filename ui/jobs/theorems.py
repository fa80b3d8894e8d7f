"""The Theorems page's computations as jobs that all sessions of the server share, so that none runs twice."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from diffsmooth_core import Denoiser, SmoothingConfig
from diffsmooth_core.datasets.sources import Picture, labelled_pictures
from diffsmooth_core.theory import (
    Consequence,
    Convergence,
    Curves,
    Exact,
    Gain,
    PurificationDistances,
    Sampling,
    TheoremSetting,
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
from ui.jobs import networks
from ui.jobs.registry import Snapshot, jobs
from ui.session import settings

QUEUE = "theorems"
SIGMAS = (0.12, 0.25, 0.5, 0.75, 1.0)
ERRORS = (0.0, 0.1, 0.2, 0.5)
CURVE = (0.2, 0.4, 0.6, 0.8, 1.0)
PICTURES = 48


@dataclass(frozen=True)
class TheoremTask:
    """The input of a job. One that is not `urgent` is cancelled when an urgent one comes; the pages that show
    it then request the rest again."""

    urgent: bool


def request(
    key: Hashable, stream: Callable[[Any], Iterator[Any]], enough: Callable[[Any], bool], urgent: bool = False
) -> Snapshot[Any]:
    """Queue this work, unless its job is waiting or running, has failed, or has found `enough`.

    `stream` takes what was found earlier, or None, and goes on from there. Raises InputError where the queue
    is full.
    """
    job = jobs().latest(key)
    found = job.progress if job else None
    if job is None or (job.state in ("done", "cancelled") and not (found is not None and enough(found))):
        if urgent:
            _make_way()
        task = TheoremTask(urgent)
        jobs().submit(QUEUE, lambda: stream(found), key=key, subject=task, resumed=found)
        job = jobs().latest(key)
    assert job is not None
    return job


def _make_way() -> None:
    for job in jobs().snapshots(QUEUE):
        if not job.subject.urgent:
            jobs().cancel(job.id)


def cancel(key: Hashable) -> None:
    """Stop this work after the step in hand."""
    if job := jobs().latest(key):
        jobs().cancel(job.id)


def is_active(key: Hashable) -> bool:
    """Whether a job of this work waits or runs."""
    job = jobs().latest(key)
    return job is not None and not job.finished


def request_samples(picture: Picture, setting: TheoremSetting, wanted: int) -> Snapshot[Sampling]:
    """Have at least `wanted` reverse-SDE samples drawn."""
    return request(
        (picture, setting),
        lambda earlier: sampling(picture.tensor, _denoiser(), setting, wanted, earlier),
        lambda earlier: replace(earlier, wanted=wanted).finished,
        urgent=True,
    )


def _denoiser() -> Denoiser:
    found = networks.denoiser("bundled")
    assert isinstance(found, Denoiser)
    return found


def request_comparison(sigma: float, eps_error: float, seed: int) -> Snapshot[PurificationDistances]:
    """Request the purification of the test pictures at SIGMAS and at `sigma`."""
    sigmas = tuple(sorted({*SIGMAS, sigma}))
    return request(
        ("compare", sigmas, eps_error, seed),
        lambda _: compare_pictures(
            [p.tensor for p in pictures()[0]], _disturbed(eps_error, seed), sigmas, seed
        ),
        lambda found: found.finished,
    )


@lru_cache(maxsize=1)
def pictures() -> tuple[tuple[Picture, ...], str]:
    """The pictures of the comparison, and what they are."""
    return labelled_pictures(settings.DEFAULTS.dataset, PICTURES)


def request_curves(picture: Picture, setting: TheoremSetting) -> Snapshot[Curves]:
    """Request both theorems at every sigma of CURVE; the setting's own sigma is not used."""
    setting = replace(setting, sigma=CURVE[0])
    return request(
        ("curves", picture, setting),
        lambda earlier: over_sigma(picture.tensor, _denoiser(), setting, CURVE, resume=earlier),
        lambda found: found.finished,
    )


def request_exact_curves(world: str, dimension: int, setting: TheoremSetting) -> Snapshot[Curves]:
    """The same in a Gaussian mixture."""
    setting = replace(setting, sigma=CURVE[0])
    steps = 16 if dimension > 100 else 64
    return request(
        ("curves", world, dimension, setting),
        lambda _: over_sigma_exactly(world, dimension, CURVE, steps=steps, **_of_exact_world(setting)),
        lambda found: found.finished,
    )


def request_convergence(world: str, dimension: int, setting: TheoremSetting) -> Snapshot[Convergence]:
    """Have the errors of both schemes measured in a Gaussian mixture."""
    sigma, noise, seed = setting.sigma, setting.noise, setting.seed
    return request(
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
    classifier = networks.classifier(config.classifier)
    return tuple(consequences(picture.tensor, classifier, _denoiser(), config, ERRORS, copies=4))


@lru_cache(maxsize=32)
def exact_world(name: str, dimension: int, setting: TheoremSetting) -> Exact:
    """The experiment in a Gaussian mixture. Raises InputError."""
    steps = 16 if dimension > 100 else 128
    return exact(name, dimension, setting.sigma, samples=256, steps=steps, **_of_exact_world(setting))


def _of_exact_world(setting: TheoremSetting) -> dict[str, Any]:
    """Those settings that the exact world has too, beside sigma."""
    return {name: getattr(setting, name) for name in ("eta", "eps_error", "noise", "seed", "scheme")}
