"""Certifications as jobs: starting, finding by the page's address, resuming, and estimating the time left."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from diffsmooth_core import InputError, Progress, SmoothingConfig
from diffsmooth_core.caching import MB, kept
from diffsmooth_core.certification.ballots import Ballots
from diffsmooth_core.certification.commitment import Commitment
from diffsmooth_core.certification.progress import Point, Samples, Stage
from diffsmooth_core.config import METHODS
from diffsmooth_core.datasets.sources import Picture
from ui.jobs.copies import Copy, with_copies
from ui.jobs.gate import Demand
from ui.jobs.networks import smoothed_classifier, votes_quickly
from ui.jobs.registry import Snapshot, jobs
from ui.session import notices, state
from ui.session.visitor import visitor


@dataclass(frozen=True)
class CertificationTask:
    """The input of a certification, with the verifier's challenge if there is one. A `recorded` one was
    computed beforehand and is only shown."""

    picture: Picture
    config: SmoothingConfig
    recorded: bool = False
    challenge: str = ""

    @property
    def demand(self) -> Demand:
        return Demand(runs=(self.config,))


@dataclass(frozen=True)
class Moment:
    """What a run showed after one of its steps: the votes of the stage so far, and what they implied."""

    stage: Stage
    ballots: Ballots
    candidate: int
    p_hat: float
    p_a_lower: float
    radius: float


@dataclass(frozen=True)
class CertificationProgress(Progress):
    """The core's Progress with what came before it: share and bounds after every chunk of estimation votes,
    for the chart (`trace`), its `moments` and some of its `copies`, to show them again."""

    trace: tuple[Point, ...] = ()
    moments: tuple[Moment, ...] = ()
    copies: tuple[Copy, ...] = ()


Certification = Snapshot[CertificationProgress]
LONG = 3.0  # seconds of a block of votes that is not cast only to be timed
_timed: dict[tuple[object, ...], float] = {}  # what decides the cost of a vote -> seconds a vote


def with_history(
    stream: Iterable[Progress], resumed: CertificationProgress | None = None
) -> Iterator[CertificationProgress]:
    """The stream with what came before added to each progress; it continues that of a resumed run."""
    trace, moments, copies = (resumed.trace, resumed.moments, resumed.copies) if resumed else ((), (), ())
    for progress in stream:
        if progress.point is not None:
            trace = (*trace, progress.point)
        moments, copies = (*moments, _moment(progress)), with_copies(copies, progress)
        yield CertificationProgress(**vars(progress), trace=trace, moments=moments, copies=copies)


def _moment(now: Progress) -> Moment:
    ballots = now.selection if now.stage == "selection" else now.estimation
    return Moment(now.stage, ballots, now.candidate, now.p_hat, now.p_a_lower, now.radius)


def submit(
    picture: Picture, config: SmoothingConfig, earlier: Certification | None = None, challenge: str = ""
) -> str:
    """Queue a certification under a verifier's challenge, if there is one, and return its job id; it resumes
    the `earlier` one. Raises InputError where the queue is full."""
    resumed = earlier.progress if earlier else None

    def stream() -> Iterator[CertificationProgress]:
        smoothed, tied_to = smoothed_classifier(config), committed(picture, config, challenge)
        votes = smoothed.certify_stream(
            picture.tensor, resume=resumed, source=picture.source, tied_to=tied_to
        )
        return with_history(votes, resumed)

    task = CertificationTask(picture, config, challenge=challenge)
    return jobs().submit("certificates", stream, subject=task, owner=visitor(), resumed=resumed)


def start(picture: Picture, config: SmoothingConfig, earlier: Certification | None = None) -> None:
    """Queue a certification under the page's challenge, or that of the `earlier` one, and show it. Raises
    InputError where the queue is full, and for a challenge that is none."""
    challenge = earlier.subject.challenge if earlier else state.challenge()
    state.show_job(submit(picture, config, earlier, challenge))


def commitment(picture: Picture, config: SmoothingConfig) -> str:
    """The hash of all that could be chosen for this certificate, which a verifier is given beforehand."""
    return smoothed_classifier(config).commitment(picture.tensor).hash


def committed(picture: Picture, config: SmoothingConfig, challenge: str) -> Commitment | None:
    """What the noise of a run is tied to under a challenge; None without one."""
    return smoothed_classifier(config).commitment(picture.tensor, challenge) if challenge else None


def find(job_id: str | None) -> Certification | None:
    """A certification on this server by its id, or None where the id is unknown or was forgotten."""
    run = jobs().snapshot(job_id) if job_id else None
    return run if run and isinstance(run.subject, CertificationTask) else None


def show_run_of_address() -> None:
    """Show the run that the address names; its picture too, where that was uploaded."""
    if (job_id := state.job()) is None:
        return
    run = find(job_id)
    if run is None:
        state.show_job(None)
        notices.notify(
            "The run in the address is no longer on this server. Certify repeats it: the same seed gives "
            "the same votes."
        )
    elif run.subject.picture.source.startswith("upload:"):
        state.set_picture(run.subject.picture)


def hide_run_of_other_picture(picture: Picture) -> None:
    """Stop showing a finished run once another picture, or something that is none, is chosen after its end,
    and not before."""
    run = find(state.job())
    if run is None or not run.finished:
        return
    known = (run.subject.picture.sha256, state.picture_at_end(run.id, picture.sha256))
    if picture.sha256 not in known or state.picture_problem():
        state.show_job(None)


def seconds_needed(config: SmoothingConfig) -> float | None:
    """Seconds that a run would take at the pace that `seconds_a_vote` knows; None where it knows none."""
    each = seconds_a_vote(config)
    return (config.n0 + config.n) * each if each else None


def seconds_a_vote(config: SmoothingConfig) -> float | None:
    """Seconds of a vote of the last run whose votes cost the same, or of such votes that `time_votes` has
    timed; None where there were none."""
    for job in reversed(jobs().snapshots("certificates")):
        alike = isinstance(job.subject, CertificationTask) and _costs(job.subject.config) == _costs(config)
        if alike and job.progress and job.progress.votes_per_second:
            return 1 / float(job.progress.votes_per_second)
    return _timed.get(_costs(config))


def is_running() -> bool:
    """Whether a certification runs or waits for its turn."""
    return any(not job.finished for job in jobs().snapshots("certificates"))


def time_votes(picture: Picture, config: SmoothingConfig) -> None:
    """Let `seconds_needed` know the pace of a run: time a block of its votes, or estimate it where one would
    take too long. Does nothing where it is known, and while a run goes on, which would falsify it."""
    if seconds_needed(config) or is_running():
        return
    try:
        smoothed = smoothed_classifier(config)
        from diffsmooth_core.classifiers.batching import cpu_seconds

        rough, block = cpu_seconds(config, smoothed.base.parameters), smoothed.base.purifier_batch
        if rough * block > LONG and smoothed.base.device.type == "cpu":
            _timed[_costs(config)] = rough
            return
        if preview(picture, config) is None:  # networks are prepared at their first vote
            smoothed.votes(picture.tensor, "selection", 0, 1)
        began = time.monotonic()
        smoothed.votes(picture.tensor, "selection", 0, block)
        _timed[_costs(config)] = (time.monotonic() - began) / block
    except InputError:
        return


def seconds_until_turn(job_id: str) -> float | None:
    """Seconds until a waiting run has its turn, where every run ahead of it has a known pace."""
    seconds = 0.0
    for job in jobs().ahead(job_id):
        task = job.subject
        whole = seconds_needed(task.config) if isinstance(task, CertificationTask) else None
        if whole is None:
            return None
        seconds += whole * (1 - votes_counted(job) / (task.config.n0 + task.config.n))
    return seconds


def votes_counted(run: Certification) -> int:
    """The number of selection and estimation votes of a run, including those of the run that it resumes."""
    return sum(run.progress.counts0) + sum(run.progress.counts) if run.progress else 0


def _costs(config: SmoothingConfig) -> tuple[object, ...]:
    """What decides how long a vote takes."""
    used = METHODS[config.method].settings
    costs = ("denoiser", "m", "purifications", "reverse_steps")
    always = config.method, config.classifier, config.dtype
    return *always, *(getattr(config, name) for name in costs if name in used)


@kept(64 * MB)
def preview(picture: Picture, config: SmoothingConfig) -> Samples | None:
    """The run's first selection vote, to look at before the run; None where there is no such run, or where
    votes are not quick."""
    if not votes_quickly(config):
        return None
    try:
        return next(smoothed_classifier(config).certify_stream(picture.tensor, batch=1)).samples
    except InputError:
        return None
