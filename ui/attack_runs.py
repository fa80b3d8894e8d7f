"""Attacks of the whole server, each found by the certification that it tries to break."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from diffsmooth_core import Certificate, SmoothingConfig
from diffsmooth_core.attacks import AttackConfig, AttackProgress, attack_stream
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.jobs import Snapshot
from ui import runs, state

_of: dict[str, str] = {}  # certification's job id -> id of its last attack


@dataclass(frozen=True)
class AttackRun:
    """What an attack's job works on."""

    picture: Picture
    certificate: Certificate
    attack: AttackConfig


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

    for forgotten in [run for run, job in _of.items() if runs.find(job) is None]:
        del _of[forgotten]
    _of[certified.id] = runs.manager().submit(stream, AttackRun(picture, certificate, attack))


def find(certified: Snapshot) -> Snapshot | None:
    """The last attack on a certificate."""
    return runs.find(_of.get(certified.id))
