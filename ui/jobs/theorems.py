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
from ui.jobs import cancelling, networks
from ui.jobs.gate import Demand
from ui.jobs.registry import Snapshot, jobs
from ui.session import settings
from ui.session.limits import limit
from ui.session.visitor import visitor

QUEUE = "theorems"
SIGMAS = (0.12, 0.25, 0.5, 0.75, 1.0)
ERRORS = (0.0, 0.1, 0.2, 0.5)
COPIES = 4  # noisy ones behind a mean distance
CURVE = (0.2, 0.4, 0.6, 0.8, 1.0)
PICTURES = 48
EXACT_CURVE_SAMPLES = 64
LARGE = 64  # pixels a side


@dataclass(frozen=True)
class TheoremTask:
    """The input of a job. One that is not `urgent` is cancelled when an urgent one comes; the pages that show
    it then request the rest again."""

    urgent: bool
    demand: Demand


def request(
    key: Hashable,
    stream: Callable[[Any], Iterator[Any]],
    enough: Callable[[Any], bool],
    demand: Demand,
    urgent: bool = False,
) -> Snapshot[Any]:
    """Queue this work, unless its job is waiting or running, has failed, or has found `enough`.

    `stream` takes what was found earlier, or None, and goes on from there. Raises InputError where the queue
    is full, or the operator does not allow what the work demands.
    """
    job = jobs().latest(key)
    found = job.progress if job else None
    if job is None or (job.state in ("done", "cancelled") and not (found is not None and enough(found))):
        if urgent:
            _make_way()
        jobs().submit(
            QUEUE,
            lambda: stream(found),
            key=key,
            subject=TheoremTask(urgent, demand),
            owner=visitor(),
            resumed=found,
            after=job,
        )
        job = jobs().latest(key)
    assert job is not None
    return job


def _make_way() -> None:
    for job in jobs().snapshots(QUEUE):
        if not job.subject.urgent:
            jobs().cancel(job.id)


def leave(key: Hashable) -> None:
    """Stop this work after the step in hand, unless another visitor asked for it."""
    job = jobs().latest(key)
    if job and cancelling.may_cancel(job):
        cancelling.cancel(job.id)


def is_active(key: Hashable) -> bool:
    """Whether a job of this work waits or runs."""
    job = jobs().latest(key)
    return job is not None and not job.finished


def request_samples(
    picture: Picture, denoiser: str, setting: TheoremSetting, wanted: int
) -> Snapshot[Sampling]:
    """Have at least `wanted` reverse-SDE samples drawn."""
    return request(
        (picture, setting),
        lambda earlier: sampling(picture.tensor, _diffusion_model(denoiser), setting, wanted, earlier),
        lambda earlier: replace(earlier, wanted=wanted).finished,
        Demand(denoisers=((denoiser, picture.dataset),)),
        urgent=True,
    )


def _diffusion_model(name: str) -> Denoiser:
    found = networks.denoiser(name)
    assert isinstance(found, Denoiser)
    return found


def request_comparison(
    dataset: str, denoiser: str, sigma: float, eps_error: float, seed: int
) -> Snapshot[PurificationDistances]:
    """Request the purification of the data set's test pictures at SIGMAS and at `sigma`."""
    sigmas = tuple(sorted({*SIGMAS, sigma}))
    return request(
        ("compare", dataset, sigmas, eps_error, seed),
        lambda _: compare_pictures(
            [picture.tensor for picture in pictures(dataset)[0]],
            disturbed(_diffusion_model(denoiser), eps_error, seed),
            sigmas,
            seed,
        ),
        lambda found: found.finished,
        Demand(denoisers=((denoiser, dataset),)),
    )


@lru_cache(maxsize=2)
def pictures(dataset: str) -> tuple[tuple[Picture, ...], str]:
    """The pictures of the comparison, and what they are."""
    return labelled_pictures(dataset, PICTURES)


def request_curves(picture: Picture, denoiser: str, setting: TheoremSetting) -> Snapshot[Curves]:
    """Request both theorems at every sigma of CURVE, from curve_samples; the setting's own sigma is not
    used."""
    setting, samples = replace(setting, sigma=CURVE[0]), curve_samples(picture)
    return request(
        ("curves", picture, setting),
        lambda earlier: over_sigma(
            picture.tensor, _diffusion_model(denoiser), setting, CURVE, samples, earlier
        ),
        lambda found: found.finished,
        Demand(denoisers=((denoiser, picture.dataset),)),
    )


def curve_samples(picture: Picture) -> int:
    """Samples at each sigma of a curve: fewer of a large picture, each of which takes a CPU 50 times as
    long."""
    return 16 if picture.pixels.shape[0] <= LARGE else 4


def request_exact_curves(world: str, dimension: int, setting: TheoremSetting) -> Snapshot[Curves]:
    """The same in a Gaussian mixture."""
    setting = replace(setting, sigma=CURVE[0])
    steps = 16 if dimension > 100 else 64
    return request(
        ("curves", world, dimension, setting),
        lambda _: over_sigma_exactly(
            world, dimension, CURVE, samples=EXACT_CURVE_SAMPLES, steps=steps, **_of_exact_world(setting)
        ),
        lambda found: found.finished,
        Demand(),
    )


def request_convergence(world: str, dimension: int, setting: TheoremSetting) -> Snapshot[Convergence]:
    """Have the errors of both schemes measured in a Gaussian mixture."""
    sigma, noise, seed = setting.sigma, setting.noise, setting.seed
    return request(
        ("schemes", world, dimension, sigma, noise, seed),
        lambda _: convergence(world, dimension, sigma, noise=noise, seed=seed),
        lambda found: found.finished,
        Demand(),
    )


@lru_cache(maxsize=32)
def purification(picture: Picture, denoiser: str, eps_error: float, seed: int) -> tuple[Gain, ...]:
    """What one-shot purification gains at each of SIGMAS."""
    worse = disturbed(_diffusion_model(denoiser), eps_error, seed)
    return tuple(gains(picture.tensor, worse, SIGMAS, COPIES, seed))


@dataclass(frozen=True)
class Costs:
    """Small certifications for the first of ERRORS, as far as there are any."""

    found: tuple[Consequence, ...] = ()

    @property
    def finished(self) -> bool:
        return len(self.found) == len(ERRORS)


def costs_config(picture: Picture, denoiser: str, sigma: float, seed: int) -> SmoothingConfig:
    """The settings of a small certification: DiffSmooth with what is usual with the picture's data set."""
    usual = settings.usual(picture.dataset)
    n0, n = (20, 100) if picture.pixels.shape[0] <= LARGE else (10, 50)
    return SmoothingConfig(
        dataset=picture.dataset,
        classifier=usual["classifier"],
        denoiser=denoiser,
        sigma=sigma,
        sigma_local=usual["sigma_local"],
        m=1,
        n0=min(n0, limit("runs", "n0")),
        n=min(n, limit("runs", "n")),
        seed=seed,
    )


def request_costs(picture: Picture, config: SmoothingConfig) -> Snapshot[Costs]:
    """Request a certification under this configuration with each of ERRORS, on the same noise."""

    def stream(earlier: Costs | None) -> Iterator[Costs]:
        yield (costs := earlier or Costs())
        classifier, denoiser = networks.classifier(config.classifier), _diffusion_model(config.denoiser)
        left = ERRORS[len(costs.found) :]
        for cost in consequences(picture.tensor, classifier, denoiser, config, left, COPIES):
            yield (costs := Costs((*costs.found, cost)))

    return request(("costs", picture, config), stream, lambda costs: costs.finished, Demand(runs=(config,)))


@lru_cache(maxsize=32)
def exact_world(name: str, dimension: int, setting: TheoremSetting) -> Exact:
    """The experiment in a Gaussian mixture. Raises InputError."""
    steps = 16 if dimension > 100 else 128
    return exact(name, dimension, setting.sigma, samples=256, steps=steps, **_of_exact_world(setting))


def _of_exact_world(setting: TheoremSetting) -> dict[str, Any]:
    """Those settings that the exact world has too, beside sigma."""
    return {name: getattr(setting, name) for name in ("eta", "eps_error", "noise", "seed", "scheme")}
