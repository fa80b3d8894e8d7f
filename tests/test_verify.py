"""`verify`: what it says of certificates, alone and together, and what it refuses. No network runs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from diffsmooth_core.cli import evidence
from diffsmooth_core.cli.claims import together
from diffsmooth_core.config import SmoothingConfig
from tests.certificates import document, sha256
from tests.commands import run

CONFIG = SmoothingConfig(n0=20, n=1000, device="cpu", dtype="float32")
COUNTS0, COUNTS = [0] * 8 + [20, 0], [0, 5] + [0] * 6 + [995, 0]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return written(tmp_path / "cert.json", document(COUNTS0, COUNTS, CONFIG))


def written(path: Path, values: dict[str, Any]) -> Path:
    path.write_text(json.dumps(values))
    return path


def said(capsys: pytest.CaptureFixture[str], *arguments: object, status: int = 0) -> str:
    assert run("verify", *map(str, arguments)) == status
    out = capsys.readouterr()
    return out.out if status < 2 else out.err


def test_it_says_the_claim_in_one_sentence(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        "  The smoothed classifier of DiffSmooth (gaussian-0.25, bundled; sigma 0.5) gives ship for every "
        "picture within 1.0677 (L2, pixels in [0,1]) of the picture sha abababababab..., unless a chance of "
        "0.001 happened (1,000 votes).\n"
    ) in (text := said(capsys, path))
    assert "The seed was chosen by whoever issued it" in text
    assert "Warning" not in text


def test_an_abstention_claims_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = document(COUNTS0, [0, 500] + [0] * 6 + [500, 0], CONFIG)
    assert "is not certified at the picture sha abab" in said(capsys, written(tmp_path / "a", values))


@pytest.mark.parametrize(
    ("alpha", "n", "count", "votes"), [(0.999, 1, 1, "1 vote"), (0.9, 200, 95, "200 votes")]
)
def test_a_weak_certificate_is_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], alpha: float, n: int, count: int, votes: str
) -> None:
    """One vote at alpha .999; a minority of votes at alpha .9."""
    config = SmoothingConfig(n0=20, n=n, alpha=alpha, device="cpu", dtype="float32")
    values = document([20, 0], [count, n - count], config)
    text = said(capsys, written(tmp_path / "weak.json", values))
    assert f"Warning: alpha {alpha:g} is above 0.05" in text
    assert f"({votes})" in text


def test_a_nonce_takes_the_place_of_the_chosen_seed(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Anybody can write a nonce into a file: that a verifier gave it is said only with the ledger."""
    values = json.loads(path.read_text()) | {"nonce": "0" * 32}
    text = said(capsys, written(path, values))
    assert "seed was chosen" not in text
    assert "It names a challenge, 00000000...: whether a verifier gave it, only the ledger shows" in text
    ledger = path.with_name("ledger.jsonl")
    challenges = [{"commitment": values["commitment"], "nonce": "0" * 32, "owner": "", "created": ""}]
    ledger.write_text("".join(json.dumps(challenge) + "\n" for challenge in challenges))
    text = said(capsys, path, "--challenge", ledger)
    assert "; its challenge is in the ledger\n" in text
    assert "only the ledger shows" not in text


def test_a_family_under_several_nonces_has_tried_them_all(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = json.loads(path.read_text()) | {"nonce": "0" * 32}
    second = document(COUNTS0, COUNTS, CONFIG, image_sha256="cd" * 32, nonce="1" * 32)
    ledger, files = tmp_path / "ledger.jsonl", [tmp_path / "first.json", tmp_path / "second.json"]
    for file, values in zip(files, (first, second), strict=True):
        written(file, values)
        line = {"commitment": values["commitment"], "nonce": values["nonce"], "owner": "Ann", "created": ""}
        with ledger.open("a") as lines:
            lines.write(json.dumps(line) + "\n")
    assert "with probability 0.998 at least" in said(capsys, *files), "no ledger was looked at"
    found = json.loads(said(capsys, *files, "--challenge", ledger, "--family", "--json"))["family"]
    assert (found["certificates"], found["level"], found["alpha"]) == (2, 0.004, 0.00025)


def test_the_claim_is_read_at_the_level_of_all_nonces(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = json.loads(path.read_text()) | {"nonce": "0" * 32}
    written(path, values)
    ledger = path.with_name("ledger.jsonl")
    for tries, words in (
        (1, "a chance of 0.001 happened"),
        (2, "a chance of 0.002 happened"),
        (1200, "of 1 "),
    ):
        lines = [
            {"commitment": values["commitment"], "nonce": f"{k:032x}", "owner": "Ann", "created": ""}
            for k in range(tries)
        ]
        ledger.write_text("".join(json.dumps(line) + "\n" for line in lines))
        text = said(capsys, path, "--challenge", ledger)
        assert words in text
        assert (f"0.001 for each of {tries:,} nonces" in text) is (tries > 1)


def test_whoever_commits_to_many_settings_at_once_has_tried_them_all(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A group shares its noise and its nonce, so the best of a thousand numbers of votes is no surprise."""
    values = json.loads(path.read_text())
    members = sorted([values["commitment"], *(sha256(i) for i in range(999))])
    values |= {"members": members, "commitment": sha256({"members": members}), "nonce": "0" * 32}
    text = said(capsys, written(path, values))
    assert "It is one of 1,000 certificates on the same noise: if it was picked from them" in text
    assert "the chance is 1." in text
    ledger = path.with_name("ledger.jsonl")
    line = {"commitment": values["commitment"], "nonce": "0" * 32, "owner": "", "created": ""}
    ledger.write_text(json.dumps(line) + "\n")
    found = json.loads(said(capsys, path, "--challenge", ledger, "--json"))["challenge"]
    assert (found["challenges"], found["level"]) == (1, 1.0)
    assert "its challenge is in the ledger: at alpha 1 together" in found["says"]


def test_members_that_a_run_keeps_are_a_challenge_s(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise any commitment would do for any votes."""
    values = json.loads(path.read_text()) | {"members": None, "commitment": "f" * 64}
    text = said(capsys, written(path, values), status=1)
    assert "members is null, which is for an audit under a challenge; it has no nonce" in text
    assert "import-run checks it there" in said(capsys, written(path, values | {"nonce": "0" * 32}))
    ledger = path.with_name("ledger.jsonl")
    line = {"commitment": values["commitment"], "nonce": "0" * 32, "owner": "", "created": ""}
    ledger.write_text(json.dumps(line) + "\n")
    text = said(capsys, path, "--challenge", ledger, status=1)
    assert "members are kept with its run, and a commitment to anything could stand here" in text


def test_an_old_schema_is_no_way_round_the_commitment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = written(tmp_path / "old.json", document(COUNTS0, COUNTS, CONFIG, schema=2))
    assert "other settings could be tried on the same votes" in said(capsys, old)


def test_text_in_a_certificate_does_nothing_to_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = SmoothingConfig(classifier="\x1b[31mred", n0=20, n=100, device="cpu", dtype="float32")
    text = said(capsys, written(tmp_path / "cert.json", document([20, 0], [100, 0], config)))
    assert "(?[31mred, bundled" in text
    assert f"({'n' * 57}..., bundled" in said(
        capsys,
        written(
            tmp_path / "long.json",
            document([20, 0], [100, 0], SmoothingConfig(**config.as_dict() | {"classifier": "n" * 300})),
        ),
    )
    assert "gives class 0 for every" in text, "two classes are not CIFAR-10's ten"


def test_a_family_is_of_different_certificates(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    second = written(tmp_path / "second.json", document(COUNTS0, COUNTS, CONFIG, image_sha256="cd" * 32))
    copied = written(tmp_path / "copy.json", json.loads(path.read_text()) | {"seconds": 9, "source": ""})
    found = json.loads(said(capsys, path, second, copied, "--family", "--json"))["family"]
    assert (found["certificates"], found["level"], found["alpha"]) == (2, 0.002, 0.0005)
    alone = json.loads(path.read_text())
    for again in found["bonferroni"]:
        assert again["p_a_lower"] < alone["p_a_lower"]
        assert again["radius"] < alone["radius"]
    text = said(capsys, path, second, "--family")
    assert "2 certificates: all hold together with probability 0.998 at least" in text
    assert f"{second} at alpha 0.0005: ship, radius 1.0" in text
    assert "A family that was picked from more of them afterwards is none." in text
    assert "1 certificate: it holds with probability 0.999" in said(capsys, path, copied, "--family")


@pytest.mark.parametrize(
    "settings", [{"n": 10}, {"n": 20, "stopping": "sequential", "target_radius": 0.27}], ids=str
)
def test_votes_too_few_for_a_family_abstain_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: dict[str, Any]
) -> None:
    """They certify at alpha, and at half of it not even unanimous votes do."""
    config = SmoothingConfig(n0=20, device="cpu", dtype="float32", **settings)
    votes = [config.n, 0]
    paths = [
        written(tmp_path / f"{sha}.json", document([20, 0], votes, config, image_sha256=sha * 32))
        for sha in ("ab", "cd", "ef")
    ]
    assert said(capsys, *paths, "--family").count("ABSTAIN, radius 0.0000") == 3


def test_the_same_votes_under_two_nonces_are_two_certificates(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Unanimous votes are alike under any noise; each certificate may be wrong by itself."""
    other = written(tmp_path / "other.json", json.loads(path.read_text()) | {"nonce": "1" * 32})
    assert json.loads(said(capsys, path, other, "--json"))["family"]["certificates"] == 2


def test_the_claim_is_of_the_radius_that_a_replay_accepts(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On another kind of device a few votes may differ, and the verifier's own radius counts."""

    def replayed(*_: object, **__: object) -> dict[str, Any]:
        counts = (0, 65) + (0,) * 6 + (935, 0)
        return {"says": "", "faults": [], "accepted_radius": 0.75, "counts0": COUNTS0, "counts": counts}

    monkeypatch.setattr(evidence, "replayed", replayed)
    text = said(capsys, path, "--replay", "--family")
    assert "for every picture within 0.7500 (L2" in text
    assert "ship, radius 0.6624 (alone 1.0677)" in text, "of 935 votes of 1,000"
    assert "for every picture within 1.0677 (L2" in said(capsys, path)


def test_a_probability_is_not_rounded_up_to_certainty() -> None:
    assert together(2, 0.002).startswith("2 certificates: all hold together with probability 0.998 at least")
    assert "probability 1 - 0.000000002 at least" in together(2, 2e-9)


def test_a_small_risk_is_written_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = document(COUNTS0, COUNTS, replace(CONFIG, alpha=1e-5))
    path = written(tmp_path / "sure.json", values)
    text = said(capsys, path, path.with_name("sure.json"), "--family")
    assert "unless a chance of 0.00001 happened" in text
    assert "at alpha 0.00001: ship" in text


def test_one_that_does_not_hold_leaves_no_family(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forged = written(tmp_path / "forged.json", json.loads(path.read_text()) | {"radius": 2.0})
    text = said(capsys, path, forged, status=1)
    assert "forged.json does not hold: radius says 2.0" in text
    assert "together with probability" not in text
    assert "Nothing is said of them together" in text
    found = json.loads(said(capsys, path, forged, "--json", status=1))
    assert found["family"] is None
    assert [part["valid"] for part in found["certificates"].values()] == [True, False]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"weights": {}}, "weights must be"),
        ({"execution": 5}, "execution must be a mode"),
        ({"seconds": -1}, "seconds must be"),
        ({"counts": [0] * 10}, "counts must be the votes"),
        ({"config": {**CONFIG.as_dict(), "sigma": 1e308}}, "sigma must be at most"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(
    path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any], named: str
) -> None:
    values = json.loads(path.read_text())
    error = said(capsys, written(path, values | change), status=2)
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert named in error


@pytest.mark.parametrize("number", ["NaN", "1e400", "1" + "0" * 400, '1, "radius": 2'])
def test_a_number_that_is_none_is_refused(
    path: Path, capsys: pytest.CaptureFixture[str], number: str
) -> None:
    values = json.loads(path.read_text())
    path.write_text(path.read_text().replace(f'"radius": {values["radius"]}', f'"radius": {number}'))
    assert "radius" in (error := said(capsys, path, status=2)) or "finite" in error
