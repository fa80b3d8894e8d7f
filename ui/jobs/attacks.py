"""Attacks and decision regions of the whole server, each found by the certification that it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from diffsmooth_core import Certificate, SmoothingConfig
from diffsmooth_core.attacks import (
    AttackConfig,
    AttackProgress,
    Plane,
    Regions,
    RegionsConfig,
    attack_stream,
    regions_stream,
)
from diffsmooth_core.datasets.sources import Picture
from ui.jobs import certificates
from ui.jobs.registry import Snapshot
from ui.session import state

Kind = Literal["attack", "regions"]
_of: dict[tuple[str, Kind], str] = {}  # certification's job id -> id of the last job on it


@dataclass(frozen=True)
class AttackRun:
    """What an attack's job works on."""

    picture: Picture
    certificate: Certificate
    attack: AttackConfig


@dataclass(frozen=True)
class RegionsRun:
    """What the job of decision regions works on. `towards` says in words where right and up lead."""

    certificate: Certificate
    regions: RegionsConfig
    towards: tuple[str, str]


def certification(picture: Picture, config: SmoothingConfig) -> Snapshot[Any] | None:
    """The session's run of this picture under these settings, in whatever state it is."""
    snapshot = certificates.find(state.job())
    if snapshot is None or snapshot.subject.picture.sha256 != picture.sha256:
        return None
    same = all(getattr(snapshot.subject.config, name) == getattr(config, name) for name in state.SETTINGS)
    return snapshot if same else None


def certificate_of(certified: Snapshot[Any]) -> Certificate:
    """Of a run that has ended with one."""
    assert certified.progress is not None
    certificate: Certificate = certified.progress.certificate
    return certificate


def submit(certified: Snapshot[Any], attack: AttackConfig) -> None:
    """Queue an attack on a certificate. Raises InputError where the queue is full."""
    picture, certificate = certified.subject.picture, certificate_of(certified)

    def stream() -> Iterator[AttackProgress]:
        base = certificates.base_classifier(certificate.config)
        yield from attack_stream(base, picture.tensor, certificate, attack)

    job = certificates.manager().submit(stream, AttackRun(picture, certificate, attack), state.visitor())
    _remember(certified, "attack", job)


def submit_regions(
    certified: Snapshot[Any], plane: Plane, regions: RegionsConfig, towards: tuple[str, str]
) -> None:
    """Queue the decision regions around a certified picture. Raises InputError where the queue is full."""
    certificate = certificate_of(certified)

    def stream() -> Iterator[Regions]:
        base = certificates.base_classifier(certificate.config)
        yield from regions_stream(base, plane, certificate.config, regions)

    job = certificates.manager().submit(stream, RegionsRun(certificate, regions, towards), state.visitor())
    _remember(certified, "regions", job)


def _remember(certified: Snapshot[Any], kind: Kind, job: str) -> None:
    for forgotten in [key for key, known in _of.items() if certificates.manager().snapshot(known) is None]:
        del _of[forgotten]
    _of[certified.id, kind] = job


def find(certified: Snapshot[Any], kind: Kind = "attack") -> Snapshot[Any] | None:
    """The last job of a kind on a certificate."""
    return certificates.manager().snapshot(_of.get((certified.id, kind), ""))


def jobs(certified: Snapshot[Any] | None) -> list[Snapshot[Any] | None]:
    """A certification and the last jobs on it."""
    return [certified, find(certified, "attack"), find(certified, "regions")] if certified else []
