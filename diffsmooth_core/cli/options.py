"""Options that several commands share."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import click

from diffsmooth_core.config import (
    BOUNDS,
    DTYPES,
    METHODS,
    NOISES,
    STOPPING,
    InputError,
    SmoothingConfig,
    usual,
)

Command = TypeVar("Command", bound=Callable[..., Any])

_CHOICES: dict[str, tuple[str, ...]] = {
    "method": tuple(METHODS),
    "noise": NOISES,
    "stopping": STOPPING,
    "bound": BOUNDS,
    "dtype": DTYPES,
}


def combined(*options: Callable[[Any], Any]) -> Callable[[Command], Command]:
    """Several options as one decorator, listed by --help in this order."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def _take_usual(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Make the settings that are usual with the data set and the method the defaults, unless a classifier is
    named: then nobody knows what is usual. Called for each of these options, the one first that stands
    first."""
    known = context.params | {str(parameter.name): value}
    named = given_on_the_command_line(context, "classifier")
    context.default_map = None if named else usual(known.get("dataset", ""), known.get("method", ""))
    return value


def _setting_option(name: str, default: Any) -> Callable[[Any], Any]:
    first = name in ("dataset", "method", "classifier")
    return click.option(
        f"--{name.replace('_', '-')}",
        name,
        type=click.Choice(_CHOICES[name]) if name in _CHOICES else type(default),
        default=default,
        show_default=True,
        help=SmoothingConfig.help(name),
        is_eager=first,
        callback=_take_usual if first else None,
    )


# One option for every setting of SmoothingConfig, with its default and help.
config_options = combined(*(_setting_option(f.name, f.default) for f in fields(SmoothingConfig)))


# The options that `audit` and the commitment to one share: which pictures, and settings from a file.
run_options = combined(
    click.option(
        "--indices", help="Test pictures, START:STOP:STEP.  [default: 500 evenly spread, or all if fewer]"
    ),
    click.option(
        "--config",
        "file",
        type=click.Path(dir_okay=False, path_type=Path),
        help="JSON with settings, or a certificate; options on the command line win.",
    ),
)


def json_option(help: str = "Print JSON.") -> Callable[[Command], Command]:
    return click.option("--json", "as_json", is_flag=True, help=help)


store_option = click.option(
    "--store", "url", help="sqlite:///FILE or postgresql://USER@HOST/NAME.  [default: in the cache]"
)
threads_option = click.option("--threads", type=click.IntRange(1), help="CPU threads.  [default: torch's]")
device_option = click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps.")


def given_on_the_command_line(context: click.Context, name: str) -> bool:
    """Whether this option was given on the command line, rather than left at its default."""
    return context.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE


def run_settings(context: click.Context, file: Path | None, settings: dict[str, Any]) -> SmoothingConfig:
    """The configuration: the settings of the file, replaced by the options that were given."""
    if file is not None:
        try:
            values = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{file} cannot be read as JSON ({error}); check the file") from None
        if not isinstance(values, dict):
            raise InputError(f'{file} holds no settings; give an object such as {{"sigma": 0.5}}')
        values = dict(values.get("config", values))  # a certificate's file has its settings under "config"
        settings = {n: value for n, value in settings.items() if given_on_the_command_line(context, n)}
        values |= settings
        if "classifier" not in values:
            values = usual(str(values.get("dataset")), str(values.get("method"))) | values
        return SmoothingConfig.from_dict(values)
    return SmoothingConfig.from_dict(settings)
