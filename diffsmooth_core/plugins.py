"""What other installed packages add: entry points in groups called `diffsmooth.KIND`, one name a thing.

A plug-in is code that runs with all rights of this program, as any installed package is; nothing that comes
from outside as data can name one that is not installed. docs/plugins.md says what each kind has to be.
"""

from __future__ import annotations

import logging
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

log = logging.getLogger(__name__)
Kind = Literal["methods", "purifiers", "stopping", "attacks", "dialects", "datasets", "networks"]


@cache
def _entries(kind: Kind) -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=f"diffsmooth.{kind}")}


@cache
def plugins_of(kind: Kind) -> dict[str, Any]:
    """Everything of a kind by name, imported. What cannot be imported is left out, and the log says why: one
    broken package does not end every command."""
    kept = {}
    for name, entry in _entries(kind).items():
        try:
            kept[name] = entry.load()
        except Exception as fault:
            log.warning(
                "the plug-in %s (%s) cannot be imported; it is left out: %s", name, entry.value, fault
            )
    return kept


def with_plugins(ours: dict[str, Any], kind: Kind) -> dict[str, Any]:
    """Ours with everything of a kind; a name that is ours stays so."""
    return plugins_of(kind) | ours


def plugin_names(kind: Kind) -> tuple[str, ...]:
    """The names of everything of a kind, none of it imported."""
    return tuple(_entries(kind))


def plugin_versions(used: dict[Kind, tuple[str, ...]]) -> dict[str, str]:
    """The package and version behind each plug-in among the names that were used, for a certificate."""
    asked = ((kind, name) for kind, some in used.items() for name in some)
    entries = [(kind, _entries(kind)[name]) for kind, name in asked if name in _entries(kind)]
    return {f"plug-in {kind}: {e.name}"[:100]: _package(e)[:100] for kind, e in entries}


def _package(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value
