"""An attack in words: what was tried, what came of it, and what that means."""

from __future__ import annotations

from typing import Any

from diffsmooth_core import ABSTAIN, Certificate
from diffsmooth_core.attacks import AttackConfig, AttackProgress, Attempt
from ui.jobs.polling import failure
from ui.jobs.registry import Snapshot
from ui.text import confidence, length
from ui.verdict import Verdict


def verdict(certificate: Certificate, attacked: Snapshot[Any] | None, names: tuple[str, ...]) -> Verdict:
    """How things stand, as Markdown that is safe to show."""
    name, radius = names[certificate.candidate], length(certificate.radius)
    if attacked is None:
        if certificate.label == ABSTAIN:
            return Verdict(
                "abstain",
                ":material/do_not_disturb_on:",
                "No certificate",
                f"most votes were for **{name}**",
                "Nothing is promised for this picture, so an attack of any length may succeed.",
            )
        return Verdict(
            "right",
            ":material/shield:",
            "Certified",
            f"**{name}** within **{radius}**",
            f"With {confidence(certificate.config.alpha)} confidence no change shorter than {radius} makes "
            "it anything else, whoever chooses the change. Choose a length, inside or outside, and try.",
        )
    attack: AttackConfig = attacked.subject.attack
    progress: AttackProgress | None = attacked.progress
    reach, inside = length(attack.radius), attack.radius <= certificate.radius
    if attacked.state == "failed":
        return Verdict("failed", ":material/error:", "Stopped", "no answer", failure(attacked))
    if attacked.state == "queued":
        return Verdict(
            "queued",
            ":material/hourglass_empty:",
            "Attacking",
            "soon",
            "The attack begins when its turn comes.",
        )
    if progress is not None and (found := progress.smallest):
        return _broken(certificate, progress, found, names)
    made = len(progress.attempts) if progress else 0
    if attacked.state == "running":
        where = "inside" if inside else "outside"
        doing = "voting" if progress and progress.stage == "voting" else "searching"
        return Verdict(
            "running",
            ":material/search:",
            "Attacking",
            f"changes of length {reach}, {where} the certificate",
            f"Attempt {min(made + 1, attack.attempts)} of {attack.attempts}: {doing}.",
        )
    tried = f"{made} attempt{'s' if made != 1 else ''} of length {reach}"
    if attacked.state == "cancelled":
        tried = f"{tried}, then cancelled"
    close = progress.count("abstained") if progress else 0
    clear = (
        f" In {close} of them the vote was too close for {attack.n:,} votes to call, which is no success."
        if close
        else ""
    )
    if inside:
        return Verdict(
            "right",
            ":material/shield:",
            "Held",
            f"still **{name}**",
            f"{tried}, inside the certified radius {radius}: none made it another class, and by the "
            f"certificate none can.{clear}",
        )
    return Verdict(
        "unknown",
        ":material/shield:",
        "Not broken",
        f"still **{name}**",
        f"{tried}, where nothing is promised: none made it another class. A longer change or a better attack "
        f"may.{clear}",
    )


def _broken(
    certificate: Certificate, progress: AttackProgress, found: Attempt, names: tuple[str, ...]
) -> Verdict:
    there, radius = length(found.length), length(certificate.radius)
    first = next(i for i, attempt in enumerate(progress.attempts, 1) if attempt.outcome == "broken")
    headline = (
        f"a change of length **{there}** turns **{names[progress.label]}** into **{names[found.predicted]}**"
    )
    if found.length <= certificate.radius:
        return Verdict(
            "failed",
            ":material/error:",
            "Certificate broken",
            headline,
            f"This is inside the certified radius {radius}. Certificate and vote are both wrong with "
            f"probability {certificate.config.alpha:g} at most: this is such a case, or a fault.",
        )
    narrowed = "" if progress.finished else " Shorter ones are being tried."
    gap = (
        f"That is {found.length / certificate.radius:.1f} times the certified radius, {radius}, below which "
        "none can; in between nobody knows."
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
