"""Attacks and decision regions of the whole server, each found by the certification that it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

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
from diffsmooth_core.jobs import Snapshot
from ui import runs, state

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


def certification(picture: Picture, config: SmoothingConfig) -> Snapshot | None:
    """The session's run of this picture under these settings, in whatever state it is."""
    snapshot = runs.find(state.job())
    if snapshot is None or snapshot.subject.picture.sha256 != picture.sha256:
        return None
    same = all(getattr(snapshot.subject.config, name) == getattr(config, name) for name in state.SETTINGS)
    return snapshot if same else None


def submit(certified: Snapshot, attack: AttackConfig) -> None:
    """Queue an attack on a certificate. Raises InputError where the queue is full."""
    picture, certificate = certified.subject.picture, certified.progress.certificate

    def stream() -> Iterator[AttackProgress]:
        base = runs.base_classifier(certificate.config)
        yield from attack_stream(base, picture.tensor, certificate, attack)

    job = runs.manager().submit(stream, AttackRun(picture, certificate, attack), state.visitor())
    _remember(certified, "attack", job)


def submit_regions(
    certified: Snapshot, plane: Plane, regions: RegionsConfig, towards: tuple[str, str]
) -> None:
    """Queue the decision regions around a certified picture. Raises InputError where the queue is full."""
    certificate = certified.progress.certificate

    def stream() -> Iterator[Regions]:
        base = runs.base_classifier(certificate.config)
        yield from regions_stream(base, plane, certificate.config, regions)

    job = runs.manager().submit(stream, RegionsRun(certificate, regions, towards), state.visitor())
    _remember(certified, "regions", job)


def _remember(certified: Snapshot, kind: Kind, job: str) -> None:
    for forgotten in [key for key, known in _of.items() if runs.find(known) is None]:
        del _of[forgotten]
    _of[certified.id, kind] = job


def find(certified: Snapshot, kind: Kind = "attack") -> Snapshot | None:
    """The last job of a kind on a certificate."""
    return runs.find(_of.get((certified.id, kind)))


def busy(certified: Snapshot) -> bool:
    """Whether anything goes on for this certification, itself included."""
    found = (certified, find(certified, "attack"), find(certified, "regions"))
    return any(job is not None and not job.finished for job in found)
