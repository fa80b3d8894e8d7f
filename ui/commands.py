"""The command line that reproduces what the page shows."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import streamlit as st

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.runs.indices import format_indices
from diffsmooth_core.runs.records import Run, config_of
from ui.session import settings
from ui.text import plain

if TYPE_CHECKING:
    from diffsmooth_core.attacks import AttackConfig

UPLOADED = "PATH/TO/YOUR/PICTURE"


def show(*lines: str, note: str = "") -> None:
    """Draw the commands in an expander that is closed at first, below a `note` on what differs."""
    with st.expander("The same from the command line"):
        if note:
            st.caption(note)
        where(*lines)
        for command in lines:
            st.code(command, language="bash", wrap_lines=True)


def where(*lines: str) -> None:
    """For a command with an uploaded picture, say that its path must be filled in."""
    if any(UPLOADED in command for command in lines):
        st.caption(f"Put the path of your file in the place of {plain(UPLOADED)}.")


def certify(config: SmoothingConfig, picture: Picture, out: str = "cert.json") -> str:
    """The command that makes this certificate and writes it to the file `out`."""
    return line(f"certify {image(picture)}", _settings(config), f"--json --out {out}")


def challenged(config: SmoothingConfig, picture: Picture, ledger: str = "ledger.jsonl") -> tuple[str, ...]:
    """The commands for a certificate under a challenge; the second and the last one are the verifier's."""
    settings_of = _settings(config)
    return (
        line(f"commit certify {image(picture)}", settings_of, ""),
        line("challenge COMMITMENT", {"owner": "class", "ledger": ledger}, ""),
        line(f"certify {image(picture)}", settings_of, "--challenge NONCE --out one.json"),
        line("verify one.json", {"challenge": ledger}, ""),
    )


def audit(run: Run) -> str:
    """The command that repeats an audit as a run of the same name."""
    options = {"out": run.name, "indices": format_indices(run.indices)}
    return line("audit", options | _settings(config_of(run)), "--json")


def sweep(config: SmoothingConfig, over: str, picture: Picture) -> str:
    """The command for a sweep of `over` with the other settings of `config`."""
    return line(f"sweep {image(picture)}", {"over": over} | _settings(config), "--json")


def attack(config: SmoothingConfig, attack: AttackConfig, picture: Picture) -> str:
    """The command for an attack on the certificate of this picture under `config`."""
    search = attack.as_dict()
    search["n_predict"], search["attack_seed"] = search.pop("n"), search.pop("seed")
    return line(f"attack {image(picture)}", search | _settings(config), "--json")


def image(picture: Picture) -> str:
    """The picture as an argument of a command."""
    return UPLOADED if picture.source.startswith("upload:") else shlex.quote(picture.source)


def _settings(config: SmoothingConfig) -> dict[str, Any]:
    """The options that give this setting, noise included, which is tied to every one of them: one that the
    method does not look at is left out only where it has the default that a command with a classifier has."""
    default = SmoothingConfig()
    values = {name: getattr(config, name) for name in settings.CONFIG_FIELDS}
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
