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
BUNDLED = ROOT / "assets" / "runs" / "first.json"


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
    same = {"samples": steps[0].samples, "votes_per_second": 1.0, "classes": ()}
    assert [replace(p, **same) for p in played] == [replace(s, **same) for s in steps]


def test_the_bundled_one_holds_and_speaks_of_the_bundled_networks() -> None:
    certificate = Recording.from_json(BUNDLED.read_text()).certificate
    assert discrepancies(certificate) == []
    for role, name in (("classifier", "gaussian-0.25"), ("denoiser", "bundled")):
        card = json.loads((ROOT / "assets" / "models" / f"{name}.json").read_text())
        assert certificate.weights[role] == card["sha256"], "record it again with assets/runs/record.py"


def test_chunks_that_do_not_add_up_are_refused() -> None:
    document = json.loads(BUNDLED.read_text())
    document["chunks"].pop()
    with pytest.raises(InputError, match="estimation chunks do not add up"):
        Recording.from_json(json.dumps(document))
    with pytest.raises(InputError, match="no recording"):
        Recording.from_json("{}")
