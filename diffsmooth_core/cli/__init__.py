"""The command line: `diffsmooth COMMAND` or `python -m diffsmooth_core COMMAND`. Each command has a file."""

from __future__ import annotations

import sys
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path

import click

from diffsmooth_core.cli.output import say
from diffsmooth_core.config import InputError
from diffsmooth_core.version import __version__

FILES = {  # command -> the file of this folder that defines it, in the order of --help
    "certify": "certify",
    "predict": "predict",
    "sweep": "sweep",
    "commit": "commit",
    "challenge": "challenge",
    "verify": "verify",
    "attack": "attack",
    "audit": "audit",
    "diagnose": "diagnose",
    "report": "report",
    "import-log": "logs",
    "import-votes": "votes",
    "export-log": "logs",
    "import-run": "logs",
    "remove-run": "logs",
    "theory": "theory",
    "train": "train",
    "bench": "bench",
    "models": "models",
    "datasets": "datasets",
    "app": "app",
}


class Commands(click.Group):
    """Imports a command's file only when that command is run, so that no command waits for the imports of
    another."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(FILES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in FILES:
            return None
        command = getattr(import_module(f"{__name__}.{FILES[cmd_name]}"), cmd_name.replace("-", "_"))
        assert isinstance(command, click.Command)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="diffsmooth %(version)s")
def commands() -> None:
    """DiffSmooth: certified robustness by diffusion and local smoothing."""


def main(arguments: list[str] | None = None) -> None:
    """Run a command. Bad input ends with status 2 and one line on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal, or a pipe on Windows, may have no sigma
    installed = Path(sys.argv[0]).stem == "diffsmooth"
    name = "diffsmooth" if installed else "python -m diffsmooth_core"
    try:
        status = commands.main(arguments, prog_name=name, standalone_mode=False)
    except click.ClickException as error:
        sys.exit(_complain(error.format_message()))
    except InputError as error:
        sys.exit(_complain(str(error)))
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    sys.exit(status if isinstance(status, int) else 0)


def _complain(message: str) -> int:
    say(f"error: {' '.join(message.split())}", err=True)
    return 2
