"""The operator's limits for visitors, from limits.toml beside app.py or the file that DIFFSMOOTH_LIMITS
names."""

from __future__ import annotations

import os
import re
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from diffsmooth_core import InputError
from diffsmooth_core.paths import ROOT

OWN = ROOT / "limits.toml"


@lru_cache(maxsize=1)
def _limits() -> dict[str, dict[str, Any]]:
    """The file's sections over the defaults. Raises InputError, which names the line, for a file that is no
    TOML, an unknown key or a wrong kind."""
    limits = _parsed("limits.toml", OWN)
    named = os.environ.get("DIFFSMOOTH_LIMITS")
    if not named:
        return limits
    given = _parsed(f"DIFFSMOOTH_LIMITS={named}", Path(named))
    for section, values in given.items():
        if not isinstance(values, dict):
            raise InputError(f"{_where(named, section)} has no section; limits.toml names them all")
        for key, value in values.items():
            where = _where(named, key, section)
            if key not in limits.get(section, {}):
                raise InputError(f"{where} has an unknown limit {section}.{key}; limits.toml names them all")
            usual = limits[section][key]
            if type(value) is not type(usual) or (type(value) is int and value < 0):
                raise InputError(f"{where}: {section}.{key} = {value!r}, in limits.toml it is {usual!r}")
            if isinstance(value, list) and not all(isinstance(name, str) for name in value):
                raise InputError(f"{where}: {section}.{key} = {value!r}, it is a list of texts")
            limits[section][key] = value
    return limits


def _parsed(shown: str, file: Path) -> dict[str, dict[str, Any]]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{shown} cannot be read ({error}); compare limits.toml") from None


def _where(named: str, key: str, section: str = "") -> str:
    """The file, and the line that sets a key of a section."""
    inside = not section
    for number, line in enumerate(Path(named).read_text(encoding="utf-8").splitlines(), 1):
        if line.lstrip().startswith("["):
            inside = line.strip().startswith(f"[{section}]")
        elif inside and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return f"{named}, line {number}"
    return named


def check() -> None:
    """Read the limits. Raises InputError where they cannot be: a server must not start without them."""
    _limits()


def limit(section: str, key: str) -> Any:
    """One limit."""
    return _limits()[section][key]


def allowed(kind: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Of these networks ("classifiers" or "denoisers") those that may be chosen."""
    listed = limit("models", kind)
    return tuple(name for name in names if name in listed) if listed else names
