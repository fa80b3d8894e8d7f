"""`app`: the page, served on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

import click

from diffsmooth_core.cli.output import say
from diffsmooth_core.config import InputError
from diffsmooth_core.paths import ROOT


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True, help="Of the page.")
def app(port: int) -> None:
    """Serve the page at http://localhost:PORT, to this machine alone; Ctrl+C ends it.

    Runs of the page are kept where those of the command line are. For other settings of the server, such
    as who may reach it, call `streamlit run` on the file that is printed.
    """
    if find_spec("streamlit") is None:
        raise InputError("the page needs the extra 'app'; run: pip install 'diffsmooth[app]'")
    script = str(ROOT / "app.py")
    say(f"serving {script}")
    sys.stdout.flush()
    # The server's other settings are in .streamlit/config.toml beside the script. -P keeps Python from
    # importing modules from the current folder.
    command = [sys.executable, "-P", "-m", "streamlit", "run", script, "--server.port", str(port)]
    if os.name == "nt":  # where execv gives the terminal back at once
        sys.exit(subprocess.call(command))
    os.execv(sys.executable, command)
