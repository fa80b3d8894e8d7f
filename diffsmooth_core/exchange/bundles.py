"""A whole run as one file to share: settings, results and certificates, all checked on import."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import asdict
from types import NoneType
from typing import Any

from diffsmooth_core.certification.certificate import Certificate, discrepancies
from diffsmooth_core.config import InputError, check_dataset_name
from diffsmooth_core.runs.records import Run
from diffsmooth_core.runs.results import Result
from diffsmooth_core.runs.store import Store

FORMAT = "diffsmooth-run-1"
MOST_BYTES = 500_000_000  # unpacked
EXPORTED_REMARKS = ("note", "tag", "untag", "review", "reason", "skipped", "view")


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

    Every certificate is first recomputed from its counts. Raises InputError where the file is not a packed
    run, where a certificate does not follow from its counts, or where the name is taken.
    """
    document = _read(data)
    try:
        run: dict[str, Any] = document["run"]
        results = [_result(row) for row in document["results"]]
        remarks = [
            (idx, kind, str(text)) for idx, kind, text in document["remarks"] if kind in EXPORTED_REMARKS
        ]
        indices = [int(idx) for idx in run["indices"]]
        settings, weights = dict(run["config"]), {str(k): str(v) for k, v in run["weights"].items()}
        called, origin, dataset = str(name or run["name"]), str(run["origin"]), str(run["dataset"])
        for number in ("sigma", "n", "alpha"):
            settings[number] + 0.0  # every page shows them
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"the run's file is incomplete ({error}); export it again") from None
    check_dataset_name(dataset)
    for result in results:
        _check(result)
    imported = store.create(called, origin, dataset, settings, indices, weights)
    store.add(imported, [], results)
    for idx, kind, text in remarks:
        store.remark(imported, idx, kind, text)
    return imported


def _read(data: bytes) -> dict[str, Any]:
    try:
        unpacker = zlib.decompressobj(wbits=31)
        text = unpacker.decompress(data, MOST_BYTES)
        if unpacker.unconsumed_tail:
            raise InputError(f"the run's file unpacks to more than {MOST_BYTES:,} bytes; it is refused")
        document = json.loads(text)
    except (zlib.error, ValueError) as error:
        raise InputError(f"the file is no exported run ({error}); export it again") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise InputError(f"the file is no exported run: its format is not {FORMAT!r}")
    return document


KINDS: dict[str, tuple[type, ...]] = {
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


def _result(row: dict[str, Any]) -> Result:
    for name, kinds in KINDS.items():
        if type(row[name]) not in kinds:
            raise ValueError(f"a result's {name} is {str(row[name])[:40]!r}")
    return Result(**{name: row[name] for name in KINDS})


def _check(result: Result) -> None:
    """Check that the certificate follows from its counts, and the result from the certificate."""
    if result.certificate is None:
        return
    certificate = Certificate.from_dict(result.certificate)
    found = discrepancies(certificate)
    if (certificate.label, certificate.radius) != (result.predict, result.radius):
        found.append("class and radius are not the certificate's")
    if found:
        raise InputError(f"picture {result.idx} of the run does not hold: {'; '.join(found)}")
