"""The recorded runs that Certify shows before a certification: the result, or a replay vote by vote."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.certification.progress import Samples, Stage
from diffsmooth_core.certification.recording import Recording
from diffsmooth_core.certification.sample_strip import from_png
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.paths import ASSETS
from ui.jobs.certificates import (
    Certification,
    CertificationProgress,
    CertificationTask,
    preview,
    time_votes,
    with_trace,
)
from ui.jobs.networks import base_classifier
from ui.jobs.registry import Snapshot, jobs
from ui.session import state
from ui.session.visitor import visitor


def file(dataset: str) -> Path:
    """Where the recording of a data set's first picture is bundled, if there is one. A PNG beside it has the
    images of one vote, where they are small: the page shows them without the networks."""
    return ASSETS / "runs" / f"first-{dataset}.json"


@lru_cache(maxsize=8)
def bundled(dataset: str) -> Recording | None:
    """The bundled recording of a data set, None where it has none."""
    return Recording.from_json(file(dataset).read_text()) if file(dataset).is_file() else None


@lru_cache(maxsize=8)
def _ended(dataset: str) -> Certification | None:
    """A data set's recording as a finished run; None where there is none, or its networks are not here."""
    if (recording := bundled(dataset)) is None:
        return None
    config, seconds = recording.certificate.config, recording.certificate.seconds
    picture = state.resolved(recording.certificate.source, dataset)
    if (images := file(dataset).with_suffix(".png")).is_file():
        first = from_png(images.read_bytes(), np.divide(picture.pixels, 255, dtype=np.float32))
    elif (cast := preview(picture, config)) is not None:
        first = cast
        time_votes(picture, config)
    else:
        return None
    *_, last = with_trace(recording.played(lambda stage, vote: first))
    task = CertificationTask(picture, config, recorded=True)
    return Snapshot("recorded", "done", task, progress=last, seconds=seconds)


def recorded(picture: Picture, config: SmoothingConfig | None) -> Certification | None:
    """The recording of the data set, if it is of this picture with these settings; None otherwise. The
    precision may differ, because it depends on the processor."""
    if config is None or (recording := bundled(config.dataset)) is None:
        return None
    certificate = recording.certificate
    same = replace(config, dtype=certificate.config.dtype) == certificate.config
    return _ended(config.dataset) if same and picture.sha256 == certificate.image_sha256 else None


def replay(run: Certification) -> str:
    """Show a recorded run again from its first vote, at the pace at which it was counted; the job's id."""
    config, picture = run.subject.config, run.subject.picture
    recording = bundled(config.dataset)
    assert recording is not None

    def stream() -> Iterator[CertificationProgress]:
        base = base_classifier(config)
        from diffsmooth_core.certification.voting import VoteRange, votes

        began, tied_to = time.monotonic(), recording.certificate.tied_to
        seconds_a_vote = recording.certificate.seconds / (config.n0 + config.n)
        latest: list[Samples] = []

        def samples(stage: Stage, vote: int) -> Samples:
            number = vote + (1 if stage == "selection" else 1 + config.n0)
            early = began + number * seconds_a_vote - time.monotonic()
            if early > 0 or not latest:  # otherwise the last vote's pictures stay, so that the pace is kept
                wanted = VoteRange(picture.tensor, stage, vote, vote + 1, tied_to)
                latest[:] = [votes(base, wanted, config)[1]]
                time.sleep(max(0.0, early - 0.02))
            return latest[0]

        return with_trace(recording.played(samples))

    return jobs().submit("recordings", stream, subject=run.subject, owner=visitor())
