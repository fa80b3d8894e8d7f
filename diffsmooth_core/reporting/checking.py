"""Whether a report says what follows from its run, and nothing else."""

from __future__ import annotations

from io import StringIO
from itertools import zip_longest

from diffsmooth_core.config import InputError
from diffsmooth_core.datasets import fitting
from diffsmooth_core.datasets.decoding import decode
from diffsmooth_core.datasets.png import is_bare
from diffsmooth_core.datasets.sources import class_names
from diffsmooth_core.reporting.page import page
from diffsmooth_core.reporting.report import Report
from diffsmooth_core.version import __version__


def faults(report: Report, text: str) -> list[str]:
    """What does not hold of a report whose page is `text`: its run, a picture that is not the certified one,
    a class under another name, or a word that does not follow. Empty where all holds."""
    try:
        dataset = report.held.run.dataset
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
        elif not is_bare(png):  # an animation, a profile or a turn: a browser shows other pixels than these
            found.append(f"the picture {idx} that it shows holds more than its pixels")
    names = {str(label): name for label, name in enumerate(_names(dataset))}
    for label, name in report.context.names.items() if names else ():
        if names.get(label) != name:
            found.append(f"it calls class {label[:10]!r} {name[:40]!r}, which is not its name")
    if not found and drawn_here(report) and (line := _first_difference(page(report), text)):
        found.append(f"line {line} of the page is not what follows from its run")
    return found


def drawn_here(report: Report) -> bool:
    """Whether this version drew the report, so that its page can be drawn again and compared."""
    return report.context.version == __version__


def on_their_word(report: Report) -> list[str]:
    """What of the page nothing in its run can show, so that its maker alone stands for it."""
    said = ["what was asked", "dates", "notes", "reasons", "other runs"]
    if report.context.names and not _names(report.run.dataset):
        said.append("the names of the classes")
    if report.pictures.keys() - report.certificates.keys():
        said.append("pictures")
    return said


def _names(dataset: str) -> tuple[str, ...]:
    """The names of the data set's classes; none where it is not known on this machine."""
    try:
        return class_names(dataset)
    except InputError:
        return ()


def _first_difference(ours: str, theirs: str) -> int | None:
    """The number of the first line that differs. However a line ends, as files are read, it is one line."""
    lines = zip_longest(*(StringIO(text, newline=None).readlines() for text in (ours, theirs)))
    return next((number for number, (mine, yours) in enumerate(lines, 1) if mine != yours), None)
