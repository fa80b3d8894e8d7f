"""A report as a PDF: its page, printed by a Chromium that is on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from diffsmooth_core.config import InputError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SECONDS = 300  # for a page with hundreds of pictures
# A browser that prints one page, fetches nothing and leaves nothing; margins and page numbers are the page's.
OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-pdf-header-footer",
)


def find_browser() -> str | None:
    """The browser that CHROMIUM names, or one on the PATH."""
    names = (os.environ.get("CHROMIUM"), *NAMES)
    return next((path for name in names if name and (path := shutil.which(name))), None)


def printed(page: str) -> bytes:
    """The page as a PDF. Raises InputError where no browser is found, or it prints nothing."""
    if (browser := find_browser()) is None:
        raise InputError(
            "no Chromium is found to print a PDF with; install one, set CHROMIUM to its path, or print the "
            "page that --html writes"
        )
    with TemporaryDirectory() as folder:
        source, target = Path(folder, "report.html"), Path(folder, "report.pdf")
        source.write_text(page, encoding="utf-8")
        command = [browser, *OPTIONS, f"--user-data-dir={folder}/profile", f"--print-to-pdf={target}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--no-sandbox")  # which Chromium demands of root; the page has no scripts
        try:
            subprocess.run([*command, source.as_uri()], check=True, capture_output=True, timeout=SECONDS)
            return target.read_bytes()
        except (OSError, subprocess.SubprocessError) as error:
            kind = type(error).__name__
            raise InputError(
                f"{browser} printed no PDF ({kind}); set CHROMIUM to another browser, or print the page that "
                "--html writes"
            ) from None
