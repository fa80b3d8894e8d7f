"""The attack that comes with the program: on the recorded certificate, and its change still succeeds."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from diffsmooth_core.attacks import AttackConfig, attack_stream
from diffsmooth_core.certification.decision import predicted
from diffsmooth_core.certification.voting import VoteRange, cast_votes
from ui.jobs import networks, recorded_attack, recordings
from ui.session import state


def test_it_is_of_the_recorded_picture_and_its_shortest_change_changes_the_class() -> None:
    recording, recorded = recordings.bundled("cifar10"), recorded_attack.bundled("cifar10")
    assert recording is not None
    assert recorded is not None
    certificate, attack, success = recording.certificate, recorded.attack, recorded.progress.smallest
    assert success is not None
    assert success.picture is not None
    picture = state.resolved(certificate.source)
    assert recorded.progress.label == certificate.candidate
    assert attack.radius == pytest.approx(3 * certificate.radius)
    assert torch.dist(success.picture, picture.tensor).item() == pytest.approx(success.length, rel=1e-6)
    assert certificate.radius < success.length < attack.radius
    assert success.picture.min() >= 0
    assert success.picture.max() <= 1
    config = replace(certificate.config, alpha=attack.level, n=attack.n)
    wanted = VoteRange(success.picture, "prediction", 0, attack.n)
    (classes,) = cast_votes(networks.base_classifier(config), [wanted], config)
    counts = torch.from_numpy(classes).bincount(minlength=10).tolist()
    assert predicted(counts, attack.level) == success.predicted
    assert counts == pytest.approx(success.counts, abs=4), "the same noise; a processor may round otherwise"


def test_a_recorded_attack_is_read_as_it_was_written() -> None:
    recording = recordings.bundled("cifar10")
    assert recording is not None
    certificate = replace(recording.certificate, radius=0.0)
    picture = state.resolved(certificate.source)
    attack = AttackConfig(radius=20.0, attempts=1, halvings=1, steps=3, copies=4, n=20)
    base = networks.base_classifier(certificate.config)
    *_, last = attack_stream(base, picture.tensor, certificate, attack)
    assert last.smallest is not None
    written = recorded_attack.RecordedAttack(attack, last, "2026-11-27")
    read = recorded_attack.from_json(recorded_attack.to_json(written))
    assert (read.attack, read.created) == (attack, "2026-11-27")
    progress, shortest = read.progress, last.smallest
    assert progress.smallest is not None
    assert torch.equal(progress.adversarial, shortest.picture)
    assert progress.attempts[progress.number - 1] is progress.smallest
    assert (progress.label, progress.radius) == (last.label, shortest.radius)
    assert (progress.length, progress.counts) == (shortest.length, shortest.counts)
    assert progress.probabilities == pytest.approx(last.probabilities, abs=1e-4)
    assert [replace(a, picture=None) for a in progress.attempts] == [
        replace(a, picture=None) for a in last.attempts
    ]


def test_a_data_set_without_a_recorded_attack_has_none() -> None:
    assert recorded_attack.bundled("imagenet") is None
