"""A recording is the run again, and the bundled one is a run of the bundled networks."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from diffsmooth_core import SmoothingConfig, build_base, certify_stream
from diffsmooth_core.certification.certificate import discrepancies
from diffsmooth_core.certification.progress import Samples
from diffsmooth_core.certification.recording import Recording
from diffsmooth_core.config import InputError
from tests.worlds import GREY, clamping_denoiser, ten_classes

ROOT = Path(__file__).parents[2]
RUNS = ROOT / "assets" / "runs"


@pytest.mark.parametrize("stopping", ["fixed", "adaptive", "target"])
def test_played_it_is_the_run(stopping: str) -> None:
    config = SmoothingConfig(m=2, n0=30, n=200, stopping=stopping, device="cpu", dtype="float32")
    base = build_base(config, ten_classes(), clamping_denoiser())
    steps = list(certify_stream(base, GREY, config))
    recording = Recording.from_json(Recording.of(iter(steps)).to_json())
    asked: list[tuple[str, int]] = []

    def samples(stage: str, vote: int) -> Samples:
        asked.append((stage, vote))
        return steps[0].samples

    played = list(recording.played(samples))
    assert asked == [(s.stage, s.n_done - 1) for s in steps], "the pictures of each chunk's last vote"
    same = {"samples": steps[0].samples, "dissenting": (), "votes_per_second": 1.0}
    assert [replace(p, **same) for p in played] == [replace(s, **same) for s in steps]


@pytest.mark.parametrize(
    ("dataset", "classifier", "denoiser"),
    [("cifar10", "gaussian-0.25", "bundled"), ("imagenet", "efficientnet-lite0", "photographs")],
)
def test_the_bundled_ones_hold_and_speak_of_the_bundled_networks(
    dataset: str, classifier: str, denoiser: str
) -> None:
    certificate = Recording.from_json((RUNS / f"first-{dataset}.json").read_text()).certificate
    assert discrepancies(certificate) == []
    assert certificate.config.dataset == dataset
    for role, name in (("classifier", classifier), ("denoiser", denoiser)):
        card = json.loads((ROOT / "assets" / "models" / f"{name}.json").read_text())
        assert certificate.weights[role] == card["sha256"], "record it again with assets/runs/record.py"


def test_chunks_that_do_not_add_up_are_refused() -> None:
    document = json.loads((RUNS / "first-cifar10.json").read_text())
    document["chunks"].pop()
    with pytest.raises(InputError, match="estimation chunks do not add up"):
        Recording.from_json(json.dumps(document))
    with pytest.raises(InputError, match="no recording"):
        Recording.from_json("{}")
