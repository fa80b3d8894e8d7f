"""What a report holds: a whole run, the pictures that are shown of it, and what no run says of itself."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from html import unescape
from typing import Any

from PIL import Image

from diffsmooth_core.analysis.browsing import RunRow, rows_of
from diffsmooth_core.certification.certificate import Certificate
from diffsmooth_core.certification.reading import parsed
from diffsmooth_core.config import InputError
from diffsmooth_core.datasets.sources import class_names, resolve
from diffsmooth_core.exchange import bundles
from diffsmooth_core.exchange.bundles import Packed
from diffsmooth_core.runs.reading import fault_of
from diffsmooth_core.runs.records import Remark, Run
from diffsmooth_core.runs.results import Result
from diffsmooth_core.runs.store import Store
from diffsmooth_core.version import __version__

SHOWN = ("abstained", "wrong")  # the outcomes of which every picture is shown
MOST_WORDS = 2000  # characters of what was asked
MOST_BYTES = 1_000_000_000
CONTEXT = re.compile(r'<meta name="diffsmooth-report" content="([^"]*)">')
RUN = re.compile(r'<a id="run" href="data:application/gzip;base64,([A-Za-z0-9+/=]*)"')
PICTURE = re.compile(r'<img data-picture="([0-9]{1,10})" src="data:image/png;base64,([A-Za-z0-9+/=]*)"')


@dataclass(frozen=True)
class Context:
    """What a report says beside its run, on the word of whoever made it.

    about: what was asked, in their words. created: when the report was drawn, by `version` of this program.
    begun: when the run was. names: the classes that occur, by number. beside: name and settings of the other
    runs of the same store over some of the same pictures, from which this one might have been picked.
    """

    about: str
    created: str
    version: str
    begun: str
    names: Mapping[str, str]
    beside: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, text: str) -> Context:
        """The context that a report's page holds as JSON. Raises InputError for anything else."""
        values = parsed(text, "the report's heading")
        single = ("about", "created", "version", "begun")
        names, beside = values.get("names"), values.get("beside")
        if (
            values.keys() != {*single, "names", "beside"}
            or not all(isinstance(values[name], str) and len(values[name]) <= MOST_WORDS for name in single)
            or not (isinstance(names, dict) and all(isinstance(v, str) for v in names.values()))
            or not (isinstance(beside, list) and all(_is_pair(other) for other in beside))
        ):
            raise InputError("the report's heading is none of this program's; draw the report again")
        return cls(**(values | {"beside": tuple((name, what) for name, what in beside)}))


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(part, str) for part in value)


@dataclass(frozen=True)
class Report:
    """A run as its packed file, the PNGs of the pictures that are shown of it, by index, and the context."""

    packed: bytes
    pictures: Mapping[int, bytes]
    context: Context

    @cached_property
    def held(self) -> Packed:
        """The run, checked. Raises InputError where anything in it does not hold."""
        return bundles.unpacked(self.packed)

    @property
    def run(self) -> Run:
        return self.held.run

    @cached_property
    def rows(self) -> list[RunRow]:
        """Every result with what people and the diagnosis say of it."""
        return rows_of(self.held.results, [Remark(*remark, "") for remark in self.held.remarks])

    @cached_property
    def certificates(self) -> dict[int, Certificate]:
        """The certificate of every picture; none for a run that was read from a log."""
        kept = {r.idx: r.certificate for r in self.held.results}
        return {idx: Certificate.from_dict(values) for idx, values in kept.items() if values is not None}

    def name(self, label: int) -> str:
        return self.context.names.get(str(label), f"class {label}")

    def names(self, classes: int) -> tuple[str, ...]:
        return tuple(self.name(label) for label in range(classes))


def gathered(store: Store, run: Run, about: str = "", pictures: bool = True) -> Report:
    """The report of a run of the store. `about` says what was asked. Pictures are shown only where they are
    on this machine and are those that were certified. Raises InputError for a run without results."""
    if len(about) > MOST_WORDS:
        raise InputError(
            f"what was asked has up to {MOST_WORDS:,} characters, got {len(about):,}; shorten it"
        )
    if about != about.encode(errors="replace").decode():
        raise InputError(f"what was asked is no text ({about[:40]!r}); write it as UTF-8")
    if not (results := store.results(run, certificates=True)):
        raise InputError(f"run {run.name!r} has no results yet; let it certify some pictures first")
    shown = [r for r in results if r.outcome in SHOWN] if pictures else []
    context = Context(
        about=about,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
        begun=run.created,
        names=_names(run.dataset, results),
        beside=tuple(_beside(store, run)),
    )
    found = {result.idx: png for result in shown if (png := _png(run.dataset, result)) is not None}
    return Report(bundles.packed(store, run), found, context)


def read(text: str) -> Report:
    """The report that a page holds; nothing of its run is checked yet. Raises InputError for another page."""
    context, run = CONTEXT.search(text), RUN.search(text)
    if context is None or run is None:
        raise InputError("the page is no report of this program; draw it with `diffsmooth report`")
    try:
        pictures = {int(idx): base64.b64decode(png, validate=True) for idx, png in PICTURE.findall(text)}
        packed = base64.b64decode(run[1], validate=True)
    except ValueError as error:
        raise InputError(f"the report is damaged ({error}); ask for it again") from None
    return Report(packed, pictures, Context.read(unescape(context[1])))


def as_json(context: Context) -> str:
    """What `Context.read` reads."""
    return json.dumps(asdict(context), separators=(",", ":"))


def _names(dataset: str, results: Iterable[Result]) -> dict[str, str]:
    """The names of the classes that the results speak of; of a small data set those of all its classes."""
    with suppress(InputError):
        names = class_names(dataset)
        few = range(len(names)) if len(names) <= 20 else ()
        counted = (
            k for r in results for k, votes in enumerate((r.certificate or {}).get("counts", ())) if votes
        )
        known = {
            *few,
            *counted,
            *(r.label for r in results if r.label is not None),
            *(r.predict for r in results),
        }
        return {str(k): names[k] for k in sorted(known) if 0 <= k < len(names)}
    return {}


def _beside(store: Store, run: Run) -> Iterable[tuple[str, str]]:
    """The other runs of the store that have a picture of this one."""
    pictures = set(run.indices)
    others = (other for other in store.runs() if other.id != run.id and not fault_of(other))
    for other in others:
        if other.dataset == run.dataset and not pictures.isdisjoint(other.indices):
            kept = ("method", "classifier", "sigma", "sigma_local", "m", "n")
            told = ", ".join(f"{name} {other.config[name]}" for name in kept if name in other.config)
            yield other.name, told


def _png(dataset: str, result: Result) -> bytes | None:
    """The certified picture; None where it is not here or is another one."""
    with suppress(InputError):
        picture = resolve(f"{dataset}:{result.idx}", dataset, paths=False)
        if result.certificate is None or picture.sha256 == result.certificate["image_sha256"]:
            file = io.BytesIO()
            Image.fromarray(picture.pixels).save(file, "PNG", optimize=True)
            return file.getvalue()
    return None
