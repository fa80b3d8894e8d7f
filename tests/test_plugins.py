"""What other packages add: each example of docs/plugins is installed as a person would, and runs."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import get_args

import pytest

from diffsmooth_core import plugins

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted(path.parent for path in (ROOT / "docs" / "plugins").glob("*/pyproject.toml"))
RUNS = """
import json, sys
from pathlib import Path
import torch
from diffsmooth_core import SmoothedClassifier, SmoothingConfig
from diffsmooth_core.attacks import AttackConfig, attack_stream
from diffsmooth_core.certification.certificate import Certificate, discrepancies
from diffsmooth_core.datasets import class_names, resolve
from diffsmooth_core.exchange import logs

config = SmoothingConfig(
    method="blur", classifier="sign", dataset="stripes", sigma=0.25, n0=20, n=400, stopping="doubling",
    target_radius=0.2, device="cpu", dtype="float32",
)
picture = resolve("stripes:3", "stripes")
smoothed = SmoothedClassifier.load(config)
certificate = smoothed.certify(picture.tensor, source="stripes:3")
assert not discrepancies(Certificate.from_dict(json.loads(certificate.to_json())))
attack = AttackConfig(kind="grey", radius=0.1, attempts=1, halvings=0, steps=2, copies=4, n=40)
*_, attacked = attack_stream(smoothed.base, picture.tensor, certificate, attack)
log = Path(sys.argv[1], "log.tsv")
log.write_text("idx\\tlabel\\tpredict\\tcertified\\tcorrect\\n0\\t1\\t1\\t0.2\\tyes\\n1\\t0\\t1\\t0.1\\tno\\n")
noisy = torch.full((1, 3, 32, 32), 0.5)
noisy[0, :, 16, 16] = 1
Path(sys.argv[1], "cert.json").write_text(certificate.to_json())
print(json.dumps({
    "label": certificate.label, "true": picture.label, "n": certificate.n, "ending": certificate.ending,
    "versions": certificate.versions, "classes": class_names("stripes"),
    "centre": float(smoothed.base.purifier.purify(noisy, config)[0, 0, 0, 16, 16]),
    "length": attacked.attempts[0].length, "dialect": logs.read(log, 0.25, n=1000).dialect,
}))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with every example installed, from its folder, without a network."""
    target = tmp_path_factory.mktemp("installed")
    options = ("--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "-q")
    command = [sys.executable, "-m", "pip", "install", *options, "--target", target, *EXAMPLES]
    subprocess.run(command, check=True)
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(target)])}


def test_every_example_runs_and_a_certificate_names_it(installed: dict[str, str], tmp_path: Path) -> None:
    output = subprocess.check_output([sys.executable, "-c", RUNS, tmp_path], env=installed, text=True)
    found = json.loads(output)
    assert found["label"] == found["true"] == 1
    assert (found["n"], found["ending"]) == (50, "reached"), "the rule's first look"
    assert found["centre"] == pytest.approx(0.5 + 0.5 / 9), "the mean of nine pixels"
    assert found["length"] == pytest.approx(0.1, rel=1e-3)
    assert (found["dialect"], found["classes"]) == ("tabs", ["down", "across"])
    named = {name: what for name, what in found["versions"].items() if name.startswith("plug-in")}
    assert named == {
        "plug-in methods: blur": "diffsmooth-blur 1.0",
        "plug-in purifiers: blur": "diffsmooth-blur 1.0",
        "plug-in stopping: doubling": "diffsmooth-doubling 1.0",
        "plug-in datasets: stripes": "diffsmooth-stripes 1.0",
        "plug-in networks: sign": "diffsmooth-sign 1.0",
    }
    command = [sys.executable, "-m", "diffsmooth_core", "verify", tmp_path / "cert.json", "--replay"]
    said = subprocess.check_output(command, env=installed, text=True)
    assert "every one of its 70 votes is the same" in said
    assert "rests on code of other packages: plug-in methods: blur (diffsmooth-blur 1.0)" in said
    without = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert without.returncode == 2
    assert "method 'blur' is unknown" in without.stderr


def test_examples_are_as_short_as_they_are_said_to_be() -> None:
    described = " ".join((path / "pyproject.toml").read_text() for path in EXAMPLES)
    assert all(f'entry-points."diffsmooth.{kind}"' in described for kind in get_args(plugins.Kind))
    assert all(len(code.read_text().splitlines()) <= 20 for path in EXAMPLES for code in path.glob("*.py"))


def test_what_is_broken_is_left_out_and_ours_stay(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    entries = [EntryPoint("a", "nowhere_at_all:x", "g"), EntryPoint("plain", "json:loads", "g")]
    monkeypatch.setattr(plugins, "entry_points", lambda group: entries)
    for cached in (plugins._entries, plugins.plugins_of):
        cached.cache_clear()
    try:
        with caplog.at_level(logging.WARNING):
            assert plugins.with_plugins({"plain": 1}, "methods") == {"plain": 1}
        assert "the plug-in a (nowhere_at_all:x) cannot be imported; it is left out" in caplog.text
        assert plugins.plugin_names("methods") == ("a", "plain")
    finally:
        for cached in (plugins._entries, plugins.plugins_of):
            cached.cache_clear()
