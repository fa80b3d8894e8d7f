"""A query log of somebody's black box, one vote a line, as certificates and a run.

A certificate follows from votes alone, whoever cast them. What it cannot know of these stands in
`Certificate.on_their_word`, and its only hash of evidence is that of the log.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from diffsmooth_core.certification.ballots import Ballots
from diffsmooth_core.certification.certificate import QUERY_LOG, SCHEMA, Certificate
from diffsmooth_core.certification.commitment import own_commitment
from diffsmooth_core.certification.reading import MOST_CLASSES, MOST_VOTES, parsed
from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.datasets.sources import resolve, test_size
from diffsmooth_core.runs.records import Run
from diffsmooth_core.runs.results import Result
from diffsmooth_core.runs.store import Store
from diffsmooth_core.version import __version__

COLUMNS = ("image", "stage", "index", "class")
STAGES = ("selection", "estimation")
MOST_BYTES = 1_000_000_000
DTYPE, EXECUTION, BLOCK = "float32", "eager", 1  # how votes that were cast elsewhere stand in a certificate
Votes = dict[str, dict[int, int]]  # of an image: stage -> number of the vote -> class


@dataclass(frozen=True)
class VoteLog:
    """The votes of each image by its name, and the SHA-256 of the file that they stood in."""

    images: Mapping[str, Votes]
    sha256: str

    @property
    def classes(self) -> int:
        """One more than the largest class that was voted for."""
        stages = (stage for votes in self.images.values() for stage in votes.values())
        return 1 + max(max(stage.values(), default=0) for stage in stages)

    def numbers(self) -> tuple[int, int]:
        """The selection and the estimation votes of every image. Raises InputError where one image has other
        numbers than another, or where votes are missing."""
        counts = {name: tuple(len(votes[stage]) for stage in STAGES) for name, votes in self.images.items()}
        (first, usual), *others = counts.items()
        for name, found in others:
            if found != usual:
                raise InputError(
                    f"image {name!r:.40} has {found[0]:,} selection and {found[1]:,} estimation votes, and "
                    f"{first!r:.40} {usual[0]:,} and {usual[1]:,}; a fixed n is the same for every image"
                )
        for name, votes in self.images.items():
            for stage, cast in votes.items():
                missing = next((i for i in range(len(cast)) if i not in cast), None)
                if missing is not None:
                    raise InputError(
                        f"{stage} vote {missing:,} of image {name!r:.40} is missing; log every vote that was "
                        "cast"
                    )
        return usual[0], usual[1]


def read(path: Path) -> VoteLog:
    """Read a log of votes: CSV with a header, or one JSON object a line, with COLUMNS in any order and no
    vote twice. Raises InputError that names the line."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path} has more than {MOST_BYTES // 10**6:,} MB; split it by images")
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeError) as error:
        raise InputError(
            f"{path} cannot be read as votes ({getattr(error, 'strerror', None) or 'no text'})"
        ) from None
    images: dict[str, Votes] = {}
    for line, row in _rows(path, text):
        if missing := next((name for name in COLUMNS if row.get(name) in (None, "")), None):
            raise InputError(f"{path}, line {line}: it has no {missing}; a vote is {', '.join(COLUMNS)}")
        image, stage = str(row["image"]), row["stage"]
        if not image.isprintable():
            raise InputError(f"{path}, line {line}: image is {image!r:.40}; a name is made of visible text")
        if stage not in STAGES:
            raise InputError(f"{path}, line {line}: stage is {stage!r:.40}; it is one of {', '.join(STAGES)}")
        index, label = (
            _whole(path, line, name, row[name], most)
            for name, most in (("index", MOST_VOTES), ("class", MOST_CLASSES))
        )
        votes = images.setdefault(image, {name: {} for name in STAGES})[stage]
        if index in votes:
            raise InputError(
                f"{path}, line {line}: {stage} vote {index:,} of image {image!r:.40} stands in it twice"
            )
        votes[index] = label
    if not images:
        raise InputError(f"{path} has no votes; log a line for every vote that is cast")
    return VoteLog(images, hashlib.sha256(data).hexdigest())


def _rows(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    if not text.lstrip().startswith("{"):
        reader = csv.DictReader(io.StringIO(text))
        try:
            header = reader.fieldnames or ()
            if twice := next((name for name in header if list(header).count(name) > 1), None):
                raise InputError(f"{path}, line 1: the column {twice!r:.40} stands in it twice")
            yield from ((reader.line_num, row) for row in reader)
        except csv.Error as error:
            raise InputError(f"{path}, line {reader.line_num + 1} is no CSV ({error})") from None
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield number, parsed(line, f"{path}, line {number}")


def _whole(path: Path, line: int, name: str, value: Any, most: int) -> int:
    text = str(value).strip()
    if isinstance(value, float | bool) or not (
        text.isascii() and text.isdecimal() and len(text) <= 12 and int(text) < most
    ):
        raise InputError(
            f"{path}, line {line}: {name} is {value!r:.40}; it is a whole number from 0 up, below {most:,}"
        )
    return int(text)


def certified(log: VoteLog, config: SmoothingConfig, classes: int) -> list[Result]:
    """The certificate of every image by its votes under `config`, whose n0 and n are those of the log.

    Where the data set is on this machine, images are its test pictures by number, and the certificates are of
    those pictures; elsewhere images that are no numbers are numbered in the order of the log. Raises
    InputError for a class beyond `classes`, and for an image that the data set does not have.
    """
    if log.classes > classes:
        raise InputError(f"the log has votes for class {log.classes - 1}, and there are {classes} classes")
    named = not all(re.fullmatch("0|[1-9][0-9]{0,8}", name) for name in log.images)
    results = []
    for place, (name, votes) in enumerate(log.images.items()):
        idx = place if named else int(name)
        sha, label = _picture(config.dataset, name, named)
        certificate = _certificate(log, config, votes, classes, sha, f"{config.dataset}:{idx}")
        note = f"logged as {name[:200]}" if named else ""
        results.append(replace(Result.of(certificate, idx, label), note=note))
    return sorted(results, key=lambda result: result.idx)


def _picture(dataset: str, name: str, named: bool) -> tuple[str, int | None]:
    """The hash of an image's pixels and its class; of its name, and None, where the data set is not here."""
    try:
        test_size(dataset)
    except InputError:
        return hashlib.sha256(f"{dataset}:{name}".encode()).hexdigest(), None
    if named:
        raise InputError(f"image {name!r:.40} is no test picture of {dataset}; name another --dataset")
    picture = resolve(f"{dataset}:{name}", dataset, paths=False)
    return picture.sha256, picture.label


def _certificate(
    log: VoteLog, config: SmoothingConfig, votes: Votes, classes: int, sha: str, source: str
) -> Certificate:
    selection, estimation = (
        Ballots.none(classes).plus([votes[stage][i] for i in range(len(votes[stage]))]) for stage in STAGES
    )
    weights = {QUERY_LOG: log.sha256}
    return Certificate.of_votes(
        selection,
        estimation,
        config,
        image_sha256=sha,
        source=source,
        weights=weights,
        device="elsewhere",
        dtype=DTYPE,
        execution=EXECUTION,
        block=BLOCK,
        batch=1,
        versions={"diffsmooth": __version__},
        seconds=0.0,
        commitment=own_commitment(sha, config, weights, DTYPE, EXECUTION, BLOCK),
        hardware={"votes": "cast elsewhere"},
    )


def add_to_store(
    store: Store, name: str, log: VoteLog, config: SmoothingConfig, results: list[Result]
) -> Run:
    """Keep the certificates of a log as a run. Raises InputError where the name is taken."""
    ran = {"arithmetic": f"torch.{DTYPE}", "execution": EXECUTION, "block": BLOCK}
    settings = config.as_dict() | ran | {"schema": SCHEMA, "version": __version__}
    indices = [result.idx for result in results]
    return store.create(name, "audit", config.dataset, settings, indices, {QUERY_LOG: log.sha256}, results)
