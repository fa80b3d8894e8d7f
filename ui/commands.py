"""The command line that reproduces what the page shows."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import streamlit as st

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.runs.commands import line, settings
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
    return line(f"certify {image(picture)}", settings(config), f"--json --out {out}")


def predict(config: SmoothingConfig, picture: Picture) -> str:
    """The command that gives this prediction."""
    return line(f"predict {image(picture)}", settings(config), "--json")


def challenged(config: SmoothingConfig, picture: Picture, ledger: str = "ledger.jsonl") -> tuple[str, ...]:
    """The commands for a certificate under a challenge; the second and the last one are the verifier's."""
    given = settings(config)
    return (
        line(f"commit certify {image(picture)}", given, ""),
        line("challenge COMMITMENT", {"owner": "class", "ledger": ledger}, ""),
        line(f"certify {image(picture)}", given, "--challenge NONCE --out one.json"),
        line("verify one.json", {"challenge": ledger}, ""),
    )


def sweep(config: SmoothingConfig, over: str, picture: Picture) -> str:
    """The command for a sweep of `over` with the other settings of `config`."""
    return line(f"sweep {image(picture)}", {"over": over} | settings(config), "--json")


def attack(config: SmoothingConfig, attack: AttackConfig, picture: Picture) -> str:
    """The command for an attack on the certificate of this picture under `config`."""
    search = attack.as_dict()
    search["n_predict"], search["attack_seed"] = search.pop("n"), search.pop("seed")
    return line(f"attack {image(picture)}", search | settings(config), "--json")


def image(picture: Picture) -> str:
    """The picture as an argument of a command."""
    return UPLOADED if picture.source.startswith("upload:") else shlex.quote(picture.source)
