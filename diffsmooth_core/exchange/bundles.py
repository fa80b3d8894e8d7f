"""A whole run as one file to share: settings, results and certificates, all checked on import."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict
from types import NoneType
from typing import Any, cast

from diffsmooth_core.certification.reading import FIELDS, FIELDS_OF_3, HASH, parsed
from diffsmooth_core.config import InputError, check_choice, check_dataset_name
from diffsmooth_core.exchange.admission import LOG_SETTINGS, check_run
from diffsmooth_core.exchange.dialects import DIALECTS
from diffsmooth_core.runs.records import Kind, Run
from diffsmooth_core.runs.results import Result
from diffsmooth_core.runs.store import LONGEST, Store

FORMAT = "diffsmooth-run-1"
MOST_BYTES = 500_000_000  # unpacked
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


def unpack(store: Store, data: bytes, name: str | None = None) -> Run:
    """Add a packed run to the store, under another name if one is given.

    Everything in it is first checked (`admission`), and it is kept whole or not at all. Raises InputError
    where the file is not a packed run, where anything in it does not hold, or where the name is taken.
    """
    document = _read(data)
    try:
        run = _run(document["run"])
        results = [_result(row) for row in document["results"]]
        remarks = [_remark(remark, set(run.indices)) for remark in document["remarks"]]
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"the run's file is incomplete ({str(error)[:200]}); export it again") from None
    check_run(run, results)
    return store.create(
        name or run.name, run.origin, run.dataset, run.config, run.indices, run.weights, results, remarks
    )


def heading(data: bytes) -> Run:
    """The run of a packed run, as its file says it is: nothing else is read or checked. Raises InputError
    where the file is not a packed run."""
    try:
        return _run(_read(data)["run"])
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"the run's file is incomplete ({str(error)[:200]}); export it again") from None


def _read(data: bytes) -> dict[str, Any]:
    try:
        unpacker = zlib.decompressobj(wbits=31)
        text = unpacker.decompress(data, MOST_BYTES)
        if unpacker.unconsumed_tail:
            raise InputError(f"the run's file unpacks to more than {MOST_BYTES:,} bytes; it is refused")
    except zlib.error as error:
        raise InputError(f"the file is no exported run ({error}); export it again") from None
    document = parsed(text, "the file is no exported run and")
    if document.get("format") != FORMAT:
        raise InputError(f"the file is no exported run: its format is not {FORMAT!r}")
    return document


# What the parts of a file have to be, field by field. A bool is no number here.
RUN_KINDS: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "origin": (str,),
    "dataset": (str,),
    "config": (dict,),
    "indices": (list,),
    "weights": (dict,),
}
RESULT_KINDS: dict[str, tuple[type, ...]] = {
    "idx": (int,),
    "predict": (int,),
    "n": (int, NoneType),
    "n_a_low": (int, NoneType),
    "n_a_high": (int, NoneType),
    "label": (int, NoneType),
    "radius": (int, float),
    "note": (str,),
    "p_a_lower": (int, float, NoneType),
    "seconds": (int, float, NoneType),
    "certificate": (dict, NoneType),
}
# What an audit's settings hold beside those of a certificate, where they hold it.
HOW_IT_RAN: dict[str, Callable[[Any], bool]] = {
    "block": FIELDS["block"][1],
    "execution": FIELDS["execution"][1],
    "arithmetic": lambda v: v in ("torch.float32", "torch.bfloat16"),
    "schema": FIELDS["schema"][1],
    "version": lambda v: isinstance(v, str) and len(v) <= 100,
}


def _fields(row: Any, kinds: Mapping[str, tuple[type, ...]], what: str) -> dict[str, Any]:
    """The fields of `row`, each of one of its kinds. Raises ValueError, KeyError or TypeError."""
    for name, allowed in kinds.items():
        if type(row[name]) not in allowed:
            raise ValueError(f"a {what}'s {name} is {str(row[name])[:40]!r}")
    return {name: row[name] for name in kinds}


def _run(row: Any) -> Run:
    run = Run(0, created="", **_fields(row, RUN_KINDS, "run"))
    check_dataset_name(run.dataset)
    check_choice("origin", run.origin, ("audit", *(dialect.name for dialect in DIALECTS)))
    if not all(type(idx) is int for idx in run.indices):
        raise ValueError("one of the run's indices is no whole number")
    if not all(HASH[1](sha) for sha in run.weights.values()):
        raise ValueError("one of the run's weights is no SHA-256")
    for name, holds in LOG_SETTINGS.items():  # every page shows them
        if not holds(run.config[name]):
            raise ValueError(f"the run's {name} is {str(run.config[name])[:40]!r}")
    for name, holds in HOW_IT_RAN.items():
        if run.origin == "audit" and name in run.config and not holds(run.config[name]):
            raise ValueError(f"the run's {name} is {str(run.config[name])[:40]!r}")
    challenge = run.config.get("challenge")
    if challenge is not None and not _is_challenge(challenge):
        raise ValueError(f"the run's challenge is {str(challenge)[:60]!r}")
    if any(isinstance(run.config[name], dict | list) for name in run.config if name != "challenge"):
        raise ValueError("one of the run's settings is no single value")
    return run


def _is_challenge(value: Any) -> bool:
    rules = {"hash": HASH, "nonce": FIELDS_OF_3["nonce"], "members": FIELDS_OF_3["members"]}
    return (
        isinstance(value, dict)
        and value.keys() == rules.keys()
        and value["members"] is not None
        and all(holds(value[name]) for name, (_, holds) in rules.items())
    )


def _result(row: Any) -> Result:
    result = Result(**_fields(row, RESULT_KINDS, "result"))
    if len(result.note) > LONGEST:
        raise ValueError(f"a result's note has more than {LONGEST} characters")
    return result


def _remark(row: Any, indices: set[int]) -> SavedRemark:
    idx, kind, text = row
    if kind not in EXPORTED_REMARKS or not isinstance(text, str):
        raise ValueError(f"the remark {str(row)[:60]!r} is none of this program's")
    if idx is not None and (type(idx) is not int or idx not in indices):
        raise ValueError(f"a remark is about picture {str(idx)[:20]}, which is not in the run")
    return idx, cast(Kind, kind), text
