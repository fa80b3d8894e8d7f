"""What the documentation says is what happens: its Python runs, its commands exist, its links lead on."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from diffsmooth_core.cli import commands

ROOT = Path(__file__).parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: Path, *kinds: str) -> list[str]:
    """The code between fences of these kinds."""
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(), re.M | re.S)
    return [code for kind, code in fences if kind in kinds]


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=lambda p: p.name)
def test_python_examples_run(page: Path) -> None:
    """With fewer votes where there are a thousand."""
    for code in blocks(page, "python"):
        exec(compile(code.replace("n=1000)", "n=100)"), page.name, "exec"), {"__name__": "example"})


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_commands_are_understood(page: Path) -> None:
    text = "\n".join(blocks(page, "", "sh")).replace("\\\n", " ")
    for line in text.splitlines():
        words = shlex.split(line, comments=True)
        for program in (["python", "-m", "diffsmooth_core"], ["diffsmooth"]):
            if words[: len(program)] == program:
                understood(commands, words[len(program) :])


def understood(command: click.Command, words: list[str]) -> None:
    """Every name and option is known; nothing is run."""
    context = click.Context(command)
    if words in (["--help"], ["--version"]):
        return
    if isinstance(command, click.Group):
        inner = command.get_command(context, words[0])
        assert inner is not None, f"there is no command {words[0]!r}"
        understood(inner, words[1:])
    else:
        command.make_parser(context).parse_args(words)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
    missing = [t for t in targets if "://" not in t and not (page.parent / t).exists()]
    assert not missing
