"""Reading a certificate's JSON strictly: what cannot be is refused in one sentence, before anything is
computed from it. Whether the values follow from the votes is another question, which `discrepancies`
answers."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from itertools import pairwise
from typing import Any

from diffsmooth_core.certification.packing import unpacked
from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.wording import written

MOST_BYTES = 100_000_000  # of a certificate's file
MOST_NESTED = 1_000_000  # objects and lists in a text: empty ones take 24 times as much memory as text
MOST_CLASSES = 65_536  # what two bytes a vote can tell apart
MOST_VOTES = 10_000_000
SCHEMAS = (2, 3)
ENDINGS = ("spent", "reached", "hopeless")


def parsed(text: str | bytes, what: str) -> dict[str, Any]:
    """The JSON object in `text`; `what` names it in the sentence of the InputError that anything else raises.

    Refused beside what is no JSON: a name that stands twice in one object, NaN, infinity and numbers beyond
    the largest double, characters that no text can hold (half of a surrogate pair), values nested too deeply
    or too many objects.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode()
        if text.count("{") + text.count("[") > MOST_NESTED:
            raise ValueError(f"it has more than {MOST_NESTED:,} objects and lists")
        document = json.loads(
            text, object_pairs_hook=_without_repetition, parse_float=_finite, parse_constant=_finite
        )
        if re.search(r"\\u[dD]", text):  # an escape may name half of a surrogate pair
            json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise InputError(f"{what} cannot be read ({str(error)[:200]})") from None
    if not isinstance(document, dict):
        raise InputError(f"{what} cannot be read: it holds no JSON object")
    return document


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r:.60} stands twice in one object")
    return document


def _finite(number: str) -> float:
    if not math.isfinite(value := float(number)):
        raise ValueError(f"{number[:40]} is no finite number")
    return value


# What a field has to be: in words, and as a test that accepts any JSON value without raising.
Rule = tuple[str, Callable[[Any], bool]]


def _whole(low: int, high: int) -> Rule:
    return f"a whole number from {low:,} to {high:,}", lambda v: type(v) is int and low <= v <= high


def _number(low: float, high: float) -> Rule:
    words = f"a number from {written(low)} to {written(high)}"
    return words, lambda v: type(v) in (int, float) and low <= v <= high


def _text(most: int, least: int = 0) -> Rule:
    words = f"a text of {least} to {most:,} characters"
    return words, lambda v: isinstance(v, str) and least <= len(v) <= most


def _pattern(words: str, pattern: str) -> Rule:
    return words, lambda v: isinstance(v, str) and re.fullmatch(pattern, v) is not None


def _names(words: str, holds: Callable[[Any], bool], least: int = 0) -> Rule:
    def test(value: Any) -> bool:
        return (
            isinstance(value, Mapping)
            and least <= len(value) <= 100
            and all(isinstance(k, str) and 0 < len(k) <= 100 and holds(v) for k, v in value.items())
        )

    return f"an object of {words}", test


def _is_votes(value: Any) -> bool:
    return (
        isinstance(value, list | tuple)
        and 2 <= len(value) <= MOST_CLASSES
        and all(type(v) is int and 0 <= v <= MOST_VOTES for v in value)
        and 1 <= sum(value) <= MOST_VOTES
    )


def _is_moment(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _is_members(value: Any) -> bool:
    if value is None:
        return True
    return (
        isinstance(value, list | tuple)
        and all(map(HASH[1], value))
        and all(a < b for a, b in pairwise(value))
    )


HASH = _pattern("64 lower-case hexadecimal digits (SHA-256)", "[0-9a-f]{64}")
COUNTS: Rule = (f"the votes of each of two classes or more, 1 to {MOST_VOTES:,} in all", _is_votes)
FIELDS: dict[str, Rule] = {
    "label": _whole(-1, MOST_CLASSES - 1),
    "radius": _number(0, 1e9),
    "p_a_lower": _number(0, 1),
    "p_b_upper": _number(0, 1),
    "ending": (f"one of {', '.join(ENDINGS)}", lambda v: v in ENDINGS),
    "counts0": COUNTS,
    "counts": COUNTS,
    "config": ("an object of settings", lambda v: isinstance(v, Mapping)),
    "image_sha256": HASH,
    "source": _text(4096),
    "weights": _names("a SHA-256 for each network's role, one at least", HASH[1], least=1),
    "device": _text(100, 1),
    "dtype": ("float32 or bfloat16", lambda v: v in ("float32", "bfloat16")),
    "execution": _pattern("a mode such as folded/32", "[a-z]{1,20}(/[1-9][0-9]{0,5})?"),
    "block": _whole(1, 1_000_000),
    "batch": _whole(1, MOST_VOTES),
    "versions": _names("names and versions", _text(100)[1]),
    "created": ("a moment with its time zone, as 2026-01-31T12:00:00+00:00", _is_moment),
    "seconds": _number(0, 1e12),
    "schema": (f"one of {SCHEMAS}", lambda v: v in SCHEMAS),
}
FIELDS_OF_3: dict[str, Rule] = {
    "commitment": HASH,
    "nonce": _pattern("32 lower-case hexadecimal digits, or empty", "([0-9a-f]{32})?"),
    "members": ("null or a list of different SHA-256s in order", _is_members),
    "votes0": _text(MOST_BYTES),
    "votes": _text(MOST_BYTES),
    "hardware": _names("what the networks ran on", _text(4096)[1], least=1),
}
LATER_SETTINGS = {"beta"}  # those that schema 2 did not have when it was new


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a certificate from its JSON object, every one of the type and in the range that
    CERTIFICATE.md gives; lists are tuples, and config is a SmoothingConfig.

    A field or setting that the schema does not have is refused too: nobody would know what it claims. Raises
    InputError that names the field, its value and what it has to be.
    """
    schema = values.get("schema")
    if schema not in SCHEMAS or type(schema) is not int:
        known = " and ".join(map(str, SCHEMAS))
        raise InputError(f"certificate schema {schema!r:.40} is unknown; this tool reads {known}")
    rules = FIELDS | (FIELDS_OF_3 if schema == 3 else {})
    _check_names("certificate", set(values), set(rules))
    for name, (words, holds) in rules.items():
        if not holds(values[name]):
            raise InputError(f"the certificate's {name} must be {words}, got {values[name]!r:.60}")
    data: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
    classes = len(data["counts"])
    if len(data["counts0"]) != classes:
        raise InputError(
            "the certificate's counts0 and counts must have one entry for every class, "
            f"got {len(data['counts0'])} and {classes}"
        )
    if data["label"] >= classes:
        raise InputError(f"the certificate's label is class {data['label']}, and it counts {classes} classes")
    if schema == 3:
        for votes, counts in (("votes0", "counts0"), ("votes", "counts")):
            unpacked(data[votes], classes, sum(data[counts]), votes)
    data["config"] = config = _config(data["config"], schema)
    if config.dtype not in ("auto", data["dtype"]):
        raise InputError(
            f"the certificate's networks computed in {data['dtype']}, and its config asks for "
            f"{config.dtype}: no run gives both"
        )
    return data


def _check_names(what: str, given: set[str], known: set[str]) -> None:
    if missing := sorted(known - given):
        raise InputError(f"the {what} has no {missing[0]!r}; it is not one of this tool's")
    if strange := sorted(map(str, given - known)):
        raise InputError(f"the {what} has a field {strange[0]!r:.60} that its schema does not know")


def _config(values: Mapping[str, Any], schema: int) -> SmoothingConfig:
    settings = {f.name for f in fields(SmoothingConfig)}
    if schema == 2:
        settings -= LATER_SETTINGS - set(values)
    _check_names("certificate's config", set(values), settings)
    return SmoothingConfig.recorded(values)
