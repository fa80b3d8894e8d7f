"""Downloads of published networks as jobs, one at a time, found by the network's name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from diffsmooth_core import InputError
from diffsmooth_core.zoo import cards, download
from diffsmooth_core.zoo.download import HUB, PUBLISHED, Published
from ui.jobs.gate import Demand
from ui.jobs.registry import Snapshot, jobs
from ui.session.limits import limit
from ui.session.visitor import visitor

RESNET = "timm/resnet50.a1_in1k"
ADDED_AS = {RESNET: "resnet50"}  # of those that are added as one's own network is -> what they are called
OFFERS = PUBLISHED | {
    RESNET: Published(
        "imagenet", "ResNet-50 for ImageNet, no noise", 102, HUB, f"timm ({RESNET})", "Apache-2.0"
    )
}


@dataclass(frozen=True)
class DownloadTask:
    """The subject of a download."""

    name: str
    demand: Demand = field(default_factory=Demand)


@dataclass(frozen=True)
class Downloaded:
    """How many bytes have come, of how many; none are told of a repository of the Hub."""

    done: int = 0
    total: int = 0
    finished: bool = False


def missing(dataset: str) -> tuple[str, ...]:
    """The published networks for a data set that are not on this machine."""
    here = {*download.here(dataset), *(name for name, added in ADDED_AS.items() if added in cards.every())}
    return tuple(name for name, offer in OFFERS.items() if offer.dataset == dataset and name not in here)


def size(offer: Published) -> str:
    """ "2.2 GB"."""
    return f"{offer.megabytes / 1000:.1f} GB" if offer.megabytes >= 1000 else f"{offer.megabytes} MB"


def start(name: str, after: Snapshot[Any] | None = None) -> None:
    """Begin a download, or go on with one; `after` is the last one that the visitor saw. Raises InputError
    where the operator does not let visitors add networks."""
    if not limit("models", "may_change"):
        raise InputError("networks are added from the command line here")
    task = DownloadTask(name)
    jobs().submit(
        "downloads", lambda: _stream(name), key=("download", name), subject=task, owner=visitor(), after=after
    )


def latest(name: str) -> Snapshot[Any] | None:
    """The last download of this network; None where there was none."""
    return jobs().latest(("download", name))


def _stream(name: str) -> Iterator[Downloaded]:
    yield Downloaded()
    if name in ADDED_AS:
        from diffsmooth_core.zoo import adding

        adding.add(name, ADDED_AS[name], sigma=0.0)
    else:
        for done, total in download.fetch_stream(name):
            yield Downloaded(done, total)
    yield Downloaded(finished=True)
