"""`verify FILE...`: check that the result follows from the vote counts and, if asked, that the votes
can be counted again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from diffsmooth_core.cli import claims
from diffsmooth_core.cli.options import json_option
from diffsmooth_core.cli.output import say
from diffsmooth_core.cli.report import REPORTS, verify_reports
from diffsmooth_core.config import ABSTAIN, InputError
from diffsmooth_core.wording import down, written

if TYPE_CHECKING:
    from diffsmooth_core.certification.certificate import Certificate
    from diffsmooth_core.cli.evidence import Look


@click.command()
@click.argument("certificates", metavar="FILE...", nargs=-1, required=True, type=click.Path(dir_okay=False))
@click.option("--replay", is_flag=True, help="Cast the same votes again and compare them one by one.")
@click.option(
    "--fresh", type=click.IntRange(1), help="Cast so many votes under noise of your own against the claim."
)
@click.option(
    "--challenge",
    "ledger",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Your ledger, which has to hold each certificate's nonce.",
)
@click.option("--image", help="The picture, where a certificate's own source is not here.")
@click.option(
    "--device", default="auto", show_default=True, help="Where a replay runs: auto, cpu, cuda or mps."
)
@click.option("--family", is_flag=True, help="Certify again so that all of them hold together (Bonferroni).")
@json_option("Print the finding as JSON.")
def verify(
    certificates: tuple[str, ...],
    replay: bool,
    fresh: int | None,
    ledger: Path | None,
    image: str | None,
    device: str,
    family: bool,
    as_json: bool,
) -> int:
    """Recompute bound, label and radius of certificates from their counts.

    A FILE is a certificate, or a report (.html) with a whole run's. That needs no network weights; --replay
    and --fresh do, and find votes that were never cast. Exits with status 1 where something does not follow.
    """
    from diffsmooth_core.certification.certificate import Certificate
    from diffsmooth_core.cli import evidence

    if reports := [path for path in certificates if Path(path).suffix.lower() in REPORTS]:
        if len(reports) < len(certificates) or family or image:
            raise InputError(
                "a report is verified without certificates, --family and --image beside it; leave them out"
            )
        votes = evidence.asked(None, replay, fresh, None, device)
        return verify_reports([Path(path) for path in reports], votes, ledger, as_json)
    asked = evidence.asked(ledger, replay, fresh, image, device)
    read = {path: Certificate.read(path) for path in certificates}
    findings = {path: _finding(certificate, asked) for path, certificate in read.items()}
    valid, several = all(finding["valid"] for finding in findings.values()), len(read) > 1 or family
    together = _together(read, findings, family) if valid and several else None
    if as_json:
        one = next(iter(findings.values()))
        all_ = {"valid": valid, "certificates": findings, "family": together}
        say(json.dumps(one if len(findings) == 1 and not family else all_))
        return 0 if valid else 1
    for path, finding in findings.items():
        _say(path, finding)
    if not valid and several:
        say("Nothing is said of them together, as not every one holds.")
    if together:
        _say_together(read, together)
    return 0 if valid else 1


def _finding(certificate: Certificate, asked: Mapping[str, Look]) -> dict[str, Any]:
    """What is found of a certificate, and what it claims if it holds; what was `asked` is looked at where its
    own counts agree."""
    from diffsmooth_core.certification.certificate import discrepancies

    found = discrepancies(certificate)
    more = {} if found else {name: look(certificate) for name, look in asked.items()}
    found = found + [fault for part in more.values() for fault in part["faults"]]
    finding = {"valid": not found, "discrepancies": found, **more}
    if not found:
        radius = more.get("replay", {}).get("accepted_radius", certificate.radius)
        finding["claim"] = claims.claim(certificate, radius, _challenges(finding))
        finding["cautions"] = claims.cautions(certificate, in_ledger="challenge" in more)
    return finding


def _challenges(finding: Mapping[str, Any]) -> int:
    """Of how many nonces a certificate may be the best."""
    return int(finding.get("challenge", {}).get("challenges", 1))


def _say(path: str, finding: dict[str, Any]) -> None:
    if not finding["valid"]:
        say(f"{path} does not hold: {'; '.join(finding['discrepancies'])}")
        return
    looked = (part["says"] for part in finding.values() if isinstance(part, dict))
    more = "".join(f"; {says}" for says in looked)
    say(f"{path} holds: bound, label and radius follow from its counts{more}")
    for sentence in [finding["claim"], *finding["cautions"]]:
        say(f"  {sentence}")


def _say_together(read: Mapping[str, Certificate], found: dict[str, Any]) -> None:
    """What all certificates say together, and of a family what each says then."""
    say(claims.together(found["certificates"], found["level"]))
    for (path, certificate), again in zip(read.items(), found["bonferroni"], strict=False):
        label = again["label"]
        named = "ABSTAIN" if label == ABSTAIN else claims.class_name(replace(certificate, label=label))
        say(
            f"{path} at alpha {written(found['alpha'], 3)}: {named}, radius {down(again['radius'], 4)} "
            f"(alone {down(certificate.radius, 4)})"
        )


def _recounted(certificate: Certificate, finding: dict[str, Any]) -> list[Certificate]:
    """The certificate and, where it was replayed, beside it the one of the votes that were cast again."""
    if (again := finding.get("replay")) is None:
        return [certificate]
    return [certificate, replace(certificate, counts0=again["counts0"], counts=again["counts"])]


def _together(
    read: Mapping[str, Certificate], findings: Mapping[str, dict[str, Any]], family: bool
) -> dict[str, Any]:
    """The failure probability of all certificates taken together, each the best of so many nonces, and which
    of a `family` hold when that probability is to be alpha: of each the smallest radius that its counts
    give."""
    from diffsmooth_core.certification.certificate import at_level
    from diffsmooth_core.statistics import bonferroni_alpha, family_wise_level

    alpha = max(certificate.config.alpha for certificate in read.values())
    count = len(claims.different(read.values()))
    tries = count * max(map(_challenges, findings.values()))
    shared = bonferroni_alpha(alpha, tries)
    recounted = [_recounted(read[path], finding) for path, finding in findings.items()] if family else []
    again = [min((at_level(c, shared) for c in one), key=lambda c: c.radius) for one in recounted]
    return {
        "certificates": count,
        "level": family_wise_level(alpha, tries),
        "alpha": shared,
        "bonferroni": [{"label": c.label, "radius": c.radius, "p_a_lower": c.p_a_lower} for c in again],
    }
