"""What the vote machine is told: the method's stations, a run's steps and its copies."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import torch

from diffsmooth_core import SmoothingConfig, build_base, certify_stream
from diffsmooth_core.config import METHODS
from diffsmooth_core.datasets.sources import class_names
from diffsmooth_core.wording import down, length
from tests.ui.conftest import progress
from tests.worlds import clamping_denoiser, ten_classes
from ui.certify import vote_machine
from ui.certify.vote_machine import CHOOSING, COUNTING, STEPS
from ui.components.machine import Machine
from ui.jobs.certificates import Certification, CertificationTask, with_history
from ui.jobs.registry import Snapshot
from ui.session import settings, state

CAT, DOG = 3, 5
NAMES = class_names("cifar10")
BELTS = {
    "diffsmooth": ["noisy", "purified", "local", "vote"],
    "plain": ["noisy", "vote"],
    "dds": ["noisy", "purified", "vote"],
    "denoised": ["noisy", "purified", "vote"],
    "densepure": ["noisy", "local", "vote"],
    "local-only": ["noisy", "local", "vote"],
}


def run_of(config: SmoothingConfig) -> list[Certification]:
    """The snapshots of a run that certifies a cat, against some votes."""
    picture, classifier = state.resolved(settings.FIRST_PICTURE), ten_classes()
    classifier.network[1].bias.data[:] = torch.where(torch.arange(10) == CAT, 80.0, 0.0)  # type: ignore[index]
    base = build_base(config, classifier, clamping_denoiser())
    task = CertificationTask(picture, config)
    stream = with_history(certify_stream(base, picture.tensor, config, batch=20))
    return [Snapshot("job", "done" if p.finished else "running", task, progress=p) for p in stream]


def machines(**changes: object) -> tuple[list[Certification], list[Machine]]:
    config = SmoothingConfig(m=2, n0=30, n=200, device="cpu", dtype="float32")
    runs = run_of(replace(config, **changes))  # type: ignore[arg-type]
    return runs, [vote_machine.of_run(run, (), NAMES) for run in runs]


@pytest.mark.parametrize("method", METHODS)
def test_the_belt_has_the_methods_stations(method: str) -> None:
    config = SmoothingConfig(method=method, purifications=3)
    picture = state.resolved(settings.FIRST_PICTURE)
    stations = vote_machine.waiting(picture, config, (), NAMES).stations
    assert [station.shows for station in stations] == ["picture", *BELTS[method]]
    assert [station.title[:3] for station in stations[1:]] == [f"{i} ·" for i in range(1, len(stations))]
    assert "1,100 copies" in stations[1].words


@pytest.mark.parametrize("stopping", ["fixed", "decided"])
def test_while_it_runs_the_latest_step_is_told_and_at_its_end_all_of_them(stopping: str) -> None:
    runs, told = machines(stopping=stopping)
    for run, machine in zip(runs[:-1], told[:-1], strict=True):
        assert machine.state == "running"
        (step,) = machine.steps
        assert run.progress is not None
        assert [number for number, _ in step.votes[:-1]] == list(
            run.progress.counts if run.progress.stage == "estimation" else run.progress.counts0
        )
    ended = told[-1]
    assert ended.state == "ended"
    assert [step.votes for step in ended.steps[:-1]] == [machine.steps[0].votes for machine in told[:-1]]
    times = [step.at for step in ended.steps]
    assert times == sorted(times)
    assert times[0] > 0
    assert times[-1] <= CHOOSING + COUNTING


def test_the_last_step_says_what_the_certificate_says() -> None:
    runs, told = machines()
    certificate, step = runs[-1].progress.certificate, told[-1].steps[-1]  # type: ignore[union-attr]
    assert certificate is not None
    assert certificate.radius > 0
    assert step.opens
    assert step.bound_words == down(certificate.p_a_lower, 4)
    assert step.radius_words == length(certificate.radius)
    assert step.bound == certificate.p_a_lower
    assert step.leader == certificate.label
    assert 0 < step.reach < 1
    assert step.words.endswith(f": {certificate.n} of 200")


def test_the_last_stations_say_what_is_counted_and_at_which_risk() -> None:
    config = SmoothingConfig(n0=20, n=500, alpha=1e-5)
    _, words = vote_machine._count(config)
    assert words.startswith("20 votes choose a class. Of 500 more, those for it bound its true share")
    assert words.endswith("with probability 0.00001 at most.")
    gates = [vote_machine._certify(replace(config, bound=b))[1] for b in ("one-class", "two-class")]
    assert gates[0].startswith("A bound above ½ opens")
    assert gates[1].startswith("A bound above that of every other class opens")


def test_the_gate_stays_shut_for_an_abstention() -> None:
    config = settings.DEFAULTS
    abstains = progress(config, [(CAT, 60), (DOG, 40)], [(CAT, 520), (DOG, 480)])
    (last,) = with_history([abstains])
    run = Snapshot(
        "job", "done", CertificationTask(state.resolved(settings.FIRST_PICTURE), config), progress=last
    )
    machine = vote_machine.of_run(run, (), NAMES)
    (step,) = machine.steps
    assert (step.opens, step.reach, step.radius_words) == (False, 0, "–")
    assert 0.4 < step.bound < 0.5
    assert machine.said == "Abstains: no certificate."


def test_every_copy_belongs_to_the_step_that_counts_it_and_dissenters_glow() -> None:
    runs, told = machines()
    last, machine = runs[-1].progress, told[-1]
    assert last is not None
    assert any(copy.glows for copy in machine.travellers)
    for copy, traveller in zip(last.copies, machine.travellers, strict=True):
        counted = next(
            i for i, m in enumerate(last.moments) if m.stage == copy.stage and m.ballots.total > copy.index
        )
        assert traveller.step == counted
        votes = last.selection if copy.stage == "selection" else last.estimation
        assert traveller.tower == copy.vote == votes.classes[copy.index]
        assert traveller.glows == (copy.stage == "estimation" and copy.vote != last.candidate)
        assert traveller.title.endswith(f": {NAMES[copy.vote]}")


def test_a_long_run_is_shown_again_in_few_steps_with_its_first_votes_and_its_last() -> None:
    runs, told = machines(n=4000)
    steps, last = told[-1].steps, runs[-1].progress
    assert last is not None
    assert STEPS / 2 <= len(steps) <= STEPS < len(last.moments)
    assert steps[-1].words.endswith("4,000 of 4,000")


def test_of_a_thousand_classes_those_with_most_votes_have_a_tower_and_all_others_one() -> None:
    names = class_names("imagenet")
    counts = [0] * 1000
    for label, number in ((7, 50), (900, 20), (3, 10), (4, 5), (5, 4), (6, 2), (8, 1)):
        counts[label] = number
    shown = vote_machine.tower_classes(counts)
    assert shown == (3, 4, 5, 7, 900)
    towers = vote_machine.towers(shown, names)
    assert [tower.name for tower in towers] == [*(names[k] for k in shown), "other"]
    assert vote_machine.tower_of(6, shown) == 5


def test_a_screen_reader_hears_of_a_stage_of_each_quarter_and_of_the_end() -> None:
    _, told = machines(n=1000)
    said = [machine.said for machine in told]
    assert list(dict.fromkeys(said)) == sorted(set(said), key=said.index)
    assert len(set(said)) == 6
    assert said[0] == "The first votes choose the class."
    assert re.fullmatch(r"Certified [a-z ]+: \w+, certified radius \d\.\d+\.", said[-1])
