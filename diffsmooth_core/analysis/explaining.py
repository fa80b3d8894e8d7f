"""Explaining a stored result: load its networks and picture again and draw some of its votes again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from diffsmooth_core.analysis.diagnosis import Diagnosis, explain
from diffsmooth_core.analysis.rescue import Rescue, rescue_settings, rescues
from diffsmooth_core.analysis.stages import Stages, calmer_share, take_apart
from diffsmooth_core.certification.certificate import Certificate
from diffsmooth_core.config import ABSTAIN, InputError, SmoothingConfig
from diffsmooth_core.datasets import class_names
from diffsmooth_core.runs.records import Run, config_of
from diffsmooth_core.runs.results import Result
from diffsmooth_core.runs.store import Store
from diffsmooth_core.runs.workers import base_of, load_picture
from diffsmooth_core.zoo.cards import names

RESCUE_VOTES = 200
CANDIDATES = ("gaussian-0.25", "gaussian-0.50", "smoothadv-0.25", "consistency-0.25")


def certificate_of(result: Result) -> Certificate:
    """The certificate stored with a result. Raises InputError for an imported result, which has none."""
    if result.certificate is None:
        raise InputError(f"image {result.idx} comes from a log without votes and cannot be taken apart")
    return Certificate.from_dict(result.certificate)


def stages_of(run: Run, result: Result) -> Stages:
    """The classes after each stage of a result's first votes, drawn again. Raises InputError where its
    networks can no longer be loaded."""
    config = config_of(run)
    x, tied_to = load_picture(config.dataset, result.idx).tensor, certificate_of(result).tied_to
    return take_apart(base_of(config), x, config, tied_to=tied_to)


def diagnose(run: Run, result: Result, stages: Stages | None = None) -> Diagnosis:
    """Why this picture is not certified. Votes are drawn again only where the counts do not explain it."""
    config, certificate = config_of(run), certificate_of(result)
    class_list = class_names(config.dataset)
    quick = explain(certificate, result.label, None, class_list)
    if quick.reason != "scattered":
        return quick
    x = load_picture(config.dataset, result.idx).tensor
    wanted = certificate.candidate if result.label is None else result.label
    calm = calmer_share(base_of, x, config, wanted)
    return explain(certificate, result.label, stages or stages_of(run, result), class_list, calm)


def diagnose_each(store: Store, run: Run, results: Iterable[Result]) -> Iterator[tuple[Result, Diagnosis]]:
    """Diagnose results one after the other and save each reason in the store."""
    for result in results:
        diagnosis = diagnose(run, result)
        store.remark(run, result.idx, "reason", diagnosis.reason)
        yield result, diagnosis


def rescue_settings_of(run: Run) -> dict[str, SmoothingConfig]:
    """The settings that `rescues_of` tries, keyed by a description of the change."""
    config = config_of(run)
    known = names("classifier", config.dataset)
    others = [name for name in CANDIDATES if name in known and name != config.classifier]
    return rescue_settings(config, others, RESCUE_VOTES)


def rescues_of(run: Run, result: Result, settings: dict[str, SmoothingConfig]) -> Iterator[Rescue]:
    """Certify the picture under each of these of `rescue_settings_of`, one after the other."""
    yield from rescues(base_of, load_picture(run.dataset, result.idx).tensor, settings)


def reason_from_counts(result: Result) -> str:
    """The reason for an abstention that the vote counts alone give, for a list of results; "" for any other
    result, and for imported ones, whose counts are not known."""
    if result.predict != ABSTAIN or result.certificate is None:
        return ""
    certificate = certificate_of(result)
    return explain(certificate, result.label, None, [str(c) for c in range(len(certificate.counts))]).reason
