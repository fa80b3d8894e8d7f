"""The command line that gives what is on the screen."""

from __future__ import annotations

import shlex
from typing import Any

import streamlit as st

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.attacks import AttackConfig
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.runs.batch import config_of
from diffsmooth_core.runs.indices import format_indices
from diffsmooth_core.runs.records import Run
from ui.session import settings
from ui.text import plain

UPLOADED = "PATH/TO/YOUR/PICTURE"


def show(*lines: str) -> None:
    """The commands, folded away until they are asked for."""
    with st.expander("The same from the command line"):
        where(*lines)
        for command in lines:
            st.code(command, language="bash", wrap_lines=True)


def where(*lines: str) -> None:
    """Say what to put in the place of an uploaded picture, where a command needs one."""
    if any(UPLOADED in command for command in lines):
        st.caption(f"Put the path of your file in the place of {plain(UPLOADED)}.")


def certify(config: SmoothingConfig, picture: Picture, out: str = "cert.json") -> str:
    """Of a certificate, which it writes to the file `out`."""
    return line(f"certify {image(picture)}", _settings(config), f"--json --out {out}")


def audit(run: Run) -> str:
    """Of an audit, whose run it gives the same name."""
    options = {"out": run.name, "indices": format_indices(run.indices)}
    return line("audit", options | _settings(config_of(run)), "--json")


def sweep(config: SmoothingConfig, over: str, picture: Picture) -> str:
    """Of a sweep around `config`."""
    return line(f"sweep {image(picture)}", {"over": over} | _settings(config), "--json")


def attack(config: SmoothingConfig, attack: AttackConfig, picture: Picture) -> str:
    """Of an attack on the certificate that `config` gives."""
    search = attack.as_dict()
    search["n_predict"], search["attack_seed"] = search.pop("n"), search.pop("seed")
    return line(f"attack {image(picture)}", search | _settings(config), "--json")


def image(picture: Picture) -> str:
    """The picture as commands name it."""
    return UPLOADED if picture.source.startswith("upload:") else shlex.quote(picture.source)


def _settings(config: SmoothingConfig) -> dict[str, Any]:
    return {name: getattr(config, name) for name in settings.CONFIG_FIELDS if name not in config.unused}


def line(command: str, options: dict[str, Any], end: str) -> str:
    """A command with its options, of which four stand on a line."""
    flags = [f"--{name.replace('_', '-')} {shlex.quote(str(value))}" for name, value in options.items()]
    lines = [" ".join(flags[i : i + 4]) for i in range(0, len(flags), 4)]
    return " \\\n    ".join([f"python -m diffsmooth_core {command}", *lines, end])
