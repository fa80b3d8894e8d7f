"""`commit certify|audit`: the hash of all that could be chosen, for a verifier to challenge."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from diffsmooth_core.certification.commitment import Commitment
from diffsmooth_core.cli.options import config_options, json_option, run_options, run_settings
from diffsmooth_core.cli.output import say
from diffsmooth_core.config import SmoothingConfig
from diffsmooth_core.paths import cache_folder

_json = json_option("Print it with its members.")


@click.group()
def commit() -> None:
    """Print a commitment to all that could be chosen for a certificate or an audit, before any vote is cast.

    Give it to a verifier, who answers with a nonce (challenge), and certify with --challenge NONCE. With
    another number of votes, seed, network or picture the nonce is of no use.
    """


@commit.command("certify")
@click.argument("image")
@config_options
@_json
def commit_certify(image: str, as_json: bool, **settings: Any) -> None:
    """Commit to the certificate of IMAGE with these options of `certify`."""
    config = SmoothingConfig(**settings)

    from diffsmooth_core import SmoothedClassifier
    from diffsmooth_core.datasets import resolve

    picture = resolve(image, config.dataset)
    _keep(SmoothedClassifier.load(config).commitment(picture.tensor), f"certify {picture.source}", as_json)


@commit.command("audit")
@run_options
@config_options
@_json
def commit_audit(indices: str | None, file: Path | None, as_json: bool, **settings: Any) -> None:
    """Commit to an audit with these options of `audit`: to the certificates of all its pictures together."""
    config = run_settings(click.get_current_context(), file, settings)

    from diffsmooth_core.runs import batch
    from diffsmooth_core.runs.indices import parse_indices, spread

    indices = indices or spread(config.dataset)
    chosen = parse_indices(indices, config.dataset)
    _keep(batch.committed(batch.base_for(config, chosen), config, chosen), f"audit {indices}", as_json)


def _kept_file() -> Path:
    return cache_folder() / "commitments.jsonl"


def _keep(tied_to: Commitment, what: str, as_json: bool) -> None:
    """Print a commitment, and write it down with the time of day."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    record = {"commitment": tied_to.hash, "members": tied_to.members, "of": what, "created": now}
    _kept_file().parent.mkdir(parents=True, exist_ok=True)
    with _kept_file().open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")
    say(json.dumps(record) if as_json else tied_to.hash)


def say_unless_kept(tied_to: Commitment) -> None:
    """Say on standard error where `commit` did not print this commitment here: then another setting was
    perhaps meant, for which the verifier gave the nonce."""
    kept = _kept_file().read_text(encoding="utf-8") if _kept_file().exists() else ""
    if tied_to.hash not in kept:
        say(
            f"note: these options make commitment {tied_to.hash}, which `commit` has not printed here; the "
            "challenge has to be for it",
            err=True,
        )
