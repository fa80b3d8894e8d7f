"""What `verify` finds beside a certificate's arithmetic: votes cast again, fresh votes, challenges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffsmooth_core.cli.claims import class_name, group_level
from diffsmooth_core.config import ABSTAIN, InputError
from diffsmooth_core.wording import down, written

if TYPE_CHECKING:
    from torch import Tensor

    from diffsmooth_core.certification.certificate import Certificate
    from diffsmooth_core.certification.ledger import Challenge
    from diffsmooth_core.classifiers.base import BaseClassifier


Look = Callable[["Certificate"], dict[str, Any]]


def asked(
    ledger: Path | None, replay: bool, fresh: int | None, image: str | None, device: str
) -> dict[str, Look]:
    """What `verify` was asked to look at beside the counts: by name, what finds it for a certificate."""
    looks: dict[str, Look] = {}
    if ledger is not None:
        from diffsmooth_core.certification.ledger import read_ledger

        looks["challenge"] = partial(challenged, given=read_ledger(ledger))
    if replay:
        looks["replay"] = partial(replayed, image=image, device=device)
    if fresh is not None:
        looks["fresh"] = partial(fresh_votes, image=image, device=device, n=fresh)
    return looks


def replayed(certificate: Certificate, image: str | None, device: str) -> dict[str, Any]:
    """Cast the votes again. `says` is the finding in words, `faults` why the certificate does not hold."""
    from diffsmooth_core.certification.replay import replay

    found = replay(certificate, *_loaded(certificate, image, device))
    if not found.differing:
        same = "every one of" if certificate.schema > 2 else "the number for each class of"
        says = f"drawn again, {same} its {found.votes:,} votes is the same"
    else:
        says = (
            f"drawn again on another kind of device, {found.differing:,} of {found.votes:,} votes differ and "
            f"{found.allowed:,} may; by these counts the radius to accept is {down(found.radius, 4)}"
        )
    return {
        "holds": found.holds,
        "says": says,
        "faults": list(found.faults),
        "exact": found.exact,
        "differing": found.differing,
        "allowed": found.allowed,
        "counts0": found.counts0,
        "counts": found.counts,
        "label": found.own.label,
        "p_a_lower": found.own.p_a_lower,
        "radius": found.own.radius,
        "accepted_radius": found.radius,
    }


def fresh_votes(certificate: Certificate, image: str | None, device: str, n: int) -> dict[str, Any]:
    """Cast n votes under noise of one's own; as `replayed`."""
    from diffsmooth_core.certification.fresh import fresh

    found = fresh(certificate, *_loaded(certificate, image, device), n)
    own = found.own
    answer = "abstain" if own.label == ABSTAIN else f"certify {class_name(own)}, radius {down(own.radius, 4)}"
    return {
        "holds": found.holds,
        "says": f"{own.n:,} fresh votes of one's own {answer}, and do not contradict it",
        "faults": list(found.faults),
        "p_a_upper": found.p_a_upper,
        "certificate": own.as_dict(),
    }


def challenged(certificate: Certificate, given: Sequence[Challenge]) -> dict[str, Any]:
    """Look its nonce up in the ledger of those that were given; as `replayed`."""
    from diffsmooth_core.certification.ledger import tries

    count = tries(given, certificate.commitment, certificate.nonce)
    faults = []
    if not certificate.nonce:
        faults = ["nonce is empty: its seed was chosen by whoever issued it"]
    elif not count:
        faults = [f"nonce {certificate.nonce[:8]}... was not given for its commitment by this ledger"]
    elif certificate.members is None:
        faults = [
            "members are kept with its run, and a commitment to anything could stand here; import-run RUN "
            "--challenge LEDGER checks both"
        ]
    level = group_level(certificate, count) if count else None
    says = "its challenge is in the ledger"
    if count > 1:
        says += f", one of {count} that this commitment or whoever asked was given"
    if level is not None and level > certificate.config.alpha:
        says += f": at alpha {written(level)} together"
    return {"holds": not faults, "says": says, "faults": faults, "challenges": count, "level": level}


def _loaded(certificate: Certificate, image: str | None, device: str) -> tuple[BaseClassifier, Tensor]:
    """The networks and the picture of a certificate. Raises InputError where one is not here."""
    from diffsmooth_core import SmoothedClassifier
    from diffsmooth_core.certification.replay import settings_of
    from diffsmooth_core.datasets import resolve

    source = image or certificate.source
    if not source or source.startswith("upload:"):
        raise InputError("the certificate's picture was uploaded and is not here; give it with --image PATH")
    config = settings_of(certificate, device)
    return SmoothedClassifier.load(config).base, resolve(source, config.dataset).tensor
