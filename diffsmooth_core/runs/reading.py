"""What a run, a result and a remark can be: the one model of what comes from a log, an exported run or the
store. Every field is typed and ranged before anything is computed from it or shown."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from types import NoneType
from typing import Any, cast, get_args

from diffsmooth_core.certification.certificate import Certificate
from diffsmooth_core.certification.reading import FIELDS, FIELDS_OF_3, HASH, MOST_CLASSES, MOST_VOTES
from diffsmooth_core.config import ABSTAIN, LARGEST_LENGTH, InputError, check_dataset_name
from diffsmooth_core.runs.records import Kind, Run, config_of
from diffsmooth_core.runs.results import Result

LONGEST = 4000  # characters of a note
MOST_INDEX = 10**9
MOST_PICTURES = 1_000_000  # of a run
MOST_RADIUS = 1e9
MOST_SECONDS = 1e12
MOST_LOCAL = 1024  # local copies m of a vote in a run from elsewhere: a page keeps all of some votes
RUN_KINDS: dict[str, tuple[type, ...]] = {  # a bool is no number here
    "name": (str,),
    "origin": (str,),
    "dataset": (str,),
    "config": (dict,),
    "indices": (list, tuple),
    "weights": (dict,),
}
RESULT_KINDS: dict[str, tuple[type, ...]] = {
    "idx": (int,),
    "label": (int, NoneType),
    "predict": (int,),
    "radius": (int, float),
    "p_a_lower": (int, float, NoneType),
    "n": (int, NoneType),
    "n_a_low": (int, NoneType),
    "n_a_high": (int, NoneType),
    "seconds": (int, float, NoneType),
    "note": (str,),
    "certificate": (dict, NoneType),
}
LOG_SETTINGS: dict[str, Callable[[Any], bool]] = {  # what every run has to have, and what it can be
    "sigma": lambda v: type(v) in (int, float) and 0 < v <= LARGEST_LENGTH,
    "n": lambda v: type(v) is int and 0 < v <= MOST_VOTES,
    "alpha": lambda v: type(v) in (int, float) and 0 < v < 1,
}
# What an audit's settings hold beside those of a certificate, where they hold it.
HOW_IT_RAN: dict[str, Callable[[Any], bool]] = {
    "block": FIELDS["block"][1],
    "execution": FIELDS["execution"][1],
    "arithmetic": lambda v: v in ("torch.float32", "torch.bfloat16"),
    "schema": FIELDS["schema"][1],
    "version": lambda v: isinstance(v, str) and len(v) <= 100,
}
UNREADABLE = {"unreadable": True}  # in the place of a field of the store that is no JSON


def from_json(text: str | bytes) -> Any:
    """A field of the store; UNREADABLE where it is no JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return UNREADABLE


def run_of(values: Any) -> Run:
    """The run of these fields. Raises InputError where one of them cannot be a run's."""
    run = Run(0, created="", **_fields(values, RUN_KINDS, "run"))
    return checked(replace(run, indices=tuple(run.indices)))


def checked(run: Run) -> Run:
    """The run itself. Raises InputError where one of its fields cannot be; an audit's settings are those of a
    SmoothingConfig."""
    _fields(vars(run), RUN_KINDS, "run")
    if not run.name.strip() or len(run.name) > 80 or not _is_text(run.name):
        raise InputError(f"a run's name has 1 to 80 characters, got {run.name[:90]!r}")
    check_dataset_name(run.dataset)
    if len(run.indices) > MOST_PICTURES:
        raise InputError(f"the run has {len(run.indices):,} pictures; up to {MOST_PICTURES:,} can be read")
    whole = all(type(idx) is int and 0 <= idx < MOST_INDEX for idx in run.indices)
    if not whole or len(set(run.indices)) < len(run.indices):
        raise InputError("the run's indices must be different numbers from 0 up; one is not")
    if not all(HASH[1](sha) for sha in run.weights.values()):
        raise InputError("one of the run's weights is no SHA-256")
    _check_settings(run)
    return run


def _check_settings(run: Run) -> None:
    config = run.config
    rules = LOG_SETTINGS | {name: rule for name, rule in HOW_IT_RAN.items() if run.origin == "audit"}
    for name, holds in rules.items():
        if name in LOG_SETTINGS and name not in config:
            raise InputError(f"the run's file is incomplete (it has no {name}); export it again")
        if name in config and not holds(config[name]):
            raise InputError(f"the run's {name} is {str(config[name])[:40]!r}")
    challenge = config.get("challenge")
    if challenge is not None and not _is_challenge(challenge):
        raise InputError(f"the run's challenge is {str(challenge)[:60]!r}")
    for name, value in config.items():
        if name != "challenge" and (isinstance(value, dict | list) or len(str(value)) > LONGEST):
            raise InputError(f"the run's setting {name[:40]!r} is no single value")
    if run.origin == "audit":
        config_of(run)


def _is_challenge(value: Any) -> bool:
    rules = {"hash": HASH, "nonce": FIELDS_OF_3["nonce"], "members": FIELDS_OF_3["members"]}
    return (
        isinstance(value, dict)
        and value.keys() == rules.keys()
        and value["members"] is not None
        and all(holds(value[name]) for name, (_, holds) in rules.items())
    )


def fault_of(run: Run) -> str:
    """Why a run of the store cannot be shown or gone on with; empty where it can."""
    try:
        checked(run)
    except InputError as fault:
        return str(fault)
    return ""


def result_of(values: Any) -> Result:
    """The result of these fields. Raises InputError where one of them cannot be a result's."""
    result = Result(**_fields(values, RESULT_KINDS, "result"))
    idx, radius, n, low, high = result.idx, result.radius, result.n, result.n_a_low, result.n_a_high
    demand(idx, 0 <= idx < MOST_INDEX, f"its index is not from 0 to {MOST_INDEX:,}")
    demand(idx, result.label is None or 0 <= result.label < MOST_CLASSES, f"its class is {result.label}")
    demand(idx, ABSTAIN <= result.predict < MOST_CLASSES, f"its answer is {result.predict}")
    demand(idx, 0 <= radius <= MOST_RADIUS, f"its radius is {radius}")
    demand(idx, not (radius and result.predict == ABSTAIN), "it abstains and has a radius")
    demand(idx, n is None or 0 < n <= MOST_VOTES, f"it has {n} votes")
    within = all(0 <= votes <= MOST_VOTES for votes in (low, high) if votes is not None)
    within = within and (n is None or high is None or high <= n)
    demand(idx, within, f"{low} to {high} votes of {n} are for its answer")
    for name, most in (("p_a_lower", 1.0), ("seconds", MOST_SECONDS)):
        value = getattr(result, name)
        demand(idx, value is None or 0 <= value <= most, f"its {name} is {value}")
    demand(idx, len(result.note) <= LONGEST, f"its note has more than {LONGEST} characters")
    demand(idx, _is_text(result.note), "its note is no text")
    return result


def readable(result: Result) -> Result:
    """A result of the store as pages and tables can use it: one that cannot be counts as an abstention whose
    note says so, and a certificate that cannot be read is left out."""
    try:
        result_of(vars(result))
    except InputError as fault:
        idx = result.idx if type(result.idx) is int else 0
        note = f"Its numbers cannot be ({fault}); it counts as an abstention."
        return Result(idx, _class(result.label), ABSTAIN, 0.0, note=note)
    return result


def with_readable_certificate(result: Result) -> Result:
    """The result, without its certificate where that cannot be read."""
    try:
        if result.certificate is not None:
            Certificate.from_dict(result.certificate)
    except InputError as fault:
        return replace(result, certificate=None, note=f"Its certificate cannot be read: {fault}.")
    return result


def _class(label: Any) -> int | None:
    return label if type(label) is int and 0 <= label < MOST_CLASSES else None


def check_remark(idx: Any, kind: Any, text: Any, indices: Collection[int]) -> tuple[int | None, Kind, str]:
    """A remark about one of the run's pictures, or about the whole run. Raises InputError for any other."""
    if kind not in get_args(Kind) or not isinstance(text, str) or not _is_text(text):
        raise InputError(f"the remark {str((idx, kind, text))[:60]!r} is none of this program's")
    if len(text) > LONGEST:
        raise InputError(f"a {kind} has up to {LONGEST} characters, got {len(text)}; shorten it")
    if idx is not None and (type(idx) is not int or idx not in indices):
        raise InputError(f"a remark is about picture {str(idx)[:20]}, which is not in the run")
    return idx, cast(Kind, kind), text


def demand(idx: Any, holds: bool, otherwise: str) -> None:
    """Raises InputError that names the picture where something does not hold of it."""
    if not holds:
        raise InputError(f"picture {str(idx)[:12]} of the run does not hold: {otherwise[:500]}")


def _fields(row: Any, kinds: Mapping[str, tuple[type, ...]], what: str) -> dict[str, Any]:
    """The fields of `row`, each of one of its kinds."""
    if not isinstance(row, Mapping) or not kinds.keys() <= row.keys():
        missing = next((name for name in kinds if name not in row), "") if isinstance(row, Mapping) else ""
        raise InputError(
            f"the run's file is incomplete (a {what} has no {missing or 'fields'}); export it again"
        )
    for name, allowed in kinds.items():
        if type(row[name]) not in allowed or row[name] == UNREADABLE:
            raise InputError(f"a {what}'s {name} is {str(row[name])[:40]!r}")
        if isinstance(row[name], float) and not math.isfinite(row[name]):
            raise InputError(f"a {what}'s {name} is {row[name]}, which is no finite number")
    return {name: row[name] for name in kinds}


def _is_text(text: str) -> bool:
    """Whether a text can be stored: no half of a surrogate pair, and no NUL, which PostgreSQL refuses."""
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)
