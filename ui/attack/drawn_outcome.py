"""A change by hand in words: how far it goes, what its votes say, and what follows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from diffsmooth_core import ABSTAIN, Certificate
from diffsmooth_core.attacks import Attempt
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.wording import confidence, down
from ui import verdict as certified
from ui.attack.outcome import against_the_certificate, before
from ui.jobs.polling import failure
from ui.jobs.registry import Snapshot
from ui.text import plain
from ui.verdict import Verdict

WHY_IT_HOLDS = "Of thousands of ways to change a picture a drawn one is hardly ever the worst."


def verdict(
    certificate: Certificate,
    picture: Picture,
    far: float,
    attempt: Attempt | None,
    job: Snapshot[Any] | None,
    names: tuple[str, ...],
) -> Verdict:
    """What is to be said of a change of the length `far`, of whose votes `attempt` has all and `job` those so
    far. As Markdown in which outside text is escaped."""
    if attempt is not None:
        return _voted(certificate, picture, attempt, names)
    if job is not None and job.error:
        return Verdict("failed", ":material/error:", "Stopped", "no answer", failure(job))
    if job is not None and not job.finished:
        return _voting(certificate, job, names)
    if not far:
        return _nothing(certificate, picture, names)
    return _before(certificate, picture, far, names)


def share_and_class(label: int, counts: tuple[int, ...], names: tuple[str, ...]) -> str:
    """ "81 of 100 votes for ship"."""
    return f"{counts[label]:,} of {sum(counts):,} votes for {plain(names[label])}"


def _nothing(certificate: Certificate, picture: Picture, names: tuple[str, ...]) -> Verdict:
    """Before anything is drawn: what the certificate guarantees, as before an attack."""
    said = before(certificate, picture, names)
    if certificate.label == ABSTAIN:
        sentence = "Nothing is promised for this picture, so any change may flip it. Draw one."
        return replace(said, sentence=sentence)
    return replace(
        said,
        word="Draw a change",
        sentence="No change shorter than that makes it anything else, whoever draws it, with "
        f"{confidence(certificate.config.alpha)} confidence. Draw on the picture: the gauge says how far you "
        "have gone.",
    )


def _before(certificate: Certificate, picture: Picture, far: float, names: tuple[str, ...]) -> Verdict:
    name, headline = plain(names[certificate.candidate]), f"a change of length **{down(far, 3)}**"
    if far <= certificate.radius:
        return Verdict(
            certified.verdict(certificate, picture, names).mood,
            ":material/shield:",
            "Inside",
            headline,
            f"No change this short makes it anything but {name}: the certificate promises it with "
            f"{confidence(certificate.config.alpha)} confidence, before a single vote. Cast votes to see it.",
        )
    return Verdict(
        "unknown",
        ":material/help:",
        "Outside",
        headline,
        f"Nothing is promised here: it may stay {name}, or flip. {WHY_IT_HOLDS} Cast votes to find out.",
    )


def _voting(certificate: Certificate, job: Snapshot[Any], names: tuple[str, ...]) -> Verdict:
    if job.progress is None:
        return Verdict(
            "running", ":material/how_to_vote:", "Voting", "soon", "The first votes are on their way."
        )
    counts = job.progress.counts
    leading = max(range(len(counts)), key=counts.__getitem__)
    return Verdict(
        "running",
        ":material/how_to_vote:",
        "Voting",
        f"**{plain(names[leading])}** leads",
        f"{share_and_class(certificate.candidate, counts, names)} so far, of {job.progress.n_total:,}. "
        "The answer is provisional until the last vote.",
    )


def _voted(certificate: Certificate, picture: Picture, attempt: Attempt, names: tuple[str, ...]) -> Verdict:
    name, far = plain(names[certificate.candidate]), down(attempt.length, 3)
    inside = attempt.length <= certificate.radius
    votes = share_and_class(certificate.candidate, attempt.counts, names)
    if attempt.outcome == "broken":
        headline = f"**{far}** turns **{name}** into **{plain(names[attempt.predicted])}**"
        if inside:
            sentence = against_the_certificate(certificate)
            return Verdict("failed", ":material/error:", "Certificate broken", headline, sentence)
        sentence = f"{votes}. Outside the certificate this can be. Can a shorter change do it?"
        return Verdict("wrong", ":material/heart_broken:", "Flipped", headline, sentence)
    if attempt.outcome == "abstained":
        sentence = f"{votes}: too close to name a class at this try's level. That is no flip, and no promise."
        headline = f"**{far}** and no clear majority"
        return Verdict("abstain", ":material/do_not_disturb_on:", "Too close to call", headline, sentence)
    headline = f"still **{name}** after a change of **{far}**"
    if inside:
        mood = certified.verdict(certificate, picture, names).mood
        sentence = f"{votes}. The certificate promised it: inside its radius no change flips the class."
        return Verdict(mood, ":material/shield:", "Held", headline, sentence)
    sentence = f"{votes}. Nothing promised that: another of its length may flip it. {WHY_IT_HOLDS}"
    return Verdict("unknown", ":material/shield:", "Held", headline, sentence)
