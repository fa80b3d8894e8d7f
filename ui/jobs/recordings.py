"""The recorded runs that Certify shows before a certification."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.certification.recording import Recording
from diffsmooth_core.certification.sample_sheet import Shown, from_png
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.paths import ASSETS
from ui.jobs.certificates import Certification, CertificationTask, preview, time_votes, with_history
from ui.jobs.copies import copy_of
from ui.jobs.registry import Snapshot
from ui.session import state


def file(dataset: str) -> Path:
    """Where the recording of a data set's first picture is bundled, if there is one. A PNG beside it has the
    images of some votes, where they are small: the page shows them without the networks."""
    return ASSETS / "runs" / f"first-{dataset}.json"


@lru_cache(maxsize=8)
def bundled(dataset: str) -> Recording | None:
    """The bundled recording of a data set, None where it has none."""
    return Recording.from_json(file(dataset).read_text(encoding="utf-8")) if file(dataset).is_file() else None


@lru_cache(maxsize=8)
def _ended(dataset: str) -> Certification | None:
    """A data set's recording as a finished run; None where there is none, or its networks are not here."""
    if (recording := bundled(dataset)) is None:
        return None
    config, seconds = recording.certificate.config, recording.certificate.seconds
    picture = state.resolved(recording.certificate.source, dataset)
    shown: tuple[Shown, ...]
    if (images := file(dataset).with_suffix(".png")).is_file():
        shown = from_png(images.read_bytes(), np.divide(picture.pixels, 255, dtype=np.float32))
    elif (first := preview(picture, config)) is not None:
        shown = (("selection", first),)
        time_votes(picture, config)
    else:
        return None
    *_, last = with_history(recording.played(lambda stage, vote: shown[-1][1]))
    copies = tuple(
        copy_of(samples, stage, stage == "estimation" and samples.vote != last.candidate)
        for stage, samples in shown
    )
    task = CertificationTask(picture, config, recorded=True)
    return Snapshot(
        f"recorded-{dataset}", "done", task, progress=replace(last, copies=copies), seconds=seconds
    )


def recorded(picture: Picture, config: SmoothingConfig | None) -> Certification | None:
    """The recording of the data set, if it is of this picture with these settings; None otherwise. The
    precision may differ, because it depends on the processor."""
    if config is None or (recording := bundled(config.dataset)) is None:
        return None
    certificate = recording.certificate
    same = replace(config, dtype=certificate.config.dtype) == certificate.config
    return _ended(config.dataset) if same and picture.sha256 == certificate.image_sha256 else None
