"""A whole run as one file to share: settings, results and certificates, all checked on import."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import asdict, dataclass
from typing import Any

from diffsmooth_core.certification.reading import parsed
from diffsmooth_core.config import InputError, check_choice
from diffsmooth_core.exchange.admission import check_run
from diffsmooth_core.exchange.dialects import dialects
from diffsmooth_core.runs.reading import MOST_LOCAL, MOST_PICTURES, check_remark, result_of, run_of
from diffsmooth_core.runs.records import Kind, Run, config_of
from diffsmooth_core.runs.results import Result
from diffsmooth_core.runs.store import Store

FORMAT = "diffsmooth-run-1"
MOST_BYTES = 500_000_000  # unpacked
MOST_TIMES = (
    40  # of its own size that a file may unpack to, beyond LEAST_BYTES; those of real runs come to 10
)
LEAST_BYTES = 4_000_000
MOST_REMARKS = 100_000
EXPORTED_REMARKS = ("note", "tag", "untag", "review", "reason", "skipped", "view")
SavedRemark = tuple[int | None, Kind, str]


def packed(store: Store, run: Run) -> bytes:
    """A run with its results, certificates and remarks, as gzipped JSON."""
    document = {
        "format": FORMAT,
        "run": {name: value for name, value in asdict(run).items() if name not in ("id", "created")},
        "results": [asdict(result) for result in store.results(run, certificates=True)],
        "remarks": [[r.idx, r.kind, r.text] for r in store.remarks(run) if r.kind in EXPORTED_REMARKS],
    }
    return gzip.compress(json.dumps(document, separators=(",", ":")).encode(), mtime=0)


@dataclass(frozen=True)
class Packed:
    """What a packed run holds: the run, its results with their certificates, and its remarks."""

    run: Run
    results: list[Result]
    remarks: list[SavedRemark]


def unpack(store: Store, data: bytes, name: str | None = None) -> Run:
    """Add a packed run to the store, under another name if one is given; it is kept whole or not at all.
    Raises InputError as `unpacked` does, and where the name is taken."""
    held = unpacked(data)
    run = held.run
    return store.create(
        name or run.name,
        run.origin,
        run.dataset,
        run.config,
        run.indices,
        run.weights,
        held.results,
        held.remarks,
    )


def unpacked(data: bytes) -> Packed:
    """What a packed run holds, all of it checked (`admission`). Raises InputError where the file is not a
    packed run, or where anything in it does not hold."""
    document = _read(data)
    run = _run(document.get("run"))
    results = [result_of(row) for row in _list(document, "results", MOST_PICTURES)]
    indices = set(run.indices)
    remarks = [_remark(row, indices) for row in _list(document, "remarks", MOST_REMARKS)]
    check_run(run, results)
    return Packed(run, results, remarks)


def _list(document: dict[str, Any], name: str, most: int) -> list[Any]:
    rows = document.get(name)
    if not isinstance(rows, list):
        raise InputError(f"the run's file is incomplete (it has no list of {name}); export it again")
    if len(rows) > most:
        raise InputError(f"the run's file has {len(rows):,} {name}; up to {most:,} are read")
    return rows


def heading(data: bytes) -> Run:
    """The run of a packed run, as its file says it is: nothing else is read or checked. Raises InputError
    where the file is not a packed run."""
    return _run(_read(data).get("run"))


def _read(data: bytes) -> dict[str, Any]:
    try:
        unpacker = zlib.decompressobj(wbits=31)
        most = min(MOST_BYTES, max(LEAST_BYTES, MOST_TIMES * len(data)))
        text = unpacker.decompress(data, most)
        if unpacker.unconsumed_tail:
            raise InputError(
                f"the run's file of {len(data):,} bytes unpacks to more than {most:,} bytes; it is refused"
            )
    except zlib.error as error:
        raise InputError(f"the file is no exported run ({error}); export it again") from None
    document = parsed(text, "the file is no exported run and")
    if document.get("format") != FORMAT:
        raise InputError(f"the file is no exported run: its format is not {FORMAT!r}")
    return document


def _run(row: Any) -> Run:
    run = run_of(row)
    check_choice("origin", run.origin, ("audit", *(dialect.name for dialect in dialects())))
    if run.origin == "audit" and (m := config_of(run).m) > MOST_LOCAL:
        raise InputError(f"the run has m = {m:,} local copies of a vote; up to {MOST_LOCAL:,} are read")
    return run


def _remark(row: Any, indices: set[int]) -> SavedRemark:
    if not isinstance(row, list) or len(row) != 3 or row[1] not in EXPORTED_REMARKS:
        raise InputError(f"the remark {str(row)[:60]!r} is none of this program's")
    idx, kind, text = row
    return check_remark(idx, kind, text, indices)
