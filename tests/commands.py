"""The command line in this process, as a person calls it."""

from __future__ import annotations

import pytest

from diffsmooth_core.cli import main


def run(*arguments: str) -> int:
    """The exit status."""
    with pytest.raises(SystemExit) as stop:
        main(list(arguments))
    return int(stop.value.code or 0)
