"""The gate that every job passes: what it demands of the server, against what the operator allows.

The registry asks it before it takes a job, so that no page and no opened run goes past it. What a page
computes of a run at once asks it too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from diffsmooth_core import InputError, SmoothingConfig
from ui.session.limits import limit
from ui.session.settings import SPANS, choices

A_VOTE = ("m", "purifications", "reverse_steps")  # the settings that make one vote dear
A_RUN = ("n0", "n", "rounds")  # those that make many
OPERATORS = ("n0", "n", "m")  # whose limits are in limits.toml


@dataclass(frozen=True)
class Demand:
    """What a job demands of the server."""

    runs: tuple[SmoothingConfig, ...] = ()  # settings of which all votes are counted
    samples: tuple[SmoothingConfig, ...] = ()  # settings of which a few votes are drawn
    votes: int = 0  # that decide one question beside these
    pictures: int = 0  # of a run of the store that is worked on
    denoisers: tuple[tuple[str, str], ...] = ()  # (name, data set) of those that are asked by themselves


class Task(Protocol):
    """The subject of a job: it says what it demands."""

    @property
    def demand(self) -> Demand: ...


def admit(task: Task) -> None:
    """Raises InputError, which names the limit, where the operator does not allow what a job demands."""
    allow(task.demand)


def allow(demand: Demand) -> None:
    """Raises InputError, which names the limit, where the operator does not allow this."""
    if demand.pictures and not limit("audits", "may_start"):
        raise InputError("audits are started and gone on with from the command line here")
    if demand.pictures > (most := limit("audits", "pictures")):
        raise InputError(f"{demand.pictures:,} pictures are asked for; here an audit has up to {most:,}")
    for config in demand.runs:
        _check_numbers(config, A_RUN)
    if demand.votes > (most := limit("runs", "n")):
        raise InputError(f"n = {demand.votes:,} votes are asked for; here it is up to {most:,}")
    for config in demand.runs + demand.samples:
        _check_numbers(config, A_VOTE)
        _check_network("classifier", config.classifier, config.dataset)
        if "denoiser" not in config.unused:
            _check_network("denoiser", config.denoiser, config.dataset)
    for name, dataset in demand.denoisers:
        _check_network("denoiser", name, dataset)


def allows(demand: Demand) -> bool:
    """Whether the operator allows this."""
    try:
        allow(demand)
    except InputError:
        return False
    return True


def _check_numbers(config: SmoothingConfig, names: tuple[str, ...]) -> None:
    for name in names:
        value = getattr(config, name)
        most = limit("runs", name) if name in OPERATORS else SPANS[name][1]
        if name not in config.unused and value > most:
            raise InputError(f"{name} = {value:,} is asked for; here it is up to {most:,}")


def _check_network(kind: str, name: str, dataset: str) -> None:
    """Only networks that a page offers: a run from elsewhere may name another, or a path."""
    if name not in choices(kind, dataset):
        raise InputError(f"the {kind} {name!r:.60} is not among those that may be chosen here for {dataset}")
