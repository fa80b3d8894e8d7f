"""The recorded run that Certify shows before the first certification: its result, or a replay vote by
vote."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.certification.progress import Samples, Stage
from diffsmooth_core.certification.recording import Recording
from diffsmooth_core.certification.voting import votes
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.paths import ASSETS
from ui.jobs.certificates import Certification, CertificationProgress, CertificationTask, preview, with_trace
from ui.jobs.networks import base_classifier
from ui.jobs.registry import Snapshot, jobs
from ui.session import state

RECORDING = ASSETS / "runs" / "first.json"


@lru_cache(maxsize=1)
def bundled() -> tuple[Recording, Certification]:
    """The bundled recording, and it as a finished run."""
    recording = Recording.from_json(RECORDING.read_text())
    picture = state.resolved(recording.certificate.source)
    task = CertificationTask(picture, recording.certificate.config, recorded=True)
    first = preview(picture, task.config)
    assert first is not None
    *_, last = with_trace(recording.played(lambda stage, vote: first))
    seconds = recording.certificate.seconds
    return recording, Snapshot("recorded", "done", task, progress=last, seconds=seconds)


def recorded(picture: Picture, config: SmoothingConfig | None) -> Certification | None:
    """The bundled recording, if it is of this picture with these settings; None otherwise. The precision may
    differ, because it depends on the processor."""
    _, run = bundled()
    task = run.subject
    same = config is not None and replace(config, dtype=task.config.dtype) == task.config
    return run if same and picture.sha256 == task.picture.sha256 else None


def replay() -> str:
    """Show the recording again from its first vote, at the pace at which it was counted; the job's id."""
    recording, run = bundled()
    config, picture = run.subject.config, run.subject.picture

    def stream() -> Iterator[CertificationProgress]:
        base, began = base_classifier(config), time.monotonic()
        seconds_a_vote = recording.certificate.seconds / (config.n0 + config.n)
        latest: list[Samples] = []

        def samples(stage: Stage, vote: int) -> Samples:
            number = vote + (1 if stage == "selection" else 1 + config.n0)
            early = began + number * seconds_a_vote - time.monotonic()
            if early > 0 or not latest:  # otherwise the last vote's pictures stay, so that the pace is kept
                latest[:] = [votes(base, picture.tensor, config, stage, vote, vote + 1)[1]]
                time.sleep(max(0.0, early - 0.02))
            return latest[0]

        return with_trace(recording.played(samples))

    return jobs().submit("recordings", stream, subject=run.subject)
