"""Attacks and decision regions as jobs, found by the certification that they belong to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from diffsmooth_core import Certificate, InputError, SmoothingConfig
from diffsmooth_core.attacks import (
    AttackConfig,
    AttackProgress,
    Plane,
    Regions,
    RegionsConfig,
    attack_stream,
    regions_stream,
)
from diffsmooth_core.attacks.stream import QUERIES
from diffsmooth_core.datasets.sources import Picture
from ui.jobs import certificates, recorded_attack, recordings
from ui.jobs.certificates import Certification
from ui.jobs.gate import Demand
from ui.jobs.networks import base_classifier
from ui.jobs.registry import Snapshot, jobs
from ui.session import settings, state
from ui.session.visitor import visitor

Kind = Literal["attack", "regions"]


@dataclass(frozen=True)
class AttackTask:
    """The input of an attack's job."""

    picture: Picture
    certificate: Certificate
    attack: AttackConfig
    recorded: str = ""  # its day, where it comes with the program

    @property
    def demand(self) -> Demand:
        return Demand(samples=(self.certificate.config,), votes=self.attack.n)

    @property
    def inside(self) -> bool:
        """Whether the attack makes changes that the certificate covers."""
        return self.attack.radius <= self.certificate.radius


@dataclass(frozen=True)
class RegionsTask:
    """The input of a decision regions job. `towards` describes in words the directions right and up."""

    certificate: Certificate
    regions: RegionsConfig
    towards: tuple[str, str]

    @property
    def demand(self) -> Demand:
        return Demand(samples=(self.certificate.config,), votes=self.regions.votes)


def certification(picture: Picture, config: SmoothingConfig) -> Certification | None:
    """The session's run of this picture under these settings, in whatever state it is; without one the
    bundled recording, if it is of them."""
    run = certificates.find(state.job())
    if run is None or run.subject.picture.sha256 != picture.sha256:
        return recordings.recorded(picture, config)
    same = all(getattr(run.subject.config, name) == getattr(config, name) for name in settings.CONFIG_FIELDS)
    return run if same else None


def certificate_of(certified: Certification) -> Certificate:
    """The certificate of a run that has ended with one."""
    assert certified.progress is not None
    assert certified.progress.certificate is not None
    return certified.progress.certificate


def submit(certified: Certification, attack: AttackConfig) -> None:
    """Queue an attack on a certificate. Raises InputError where the queue is full or another attack on it has
    not ended."""
    picture, certificate = certified.subject.picture, certificate_of(certified)

    def stream() -> Iterator[AttackProgress]:
        return attack_stream(base_classifier(certificate.config), picture.tensor, certificate, attack)

    _submit(certified, "attack", stream, AttackTask(picture, certificate, attack))


def submit_regions(
    certified: Certification, plane: Plane, regions: RegionsConfig, towards: tuple[str, str]
) -> None:
    """Queue the decision regions around a certified picture. Raises InputError where the queue is full or
    earlier ones have not ended."""
    certificate = certificate_of(certified)

    def stream() -> Iterator[Regions]:
        return regions_stream(base_classifier(certificate.config), plane, certificate.config, regions)

    _submit(certified, "regions", stream, RegionsTask(certificate, regions, towards))


def _submit(
    certified: Certification, kind: Kind, stream: Callable[[], Iterator[Any]], task: AttackTask | RegionsTask
) -> None:
    key = _key(certified, kind)
    job = jobs().submit(
        "certificates", stream, key=key, subject=task, owner=visitor(), after=jobs().latest(key)
    )
    if (begun := jobs().snapshot(job)) and begun.subject is not task:
        what = "an attack on" if kind == "attack" else "a drawing of the regions around"
        raise InputError(f"{what} this certificate is under way already; cancel it, or wait for its end")


def seconds_of(certified: Certification, attack: AttackConfig) -> float:
    """Seconds that the attempts of an attack take about, none of which succeeds, at the pace of the votes of
    its certificate. The search is counted in votes: a gradient takes about four, NES a vote a query."""
    certificate = certificate_of(certified)
    search = {"pgd": 4, "nes": QUERIES, "random": 0}[attack.kind] * attack.steps * attack.copies
    return attack.attempts * (attack.n + search) * _pace(certificate)


def regions_seconds(certified: Certification, regions: RegionsConfig) -> float:
    """Seconds that decision regions take about, at the pace of the certificate's votes."""
    return regions.resolution**2 * regions.votes * _pace(certificate_of(certified))


def _pace(certificate: Certificate) -> float:
    """Seconds of a vote."""
    return certificate.seconds / (sum(certificate.counts0) + certificate.n)


def latest(certified: Certification, kind: Kind = "attack") -> Snapshot[Any] | None:
    """The most recent job of a kind on a certificate. Without one, where the certificate is a recording, the
    bundled attack on it, as a finished job; None otherwise."""
    found = jobs().latest(_key(certified, kind))
    if found or kind == "regions" or not certified.subject.recorded:
        return found
    return _recorded(certified)


def _key(certified: Certification, kind: Kind) -> tuple[str, str, str]:
    """What a job on a certificate is found by. Who has the link of a run sees the same as others with it; a
    recording is there for everybody, and each attacks it for themselves."""
    return kind, certified.id, visitor() if certified.subject.recorded else ""


def _recorded(certified: Certification) -> Snapshot[AttackProgress] | None:
    """The bundled attack on a recording, as a finished job; None where there is none."""
    if (found := recorded_attack.bundled(certified.subject.config.dataset)) is None:
        return None
    task = AttackTask(certified.subject.picture, certificate_of(certified), found.attack, found.created)
    return Snapshot("recorded", "done", task, progress=found.progress)


def with_jobs_on_it(certified: Certification | None) -> list[Snapshot[Any] | None]:
    """A certification and the last jobs on its certificate."""
    return [certified, latest(certified, "attack"), latest(certified, "regions")] if certified else []
