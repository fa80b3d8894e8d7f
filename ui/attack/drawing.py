"""What a visitor draws on a certified picture, and the tries that were put to the vote: kept in the session.

Session-state key: `drawing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from diffsmooth_core import Certificate, SmoothingConfig
from diffsmooth_core.attacks import Attempt, distance, shortest, tried, try_config
from diffsmooth_core.datasets import drawn
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.paths import ASSETS
from ui import tours
from ui.jobs import attacks, predictions
from ui.jobs.certificates import Certification
from ui.jobs.registry import Snapshot
from ui.session import notices

RECORDED = ASSETS / "drawings"


@dataclass(frozen=True)
class Try:
    """A changed picture that was put to the vote under `config`; its `attempt` once all votes are in."""

    changed: Picture
    config: SmoothingConfig
    attempt: Attempt | None = None


@dataclass(frozen=True)
class Drawing:
    """The picture `original` as it is `changed`, and the tries on the certificate of the commitment `tied`. A
    new `revision` puts `changed` onto the board."""

    original: Picture
    changed: Picture
    tied: str
    revision: int = 0
    tries: tuple[Try, ...] = ()

    @property
    def length(self) -> float:
        """Of the change, in L2."""
        return distance(self.original.tensor, self.changed.tensor)

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """What the tries came to that have come to something."""
        return tuple(one.attempt for one in self.tries if one.attempt)

    @property
    def best(self) -> Try | None:
        """The try with the shortest change that flipped the class."""
        found = shortest(self.attempts)
        return next((one for one in self.tries if found and one.attempt is found), None)

    @property
    def last(self) -> Try | None:
        """The last try of what is drawn now."""
        same = [one for one in self.tries if one.changed.sha256 == self.changed.sha256]
        return same[-1] if same else None


def current(certified: Certification) -> Drawing:
    """The drawing on this certificate's picture: a new one for another picture, and without tries for another
    certificate. Tries whose votes are in by now have come to something."""
    picture, certificate = certified.subject.picture, attacks.certificate_of(certified)
    kept: Drawing | None = st.session_state.get("drawing")
    if kept is None or kept.original.sha256 != picture.sha256:
        kept = Drawing(picture, first(picture), certificate.commitment, 1 + (kept.revision if kept else 0))
    if kept.tied != certificate.commitment:
        kept = replace(kept, tied=certificate.commitment, tries=())
    return _keep(replace(kept, tries=tuple(_counted(one, picture, certificate) for one in kept.tries)))


def draw(certified: Certification, told: object) -> None:
    """Take what the browser tells of the drawing; where that is none, have the page say why."""
    now = current(certified)

    def take() -> None:
        _keep(replace(now, changed=drawn.redrawn(now.original, told)))

    notices.attempt(take)


def put_on_board(certified: Certification, changed: Picture) -> None:
    """Have the board go on from this changed picture."""
    now = current(certified)
    _keep(replace(now, changed=changed, revision=now.revision + 1))


def vote(certified: Certification, n: int) -> None:
    """Queue `n` votes on what is drawn, as the next try. Votes of the same try, of another visitor or from
    before a reload, are taken as they are, and cast anew where they ended early. Raises InputError where that
    is refused."""
    now = current(certified)
    config = try_config(attacks.certificate_of(certified), len(now.tries) + 1, n)
    same = predictions.latest(now.changed, config)
    predictions.submit(now.changed, config, after=same if same and same.state != "done" else None)
    _keep(replace(now, tries=(*now.tries, Try(now.changed, config))))


def job(one: Try | None) -> Snapshot[Any] | None:
    """The job that counts the votes of a try."""
    return predictions.latest(one.changed, one.config) if one else None


def running(now: Drawing) -> Sequence[Snapshot[Any] | None]:
    """The job of the last try."""
    return [job(now.tries[-1])] if now.tries else []


def first(picture: Picture) -> Picture:
    """What is on the board at first: the picture, in a lesson as it was changed for that."""
    tour = tours.current()
    if tour and tour.drawing and tour.settings.get("picture") == picture.source:
        return drawn.from_file(picture, RECORDED / tour.drawing)
    return drawn.with_pixels(picture, picture.pixels)


def _counted(one: Try, picture: Picture, certificate: Certificate) -> Try:
    found = None if one.attempt else job(one)
    if not (found and found.progress and found.progress.finished):
        return one
    counts, alpha = found.progress.counts, one.config.alpha
    return replace(one, attempt=tried(certificate, picture.tensor, one.changed.tensor, counts, alpha))


def _keep(drawing: Drawing) -> Drawing:
    st.session_state["drawing"] = drawing
    return drawing
