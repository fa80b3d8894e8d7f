"""Whether a report says what follows from its run, and nothing else."""

from __future__ import annotations

from contextlib import suppress
from itertools import zip_longest

from diffsmooth_core.config import InputError
from diffsmooth_core.datasets import fitting
from diffsmooth_core.datasets.decoding import decode
from diffsmooth_core.datasets.sources import class_names
from diffsmooth_core.reporting.page import page
from diffsmooth_core.reporting.report import Report
from diffsmooth_core.version import __version__


def faults(report: Report, text: str) -> list[str]:
    """What does not hold of a report whose page is `text`: its run, a picture that is not the certified one,
    a class under another name, or a word that does not follow. Empty where all holds."""
    try:
        held = report.held
    except InputError as error:
        return [str(error)]
    found = []
    for idx, png in report.pictures.items():
        certificate = report.certificates.get(idx)
        try:
            same = certificate is None or fitting.sha256(decode(png)) == certificate.image_sha256
        except InputError:
            same = False
        if not same:
            found.append(f"the picture {idx} that it shows is not the one that was certified")
    with suppress(InputError):
        names = class_names(held.run.dataset)
        for label, name in report.context.names.items():
            if not label.isdecimal() or int(label) >= len(names) or names[int(label)] != name:
                found.append(f"it calls class {label[:10]} {name[:40]!r}, which is not its name")
    if not found and drawn_here(report) and (line := _first_difference(page(report), text)):
        found.append(f"line {line} of the page is not what follows from its run")
    return found


def drawn_here(report: Report) -> bool:
    """Whether this version drew the report, so that its page can be drawn again and compared."""
    return report.context.version == __version__


def _first_difference(ours: str, theirs: str) -> int | None:
    lines = zip_longest(ours.splitlines(), theirs.splitlines())
    return next((number for number, (mine, yours) in enumerate(lines, 1) if mine != yours), None)
