"""The command lines that repeat what was done."""

from __future__ import annotations

import shlex
from dataclasses import fields
from typing import Any

from diffsmooth_core.config import SmoothingConfig
from diffsmooth_core.runs.indices import format_indices
from diffsmooth_core.runs.records import Run, config_of


def audit(run: Run) -> str:
    """The command that repeats an audit as a run of the same name."""
    options = {"out": run.name, "indices": format_indices(run.indices)}
    return line("audit", options | settings(config_of(run)), "--json")


def settings(config: SmoothingConfig) -> dict[str, Any]:
    """The options that give this setting on any device, noise included, which is tied to every one of them:
    one that the method does not look at is left out only where it has the default that a command with a
    classifier has."""
    default = SmoothingConfig()
    names = [f.name for f in fields(SmoothingConfig) if f.name != "device"]
    values = {name: getattr(config, name) for name in ("dataset", *(n for n in names if n != "dataset"))}
    return {
        name: value
        for name, value in values.items()
        if name not in config.unused or value != getattr(default, name)
    }


def line(command: str, options: dict[str, Any], end: str) -> str:
    """A command with its options, four on a line."""
    flags = [f"--{name.replace('_', '-')} {shlex.quote(str(value))}" for name, value in options.items()]
    lines = [" ".join(flags[i : i + 4]) for i in range(0, len(flags), 4)]
    return " \\\n    ".join(filter(None, [f"python -m diffsmooth_core {command}", *lines, end]))
