"""The recorded comparison that Compare shows before anything was computed here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.certification.certificate import Counted
from diffsmooth_core.certification.progress import Samples
from diffsmooth_core.certification.recording import Recording
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.experiments import Comparison, Entry
from diffsmooth_core.paths import ASSETS
from ui.jobs.experiments import ExperimentTask
from ui.jobs.registry import Snapshot

FILE = ASSETS / "runs" / "compare-cifar10.json"
_NOTHING = np.zeros((3, 0, 0), np.float32)
_NO_SAMPLES = Samples(_NOTHING, _NOTHING, None, (), 0)  # the page draws the copies that it shows


def to_json(ended: Comparison) -> str:
    """A finished comparison as one text: the votes of each setting, in order, and what they cost."""

    def one(entry: Entry) -> dict[str, object]:
        progress = entry.progress
        assert progress is not None
        assert progress.certificate is not None
        chunks: tuple[tuple[Counted, tuple[int, ...]], ...] = (
            ("selection", tuple(map(int, progress.selection.classes))),
            ("estimation", tuple(map(int, progress.estimation.classes))),
        )
        return {
            "recording": json.loads(Recording(progress.certificate, chunks).to_json()),
            "seconds": round(entry.seconds, 2),
            "memory": entry.memory,
        }

    return json.dumps(list(map(one, ended.entries)), separators=(",", ":"))


@lru_cache(maxsize=1)
def bundled() -> Comparison:
    """The bundled recording."""

    def entry(one: dict[str, Any]) -> Entry:
        recording = Recording.from_json(json.dumps(one["recording"]))
        *_, last = recording.played(lambda stage, vote: _NO_SAMPLES)
        return Entry(recording.certificate.config, last, one["seconds"], one["memory"])

    return Comparison(tuple(map(entry, json.loads(FILE.read_text(encoding="utf-8")))))


def created() -> str:
    """The day of the recording."""
    return min(entry.certificate.created for entry in bundled().entries if entry.certificate)[:10]


def recorded(picture: Picture, configs: Sequence[SmoothingConfig]) -> Snapshot[Comparison] | None:
    """The recording as a finished job, if it is of this picture under these settings; None otherwise. As with
    a recorded run, the precision may differ."""
    found = bundled()
    certificates = [entry.certificate for entry in found.entries if entry.certificate]

    def but_precision(configs: Iterable[SmoothingConfig]) -> list[SmoothingConfig]:
        return [replace(config, dtype="float32") for config in configs]

    same = but_precision(configs) == but_precision(certificate.config for certificate in certificates)
    if not same or picture.sha256 != certificates[0].image_sha256:
        return None
    task = ExperimentTask("comparison", picture, tuple(configs), recorded=True)
    return Snapshot("recorded", "done", task, progress=found, seconds=sum(e.seconds for e in found.entries))
