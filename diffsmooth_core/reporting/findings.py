"""The first half of a report: what was asked, what came out, and every picture that needs a look."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator

import numpy as np

from diffsmooth_core.analysis.browsing import REVIEWS, RunRow, benign, confusion
from diffsmooth_core.analysis.diagnosis import REASONS, explain
from diffsmooth_core.config import ABSTAIN, METHODS
from diffsmooth_core.markup import Markup, Part, element, joined, table
from diffsmooth_core.reporting import drawings
from diffsmooth_core.reporting.report import Report
from diffsmooth_core.runs.results import Result, summary
from diffsmooth_core.statistics import Proportion
from diffsmooth_core.wording import confidence, down, length, percent, written

SMALL = 20  # classes of a confusion matrix; of more the most frequent mistakes are listed
MISTAKES = 12
LEADING = 3  # classes whose votes are named at a picture


def sections(report: Report) -> Iterator[Markup]:
    """Each section of this half."""
    yield _asked(report)
    yield _found(report)
    yield _answers(report)
    yield _pictures(report, "Every abstention", "abstained", "It abstains on no picture.")
    yield _pictures(report, "Certified but wrong", "wrong", "No picture is certified as a wrong class.")


def section(title: str, *parts: Part, class_: str | None = None) -> Markup:
    """A section under its title; every part begins a line, so that a difference is found by its line."""
    lines = (joined(part, Markup("\n")) for part in parts if part is not None)
    return joined(element("section", element("h2", title), Markup("\n"), *lines, class_=class_), Markup("\n"))


def _asked(report: Report) -> Markup:
    run, config = report.run, report.run.config
    asked = element("blockquote", report.context.about) if report.context.about else None
    if run.origin != "audit":
        return section(
            "What was asked",
            asked,
            element(
                "p",
                f"The run was read from a log in {run.origin}'s dialect: {len(run.indices):,} pictures of "
                f"{run.dataset}, σ = {config['sigma']:g}, n = {config['n']:,}, "
                f"α = {written(config['alpha'])}. A log has no votes: its radii are possible for so many, "
                "and that is all that can be checked.",
            ),
        )
    method = METHODS[config["method"]].title
    return section(
        "What was asked",
        asked,
        element(
            "p",
            f"For each of {len(run.indices):,} test pictures of {run.dataset}: which class does the smoothed "
            f"classifier of {method} ({config['classifier']}, smoothing noise σ = {config['sigma']:g}) give "
            "it, and within which L2 distance, with pixels in [0,1], can no change of the picture change "
            f"that class? Each answer is wrong with probability α = {written(config['alpha'])} at most; "
            "where the votes do not decide it, the classifier abstains.",
        ),
    )


def _found(report: Report) -> Markup:
    results = report.held.results
    found, count = summary(results), len(results)
    outcomes = Counter(result.outcome for result in results)
    known = benign(report.rows)
    figures = {
        "pictures": f"{count:,}",
        "certified and right": percent(outcomes["right"] / count),
        "abstains": percent(outcomes["abstained"] / count),
        "certified but wrong": percent(outcomes["wrong"] / count),
        "average certified radius": down(found.acr, 3),
    }
    if known is not None:
        figures["most votes right"] = percent(known.share)
    shown = (element("div", element("dt", name), element("dd", value)) for name, value in figures.items())
    accuracies = (Proportion.in_curve(share.k, count) for share in found.certified_accuracy.values())
    rows = (
        (
            radius,
            f"{share.k:,} of {count:,}",
            percent(share.share),
            f"{percent(share.low)} to {percent(share.high)}",
        )
        for radius, share in zip(found.certified_accuracy, accuracies, strict=True)
    )
    has_bounds = any(result.p_a_lower is not None for result in results)
    return section(
        "What was found",
        element("dl", *shown, class_="figures"),
        element("h3", "Certified accuracy in percent: right, with at least this radius"),
        drawings.certified_accuracy(results),
        table(("radius", "pictures", "share", "95 % band, at all radii together"), rows),
        element(
            "p",
            "The band (Dvoretzky, Kiefer and Wolfowitz) holds the whole true curve with 95 % confidence, as "
            "far as the pictures "
            "are a random sample of those that are meant. Wrong answers and abstentions count as radius 0.",
            class_="note",
        ),
        element("h3", "Pictures by the lower bound of p_A, the probability of their class")
        if has_bounds
        else None,
        drawings.bounds(results) if has_bounds else None,
        _legend() if has_bounds else None,
    )


def _legend() -> Markup:
    titles = {"right": "certified and right", "wrong": "certified but wrong", "abstained": "abstains"}
    parts = (
        element("span", element("i", class_=f"mark {outcome}"), f" {title}")
        for outcome, title in titles.items()
    )
    return element("p", *parts, " A class is certified where its bound is above ½.", class_="note legend")


def _answers(report: Report) -> Markup:
    rows = report.rows
    classes = 1 + max(max(r.result.label or 0, r.result.predict) for r in rows)
    classes = max(classes, *(len(c.counts) for c in report.certificates.values()), 2)
    if classes > SMALL:
        wrong = Counter(
            (report.name(r.label), report.name(r.predict))
            for r in (row.result for row in rows)
            if r.label is not None and r.outcome == "wrong"
        )
        listed = [(true, answer, f"{times:,}") for (true, answer), times in wrong.most_common(MISTAKES)]
        return section("Most frequent mistakes", table(("true class", "answer", "pictures"), listed))
    matrix = confusion(rows, classes)
    cells = ((report.name(k), *(f"{n:,}" if n else "·" for n in row)) for k, row in enumerate(matrix))
    unknown = sum(row.result.label is None for row in rows)
    return section(
        "True class against answer",
        table(("true class", *report.names(classes), "abstains"), cells, class_="matrix"),
        element("p", f"{unknown:,} pictures whose class is not known are in no row.", class_="note")
        if unknown
        else None,
    )


def _pictures(report: Report, title: str, outcome: str, none: str) -> Markup:
    """A card for each picture with this outcome, after how many have which reason."""
    rows = [row for row in report.rows if row.result.outcome == outcome]
    if not rows:
        return section(title, element("p", none))
    times = Counter(row.reason for row in rows if outcome == "abstained" and row.reason)
    reasons = table(
        ("reason", "pictures"), ((REASONS[reason], f"{n:,}") for reason, n in times.most_common())
    )
    cards = element("div", *(joined(_card(report, row), Markup("\n")) for row in rows), class_="cards")
    missing = sum(row.result.idx not in report.pictures for row in rows)
    left_out = element("p", f"{missing:,} of these {len(rows):,} pictures are not shown.", class_="note")
    wrong = element(
        "p",
        "These certificates hold, each for a wrong class: a certificate promises that the class stays, not "
        "that it is right.",
    )
    return section(
        title,
        reasons if times else None,
        wrong if outcome == "wrong" else None,
        left_out if missing else None,
        cards,
    )


def _card(report: Report, row: RunRow) -> Markup:
    result, certificate = row.result, report.certificates.get(row.result.idx)
    true = "true class not known" if result.label is None else f"true class {report.name(result.label)}"
    answer = (
        "abstains"
        if result.predict == ABSTAIN
        else f"{report.name(result.predict)}, radius {length(result.radius)}"
    )
    lines: list[Part] = [element("p", element("b", f"Picture {result.idx}"), f": {answer}; {true}")]
    if certificate is not None:
        counts = np.array(certificate.counts)
        leading = [k for k in np.argsort(-counts, kind="stable")[:LEADING] if counts[k]]
        votes = ", ".join(f"{report.name(int(k))} {counts[k]:,}" for k in leading)
        lines.append(
            element(
                "p",
                f"Votes of {certificate.n:,}: {votes}; p_A ≥ {down(certificate.p_a_lower, 4)} "
                f"({report.name(certificate.candidate)})",
            )
        )
    if certificate is not None and result.predict == ABSTAIN:
        told = explain(certificate, result.label, None, report.names(len(certificate.counts)))
        why = told.title
        if row.diagnosed and row.reason != told.reason:
            why = f"{REASONS[row.reason]} (found by drawing some of its votes again)"
        lines.append(element("p", element("b", why), f". {told.sentence}"))
    lines.append(remarks(row))
    return element(
        "article", _picture(report, result), element("div", *lines), class_=f"card {result.outcome}"
    )


def remarks(row: RunRow) -> Markup | None:
    """What people said of a picture; None where nobody did."""
    said = [REVIEWS[row.review]] if row.review else []
    said += [f"#{tag}" for tag in row.tags] + [f"“{note.text}”" for note in row.notes]
    return element("p", " · ".join(said), class_="said") if said else None


def _picture(report: Report, result: Result) -> Markup | None:
    if (png := report.pictures.get(result.idx)) is None:
        return None
    url = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    return element("img", data_picture=result.idx, src=url, alt=f"picture {result.idx}")


def sure(alpha: float) -> str:
    """1 - alpha in percent; "no confidence" where alpha is 1."""
    return confidence(alpha) if alpha < 1 else "no confidence"
