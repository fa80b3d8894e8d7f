"""PREDICT (Cohen et al. 2019): the smoothed classifier's class from few votes, and nothing about pictures
nearby."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from diffsmooth_core.certification.ballots import Ballots
from diffsmooth_core.certification.decision import predicted
from diffsmooth_core.certification.voting import Image, VoteRange, cast_votes, checked
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.config import ABSTAIN, SmoothingConfig


@dataclass(frozen=True)
class PredictProgress:
    """The votes for each class (k,) so far, of `n_total`, for a prediction at level `alpha`."""

    counts: tuple[int, ...]
    n_total: int
    alpha: float

    @property
    def n_done(self) -> int:
        return sum(self.counts)

    @property
    def finished(self) -> bool:
        return self.n_done == self.n_total

    @property
    def label(self) -> int:
        """The smoothed classifier's class, wrong with probability alpha at most; ABSTAIN where a two-sided
        binomial test at that level does not separate the two leading classes, and before the last vote."""
        return predicted(self.counts, self.alpha) if self.finished else ABSTAIN


def predict_stream(
    base: BaseClassifier, x: Image, config: SmoothingConfig, *, batch: int | None = None
) -> Iterator[PredictProgress]:
    """PREDICT with n votes, yielding after every `batch` of them, by default base.votes_per_step; closing the
    generator cancels.

    x is float32 (c,h,w) in [0,1]. The votes are those of no certificate: their noise is of a stage of its
    own. Raises InputError for an invalid image or a base that was built for another setting.
    """
    batch = base.votes_per_step if batch is None else batch
    x = checked(base, x, config, batch)
    votes = Ballots.none(base.classifier.classes)
    for start in range(0, config.n, batch):
        wanted = VoteRange(x, "prediction", start, min(start + batch, config.n))
        votes = votes.plus(*cast_votes(base, [wanted], config))
        yield PredictProgress(votes.tally, config.n, config.alpha)


def predict(base: BaseClassifier, x: Image, config: SmoothingConfig, *, batch: int | None = None) -> int:
    """PREDICT: the smoothed classifier's class from n votes, or ABSTAIN; arguments and errors of
    `predict_stream`."""
    *_, last = predict_stream(base, x, config, batch=batch)
    return last.label
