"""The progress of a run: an immutable snapshot after each step of votes, from counts alone, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from diffsmooth_core.certification.ballots import Ballots
from diffsmooth_core.certification.certificate import Certificate, Counted
from diffsmooth_core.certification.commitment import Tie
from diffsmooth_core.certification.decision import Decision, a_bound, level, selected
from diffsmooth_core.config import SmoothingConfig
from diffsmooth_core.statistics import anytime_lower, clopper_pearson_lower

Stage = Literal["selection", "estimation", "prediction"]
Pixels = npt.NDArray[np.float32]  # (h,w,c), [0,1] units; noisy images have values outside [0,1]
Point = tuple[int, float, float, float]  # n, share, Clopper-Pearson bound, anytime bound


@dataclass(frozen=True)
class Samples:
    """The images of one vote, for display, the class that it is for, and its number in its stage, from 0."""

    original: Pixels
    noisy: Pixels
    purified: Pixels | None
    local: tuple[Pixels, ...]  # what the classifier saw, where it saw several pictures
    vote: int
    index: int = 0


@dataclass(frozen=True)
class Progress:
    """An immutable snapshot after a step of votes.

    n_done and n_total are votes of the current stage; p_hat is the candidate's share of them. `selection` and
    `estimation` are the votes of both stages in order, counts0 and counts their numbers by class, `classes`
    those of this step. `samples` are the images of the step's last vote, `dissenting` those of a few of its
    estimation votes for other classes than the candidate, where they were at hand. `tied_to` is what the
    votes' noise is tied to. p_a_lower and
    radius (L2, [0,1] pixel units) come from the bound of the stopping rule. With "target" and "decided" they
    are valid at any moment; otherwise they are `provisional` until the run has ended. `clopper_pearson` and
    `anytime` are for plots under every rule: the bound that would be valid had n been fixed at n_done, and
    the bound that is valid at all n simultaneously.
    """

    tied_to: Tie
    stage: Counted
    n_done: int
    n_total: int
    selection: Ballots
    estimation: Ballots
    candidate: int
    p_hat: float
    p_a_lower: float
    provisional: bool
    radius: float
    clopper_pearson: float
    anytime: float
    votes_per_second: float
    samples: Samples
    certificate: Certificate | None = None
    dissenting: tuple[Samples, ...] = ()

    @property
    def counts0(self) -> tuple[int, ...]:
        return self.selection.tally

    @property
    def counts(self) -> tuple[int, ...]:
        return self.estimation.tally

    @property
    def classes(self) -> tuple[int, ...]:
        return tuple(map(int, (self.selection if self.stage == "selection" else self.estimation).step))

    @property
    def point(self) -> Point | None:
        """The values for a plot of the bounds over the votes; None during selection."""
        if self.stage == "selection":
            return None
        return self.n_done, self.p_hat, self.clopper_pearson, self.anytime

    @property
    def finished(self) -> bool:
        return self.certificate is not None

    def _repr_html_(self) -> str:
        from diffsmooth_core.certification.notebook import of_progress

        return of_progress(self)


def build_progress(
    config: SmoothingConfig,
    tied_to: Tie,
    stage: Counted,
    selection: Ballots,
    estimation: Ballots,
    decision: Decision,
    votes_per_second: float,
    samples: Samples,
    certificate: Certificate | None,
    dissenting: tuple[Samples, ...] = (),
) -> Progress:
    """The Progress for these votes of the selection and the estimation."""
    ballots, total = (selection, config.n0) if stage == "selection" else (estimation, config.n)
    n_done, candidate = ballots.total, selected(selection.tally)
    agreeing, estimated = int(ballots.counts[candidate]), stage == "estimation"
    return Progress(
        tied_to=tied_to,
        stage=stage,
        n_done=n_done,
        n_total=total,
        selection=selection,
        estimation=estimation,
        candidate=candidate,
        p_hat=agreeing / n_done,
        p_a_lower=decision.p_a_lower,
        radius=decision.radius,
        provisional=certificate is None and config.stopping in ("fixed", "adaptive"),
        clopper_pearson=clopper_pearson_lower(agreeing, n_done, level(config)) if estimated else 0.0,
        anytime=anytime_lower(agreeing, n_done, a_bound(config)) if estimated else 0.0,
        votes_per_second=votes_per_second,
        samples=samples,
        certificate=certificate,
        dissenting=dissenting,
    )
