"""Votes that are drawn beforehand, so that a page answers while a dial is turned: at some values of σ, what a
few votes say and how the first of them came about.

Those of some pictures of the gallery are recorded, with the usual method and networks. Others are drawn while
a page shows them and no certificate is computed. Their noise is tied to all values of σ together, which no
run's noise is: whoever sets the dials by these votes has seen none of those that will count.
"""

from __future__ import annotations

import base64
import gzip
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from diffsmooth_core import InputError, SmoothingConfig
from diffsmooth_core.certification.progress import Samples
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.paths import ASSETS
from ui.images import data_url, shrunk
from ui.importing import importing
from ui.jobs import certificates
from ui.jobs.gate import Demand
from ui.jobs.networks import base_classifier, votes_quickly
from ui.jobs.registry import jobs
from ui.session import settings
from ui.session.visitor import visitor

SIGMAS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.25)
DECIDING = ("method", "classifier", "denoiser", "sigma_local", "m", "purifications", "reverse_steps", "noise")
VOTES = 64  # at each value of σ, where they are drawn in the background
SIDE = 64  # pixels of an image, at most
PATIENCE = 4.0  # seconds after which a page that asks no more is taken to be left
FOLDER = ASSETS / "previews"


@dataclass(frozen=True)
class Tried:
    """The votes at one value of σ, in their order; without any, `problem` says why the networks cannot work
    there."""

    sigma: float
    votes: tuple[int, ...]
    problem: str = ""


@dataclass(frozen=True)
class Preview:
    """What was drawn. `sheet`, a data URL, has a row for each that was `tried` with votes, in this order: the
    `images` of its first vote side by side."""

    tried: tuple[Tried, ...] = ()
    images: tuple[str, ...] = ()
    sheet: str = ""
    rows: tuple[npt.NDArray[np.uint8], ...] = field(default=(), compare=False)  # of a sheet that grows
    finished: bool = False


@dataclass
class PreviewTask:
    """The input of a job that draws votes beforehand, and when a page last asked for it."""

    demand: Demand
    wanted: float


def asked(config: SmoothingConfig) -> SmoothingConfig:
    """The usual settings, but for those that decide how a vote comes about: what is drawn beforehand is the
    same for all runs that differ in nothing else."""
    used = {name: getattr(config, name) for name in DECIDING if name not in config.unused}
    return replace(settings.default_config(config.dataset), **used)


def draw(
    picture: Picture, config: SmoothingConfig, sigma: float, start: int, stop: int
) -> tuple[tuple[int, ...], Samples]:
    """The classes of votes start..stop-1 at one of the SIGMAS under the settings `asked`, and the images of
    the last of them. Raises InputError, also where the networks cannot work at this σ."""
    with importing:
        from diffsmooth_core.certification.voting import VoteRange, votes
        from diffsmooth_core.experiments.compare import group

    configs = {one: replace(config, sigma=one) for one in SIGMAS}
    base, x = base_classifier(configs[sigma]), picture.tensor
    tied_to = group([base] * len(configs), tuple(configs.values()), x)
    classes, samples = votes(base, VoteRange(x, "estimation", start, stop, tied_to), configs[sigma])
    return tuple(map(int, classes)), samples


def row_of(samples: Samples) -> dict[str, npt.NDArray[np.uint8]]:
    """A vote's images on its way, as far as its method goes."""
    images = {"noisy": samples.noisy, "purified": samples.purified, "local": next(iter(samples.local), None)}
    return {name: shrunk(image, SIDE) for name, image in images.items() if image is not None}


def recorded(picture: Picture, config: SmoothingConfig) -> Preview | None:
    """The recording for this picture under the settings `asked`, if there is one. The precision may differ,
    because it depends on the processor."""
    kind, _, name = picture.source.partition(":")
    votes, same = _recording()
    if kind != "gallery" or name not in votes or replace(config, dtype=same.dtype, sigma=same.sigma) != same:
        return None
    image = base64.b64encode((FOLDER / f"{name}.jpg").read_bytes()).decode()
    tried = tuple(Tried(s, tuple(map(int, row))) for s, row in zip(SIGMAS, votes[name], strict=True))
    images = ("noisy", "purified", "local")
    return Preview(tried, images, f"data:image/jpeg;base64,{image}", finished=True)


@lru_cache(maxsize=1)
def _recording() -> tuple[dict[str, list[str]], SmoothingConfig]:
    """The recorded votes by picture, a text of their classes for each of the SIGMAS; and their settings."""
    document = json.loads(gzip.decompress((FOLDER / "votes.json.gz").read_bytes()))
    return document["pictures"], SmoothingConfig(**document["config"])


def drawn(picture: Picture, config: SmoothingConfig) -> Preview | None:
    """What is there for a picture under the settings `asked`: recorded, or drawn so far."""
    job = jobs().latest((picture.sha256, config))
    return recorded(picture, config) or (job.progress if job else None)


def may_draw(picture: Picture, config: SmoothingConfig, near: float) -> bool:
    """Whether more can be drawn now: not while a certificate is computed, nor with networks that are slow or
    cannot work at the σ `near` which one begins."""
    job, found = jobs().latest((picture.sha256, config)), drawn(picture, config)
    over = (job is not None and job.state == "failed") or (found is not None and found.finished)
    return not over and not certificates.is_running() and votes_quickly(replace(config, sigma=near))


def keep_drawing(picture: Picture, config: SmoothingConfig, near: float) -> None:
    """Have votes drawn, those at the values of σ `near` this one first, as long as this is called again every
    few seconds: a page that is left does not. Raises InputError where the operator does not allow it."""
    key, now = (picture.sha256, config), time.monotonic()
    job = jobs().latest(key)
    if job is not None and not job.finished:
        job.subject.wanted = now
        return
    task = PreviewTask(Demand(samples=(config,)), now)
    earlier = (job.progress if job else None) or Preview()
    order = sorted(SIGMAS, key=lambda sigma: abs(sigma - near))

    def stream() -> Iterator[Preview]:
        for preview in _steps(picture, config, earlier, order):
            yield preview
            if certificates.is_running() or time.monotonic() > task.wanted + PATIENCE:
                return

    jobs().submit("previews", stream, key=key, subject=task, owner=visitor(), resumed=earlier, after=job)


def _steps(
    picture: Picture, config: SmoothingConfig, preview: Preview, order: list[float]
) -> Iterator[Preview]:
    """The preview, after each step with a few more votes at the first value of σ that has not all of them."""
    while left := [sigma for sigma in order if _missing(preview, sigma)]:
        sigma, begun = left[0], [one for one in preview.tried if one.sigma == left[0]]
        try:
            if begun:
                start = len(begun[0].votes)
                stop = start + base_classifier(replace(config, sigma=sigma)).purifier_batch
                votes, _ = draw(picture, config, sigma, start, min(stop, VOTES))
                more = replace(begun[0], votes=begun[0].votes + votes)
                tried = tuple(more if one is begun[0] else one for one in preview.tried)
                preview = replace(preview, tried=tried)
            else:
                votes, samples = draw(picture, config, sigma, 0, 1)
                preview = _with_row(preview, Tried(sigma, votes), samples)
        except InputError as error:
            preview = replace(preview, tried=(*preview.tried, Tried(sigma, (), str(error))))
        yield replace(preview, finished=not any(_missing(preview, one) for one in SIGMAS))


def _missing(preview: Preview, sigma: float) -> bool:
    """Whether votes have to be drawn at this σ."""
    at = [one for one in preview.tried if one.sigma == sigma]
    return not at or (not at[0].problem and len(at[0].votes) < VOTES)


def _with_row(preview: Preview, tried: Tried, samples: Samples) -> Preview:
    row = row_of(samples)
    rows = (*preview.rows, np.concatenate(list(row.values()), axis=1))
    sheet = data_url(np.concatenate(rows), lossy=True)
    return replace(preview, tried=(*preview.tried, tried), images=tuple(row), rows=rows, sheet=sheet)
