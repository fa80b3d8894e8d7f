"""Where files are: those that the project ships, in a checkout or a wheel, and those that a person adds."""

from __future__ import annotations

import logging
import os
import tempfile
from functools import lru_cache
from pathlib import Path

log = logging.getLogger(__name__)
_BESIDE = Path(__file__).parent.parent
_INSTALLED = _BESIDE / "diffsmooth_app"  # where a wheel puts the files of a checkout's top folder
ROOT = _INSTALLED if _INSTALLED.is_dir() else _BESIDE  # holds app.py, pages/, ui/, limits.toml and assets/
ASSETS = ROOT / "assets"


def cache_folder() -> Path:
    """The program's own folder in the user's cache; for a user without a home, one that lasts as long as the
    process and that nobody else can read."""
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "diffsmooth"
    except RuntimeError:
        return _homeless()


@lru_cache(maxsize=1)
def _homeless() -> Path:
    folder = tempfile.mkdtemp(prefix="diffsmooth-")
    log.warning("there is no home folder; what is written goes to %s: set XDG_CACHE_HOME to keep it", folder)
    return Path(folder)


def user_folder(what: str) -> Path:
    """Where the "models", "datasets", "published" numbers or "audits" that a person added are kept.

    That is the folder that DIFFSMOOTH_MODELS, DIFFSMOOTH_DATASETS, ... names, or one in the user's cache.
    """
    chosen = os.environ.get(f"DIFFSMOOTH_{what.upper()}")
    return Path(chosen) if chosen else cache_folder() / what
