"""The second half of a report: how often it was looked at, what people said, and what it all rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from diffsmooth_core.analysis.browsing import REVIEWS
from diffsmooth_core.config import ABSTAIN, SmoothingConfig
from diffsmooth_core.markup import Markup, Part, element, table
from diffsmooth_core.reporting.findings import remarks, section, sure
from diffsmooth_core.reporting.report import SHOWN, Report
from diffsmooth_core.runs import commands
from diffsmooth_core.runs.indices import format_indices
from diffsmooth_core.runs.records import BESIDE_THE_SETTINGS
from diffsmooth_core.runs.results import OUTCOMES
from diffsmooth_core.statistics import family_wise_level
from diffsmooth_core.wording import down, length


def sections(report: Report) -> Iterator[Markup]:
    """Each section of this half."""
    yield _looks(report)
    yield _said(report)
    yield _settings(report)
    yield _noise(report)
    yield _again(report)
    yield _limits(report)
    yield _every(report)


def _looks(report: Report) -> Markup:
    """By how many settings the pictures were looked at, and what is left of the confidence after picking."""
    beside, alpha = report.context.beside, report.run.config["alpha"]
    count, members = (
        len(report.held.results),
        max((len(c.members or ()) for c in report.certificates.values()), default=0),
    )
    views = sum(kind == "view" for _, kind, _ in report.held.remarks)
    said = [
        f"Each certificate by itself holds with probability {sure(alpha)}. All {count:,} together hold with "
        f"{sure(family_wise_level(alpha, count))} "
        "at least (union bound): of certificates that were picked by their answers, only that can be said."
    ]
    if members > 1:
        said.append(
            f"It is one of {members} settings that shared their noise. If it was picked from them, each "
            "certificate holds with "
            f"{sure(family_wise_level(alpha, members))}."
        )
    if beside:
        level = family_wise_level(alpha, len(beside) + 1)
        said.append(
            f"The store that it came from held {len(beside)} other run{'s' * (len(beside) > 1)} over some of "
            "the same pictures, listed below. "
            f"If this one was picked from them, each certificate holds with {sure(level)}."
        )
    else:
        said.append("The store that it came from held no other run over these pictures.")
    said.append(
        f"{views} filtered view{'s' * (views != 1)} of its pictures {'were' if views != 1 else 'was'} saved. "
        "What was tried in other places, or "
        "removed before, no report can know."
    )
    listed = table(("run", "settings"), beside) if beside else None
    return section("How often it was looked at", *(element("p", sentence) for sentence in said), listed)


def _said(report: Report) -> Markup:
    """Review states and notes: of the whole run, and of pictures that are not shown above."""
    rows = report.rows
    reviews = Counter(row.review for row in rows)
    states = ", ".join(f"{title.lower()} {reviews[state]:,}" for state, title in REVIEWS.items())
    notes = [text for idx, kind, text in report.held.remarks if kind == "note" and idx is None]
    listed: list[tuple[Part, ...]] = [
        (str(row.result.idx), remarks(row))
        for row in rows
        if row.result.outcome not in SHOWN and remarks(row)
    ]
    return section(
        "Notes and reviews",
        element("p", f"Pictures by their review: {states}."),
        *(element("blockquote", note) for note in notes),
        table(("picture", "what was said"), listed) if listed else None,
    )


def _settings(report: Report) -> Markup:
    run = report.run
    settings = {name: str(value) for name, value in run.config.items() if name not in BESIDE_THE_SETTINGS}
    idle = (
        SmoothingConfig.recorded({n: v for n, v in run.config.items() if n in settings}).unused
        if run.origin == "audit"
        else ()
    )
    listed = (
        element(
            "div",
            element("dt", name),
            element("dd", element("code", value), " not used" if name in idle else None),
        )
        for name, value in settings.items()
    )
    ran = {
        name: run.config[name]
        for name in ("arithmetic", "execution", "block", "version")
        if name in run.config
    }
    machines = Counter(
        ", ".join(f"{name} {value}" for name, value in c.hardware.items() if value) or c.device
        for c in report.certificates.values()
    )
    skipped = sorted(
        (idx, text) for idx, kind, text in report.held.remarks if kind == "skipped" and idx is not None
    )
    return section(
        "Settings, networks and data",
        element("dl", *listed, class_="settings"),
        element(
            "p", "How the networks ran: " + ", ".join(f"{name} {value}" for name, value in ran.items()) + "."
        )
        if ran
        else None,
        *(element("p", f"{count:,} certificates on {machine}.") for machine, count in machines.items()),
        table(
            ("network", "SHA-256 of its weights"),
            ((role, element("code", sha)) for role, sha in sorted(run.weights.items())),
        ),
        element(
            "p",
            f"Data: test pictures of {run.dataset}, numbers ",
            element("code", format_indices(run.indices)),
            ".",
        ),
        table(("skipped picture", "why"), ((str(idx), text) for idx, text in skipped)) if skipped else None,
    )


def _noise(report: Report) -> Markup:
    if told := next((c.on_their_word for c in report.certificates.values()), ""):
        return section("Who cast the votes", element("p", told))
    challenge = report.run.config.get("challenge")
    if challenge:
        what = (
            element(
                "p",
                "The noise follows from a verifier's challenge: what was to be certified was fixed before "
                "the nonce was drawn.",
            ),
            table(
                ("", ""),
                (
                    ("commitment", element("code", challenge["hash"])),
                    ("nonce", element("code", challenge["nonce"])),
                    ("certificates committed to", f"{len(challenge['members']):,}"),
                ),
            ),
            element("p", "Whether and how often a verifier gave a nonce, only the verifier's ledger shows."),
        )
        return section("Who chose the noise", *what)
    sentence = (
        "No challenge was given: the seed, and with it all noise, was chosen by whoever made the run, who "
        "may have tried many "
        "and show the best. Each certificate's noise follows from the hash of all its settings, so none of "
        "them can be changed alone."
    )
    return section(
        "Who chose the noise",
        element("p", sentence if report.run.origin == "audit" else "A log does not say."),
    )


def _again(report: Report) -> Markup:
    shown = [
        "python -m diffsmooth_core verify report.html",
        "python -m diffsmooth_core verify report.html --replay",
        "python -m diffsmooth_core verify report.html --challenge LEDGER",
    ]
    repeat = commands.audit(report.run) if report.run.origin == "audit" else ""
    return section(
        "How to check it",
        element(
            "p",
            "The first command needs no network: it recomputes every bound, label and radius in this page "
            "from the votes inside it, checks "
            "every picture's hash, and draws the page again to compare its words. The second casts all votes "
            "again and compares them one "
            "by one; the third looks the challenge up in your ledger.",
        ),
        element("pre", "\n".join(shown)),
        element("div", element("p", "The run was made by:"), element("pre", repeat), class_="whole")
        if repeat
        else None,
    )


def _limits(report: Report) -> Markup:
    sentences = (
        "A certificate is about the smoothed classifier and changes in L2, of this picture. It promises that "
        "the class stays, not that it is right.",
        "It rests on independent Gaussian noise and on networks of the given hashes. Rotations, crops and "
        "other natural changes are not covered.",
        "Reasons for abstentions explain; they are not part of any certificate.",
    )
    return section(
        "What it does not say", element("ul", *(element("li", sentence) for sentence in sentences))
    )


def _every(report: Report) -> Markup:
    rows = (
        (
            str(result.idx),
            "?" if result.label is None else report.name(result.label),
            "abstains" if result.predict == ABSTAIN else report.name(result.predict),
            length(result.radius) if result.predict != ABSTAIN else "–",
            "?" if result.p_a_lower is None else down(result.p_a_lower, 4),
            "?" if result.n is None else f"{result.n:,}",
            OUTCOMES[result.outcome].lower(),
            element("code", certificate.image_sha256[:16])
            if (certificate := report.certificates.get(result.idx))
            else None,
        )
        for result in report.held.results
    )
    head = ("picture", "true class", "answer", "radius", "p_A ≥", "votes", "outcome", "SHA-256 of its pixels")
    return section("Every picture", table(head, rows, class_="every"), class_="appendix")
