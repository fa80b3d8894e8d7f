"""What certificates claim, alone and together, in sentences that whoever relies on them can quote."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from diffsmooth_core.cli.rounding import rounded_down
from diffsmooth_core.config import ABSTAIN, METHODS, InputError

if TYPE_CHECKING:
    from diffsmooth_core.certification.certificate import Certificate

WEAK = 0.05  # a failure probability above which a certificate says little
CHOSEN = (
    "The seed was chosen by whoever issued it, who may have tried many and show the best; a challenge "
    "(diffsmooth challenge) rules that out."
)


def claim(certificate: Certificate) -> str:
    """What a certificate says, in one sentence: the networks, the class, the radius, the picture and the
    probability with which it is wrong."""
    config, picture = certificate.config, f"the picture sha {certificate.image_sha256[:12]}..."
    method = METHODS[config.method]
    networks = [config.classifier, *([config.denoiser] if method.purifies else [])]
    what = f"{method.title} ({', '.join(map(printable, networks))}; sigma {config.sigma:g})"
    votes = f"{certificate.n:,} votes"
    if certificate.label == ABSTAIN:
        return f"The smoothed classifier of {what} is not certified at {picture}: {votes} do not decide it."
    return (
        f"The smoothed classifier of {what} gives {class_name(certificate)} for every picture within "
        f"{rounded_down(certificate.radius)} (L2, pixels in [0,1]) of {picture}, unless a chance of "
        f"{config.alpha:g} happened ({votes})."
    )


def cautions(certificate: Certificate) -> list[str]:
    """What whoever relies on a certificate that holds has to know besides."""
    found = []
    if not certificate.nonce:
        found.append(CHOSEN)
    if certificate.members is None:
        found.append("What its commitment stands for is kept with its run: import-run checks it there.")
    if (alpha := certificate.config.alpha) > WEAK:
        found.append(f"Warning: alpha {alpha:g} is above {WEAK:g}; so weak a certificate says little.")
    return found


def class_name(certificate: Certificate) -> str:
    """The name of the certified class; its number where the data set is not known here or has others."""
    from diffsmooth_core.datasets.sources import class_names

    with suppress(InputError):
        names = class_names(certificate.config.dataset)
        if len(names) == len(certificate.counts):
            return names[certificate.label]
    return f"class {certificate.label}"


def printable(text: str) -> str:
    """Text from a file, shortened and without characters that a terminal would act on."""
    return "".join(c if c.isprintable() else "?" for c in text[:60])


def different(certificates: Iterable[Certificate]) -> list[Certificate]:
    """The certificates without repetitions: copies of one, whatever they say of when and where it was made,
    are one piece of evidence."""
    found: dict[object, Certificate] = {}
    for c in certificates:
        votes = (c.counts0, c.counts, c.votes0, c.votes)
        found.setdefault((c.image_sha256, replace(c.config, device="auto"), str(c.weights), votes), c)
    return list(found.values())


def together(count: int, level: float) -> str:
    """What so many different certificates say together at this family-wise level."""
    if count == 1:
        return f"1 certificate: it holds with probability {1 - level:g} at least."
    return (
        f"{count} certificates: all hold together with probability {1 - level:g} at least, if these are all "
        "that were issued. A family that was picked from more of them afterwards is none."
    )
