"""An attack in words: what was tried, the outcome, and what it means."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from diffsmooth_core import ABSTAIN, Certificate
from diffsmooth_core.attacks import AttackConfig, AttackProgress, Attempt
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.wording import confidence, length, written
from ui import verdict as certified
from ui.jobs.polling import failure
from ui.jobs.registry import Snapshot
from ui.text import plain
from ui.verdict import Verdict


def verdict(
    certificate: Certificate, picture: Picture, attacked: Snapshot[Any] | None, names: tuple[str, ...]
) -> Verdict:
    """The state or outcome of the attack, as Markdown in which outside text is escaped."""
    if attacked is None:
        return before(certificate, picture, names)
    names = tuple(map(plain, names))
    if attacked.state == "failed":
        return Verdict("failed", ":material/error:", "Stopped", "no answer", failure(attacked))
    if attacked.state == "queued":
        sentence = "The attack begins when its turn comes."
        return Verdict("queued", ":material/hourglass_empty:", "Attacking", "soon", sentence)
    progress: AttackProgress | None = attacked.progress
    if progress is not None and (success := progress.smallest):
        return _broken(certificate, progress, success, names)
    if attacked.state == "running":
        return _searching(certificate, attacked.subject.attack, progress)
    return _not_broken(certificate, picture, attacked, names)


def before(certificate: Certificate, picture: Picture, names: tuple[str, ...]) -> Verdict:
    """Before an attack: what the certificate guarantees against it, in the colour of its own verdict."""
    name, radius = plain(names[certificate.candidate]), length(certificate.radius)
    if certificate.label == ABSTAIN:
        return Verdict(
            "abstain",
            ":material/do_not_disturb_on:",
            "No certificate",
            f"most votes were for **{name}**",
            "Nothing is promised for this picture, so an attack of any length may succeed.",
        )
    return replace(
        certified.verdict(certificate, picture, names),
        headline=f"**{name}** within **{radius}**",
        sentence=f"With {confidence(certificate.config.alpha)} confidence no change shorter than {radius} "
        "makes it anything else, whoever chooses the change. Choose a length, inside or outside, and try.",
    )


def _searching(certificate: Certificate, attack: AttackConfig, progress: AttackProgress | None) -> Verdict:
    """A running attack that has not changed the class so far."""
    where = "inside" if attack.radius <= certificate.radius else "outside"
    doing = "voting" if progress and progress.stage == "voting" else "searching"
    made = len(progress.attempts) if progress else 0
    return Verdict(
        "running",
        ":material/search:",
        "Attacking",
        f"changes of length {length(attack.radius)}, {where} the certificate",
        f"Attempt {min(made + 1, attack.attempts)} of {attack.attempts}: {doing}.",
    )


def _not_broken(
    certificate: Certificate, picture: Picture, attacked: Snapshot[Any], names: tuple[str, ...]
) -> Verdict:
    """An attack that ended without changing the class. Inside the certified radius this is guaranteed, for
    a wrong class too; outside it only means that none of the attempts succeeded."""
    attack: AttackConfig = attacked.subject.attack
    progress: AttackProgress | None = attacked.progress
    made = len(progress.attempts) if progress else 0
    tried = f"{made} attempt{'s' if made != 1 else ''} of length {length(attack.radius)}"
    if attacked.state == "cancelled":
        tried = f"{tried}, then cancelled"
    close = progress.count("abstained") if progress else 0
    undecided = (
        f" In {close} of them the vote was too close for {attack.n:,} votes to call, which is no success."
        if close
        else ""
    )
    still = f"still **{names[certificate.candidate]}**"
    if attack.radius <= certificate.radius:
        return Verdict(
            certified.verdict(certificate, picture, names).mood,
            ":material/shield:",
            "Held",
            still,
            f"{tried}, inside the certified radius {length(certificate.radius)}: none made it another class, "
            f"and by the certificate none can.{undecided}",
        )
    return Verdict(
        "unknown",
        ":material/shield:",
        "Not broken",
        still,
        f"{tried}, where nothing is promised: none made it another class. A longer change or a better attack "
        f"may.{undecided}",
    )


def _broken(
    certificate: Certificate, progress: AttackProgress, success: Attempt, names: tuple[str, ...]
) -> Verdict:
    there, radius = length(success.length), length(certificate.radius)
    first = next(i for i, attempt in enumerate(progress.attempts, 1) if attempt.outcome == "broken")
    before, after = names[progress.label], names[success.predicted]
    headline = f"a change of length **{there}** turns **{before}** into **{after}**"
    if success.length <= certificate.radius:
        return Verdict(
            "failed", ":material/error:", "Certificate broken", headline, against_the_certificate(certificate)
        )
    narrowed = "" if progress.finished else " Shorter ones are being tried."
    gap = (
        f"That is {success.length / certificate.radius:.1f} times the certified radius, {radius}, "
        "below which none can; in between nobody knows."
        if certificate.radius
        else "No radius was certified, so nothing was promised."
    )
    return Verdict(
        "wrong",
        ":material/heart_broken:",
        "Broken",
        headline,
        f"{gap} Attempt {first} was the first to succeed.{narrowed}",
    )


def against_the_certificate(certificate: Certificate) -> str:
    """What it means that a change inside the certified radius changed the class."""
    alpha = certificate.config.alpha
    return (
        f"This is inside the certified radius {length(certificate.radius)}. Certificate and vote are each "
        f"wrong with probability {written(alpha)} at most, so that one of them is with {written(2 * alpha)} "
        "at most: this is such a case, or a fault."
    )
