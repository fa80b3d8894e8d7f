"""The server's networks: loaded once, whoever asks for them, and what a page asks of them before it draws."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.classifiers import batching
from diffsmooth_core.config import USUAL
from diffsmooth_core.zoo import load
from ui.jobs import networks
from ui.jobs.networks import votes_quickly
from ui.session.settings import DEFAULTS

IMAGENET = SmoothingConfig(dataset="imagenet", device="cpu", **USUAL["imagenet"])


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


def test_votes_are_quick_where_networks_are_small_and_present(monkeypatch: pytest.MonkeyPatch) -> None:
    assert votes_quickly(SmoothingConfig(device="cpu"))
    assert votes_quickly(IMAGENET)
    assert not votes_quickly(replace(IMAGENET, classifier="nowhere"))
    monkeypatch.setattr(batching, "CPU_WORK", 1e10)  # as if the network were a hundred times as large
    assert not votes_quickly(replace(IMAGENET, seed=1))
