"""`report`: a run as one page to sign and to send, which `verify` checks again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from diffsmooth_core.cli.options import store_option
from diffsmooth_core.cli.output import say
from diffsmooth_core.config import InputError

if TYPE_CHECKING:
    from diffsmooth_core.cli.evidence import Look

REPORTS = (".html", ".htm")


def _file(option: str, help: str) -> Callable[[Any], Any]:
    return click.option(option, type=click.Path(dir_okay=False, path_type=Path), help=help)


@click.command()
@click.argument("run")
@_file("--html", "The page to write, which `verify` checks.")
@_file("--pdf", "The same printed on A4, by a Chromium that is on this machine.")
@click.option("--about", default="", help="What was asked, in the words of whoever asked; it stands first.")
@click.option(
    "--no-pictures", is_flag=True, help="Leave pictures out, where their licence does not allow them."
)
@store_option
def report(
    run: str, html: Path | None, pdf: Path | None, about: str, no_pictures: bool, url: str | None
) -> None:
    """Write RUN as one self-contained page that can be signed, printed and sent.

    The page holds the whole run: `verify FILE.html` checks every certificate and every word in it. A PDF is
    for the eye: it holds no run.
    """
    from diffsmooth_core.exchange.logs import write_file
    from diffsmooth_core.reporting.page import page
    from diffsmooth_core.reporting.pdf import printed
    from diffsmooth_core.reporting.report import gathered
    from diffsmooth_core.runs.store import Store

    if html is None and pdf is None:
        raise InputError("a report is written to a file; give --html FILE, --pdf FILE or both")
    if html is not None and html.suffix.lower() not in REPORTS:
        raise InputError(f"{html} is to be a page and does not end in .html; name it so")
    if pdf is not None and pdf.suffix.lower() != ".pdf":
        raise InputError(f"{pdf} is to be a PDF and does not end in .pdf; name it so")
    store = Store(url)
    made = gathered(store, store.run(run), about, not no_pictures)
    text = page(made)
    told = f"{len(made.held.results):,} results, {len(made.pictures):,} pictures"
    for file, content in ((html, text.encode), (pdf, partial(printed, text))):
        if file is not None:
            write_file(data := content(), file)
            say(f"wrote {file} ({len(data):,} bytes): {told}")


def verify_reports(
    paths: Sequence[Path], looks: Mapping[str, Look], ledger: Path | None, as_json: bool
) -> int:
    """Check reports, print what was found, and return the exit status."""
    findings = {str(path): _finding(path, looks, ledger) for path in paths}
    valid = all(finding["valid"] for finding in findings.values())
    if as_json:
        say(json.dumps({"valid": valid, "reports": findings}))
    else:
        for path, finding in findings.items():
            say(f"{path} {finding['says']}")
    return 0 if valid else 1


def _finding(path: Path, looks: Mapping[str, Look], ledger: Path | None) -> dict[str, Any]:
    """What is found of a report; `looks` draw votes again, `ledger` holds the challenges that were given."""
    from diffsmooth_core.cli.logs import in_words, nonces_given
    from diffsmooth_core.reporting import checking
    from diffsmooth_core.reporting.report import MOST_BYTES, read

    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path} has more than {MOST_BYTES:,} bytes; it is no report")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise InputError(f"{path} cannot be read ({getattr(error, 'strerror', None) or 'no text'})") from None
    found = read(text)
    faults = checking.faults(found, text)
    for idx, certificate in found.certificates.items() if not faults else ():
        faults += [
            f"picture {idx}: {fault}" for look in looks.values() for fault in look(certificate)["faults"]
        ]
    if faults:
        return {"valid": False, "discrepancies": faults, "says": f"does not hold: {'; '.join(faults)}"}
    run, results, compared = found.run, found.held.results, checking.drawn_here(found)
    words = in_words(run, results, None if ledger is None else nonces_given(run, ledger))
    drawn = "holds: every word of the page follows from the run inside it"
    if not compared:
        drawn = (
            f"is not vouched for: it was drawn by version {found.context.version[:20]!r}, so its words were "
            "not compared, verify it with that version. Only the run inside it was checked, and holds"
        )
    again = f"the votes of {len(found.certificates):,} certificates hold when looked at again"
    votes = "".join(f"; {again} ({name})" for name in looks)
    *said, last = checking.on_their_word(found)
    theirs = f"{', '.join(said)} and {last} are the word of whoever made it"
    return {
        "valid": compared,  # the heading could name any version, to keep a page from being compared
        "discrepancies": [],
        "run": run.name,
        "results": len(results),
        "pictures": len(found.pictures),
        "words_compared": compared,
        "says": f"{drawn}; {words}{votes}; {theirs}",
    }
