"""What a run from elsewhere has to satisfy before the store takes it.

A run of this program carries a certificate for every result. Each has to follow from its votes, to be of the
picture and the settings that the run names, and to be the result that the run shows. A run that was read from
a log has only radii: they have to be possible for its number of votes, noise and level. Every function raises
an InputError that names the picture and what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from functools import lru_cache

from diffsmooth_core.certification.certificate import Certificate, discrepancies
from diffsmooth_core.certification.commitment import Commitment
from diffsmooth_core.certification.reading import MOST_CLASSES
from diffsmooth_core.config import ABSTAIN, InputError, SmoothingConfig
from diffsmooth_core.datasets.sources import Picture, class_names, resolve
from diffsmooth_core.runs.reading import demand
from diffsmooth_core.runs.records import Run, config_of
from diffsmooth_core.runs.results import Result
from diffsmooth_core.statistics import certified_radius, clopper_pearson_lower

LEAST_CONFIDENCE = (
    0.5  # the level above which no radius in a log is believed, whatever alpha it was made with
)


def check_run(run: Run, results: Sequence[Result]) -> None:
    """Check the classes and results of a run, which is of this program or from a log."""
    known, seen = set(run.indices), set[int]()
    classes = classes_of(run.dataset)
    for result in results:
        demand(result.idx, result.idx in known, "it is not among the run's pictures")
        demand(result.idx, result.idx not in seen, "it has two results")
        seen.add(result.idx)
        check_classes(result, classes)
    if run.origin == "audit":
        _check_members(run)
        _check_certificates(run, results)
    else:
        _check_logged(run, results)


def classes_of(dataset: str) -> int:
    """How many classes a data set has; the most that any may have, where it is not on this machine."""
    with suppress(InputError):
        return len(class_names(dataset))
    return MOST_CLASSES


def check_classes(result: Result, classes: int) -> None:
    """Check that class and answer are among `classes`."""
    demand(result.idx, result.label is None or 0 <= result.label < classes, f"its class is {result.label}")
    demand(result.idx, ABSTAIN <= result.predict < classes, f"its answer is {result.predict}")


@lru_cache(maxsize=1024)
def largest_radius(n: int, sigma: float, alpha: float) -> float:
    """The radius that n unanimous votes certify at noise sigma and level alpha."""
    return certified_radius(clopper_pearson_lower(n, n, alpha), sigma)


def _check_certificates(run: Run, results: Iterable[Result]) -> None:
    pictures: dict[str, int] = {}
    for result in results:
        idx = result.idx
        demand(idx, result.certificate is not None, "it has no certificate")
        certificate = Certificate.from_dict(result.certificate or {})
        found = discrepancies(certificate)
        demand(idx, not found, "; ".join(found))
        shown = replace(Result.of(certificate, idx, result.label), note=result.note, seconds=result.seconds)
        demand(
            idx,
            replace(shown, certificate=result.certificate) == result,
            "the result is not its certificate's",
        )
        _check_settings(run, idx, certificate)
        _check_challenge(run, idx, certificate)
        _check_picture(run, result, certificate, pictures)


def _check_settings(run: Run, idx: int, certificate: Certificate) -> None:
    """The certificate's networks and settings are the run's. Only the device may differ, and the block, which
    is halved where memory ran out."""
    demand(idx, certificate.weights == run.weights, "its certificate is of other networks than the run")
    expected = config_of(run)
    for name in (f.name for f in fields(SmoothingConfig) if f.name not in ("dtype", "device")):
        given, due = getattr(certificate.config, name), getattr(expected, name)
        demand(idx, given == due, f"its certificate has {name} {given!r:.40} and the run {due!r:.40}")
    for name, given, due in (
        ("arithmetic", f"torch.{certificate.dtype}", run.config.get("arithmetic")),
        ("execution", certificate.execution, run.config.get("execution", "eager")),
    ):
        demand(idx, given == due, f"its certificate has {name} {given} and the run {due!r:.40}")


def _check_members(run: Run) -> None:
    """Under a challenge one certificate was committed to for each picture, and not several to choose from."""
    challenge = run.config.get("challenge") or {"members": ()}
    if (many := len(challenge["members"])) > len(run.indices):
        raise InputError(
            f"the run's challenge is for {many:,} certificates and it has {len(run.indices):,} pictures: "
            "some were left out, or several were committed to for one picture"
        )


def _check_challenge(run: Run, idx: int, certificate: Certificate) -> None:
    """Under a challenge the run keeps the commitments of all its pictures, and the nonce given for them.
    Without one a certificate stands alone, or is one of a sweep's, whose settings share their noise."""
    if (kept := run.config.get("challenge")) is None:
        demand(idx, certificate.members is not None, "its members are kept with the run, which has none")
        demand(idx, not certificate.nonce, "it names a challenge, and the run has none")
        return
    tied = Commitment(kept["hash"], tuple(kept["members"]), kept["nonce"])
    given = (certificate.commitment, certificate.members, certificate.nonce)
    demand(idx, given == (tied.hash, None, tied.nonce), "its certificate is not of the run's challenge")
    faults = tied.faults(certificate.own_commitment)
    demand(idx, not faults, "; ".join(faults))


def _check_picture(run: Run, result: Result, certificate: Certificate, pictures: dict[str, int]) -> None:
    """The certificate is of the picture that the index names, and the class is that picture's. Where the data
    set is not on this machine, no two indices may have the same picture."""
    idx, spec = result.idx, f"{run.dataset}:{result.idx}"
    demand(idx, certificate.source == spec, f"its certificate is of {certificate.source[:40]!r}")
    if picture := _picture(spec, run.dataset):
        same = picture.sha256 == certificate.image_sha256
        demand(idx, same, f"its certificate is of another picture than {spec} on this machine")
        demand(
            idx, result.label == picture.label, f"its class is {result.label}, and {spec}'s {picture.label}"
        )
    else:
        twin = pictures.setdefault(certificate.image_sha256, idx)
        demand(idx, twin == idx, f"its certificate is of the same picture as that of {twin}")


def _picture(spec: str, dataset: str) -> Picture | None:
    with suppress(InputError):
        return resolve(spec, dataset, paths=False)
    return None


def _check_logged(run: Run, results: Iterable[Result]) -> None:
    n, sigma = run.config["n"], run.config["sigma"]
    possible = largest_radius(n, sigma, LEAST_CONFIDENCE)
    for result in results:
        demand(result.idx, result.certificate is None, "a log has no certificates")
        radius, otherwise = result.radius, f"{n:,} votes certify {possible:.4g} at most"
        demand(result.idx, radius <= possible, f"its radius is {radius:g}, and {otherwise}")
