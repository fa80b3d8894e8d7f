"""What a page asks of its networks before it draws with them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.classifiers import batching
from diffsmooth_core.config import USUAL
from ui.jobs.networks import votes_quickly

IMAGENET = SmoothingConfig(dataset="imagenet", device="cpu", **USUAL["imagenet"])


def test_votes_are_quick_where_networks_are_small_and_present(monkeypatch: pytest.MonkeyPatch) -> None:
    assert votes_quickly(SmoothingConfig(device="cpu"))
    assert votes_quickly(IMAGENET)
    assert not votes_quickly(replace(IMAGENET, classifier="nowhere"))
    monkeypatch.setattr(batching, "CPU_WORK", 1e10)  # as if the network were a hundred times as large
    assert not votes_quickly(replace(IMAGENET, seed=1))
