"""The lock under which modules are imported late."""

from __future__ import annotations

import threading

importing = threading.RLock()  # one thread at a time: a second one could see a half-imported module
