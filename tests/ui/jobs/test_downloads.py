"""Downloads as jobs: what they tell on their way, whose they are, and what is added as what."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from diffsmooth_core import InputError
from diffsmooth_core.zoo import adding, download
from tests import downloads as stand_in
from ui.jobs import downloads
from ui.jobs.downloads import Downloaded
from ui.jobs.registry import Snapshot, jobs


@pytest.fixture(autouse=True)
def anna(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "visitor", lambda: "anna")


def ended(name: str) -> Snapshot[Any]:
    job = downloads.latest(name)
    assert job
    found = jobs().wait(job.id, 100)
    assert found
    return found


def test_a_download_tells_how_far_it_is_and_is_stopped_by_whoever_began_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told, go = threading.Event(), threading.Event()

    def stream(name: str) -> Iterator[tuple[int, int]]:
        assert name == stand_in.NAME
        for done in (20, 50, 100):
            yield done, 200
            told.set()
            assert go.wait(100)

    monkeypatch.setattr(download, "fetch_stream", stream)
    downloads.start(stand_in.NAME, downloads.latest(stand_in.NAME))
    assert told.wait(100)
    job = downloads.latest(stand_in.NAME)
    assert job
    assert job.progress == Downloaded(20, 200)
    with pytest.raises(InputError, match="another visitor started this"):
        jobs().cancel(job.id, by="ben")
    jobs().cancel(job.id, by="anna")
    go.set()
    last = ended(stand_in.NAME)
    assert (last.state, last.progress) == ("cancelled", Downloaded(50, 200))


def test_what_is_added_as_ones_own_is_added_by_its_name_here(monkeypatch: pytest.MonkeyPatch) -> None:
    added = []
    monkeypatch.setattr(adding, "add", lambda *args, **options: added.append((*args, options)))
    downloads.start(downloads.RESNET, downloads.latest(downloads.RESNET))
    assert ended(downloads.RESNET).progress == Downloaded(finished=True)
    assert added == [("timm/resnet50.a1_in1k", "resnet50", {"sigma": 0.0})]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("256x256_diffusion_uncond", "2.2 GB"),
        ("cifar10_uncond_50M_500K", "210 MB"),
        (downloads.RESNET, "102 MB"),
    ],
)
def test_a_size_is_said_in_the_unit_that_one_reads(name: str, said: str) -> None:
    assert downloads.size(downloads.OFFERS[name]) == said
