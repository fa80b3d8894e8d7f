"""The records of the store besides results: runs, vote counts, and people's remarks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.markup import table

# What a run's settings hold beside those of a SmoothingConfig.
BESIDE_THE_SETTINGS = ("block", "arithmetic", "execution", "schema", "version", "challenge")
Kind = Literal["note", "tag", "untag", "review", "reason", "view", "skipped", "finished", "hardware"]


@dataclass(frozen=True)
class Run:
    """A batch of certificates. `origin` is "audit" for a run of this program, otherwise the dialect of an
    imported log. `config` holds every setting of an audit; of a log only sigma, n and alpha."""

    id: int
    name: str
    origin: str
    dataset: str
    config: dict[str, Any]
    indices: tuple[int, ...]
    weights: dict[str, str]
    created: str

    def _repr_html_(self) -> str:
        kept = ("method", "classifier", "denoiser", "sigma", "sigma_local", "m", "n0", "n", "alpha", "seed")
        settings = [(name, f"{self.config[name]}") for name in kept if name in self.config]
        about = [("run", self.name), ("of", f"{len(self.indices):,} test pictures of {self.dataset}")]
        return table(("", ""), [*about, *settings])

    def __hash__(self) -> int:
        return hash((self.id, self.name))


def config_of(run: Run) -> SmoothingConfig:
    """The configuration of a run of this program. Raises InputError for an imported one."""
    if run.origin != "audit":
        raise InputError(f"run {run.name!r} is an imported log and cannot go on; start a run of its own")
    settings = {name: value for name, value in run.config.items() if name not in BESIDE_THE_SETTINGS}
    return SmoothingConfig.recorded(settings)


@dataclass(frozen=True)
class Tally:
    """The classes of consecutive votes of one stage for an image, the first of which is number `start`. The
    networks took `block` copies at a time."""

    idx: int
    stage: str
    start: int
    classes: tuple[int, ...]
    block: int


@dataclass(frozen=True)
class Remark:
    """A remark about an image of a run, or about the whole run (idx None): a note, a tag, a review state, a
    reason, a saved view, that an image was skipped, or on what kind of device votes of the run were cast."""

    idx: int | None
    kind: str
    text: str
    created: str
