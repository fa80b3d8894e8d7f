"""What other packages add: each example of docs/plugins is installed as a person would, and runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
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


PAGES = """
import os, sys
from streamlit.testing.v1 import AppTest
from ui.jobs.registry import jobs

page = AppTest.from_file(os.path.join(sys.argv[1], "app.py"), default_timeout=100)
page.switch_page("pages/models.py").run()
assert not page.exception, page.exception
listed = page.table[0].value.set_index("Network")
assert listed.loc["sign", "Package"].replace(chr(92), "") == "diffsmooth-sign 1.0", listed
assert listed.loc["sign", "Kind"] == "classifier"
page = AppTest.from_file(os.path.join(sys.argv[1], "app.py"), default_timeout=100)
page.query_params.update({"dataset": "stripes", "method": "plain", "picture": "stripes:3"})
page.switch_page("pages/certify.py").run()
assert not page.exception, page.exception
classifier = next(box for box in page.selectbox if box.label == "Classifier")
assert (classifier.value, classifier.options) == ("sign", ["sign (diffsmooth-sign 1.0)"])
page.button(key="Predict").click().run()
jobs().wait(jobs().snapshots("certificates")[-1].id, 100)
page.run()
assert not page.exception, page.exception
print(" ".join(words.value for words in page.markdown))
"""


def test_the_pages_offer_what_packages_bring_and_say_which(installed: dict[str, str], tmp_path: Path) -> None:
    environment = installed | {"HOME": str(tmp_path)}
    command = [sys.executable, "-c", PAGES, str(ROOT)]
    said = subprocess.check_output(command, env=environment, text=True, cwd=ROOT)
    assert "**across**, with 99.9 % confidence: 100 of 100 votes. That is right." in said


def test_examples_are_as_short_as_they_are_said_to_be() -> None:
    described = " ".join((path / "pyproject.toml").read_text() for path in EXAMPLES)
    assert all(f'entry-points."diffsmooth.{kind}"' in described for kind in get_args(plugins.Kind))
    assert all(len(code.read_text().splitlines()) <= 20 for path in EXAMPLES for code in path.glob("*.py"))


@pytest.fixture
def broken(tmp_path: Path) -> dict[str, str]:
    """An environment with a package whose plug-ins are broken in every way, or named as ours are."""
    points = {
        "methods": ("plain = odd:number", "ends = odd_end:x", "none = nowhere:x", "half = odd:half"),
        "stopping": ("fixed = odd:number", "loose = odd:number"),
        "attacks": ("pgd = odd:fails",),
        "networks": ("gaussian-0.25 = odd:fails", "failing = odd:fails", "seven = odd:seven"),
        "datasets": ("cifar10 = odd:number", "rags = odd:number"),
        "dialects": ("rags = odd:number",),
        "purifiers": ("identity = odd:number",),
    }
    described = "".join(f"[diffsmooth.{kind}]\n" + "\n".join(lines) + "\n" for kind, lines in points.items())
    folder = tmp_path / "odd-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1\n")
    (folder / "entry_points.txt").write_text(described)
    (tmp_path / "odd_end.py").write_text("raise SystemExit(3)")
    (tmp_path / "odd.py").write_text(
        "from diffsmooth_core.config import Method\nnumber, half = 5, Method('Half', 'nothing')\n"
        "def fails(*given): raise RuntimeError('no luck')\ndef seven(): return 7\n"
    )
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])}


BREAKS = """
from diffsmooth_core import SmoothedClassifier, SmoothingConfig, certify
from diffsmooth_core.attacks.stream import KINDS
from diffsmooth_core.config import InputError, METHODS, STOPPING
from diffsmooth_core.datasets import custom, resolve
from diffsmooth_core.exchange.dialects import dialects
from diffsmooth_core.zoo.load import load_classifier, load_denoiser

assert "plain" in METHODS and not {"ends", "none"} & set(METHODS)
assert all(len(set(names)) == len(names) for names in (KINDS, STOPPING))
assert not custom.added() and len(dialects()) == 5
x = resolve("gallery:fire-engine", "cifar10").tensor
setting = {"method": "plain", "classifier": "gaussian-0.25", "sigma": 0.5, "n0": 2, "n": 10, "device": "cpu"}
f = SmoothedClassifier.load(SmoothingConfig(**setting))
assert not [name for name in f.certify(x).versions if name.startswith("plug-in")]
for work in (
    lambda: f.under(SmoothingConfig(**setting, stopping="loose")).certify(x),
    lambda: SmoothedClassifier.load(SmoothingConfig(**setting | {"method": "half"})).certify(x),
    lambda: load_classifier("failing"), lambda: load_classifier("seven"), lambda: load_denoiser("seven"),
):
    try:
        work()
    except InputError as error:
        print(error)
"""


def test_what_is_broken_is_left_out_or_said_and_ours_stay(broken: dict[str, str]) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", BREAKS], env=broken, check=False, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == [
        "the plug-in of stopping 'loose' is broken; repair its package",
        "method 'half' needs the purifier 'nothing', which no package brings; install it",
        "the plug-in 'failing' fails (no luck); repair its package",
        "the plug-in 'seven' brings no Classifier; repair its package",
        "the plug-in 'seven' brings no Module; repair its package",
    ]
    assert "the plug-in ends (odd_end:x) cannot be imported; it is left out: 3" in ran.stderr
    assert "the plug-in rags (odd:number) is no DataSet, it is left out" in ran.stderr
