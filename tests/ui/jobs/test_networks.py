"""The server's networks: loaded once, whoever asks for them."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from diffsmooth_core.zoo import load
from ui.jobs import networks
from ui.session.settings import DEFAULTS


def test_two_who_want_a_network_at_once_get_the_same_one(monkeypatch: pytest.MonkeyPatch) -> None:
    load.cached_classifier.cache_clear()
    original, both = load.load_classifier, threading.Barrier(2)
    loads = []

    def slow(name: str, device: str) -> load.Classifier:
        loads.append(name)
        time.sleep(0.2)
        return original(name, device)

    def ask(_: int) -> load.Classifier:
        both.wait(10)
        return networks.classifier(DEFAULTS.classifier)

    monkeypatch.setattr(load, "load_classifier", slow)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(ask, range(2))
    assert first is second
    assert loads == [DEFAULTS.classifier]
    assert networks.smoothed_classifier(DEFAULTS).base.classifier is first
