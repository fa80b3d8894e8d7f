"""What certificates claim, alone and together, in sentences that whoever relies on them can quote."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from diffsmooth_core.config import ABSTAIN, METHODS, InputError
from diffsmooth_core.wording import down, written

if TYPE_CHECKING:
    from diffsmooth_core.certification.certificate import Certificate

WEAK = 0.05  # a failure probability above which a certificate says little
CHOSEN = (
    "The seed was chosen by whoever issued it, who may have tried many and show the best; a challenge "
    "(diffsmooth challenge) rules that out."
)


def claim(certificate: Certificate, radius: float, nonces: int = 1) -> str:
    """What a certificate says, in one sentence: the networks, the class, the picture, the probability with
    which it is wrong, and the radius: its own, or the smaller one that a replay accepts. It may be the best
    under so many `nonces`."""
    from diffsmooth_core.statistics import family_wise_level

    config, picture = certificate.config, f"the picture sha {certificate.image_sha256[:12]}..."
    method = METHODS[config.method]
    networks = [config.classifier, *([config.denoiser] if method.purifies else [])]
    what = f"{method.title} ({', '.join(map(printable, networks))}; sigma {config.sigma:g})"
    votes = f"{certificate.n:,} vote{'s' * (certificate.n > 1)}"
    tries = f", {written(config.alpha)} for each of {nonces:,} nonces" if nonces > 1 else ""
    if certificate.label == ABSTAIN:
        return f"The smoothed classifier of {what} is not certified at {picture}: {votes} did not decide it."
    return (
        f"The smoothed classifier of {what} gives {class_name(certificate)} for every picture within "
        f"{down(radius, 4)} (L2, pixels in [0,1]) of {picture}, unless a chance of "
        f"{written(family_wise_level(config.alpha, nonces))} happened ({votes}{tries})."
    )


def cautions(certificate: Certificate, in_ledger: bool) -> list[str]:
    """What whoever relies on a certificate that holds has to know besides. `in_ledger` says that its nonce
    was found among those that were given for its commitment: anybody can write one."""
    found = [certificate.on_their_word] if certificate.on_their_word else []
    if not certificate.nonce and not found:
        found.append(CHOSEN)
    elif not in_ledger:
        found.append(
            f"It names a challenge, {certificate.nonce[:8]}...: whether a verifier gave it, only the ledger "
            "shows (verify --challenge LEDGER)."
        )
    packages = {n: package for n, package in certificate.versions.items() if n.startswith("plug-in ")}
    if packages:
        brought = ", ".join(printable(f"{name} ({package})") for name, package in packages.items())
        found.append(f"It rests on code of other packages: {brought}.")
    if certificate.schema == 2:
        found.append(
            "Schema 2: its noise follows from the seed alone, so that other numbers of votes and other "
            "settings could be tried on the same votes. Ask for a certificate of schema 3."
        )
    if certificate.members and len(certificate.members) > 1:
        many, level = len(certificate.members), group_level(certificate)
        found.append(
            f"It is one of {many:,} certificates on the same noise: if it was picked from them, the chance "
            f"is {written(level)}."
        )
    if certificate.members is None:
        found.append("What its commitment stands for is kept with its run: import-run checks it there.")
    if (alpha := certificate.config.alpha) > WEAK:
        found.append(
            f"Warning: alpha {written(alpha)} is above {written(WEAK)}; so weak a certificate says little."
        )
    return found


def group_level(certificate: Certificate, nonces: int = 1) -> float:
    """The level at which the best of all certificates of a group holds, under the best of so many nonces."""
    from diffsmooth_core.statistics import family_wise_level

    return family_wise_level(certificate.config.alpha, nonces * max(1, len(certificate.members or ())))


def class_name(certificate: Certificate) -> str:
    """The name of the certified class; its number where the data set is not known here or has others."""
    from diffsmooth_core.datasets.sources import class_names

    with suppress(InputError):
        names = class_names(certificate.config.dataset)
        if len(names) == len(certificate.counts):
            return names[certificate.label]
    return f"class {certificate.label}"


def printable(text: str) -> str:
    """A name from a file on one line, its visible characters alone, cut where it is long."""
    name = "".join(c if c.isprintable() else "?" for c in text[:60])
    return name if len(text) <= 60 else name[:57] + "..."


def different(certificates: Iterable[Certificate]) -> list[Certificate]:
    """The certificates without repetitions: copies of one, whatever they say of when and where it was made,
    are one piece of evidence."""
    found: dict[object, Certificate] = {}
    for c in certificates:
        votes = (c.commitment, c.nonce, c.counts0, c.counts, c.votes0, c.votes)
        found.setdefault((c.image_sha256, replace(c.config, device="auto"), str(c.weights), votes), c)
    return list(found.values())


def surely(level: float) -> str:
    """1 - level in six digits, written as a difference where these would round it up; 0 where it is less."""
    shown = f"{max(0.0, 1 - level):g}"
    rounded_up = Decimal(shown) > max(Decimal(0), 1 - Decimal(repr(level)))
    return f"1 - {written(level, None)}" if rounded_up else shown


def together(count: int, level: float) -> str:
    """What so many different certificates say together at this family-wise level."""
    if count == 1:
        return f"1 certificate: it holds with probability {surely(level)} at least."
    sure = surely(level)
    return (
        f"{count} certificates: all hold together with probability {sure} at least, if these are all "
        "that were issued. A family that was picked from more of them afterwards is none."
    )
