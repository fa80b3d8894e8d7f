"""What other installed packages add: entry points in groups called `diffsmooth.KIND`, one name a thing.

A plug-in is code that runs with all rights of this program, as any installed package is; nothing that comes
from outside as data can name one that is not installed. docs/plugins.md says what each kind has to be.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

log = logging.getLogger(__name__)
Kind = Literal["methods", "purifiers", "stopping", "attacks", "dialects", "datasets", "networks"]


_own: dict[Kind, frozenset[str]] = {}


def own_names(kind: Kind, names: Iterable[str]) -> None:
    """Say which names of a kind are this project's own, before anything of it is asked for: a plug-in of such
    a name is never found."""
    _own[kind] = frozenset(names)


@cache
def _entries(kind: Kind) -> dict[str, EntryPoint]:
    found = {entry.name: entry for entry in entry_points(group=f"diffsmooth.{kind}")}
    return {name: entry for name, entry in found.items() if name not in _own.get(kind, ())}


def plugins_of(kind: Kind, is_a: type | None = None) -> dict[str, Any]:
    """Everything of a kind by name, imported: instances of `is_a`, or functions. What cannot be imported or
    is something else is left out, and the log says why: one broken package does not end every command."""
    things = {name: _imported(entry, is_a) for name, entry in _entries(kind).items()}
    return {name: thing for name, thing in things.items() if thing is not None}


@cache
def _imported(entry: EntryPoint, is_a: type | None) -> Any:
    """What an entry point names; None where it is not what it has to be."""
    try:
        thing = entry.load()
    except (Exception, SystemExit) as fault:
        why = f"cannot be imported; it is left out: {fault}"
    else:
        if isinstance(thing, is_a) if is_a else callable(thing):
            return thing
        why = f"is no {is_a.__name__ if is_a else 'function'}, it is left out"
    log.warning("the plug-in %s (%s) %s", entry.name, entry.value, why)
    return None


def with_plugins(known: dict[str, Any], kind: Kind, is_a: type | None = None) -> dict[str, Any]:
    """What is known here and everything of a kind; a name that is known stays so."""
    return plugins_of(kind, is_a) | known


def plugin_names(kind: Kind) -> tuple[str, ...]:
    """The names of everything of a kind, none of it imported."""
    return tuple(_entries(kind))


def plugin_versions(used: dict[Kind, tuple[str, ...]]) -> dict[str, str]:
    """The package and version behind each plug-in among the names that were used, for a certificate."""
    asked = ((kind, name) for kind, some in used.items() for name in some)
    return {
        f"plug-in {kind}: {name}"[:100]: package[:100]
        for kind, name in asked
        if (package := package_of(kind, name))
    }


def package_of(kind: Kind, name: str) -> str:
    """The package behind a plug-in and its version; empty where no plug-in has this name."""
    entry = _entries(kind).get(name)
    if entry is None:
        return ""
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value
