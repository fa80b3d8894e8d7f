"""The operator's limits for visitors, from limits.toml beside app.py or the file that DIFFSMOOTH_LIMITS
names."""

from __future__ import annotations

import os
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from diffsmooth_core import InputError
from diffsmooth_core.paths import ROOT

OWN = ROOT / "limits.toml"


@lru_cache(maxsize=1)
def _limits() -> dict[str, dict[str, Any]]:
    """The file's sections over the defaults. Raises InputError for an unknown key or a wrong kind."""
    limits = tomllib.loads(OWN.read_text())
    named = os.environ.get("DIFFSMOOTH_LIMITS")
    if not named:
        return limits
    try:
        given = tomllib.loads(Path(named).read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"DIFFSMOOTH_LIMITS={named} cannot be read ({error}); compare limits.toml") from None
    for section, values in given.items():
        for key, value in dict(values).items():
            if key not in limits.get(section, {}):
                raise InputError(f"{named} has an unknown limit {section}.{key}; limits.toml names them all")
            usual = limits[section][key]
            if type(value) is not type(usual) or (type(value) is int and value < 0):
                raise InputError(f"{named}: {section}.{key} = {value!r}, in limits.toml it is {usual!r}")
            limits[section][key] = value
    return limits


def limit(section: str, key: str) -> Any:
    """One limit."""
    return _limits()[section][key]


def allowed(kind: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Of these networks ("classifiers" or "denoisers") those that may be chosen."""
    listed = limit("models", kind)
    return tuple(name for name in names if name in listed) if listed else names
