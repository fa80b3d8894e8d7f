"""`verify CERTIFICATE`: does the result follow from the counts?"""

from __future__ import annotations

import json

import click

from diffsmooth_core.certification.certificate import Certificate, discrepancies


@click.command()
@click.argument("certificate", type=click.Path(dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print the finding as JSON.")
def verify(certificate: str, as_json: bool) -> int:
    """Recompute bound, label and radius of a certificate from its counts.

    Needs no network weights. Exits with status 1 where something does not follow.
    """
    found = discrepancies(Certificate.read(certificate))
    if as_json:
        click.echo(json.dumps({"valid": not found, "discrepancies": found}))
    elif found:
        click.echo(f"{certificate} does not hold: {'; '.join(found)}")
    else:
        click.echo(f"{certificate} holds: bound, label and radius follow from its counts")
    return 1 if found else 0
