"""Predictions as jobs, found by their picture and setting: the same of both is the same answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.datasets.sources import Picture
from ui.jobs.gate import Demand
from ui.jobs.networks import smoothed_classifier
from ui.jobs.registry import Snapshot, jobs
from ui.session.visitor import visitor

if TYPE_CHECKING:
    from diffsmooth_core.certification.prediction import PredictProgress


@dataclass(frozen=True)
class PredictionTask:
    """The input of a prediction: `config.n` votes on the picture."""

    picture: Picture
    config: SmoothingConfig

    @property
    def demand(self) -> Demand:
        return Demand(samples=(self.config,), votes=self.config.n)


def submit(picture: Picture, config: SmoothingConfig, after: Snapshot[Any] | None = None) -> None:
    """Queue a prediction; `after` is the last one of it that the visitor saw. Raises InputError where the
    queue is full."""

    def stream() -> Iterator[PredictProgress]:
        return smoothed_classifier(config).predict_stream(picture.tensor)

    task = PredictionTask(picture, config)
    key = _key(picture, config)
    jobs().submit("certificates", stream, key=key, subject=task, owner=visitor(), after=after)


def latest(picture: Picture, config: SmoothingConfig) -> Snapshot[Any] | None:
    """The last prediction of the class of this picture in this setting; None where there was none."""
    return jobs().latest(_key(picture, config))


def _key(picture: Picture, config: SmoothingConfig) -> tuple[str, str, SmoothingConfig]:
    return "prediction", picture.sha256, config
