"""A run handed on: it comes back whole, and a forged one does not come in."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from diffsmooth_core.certification.certificate import Certificate, at_level
from diffsmooth_core.certification.ledger import Challenge
from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.exchange import bundles
from diffsmooth_core.exchange.admission import check_run
from diffsmooth_core.runs import batch
from diffsmooth_core.runs.records import Run
from diffsmooth_core.runs.results import Result
from diffsmooth_core.runs.store import Store
from diffsmooth_core.runs.workers import ThisProcess
from tests.certificates import WEIGHTS, commitment, document, sha256
from tests.commands import run

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


def copied(document: dict[str, Any]) -> None:
    """The first picture's certificate under every index."""
    first = document["results"][0]
    for result in document["results"]:
        idx = result["idx"]
        certificate = first["certificate"] | {"source": f"cifar10:{idx}"}
        result.update(first | {"idx": idx, "certificate": certificate})


def weaker(document: dict[str, Any]) -> None:
    """The first certificate is one of a larger alpha, committed to again, and follows from its counts."""
    values = Certificate.from_dict(document["results"][0]["certificate"])
    again = at_level(values, 0.4)
    again = replace(again, commitment=again.own_commitment)
    document["results"][0] |= asdict(Result.of(again, 0, 3)) | {"certificate": again.as_dict()}


FORGED = [
    (copied, "picture 50 of the run does not hold: its certificate is of another picture than cifar10:50"),
    (weaker, "its certificate has alpha 0.4 and the run 0.001"),
    (lambda d: d["results"][0].update(certificate=None, radius=3.9), "it has no certificate"),
    (lambda d: d["run"]["config"].update(alpha=0.01), "its certificate has alpha 0.001 and the run 0.01"),
    (lambda d: d["run"]["config"].update(seed=1), "its certificate has seed 0 and the run 1"),
    (lambda d: d["run"]["config"].update(arithmetic="torch.float32"), "arithmetic torch.bfloat16"),
    (lambda d: d["run"]["weights"].update(classifier="0" * 64), "of other networks than the run"),
    (lambda d: d["run"]["weights"].update(classifier="x"), "weights is no SHA-256"),
    (lambda d: d["results"][0].update(label=5), "its class is 5, and cifar10:0's 3"),
    (lambda d: d["results"][0].update(label=10), "its class is 10"),
    (lambda d: d["results"][0].update(predict=10), "its answer is 10"),
    (lambda d: d["results"][0].update(radius=-0.1), "its radius is -0.1"),
    (lambda d: d["results"][0].update(radius=math.inf), "Infinity is no finite number"),
    (lambda d: d["results"][0].update(n_a_low=2000), "the result is not its certificate's"),
    (lambda d: d["results"][0].update(p_a_lower=2), "its p_a_lower is 2"),
    (lambda d: d["results"].append(d["results"][0]), "it has two results"),
    (lambda d: d["results"][0].update(idx=7), "it is not among the run's pictures"),
    (lambda d: d["run"]["indices"].append(0), "indices must be different"),
    (lambda d: d["run"]["config"].update(challenge={"hash": 5}), "the run's challenge is"),
    (lambda d: d["run"]["config"].update(note=[[]]), "no single value"),
    (lambda d: d["run"]["config"].update(version=[[]]), "the run's version is"),
    (lambda d: d["run"]["config"].update(block="x"), "the run's block is 'x'"),
    (lambda d: d["run"]["config"].update(schema="3"), "the run's schema is '3'"),
    (lambda d: d["results"][0].update(radius=10**400), "its radius is 1000"),
    (lambda d: d["remarks"].append([3, "note", "hello"]), "about picture 3, which is not in the run"),
    (lambda d: d["remarks"].append([0, "finished", ""]), "none of this program's"),
    (lambda d: d["remarks"].append([0, "note", "x" * 5000]), "up to 4000 characters"),
]


@pytest.mark.parametrize(("change", "sentence"), FORGED)
def test_what_speaks_of_other_pictures_settings_or_networks_is_refused(
    data_dir: Path, own: Store, change: Callable[[Any], object], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        bundles.unpack(own, forged(change))
    assert own.runs() == [], "nothing of it is kept, and the name is free"


def test_without_the_data_set_no_picture_stands_twice(own: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFFSMOOTH_DATA", "")
    with pytest.raises(InputError, match="picture 50 .* is of the same picture as that of 0"):
        bundles.unpack(own, forged(copied))


def test_the_pictures_of_a_challenge_are_those_that_were_committed_to() -> None:
    """The run keeps the members; a certificate of another picture is not among them."""
    config = SmoothingConfig(n0=20, n=100, device="cpu", dtype="float32")
    first, second = (document((0, 20), (3, 97), config, image_sha256=sha * 32) for sha in ("ab", "cd"))
    members = tuple(sorted(commitment(values) for values in (first, second)))
    challenge = {"hash": sha256({"members": members}), "members": list(members), "nonce": "0" * 32}
    tied = {"commitment": challenge["hash"], "members": None, "nonce": "0" * 32}
    settings = config.as_dict() | {"arithmetic": "torch.float32", "execution": "folded/32", "block": 16}

    def check(values: dict[str, Any], indices: tuple[int, ...] = (0, 1), **kept: object) -> None:
        certificate = Certificate.from_dict(values | tied | {"source": "made-up:0"})
        kept = settings | {"challenge": challenge | kept}
        check_run(Run(0, "r", "audit", "made-up", kept, indices, WEIGHTS, ""), [Result.of(certificate, 0, 1)])

    check(first)
    with pytest.raises(InputError, match="challenge is for 2 certificates and it has 1 pictures"):
        check(first, (0,))
    with pytest.raises(InputError, match="members lack"):
        check(document((0, 20), (3, 97), config, image_sha256="ef" * 32))
    with pytest.raises(InputError, match="is not of the run's challenge"):
        check(first, nonce="1" * 32)


def lone_run(values: dict[str, Any]) -> tuple[Run, list[Result]]:
    """A run of one made-up picture with this certificate, and without a challenge."""
    certificate = Certificate.from_dict(values)
    settings = certificate.config.as_dict() | {"arithmetic": "torch.float32", "execution": "folded/32"}
    return Run(0, "r", "audit", "made-up", settings, (0,), WEIGHTS, ""), [Result.of(certificate, 0, 1)]


def test_a_certificate_s_own_nonce_is_no_challenge_of_its_run() -> None:
    """Otherwise each could be the best of as many nonces as somebody cared to make up."""
    config = SmoothingConfig(dataset="made-up", n0=20, n=100, device="cpu", dtype="float32")
    values = document((0, 20), (3, 97), config, source="made-up:0")
    check_run(*lone_run(values))
    with pytest.raises(InputError, match="it names a challenge, and the run has none"):
        check_run(*lone_run(values | {"nonce": "1" * 32}))


def test_a_run_of_a_sweep_comes_in_with_what_it_shared_noise_with(
    own: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIFFSMOOTH_STORE", f"sqlite:///{tmp_path / 'store.sqlite'}")
    config = SmoothingConfig(dataset="made-up", n0=20, n=100, device="cpu", dtype="float32")
    values = document((0, 20), (3, 97), config, source="made-up:0")
    members = sorted([commitment(values), "a" * 64])
    made, results = lone_run(values | {"members": members, "commitment": sha256({"members": members})})
    own.create(made.name, made.origin, made.dataset, made.config, made.indices, made.weights, results)
    (packed := tmp_path / "run.json.gz").write_bytes(bundles.packed(own, own.run("r")))
    assert run("import-run", str(packed)) == 0
    assert "one of 2 that shared their noise; if it was picked, each certificate holds at alpha 0.002" in (
        capsys.readouterr().out
    )


def test_a_log_that_was_packed_has_possible_radii(own: Store) -> None:
    log = own.create(
        "log", "Cohen", "cifar10", {"sigma": 0.5, "n": 100, "alpha": 0.001}, [0], {}, [Result(0, 3, 3, 0.9)]
    )
    data = bundles.packed(own, log)
    assert bundles.unpack(own, data, "again").indices == (0,)
    document = json.loads(gzip.decompress(data))
    document["results"][0]["radius"] = 1.3
    with pytest.raises(InputError, match="its radius is 1.3, and 100 votes certify 1.2"):
        bundles.unpack(own, gzip.compress(json.dumps(document).encode()), "more")
    document["results"][0].update(radius=0.9, n=None, n_a_low=10**400)
    with pytest.raises(InputError, match="votes of None are for its answer"):
        bundles.unpack(own, gzip.compress(json.dumps(document).encode()), "more")
    document["run"]["origin"] = "audit (verified)"
    with pytest.raises(InputError, match="origin 'audit .verified.' is unknown"):
        bundles.unpack(own, gzip.compress(json.dumps(document).encode()), "more")


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


def test_the_command_says_what_was_checked_and_what_was_not(
    data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIFFSMOOTH_STORE", f"sqlite:///{tmp_path / 'store.sqlite'}")
    assert run("import-run", str(EXAMPLE)) == 0
    said = capsys.readouterr().out
    assert "kept 200 results of 200 pictures as" in said
    assert said.endswith("settings and networks; the seed was chosen by whoever made it\n")
    monkeypatch.setenv("DIFFSMOOTH_DATA", "")
    assert run("import-run", str(EXAMPLE), "--out", "again") == 0
    assert "cifar10's pictures are not here, so theirs and their classes were not" in capsys.readouterr().out


def test_a_run_s_challenge_is_looked_up_in_the_ledger(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIFFSMOOTH_STORE", f"sqlite:///{tmp_path / 'store.sqlite'}")
    config = SmoothingConfig(dataset="made-up", n0=20, n=100, device="cpu", dtype="float32")
    values = document((0, 20), (3, 97), config, source="made-up:0", members=None, nonce="0" * 32)
    members = sorted([commitment(values), "a" * 64])
    values["commitment"] = sha256({"members": members})
    challenge = {"hash": values["commitment"], "members": members, "nonce": "0" * 32}
    settings = config.as_dict() | {"arithmetic": "torch.float32", "execution": "folded/32"}
    result = asdict(Result.of(Certificate.from_dict(values), 0, 1))
    made = {"name": "r", "origin": "audit", "dataset": "made-up", "indices": [0, 1], "weights": WEIGHTS}
    made["config"] = settings | {"challenge": challenge}
    packed, ledger = tmp_path / "run.json.gz", tmp_path / "ledger.jsonl"
    whole = {"format": bundles.FORMAT, "run": made, "results": [result], "remarks": []}
    packed.write_bytes(gzip.compress(json.dumps(whole).encode()))
    other = Challenge.give(challenge["hash"], "", ledger)
    assert run("import-run", str(packed), "--challenge", str(ledger)) == 2
    assert "the run's challenge was not given by" in capsys.readouterr().err
    with ledger.open("a") as file:
        file.write(json.dumps(asdict(replace(other, nonce="0" * 32))) + "\n")
    assert run("import-run", str(packed), "--challenge", str(ledger)) == 0
    said = capsys.readouterr().out
    assert "kept 1 results of 2 pictures" in said
    assert "; 1 certificates that were committed to are not in it; " in said
    assert "in the ledger, one of 2 that were given; " in said
    assert "if it was picked, each certificate holds at alpha 0.002" in said
    assert run("import-run", str(packed), "--out", "again") == 0
    assert "whether its challenge was given, only the ledger shows" in capsys.readouterr().out


@pytest.mark.parametrize("nonce", ["", "5" * 32])
def test_an_audit_of_ours_goes_out_and_in(twelve: None, own: Store, nonce: str) -> None:
    """Alone and under a challenge; there the members that were committed to are the run's."""
    config = SmoothingConfig(
        method="plain", classifier="gaussian-0.25-b", sigma=0.25, n0=5, n=20, device="cpu", dtype="float32"
    )
    run = batch.start(own, "ours", config, (0, 1), nonce)
    for _ in batch.work(own, run, ThisProcess):
        pass
    data = bundles.packed(own, run)
    back = bundles.unpack(own, data, "again")
    assert own.results(back, certificates=True) == own.results(run, certificates=True)
    document = json.loads(gzip.decompress(data))
    document["run"]["config"]["challenge"] = None if nonce else {"hash": "1" * 64, "members": [], "nonce": ""}
    with pytest.raises(
        InputError, match="kept with the run, which has none" if nonce else "the run's challenge"
    ):
        bundles.unpack(own, gzip.compress(json.dumps(document).encode()), "forged")


def test_a_run_is_removed_by_a_command_that_asks(
    own: Store, example: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("remove-run", example.name, "--store", own.url) == 2
    assert "say --yes" in capsys.readouterr().err
    assert [kept.name for kept in own.runs()] == [example.name]
    assert run("remove-run", example.name, "--yes", "--store", own.url) == 0
    assert "with 200 results" in capsys.readouterr().out
    assert own.runs() == []
