"""What commands print. Names and notes in it may come from somebody else's file."""

from __future__ import annotations

import re

import click

# What a terminal acts on instead of showing it: control characters but those that end a line or a column, and
# marks that change the direction of text or break its line.
_ACTED_ON = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def shown(text: str) -> str:
    """Text in which a question mark stands for every character that a terminal would act on."""
    return _ACTED_ON.sub("?", text)


def say(text: object = "", *, err: bool = False, nl: bool = True) -> None:
    """Print text as `shown`, on standard error where asked."""
    click.echo(shown(str(text)), nl=nl, err=err)
