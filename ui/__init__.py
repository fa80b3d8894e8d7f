"""What pages share: settings and URL, controls, charts, pictures and runs."""

from __future__ import annotations

import threading

_importing = threading.Lock()


def load() -> None:
    """Import what pages need, one thread at a time: two that meet in an import may see half a module."""
    with _importing:
        from ui import board, theorems_board  # noqa: F401
