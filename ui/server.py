"""What a server process sets up once: modules imported by one thread at a time."""

from __future__ import annotations

import threading

_importing = threading.Lock()


def load() -> None:
    """Import what pages need, one thread at a time: two that meet in an import may see half a module."""
    with _importing:
        import ui.certify.view
        import ui.theorems.view  # noqa: F401
