"""What the vote machine shows of a run in any state, and of the picture before one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.certification.decision import decide
from diffsmooth_core.config import METHODS
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.purification.purifiers import purifier_of
from diffsmooth_core.wording import down, duration, length, written
from ui import charts
from ui.colours import ABSTAIN, BOUND, class_colour
from ui.components.machine import Machine, Shows, Station, Step, Tower, Traveller
from ui.images import data_url
from ui.jobs.certificates import Certification, Moment
from ui.jobs.copies import LOCAL, SIDE, Copy
from ui.verdict import verdict

CHOOSING, COUNTING = 2.0, 7.0  # seconds of a replay for the selection votes, and for the others
STEPS = 60  # of a replay, at most
SENT = 3  # copies that are sent while a run goes on: the belt takes about one a second
UNBROKEN = "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}"
QUARTERS = ("", "A quarter of the votes is", "Half of the votes are", "Three quarters of the votes are")


def waiting(
    picture: Picture, config: SmoothingConfig, example: tuple[Copy, ...], names: tuple[str, ...]
) -> Machine:
    """The machine before a run, with an example on its belt where there is one."""
    classes = tower_classes(np.bincount([copy.vote for copy in example], minlength=len(names)))
    return Machine(
        run=f"waiting {picture.sha256} {config}",
        state="waiting",
        picture=_portrait(picture),
        crisp=_crisp(picture),
        stations=_stations(picture, config),
        count=_count(config),
        certify=_certify(config),
        bound=BOUND,
        towers=towers(classes, names),
        steps=(),
        travellers=tuple(_traveller(copy, 0, classes, names) for copy in example),
        foot="",
        said="",
    )


def of_run(run: Certification, example: tuple[Copy, ...], names: tuple[str, ...]) -> Machine:
    """The machine of a run: with its latest step while it goes on, with all of them at its end."""
    config, progress = run.subject.config, run.progress
    before = waiting(run.subject.picture, config, example, names)
    before = replace(
        before, run=f"{run.id} {run.subject.picture.sha256}", state="waiting" if run.finished else "running"
    )
    if progress is None:
        return before
    ended = progress.certificate is not None
    moments = _thinned(progress.moments) if ended else progress.moments[-1:]
    classes = tower_classes(progress.counts if any(progress.counts) else progress.counts0)
    copies = progress.copies if ended else progress.copies[-SENT:]
    travellers = [_traveller(copy, _step_of(copy, moments), classes, names) for copy in copies]
    return replace(
        before,
        state="ended" if ended else before.state,
        towers=towers(classes, names),
        steps=tuple(_step(moment, config, classes, names) for moment in moments),
        travellers=tuple(travellers),
        foot=_foot(run),
        said=_said(run, names),
        plays=run.subject.recorded,
    )


@lru_cache(maxsize=64)
def _portrait(picture: Picture) -> str:
    return data_url(picture.pixels, 2 * SIDE, lossy=not _crisp(picture))


def _crisp(picture: Picture) -> bool:
    """Whether its pixels are so few that each is to be seen."""
    return len(picture.pixels) <= SIDE


def _stations(picture: Picture, config: SmoothingConfig) -> tuple[Station, ...]:
    """The belt's stations, as far as the method goes."""
    method, purifier = METHODS[config.method], purifier_of(config.method)
    height, width, _ = picture.pixels.shape
    most = "" if config.stopping == "fixed" else "At most "
    copies = f"{most}{config.n0 + config.n:,} copies, each with noise of its own, σ = {config.sigma:g}"
    found: list[tuple[Shows, str, str]] = [("noisy", "Noise", copies)]
    vote = "the class of each copy counts once"
    if purifier.majority and (count := purifier.pictures(config)) > 1:
        found.append(("local", "Purify", f"{count} times {purifier.caption(config)}"))
    elif method.purifies:
        found.append(("purified", "Purify", purifier.caption(config)))
    if method.smooths_locally:
        some = "" if config.m <= LOCAL else f"; {LOCAL} of them are seen here"
        words = f"classified {config.m} times under a little noise σ′ = {config.sigma_local:g}{some}"
        found.append(("local", "Smooth locally", words))
        vote = "the average of these answers counts once"
    found.append(("vote", "Vote", vote))
    numbered = (
        Station(shows, f"{i} · {title}", words.replace(" = ", UNBROKEN))
        for i, (shows, title, words) in enumerate(found, 1)
    )
    return Station("picture", "The picture", f"{height} × {width} pixels, as the network sees it"), *numbered


def _count(config: SmoothingConfig) -> tuple[str, str]:
    return (
        "Count",
        f"{config.n0:,} votes choose a class. Of {config.n:,} more, those for it bound its true share from "
        f"below, wrongly with probability {written(config.alpha)} at most.",
    )


def _certify(config: SmoothingConfig) -> tuple[str, str]:
    opens = "A bound above ½" if config.bound == "one-class" else "A bound above that of every other class"
    return ("Certify or abstain", f"{opens} opens the gate. Otherwise the method abstains.")


def tower_classes(counts: npt.ArrayLike) -> tuple[int, ...]:
    """The classes that have a tower."""
    number = np.size(counts)
    return tuple(range(number) if number <= charts.CLASSES else sorted(charts.leading(counts, charts.ROWS)))


def towers(classes: Sequence[int], names: Sequence[str]) -> tuple[Tower, ...]:
    return *(Tower(names[k], class_colour(k)) for k in classes), Tower("other", ABSTAIN)


def tower_of(label: int, classes: Sequence[int]) -> int:
    """The number of a class's tower; the last one is that of all others."""
    return classes.index(label) if label in classes else len(classes)


def _traveller(copy: Copy, step: int, classes: Sequence[int], names: Sequence[str]) -> Traveller:
    stage = "Selection" if copy.stage == "selection" else "Estimation"
    return Traveller(
        id=f"{copy.stage} {copy.index}",
        title=f"{stage} vote {copy.index + 1:,}: {names[copy.vote]}",
        tower=tower_of(copy.vote, classes),
        name=names[copy.vote],
        colour=class_colour(copy.vote),
        glows=copy.dissents,
        sheet=copy.sheet,
        images=copy.images,
        step=step,
    )


def _step_of(copy: Copy, moments: Sequence[Moment]) -> int:
    """The number of the step by which a copy's vote was counted."""
    after = (
        i
        for i, moment in enumerate(moments)
        if moment.stage == copy.stage and moment.ballots.total > copy.index
    )
    return next(after, len(moments) - 1)


def _thinned(moments: Sequence[Moment]) -> tuple[Moment, ...]:
    """So many of a run's steps that they can be told one from another; counted from the end, which stays."""
    return tuple(moments[:: -max(1, -(-len(moments) // STEPS))][::-1])


def _step(moment: Moment, config: SmoothingConfig, classes: Sequence[int], names: Sequence[str]) -> Step:
    chooses = moment.stage == "selection"
    done, total = moment.ballots.total, config.n0 if chooses else config.n
    end = charts.axis_end(done, total, 1000 if config.stopping == "fixed" else 100)
    counts = moment.ballots.tally
    votes = [counts[k] for k in classes]
    votes.append(done - sum(votes))
    at = CHOOSING * done / total if chooses else CHOOSING + COUNTING * done / total
    bounded = moment.p_a_lower > 0
    return Step(
        at=at,
        words=f"{'Choosing the class' if chooses else 'Counting for the bound'}: {done:,} of {total:,}",
        votes=tuple((count, count / end) for count in votes),
        leader=tower_of(moment.candidate, classes),
        bound=moment.p_a_lower,
        share=0.0 if chooses else moment.p_hat,
        opens=moment.radius > 0,
        reach=moment.radius / _farthest(config),
        bound_words=down(moment.p_a_lower, 4) if bounded else "–",
        radius_words=length(moment.radius) if moment.radius else "–",
    )


@lru_cache(maxsize=64)
def _farthest(config: SmoothingConfig) -> float:
    """The radius of n votes that all agree."""
    return decide((config.n0, 0), (config.n, 0), config).radius


def _foot(run: Certification) -> str:
    config, progress = run.subject.config, run.progress
    assert progress is not None
    if certificate := progress.certificate:
        counted = f"{certificate.n + config.n0:,} votes, counted in {duration(certificate.seconds)}"
        held = any(copy.dissents for copy in progress.copies)
        return f"{counted}; point at a glowing one to see its copy" if held else counted
    pace = f"{progress.votes_per_second:,.0f} votes come in each second"
    return f"{pace}; the belt shows about one of them, and towers and bound follow a moment later"


def _said(run: Certification, names: tuple[str, ...]) -> str:
    """What a screen reader says while votes come in: a sentence at each quarter, and the verdict."""
    progress = run.progress
    assert progress is not None
    if certificate := progress.certificate:
        word = verdict(certificate, run.subject.picture, names).word
        if not certificate.radius:
            return f"{word}: no certificate."
        return f"{word}: {names[certificate.label]}, certified radius {length(certificate.radius)}."
    quarter = QUARTERS[min(3, 4 * progress.n_done // progress.n_total)]
    if progress.stage == "selection":
        return "The first votes choose the class."
    leads = f"{names[progress.candidate]} leads"
    return f"{quarter} counted: {leads}." if quarter else f"The count begins: {leads}."
