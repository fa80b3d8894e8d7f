"""A run handed on: it comes back whole, and a forged one does not come in."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from diffsmooth_core.certification.certificate import Certificate
from diffsmooth_core.config import InputError
from diffsmooth_core.exchange import bundles
from diffsmooth_core.runs.records import Run
from diffsmooth_core.runs.store import Store

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "assets" / "runs" / "diffsmooth.json.gz"


@pytest.fixture
def example(own: Store) -> Run:
    return bundles.unpack(own, EXAMPLE.read_bytes())


def forged(change: Callable[[dict[str, Any]], object]) -> bytes:
    document = json.loads(gzip.decompress(EXAMPLE.read_bytes()))
    change(document)
    return gzip.compress(json.dumps(document).encode())


def test_the_example_holds_and_has_its_networks(own: Store, example: Run) -> None:
    results = own.results(example, certificates=True)
    assert len(results) == 200
    for role, name in (("classifier", "gaussian-0.25"), ("denoiser", "bundled")):
        card = json.loads((ROOT / "assets" / "models" / f"{name}.json").read_text())
        assert example.weights[role] == card["sha256"], "the recorded run speaks of the bundled weights"
    assert results[0].certificate is not None
    assert Certificate.from_dict(results[0].certificate).source == "cifar10:0"


def test_a_run_comes_back_as_it_went(own: Store, example: Run, tmp_path: Path) -> None:
    own.remark(example, 50, "note", "<i>odd</i>")
    other = Store(f"sqlite:///{tmp_path / 'other.sqlite'}")
    back = bundles.unpack(other, bundles.packed(own, example), "again")
    assert other.results(back, certificates=True) == own.results(example, certificates=True)
    assert (back.name, back.config, back.indices) == ("again", example.config, example.indices)
    assert [(r.idx, r.kind, r.text) for r in other.remarks(back)][-1] == (50, "note", "<i>odd</i>")
    with pytest.raises(InputError, match="there is a run 'again' already"):
        bundles.unpack(other, bundles.packed(own, example), "again")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda d: d["results"][0].update(radius=9.0),
            "picture 0 of the run does not hold: the result is not",
        ),
        (
            lambda d: d["results"][3]["certificate"]["counts"].reverse(),
            "picture 150 of the run does not hold",
        ),
        (lambda d: d["results"][0].pop("idx"), "the run's file is incomplete"),
        (lambda d: d["results"][0].update(note={"a": 1}), "a result's note"),
        (lambda d: d["run"]["config"].pop("sigma"), "the run's file is incomplete"),
        (lambda d: d["run"].update(dataset="../x"), "data set"),
        (lambda d: d.update(format="x"), "its format is not"),
    ],
)
def test_a_forged_run_is_refused(own: Store, change: Callable[[Any], object], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        bundles.unpack(own, forged(change))
    assert own.runs() == [], "nothing of it is kept"


@pytest.mark.parametrize(
    "data", [b"", b"hello", gzip.compress(b"[]"), gzip.compress(b"{}")[:-9], b"\x1f\x8b\x08"]
)
def test_what_is_no_run_is_refused(own: Store, data: bytes) -> None:
    with pytest.raises(InputError, match="no exported run"):
        bundles.unpack(own, data)


def test_a_bomb_is_refused(own: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "MOST_BYTES", 1000)
    with pytest.raises(InputError, match="unpacks to more than 1,000 bytes"):
        bundles.unpack(own, gzip.compress(b" " * 100_000))
