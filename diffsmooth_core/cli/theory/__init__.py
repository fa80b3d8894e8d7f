"""`theory WHAT`: both theorems on a picture or in a Gaussian mixture, and how much purification helps."""

from __future__ import annotations

import click

from diffsmooth_core.cli.theory.compare import compare
from diffsmooth_core.cli.theory.convergence import convergence
from diffsmooth_core.cli.theory.curves import curves
from diffsmooth_core.cli.theory.error import error
from diffsmooth_core.cli.theory.exact import exact
from diffsmooth_core.cli.theory.gain import gain
from diffsmooth_core.cli.theory.image import image


@click.group()
def theory() -> None:
    """Check Theorems 1 and 2, as printed and corrected."""


for command in (image, exact, convergence, gain, compare, curves, error):
    theory.add_command(command)
