"""`challenge COMMITMENT`: the verifier gives a nonce, and keeps it in a ledger."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from diffsmooth_core.cli.options import json_option
from diffsmooth_core.cli.output import say


@click.command()
@click.argument("commitment")
@click.option(
    "--owner",
    default="",
    help="Who asks: all nonces of one owner count as tries of one, and all without an owner too.",
)
@click.option(
    "--ledger",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("challenges.jsonl"),
    show_default=True,
    help="The file that you keep; the nonce is added to it.",
)
@json_option("Print the new line of the ledger.")
def challenge(commitment: str, owner: str, ledger: Path, as_json: bool) -> None:
    """Give a nonce for COMMITMENT, which `commit` printed, so that no seed was chosen by whoever certifies.

    Send it back, and check the certificate with verify --challenge LEDGER.
    """
    from diffsmooth_core.certification.ledger import Challenge, read_ledger, tries

    given = Challenge.give(commitment, owner, ledger)
    if as_json:
        say(json.dumps(asdict(given)))
        return
    say(given.nonce)
    count = tries(read_ledger(ledger), given.commitment, given.nonce)
    if count > 1:
        who = f"{owner} was" if owner else "whoever asked without a name was"
        say(
            f"note: {who} given {count} nonces now; a certificate under one of them holds at {count} times "
            "its alpha",
            err=True,
        )
