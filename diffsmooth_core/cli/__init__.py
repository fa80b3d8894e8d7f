"""The command line: `python -m diffsmooth_core COMMAND`. One file a command."""

from __future__ import annotations

import sys

import click

from diffsmooth_core.cli.attack import attack
from diffsmooth_core.cli.audit import audit
from diffsmooth_core.cli.bench import bench
from diffsmooth_core.cli.certify import certify
from diffsmooth_core.cli.datasets import datasets
from diffsmooth_core.cli.diagnose import diagnose
from diffsmooth_core.cli.logs import export_log, import_log, import_run
from diffsmooth_core.cli.models import models
from diffsmooth_core.cli.sweep import sweep
from diffsmooth_core.cli.theory import theory
from diffsmooth_core.cli.train import train
from diffsmooth_core.cli.verify import verify
from diffsmooth_core.config import InputError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def commands() -> None:
    """DiffSmooth: certified robustness by diffusion and local smoothing."""


for command in (
    certify,
    sweep,
    verify,
    attack,
    audit,
    diagnose,
    import_log,
    export_log,
    import_run,
    theory,
    train,
    bench,
    models,
    datasets,
):
    commands.add_command(command)


def main(arguments: list[str] | None = None) -> None:
    """Run a command. Bad input ends with status 2 and one line on standard error."""
    try:
        status = commands.main(arguments, prog_name="python -m diffsmooth_core", standalone_mode=False)
    except click.ClickException as error:
        sys.exit(_complain(error.format_message()))
    except InputError as error:
        sys.exit(_complain(str(error)))
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    sys.exit(status if isinstance(status, int) else 0)


def _complain(message: str) -> int:
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    return 2
