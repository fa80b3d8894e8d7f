"""A report as one HTML page: its sections in order, the run itself inside, and nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from diffsmooth_core.markup import Markup, element
from diffsmooth_core.reporting import evidence, findings
from diffsmooth_core.reporting.report import Report, as_json

STYLE = Path(__file__).with_name("page.css")
# No script runs, and nothing is fetched: pictures and the run are in the page.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def page(report: Report) -> str:
    """The page. It depends on the report alone, so that whoever has one can draw it again and compare."""
    run, context = report.run, report.context
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="diffsmooth-report", content=as_json(context)),
        element("title", f"{run.name}: report on certified robustness"),
        Markup(f"\n<style>\n{STYLE.read_text(encoding='utf-8')}</style>\n"),
    )
    title = element(
        "header",
        element("p", "Report on certified robustness", class_="kind"),
        element("h1", run.name),
        element(
            "p",
            f"Drawn {_moment(context.created)} by diffsmooth {context.version}; the run entered its store "
            f"{_moment(context.begun)}.",
        ),
    )
    body = element(
        "body",
        element("main", title, *findings.sections(report), *evidence.sections(report), _signature(report)),
    )
    return f'<!doctype html>\n<html lang="en">{head}\n{body}</html>\n'


def _moment(text: str) -> str:
    return f"{text[:16].replace('T', ' ')} UTC" if text else "at a time that was not kept"


def _signature(report: Report) -> Markup:
    """The run as a file to save, its hash, and the lines on which the report is signed."""
    data = base64.b64encode(report.packed).decode()
    link = element(
        "a",
        "Save the run with all its certificates",
        id="run",
        href=f"data:application/gzip;base64,{data}",
        download="run.json.gz",
    )
    lines = (
        element("p", element("span", what), class_="line") for what in ("Name", "Place and date", "Signature")
    )
    return element(
        "section",
        element("h2", "Signature"),
        element(
            "p",
            "Whoever signs vouches for what only they can know: the pictures, what was asked, the other "
            "runs, and the notes.",
        ),
        element(
            "p",
            "SHA-256 of the run in this page: ",
            element("code", hashlib.sha256(report.packed).hexdigest()),
        ),
        element("p", link, class_="screen"),
        element("div", *lines, class_="lines"),
        class_="signature",
    )
