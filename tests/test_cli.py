"""The command line as scripts use it: keys of the JSON, exit statuses, one line for bad input."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest

from diffsmooth_core.certification.packing import packed, unpacked
from diffsmooth_core.cli import FILES
from diffsmooth_core.cli.options import config_options
from diffsmooth_core.config import USUAL
from tests.commands import run

CERTIFY = shlex.split(
    "certify photo:cat --dataset cifar10 --method diffsmooth --classifier gaussian-0.25 --denoiser bundled "
    "--sigma 0.5 --sigma-local 0.25 --m 2 --n0 10 --n 40 --alpha 0.001 --seed 0"
)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cli") / "cert.json"
    assert run(*CERTIFY, "--json", "--out", str(out)) == 0
    return out


def test_certify_prints_and_writes_the_same_document(
    certificate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "again.json"
    assert run(*CERTIFY, "--json", "--out", str(out)) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(out.read_text())
    assert {"label", "radius", "p_a_lower", "counts0", "counts", "config", "weights"} <= set(printed)
    assert sum(printed["counts0"]) == 10
    assert sum(printed["counts"]) == 40
    first = json.loads(certificate.read_text())
    assert (first["counts0"], first["counts"]) == (printed["counts0"], printed["counts"])


def test_the_votes_do_not_depend_on_the_batch(certificate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*CERTIFY, "--json", "--batch", "9") == 0
    assert json.loads(capsys.readouterr().out)["counts"] == json.loads(certificate.read_text())["counts"]


def test_verify_accepts_what_certify_wrote(certificate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("verify", str(certificate), "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found.keys() == {"valid", "discrepancies", "claim", "cautions"}
    assert (found["valid"], found["discrepancies"]) == (True, [])


def test_verify_names_what_was_changed(
    certificate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = json.loads(certificate.read_text())
    values["counts"][0] += 1
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(values))
    assert run("verify", str(changed)) == 2, "41 votes counted, 40 kept"
    assert "votes hold fewer than the 41 votes of its counts" in capsys.readouterr().err


def test_verify_draws_the_votes_again_and_finds_what_the_counts_hide(
    certificate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two votes that changed places: everything follows from the counts, but not the votes from the noise."""
    assert run("verify", str(certificate), "--replay") == 0
    assert "drawn again, every one of its 50 votes is the same" in capsys.readouterr().out
    values = json.loads(certificate.read_text())
    votes = np.array(unpacked(values["votes"], 10, 40))
    other = int(np.flatnonzero(votes != votes[0])[0])
    votes[[0, other]] = votes[[other, 0]]
    values["votes"] = packed(votes, 10)
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(values))
    assert run("verify", str(changed)) == 0
    capsys.readouterr()
    assert run("verify", str(changed), "--replay", "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["valid"], found["replay"]["differing"], found["replay"]["accepted_radius"]) == (False, 2, 0)
    assert found["discrepancies"] == [
        "drawn again on the same kind of device, 2 of 50 votes differ, and none may"
    ]
    values["source"] = "upload:cat.png"
    changed.write_text(json.dumps(values))
    assert run("verify", str(changed), "--replay") == 2
    assert "give it with --image PATH" in capsys.readouterr().err


def test_a_challenge_goes_from_commit_to_verify(
    certificate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The seed is nobody's choice: what was committed to is certified under the verifier's nonce alone."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    ledger, out = tmp_path / "ledger.jsonl", tmp_path / "out.json"

    def said(*arguments: str) -> str:
        assert run(*arguments) == 0
        return capsys.readouterr().out.strip()

    commitment = said("commit", *CERTIFY)
    assert commitment == json.loads(certificate.read_text())["commitment"], "known before the first vote"
    nonce = said("challenge", commitment, "--owner", "Ann", "--ledger", str(ledger))
    assert run(*CERTIFY, "--challenge", nonce, "--out", str(out)) == 0
    assert "note:" not in capsys.readouterr().err, "it was committed to here"
    values = json.loads(out.read_text())
    assert (values["commitment"], values["nonce"]) == (commitment, nonce)
    assert values["votes"] != json.loads(certificate.read_text())["votes"]
    found = json.loads(said("verify", str(out), "--challenge", str(ledger), "--replay", "--json"))
    assert (found["challenge"]["challenges"], found["challenge"]["level"]) == (1, 0.001)
    said("challenge", commitment, "--owner", "Ann", "--ledger", str(ledger))
    said("challenge", "f" * 64, "--owner", "Ann", "--ledger", str(ledger))
    assert "one of 3 " in said("verify", str(out), "--challenge", str(ledger)), "for all that Ann was given"
    assert run("verify", str(certificate), "--challenge", str(ledger)) == 1
    assert "seed was chosen by whoever issued it" in capsys.readouterr().out
    assert run(*CERTIFY, "--seed", "1", "--challenge", nonce, "--out", str(out)) == 0
    assert "which `commit` has not printed here" in capsys.readouterr().err
    assert run("verify", str(out), "--challenge", str(ledger)) == 1
    assert "was not given for its commitment" in capsys.readouterr().out
    assert run(*CERTIFY, "--challenge", "12") == 2
    assert "32 hex digits" in capsys.readouterr().err


def test_fresh_votes_stand_against_a_claim(certificate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("verify", str(certificate), "--fresh", "50") == 0
    assert "50 fresh votes of one's own" in capsys.readouterr().out


def test_a_run_that_may_end_early_says_what_it_saved(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run(
            *CERTIFY[:-6],
            "--n",
            "400",
            "--method",
            "plain",
            "--sigma",
            "0.12",
            "--stopping",
            "decided",
            "--target-radius",
            "0.05",
        )
        == 0
    )
    assert "of at most 400 votes were counted: radius 0.05" in capsys.readouterr().out


def test_precisions_and_noises_are_compared(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*CERTIFY, "--compare-precision", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["votes"], found["dtypes"]) == (40, ["float32", "bfloat16"])
    assert [sum(counts) for counts in found["counts"]] == [40, 40]
    assert found["lower"] < found["same"] / 40 <= 1
    assert run(*CERTIFY, "--compare-noise", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert {noise: sum(c["counts"]) for noise, c in found.items()} == {
        "fresh": 40,
        "reference": 40,
        "sound": 40,
    }
    assert len({tuple(c["counts0"] + c["counts"]) for c in found.values()}) > 1
    assert {c["source"] for c in found.values()} == {CERTIFY[1]}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["certify", "photo:cat", "--stopping", "target", "--target-radius", "9"], "target_radius 9"),
        (["certify", "photo:cat", "--stopping", "sequential", "--bound", "two-class"], "'two-class'"),
        (["certify", "photo:cat", "--dataset", "nowhere"], "nowhere"),
        (["datasets", "add", "nowhere", "--name", "x-y", "--side", "32"], "nowhere"),
        (["certify", "photo:cat", "--n", "9"], "n = 9"),
        (["certify", "photo:cat", "--sigma", "-1"], "-1"),
        (["certify", "photo:nobody"], "nobody"),
        (["certify", "missing.png"], "missing.png"),
        (["certify", "photo:cat", "--classifier", "resnet-9000"], "resnet-9000"),
        (["certify", "photo:cat", "--denoiser", "weights/none.pt"], "weights/none.pt"),
        (["certify", "photo:cat", "--sigma", "1000000"], "1,000,000"),
        (["certify", "photo:cat", "--method", "magic"], "magic"),
        (["certify", "photo:cat", "--out", "no/such/folder/cert.json"], "no/such/folder"),
        (["certify", "photo:cat", "--compare-noise", "--out", "cert.json"], "leave out --out"),
        (["certify", "photo:cat", "--compare-noise", "--compare-precision"], "choose one of them"),
        (["certify"], "IMAGE"),
        (["verify", "missing.json"], "missing.json"),
        (["train", "gaussian", "--name", "x", "--steps", "1", "--minutes", "1"], "exactly one"),
        (["train", "macer", "--name", "x", "--steps", "1", "--sigma", "0"], "sigma above 0"),
        (["train", "finetune", "--name", "x", "--steps", "1"], "--timm NAME or --preset beit"),
        (["train", "macer", "--name", "x", "--preset", "salman"], "No such option '--preset'"),
        (["train", "smoothadv", "--name", "x", "--preset", "salman", "--sigma", "0.3"], "SmoothAdv 0.3"),
        (["train", "ensemble", "--name", "x", "--member", "standard"], "two members or more"),
        (["models", "show", "nobody"], "nobody"),
        (["models", "add", "none.pt", "--name", "x"], "none.pt"),
        (["models", "check", "none.pt"], "none.pt"),
        (["certify", "photo:cat", "--method", "denoised"], "'denoised' needs a denoiser"),
        (["certfy"], "certfy"),
    ],
)
def test_bad_input_ends_with_status_2_and_one_line(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: ")
    assert printed.err.count("\n") == 1
    assert named in printed.err


@pytest.mark.parametrize("command", sorted(FILES))
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command, "--help") == 0
    assert "Usage: python -m diffsmooth_core" in capsys.readouterr().out


def test_models_lists_every_bundled_network(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("models", "--json") == 0
    names = {card["name"] for card in json.loads(capsys.readouterr().out)}
    assert {"bundled", "standard", "gaussian-0.25", "gaussian-0.50"} <= names


def test_the_module_runs_without_a_traceback(tmp_path: Path) -> None:
    """As a program of its own, from another folder than the project's."""
    result = subprocess.run(
        [sys.executable, "-m", "diffsmooth_core", "verify", "none.json"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(__file__).parents[1]), "PATH": ""},
    )
    assert result.returncode == 2
    assert result.stderr.startswith("error: none.json")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("--dataset imagenet", USUAL["imagenet"]),
        ("--sigma 0.12 --dataset imagenet", USUAL["imagenet"] | {"sigma": 0.12}),
        ("--dataset imagenet --method densepure", {"purifications": 1, "reverse_steps": 2, "n": 100}),
        ("--method densepure --dataset imagenet", {"purifications": 1, "reverse_steps": 2, "n": 100}),
        ("--method densepure", {"purifications": 3, "reverse_steps": 3, "n": 1000}),
        ("--dataset imagenet --classifier mine", {"classifier": "mine", "denoiser": "bundled", "sigma": 0.5}),
        ("--classifier mine --dataset imagenet", {"classifier": "mine", "denoiser": "bundled", "sigma": 0.5}),
        ("", {"classifier": "gaussian-0.25", "denoiser": "bundled", "m": 5}),
    ],
)
def test_a_data_sets_usual_settings_are_the_defaults_where_no_classifier_is_named(
    arguments: str, expected: dict[str, object]
) -> None:
    found: dict[str, object] = {}

    @click.command()
    @config_options
    def command(**settings: object) -> None:
        found.update(settings)

    command.main(arguments.split(), standalone_mode=False)
    assert found.items() >= expected.items()


def test_predict_names_the_class_and_its_risk(capsys: pytest.CaptureFixture[str]) -> None:
    settings = ("--method", "plain", "--classifier", "gaussian-0.25", "--sigma", "0.25", "--n", "200")
    assert run("predict", "gallery:sailing-yacht", *settings, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    counts = found.pop("counts")
    assert found == {"image": "gallery:sailing-yacht", "label": 8, "class": "ship", "n": 200, "alpha": 0.001}
    assert (len(counts), sum(counts), counts.index(max(counts))) == (10, 200, 8)
    assert run("predict", "gallery:sailing-yacht", *settings) == 0
    assert "ship, the smoothed classifier's class by 200 votes, wrong with probability 0.001 at most" in (
        capsys.readouterr().out
    )
    assert run("predict", "gallery:sailing-yacht", *settings, "--alpha", "1e-60") == 0
    assert "ABSTAIN" in capsys.readouterr().out
