"""Certificates of invented votes, as JSON documents: nothing is drawn and no network runs."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Sequence
from typing import Any

from diffsmooth_core.certification.decision import decide, decide_schema_2
from diffsmooth_core.config import SmoothingConfig

WEIGHTS = {"classifier": "0" * 64, "denoiser": "1" * 64}


def sha256(document: object) -> str:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def commitment(values: dict[str, Any]) -> str:
    """The own commitment, put together from the document by the letter of CERTIFICATE.md."""
    settings = {name: value for name, value in values["config"].items() if name != "device"}
    settings["dtype"] = values["dtype"]  # in the place of "auto"
    document = {name: values[name] for name in ("weights", "dtype", "execution", "block")}
    return sha256({"noise": 3, "image": values["image_sha256"], "config": settings} | document)


def votes(counts: Sequence[int]) -> str:
    """Votes with these counts by class, class after class."""
    width = 1 if len(counts) <= 256 else 2
    raw = b"".join(label.to_bytes(width, "little") * count for label, count in enumerate(counts))
    return base64.b64encode(zlib.compress(raw, 9)).decode()


def document(
    counts0: Sequence[int], counts: Sequence[int], config: SmoothingConfig, schema: int = 3, **fields: Any
) -> dict[str, Any]:
    """The certificate that these votes give; `fields` stand in the place of its own."""
    found = (decide if schema == 3 else decide_schema_2)(counts0, counts, config)
    assert found.ending is not None, "no certificate ends there"
    settings = config.as_dict()
    if schema == 2:
        del settings["beta"]
    values = {
        **vars(found),
        "counts0": list(counts0),
        "counts": list(counts),
        "config": settings,
        "image_sha256": "ab" * 32,
        "source": "photo:cat",
        "weights": WEIGHTS,
        "device": "cpu",
        "dtype": "float32",
        "execution": "folded/32",
        "block": 16,
        "batch": 16,
        "versions": {"torch": "2.13.0"},
        "created": "2026-01-01T00:00:00+00:00",
        "seconds": 1.0,
        "schema": schema,
    } | fields
    if schema == 3:
        values |= {
            "commitment": commitment(values),
            "nonce": "",
            "members": [],
            "votes0": votes(counts0),
            "votes": votes(counts),
            "hardware": {"processor": "a processor", "instructions": "AVX512", "onednn": ""},
        }
    return values | fields
