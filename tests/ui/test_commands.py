"""The commands that pages show give what is on the screen."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from diffsmooth_core import SmoothingConfig, certify
from diffsmooth_core.attacks import AttackConfig, attack_stream
from diffsmooth_core.cli import commands as cli
from diffsmooth_core.config import DATASETS, METHODS, usual
from diffsmooth_core.experiments import grid, sweep_stream
from diffsmooth_core.runs import batch
from diffsmooth_core.runs.commands import audit
from diffsmooth_core.runs.store import Store
from diffsmooth_core.runs.workers import ThisProcess
from tests.datasets.conftest import write_twelve
from ui import commands
from ui.jobs import networks
from ui.session import state

PICTURE = state.resolved("gallery:sailing-yacht")
QUICK = SmoothingConfig(classifier="gaussian-0.12", sigma=0.25, m=2, n0=4, n=16, seed=3, dtype="float32")


def printed(command: str) -> Any:
    """The JSON that a command prints."""
    words = shlex.split(command.replace("\\\n", " "))
    assert words[:3] == ["python", "-m", "diffsmooth_core"]
    result = CliRunner().invoke(cli, words[3:], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize("over", ["m", "shift", "budget"])
def test_a_sweep(over: str) -> None:
    configs = grid(over, QUICK)
    *_, found = sweep_stream(networks.base_classifier(configs[0]), PICTURE.tensor, configs)
    cells = printed(commands.sweep(configs[0], over, PICTURE))["cells"]
    assert [cell["counts"] for cell in cells] == [list(cell.counts) for cell in found.cells]
    assert [(cell["sigma_local"], cell["m"], cell["n"]) for cell in cells] == [
        (config.sigma_local, config.m, config.n) for config in configs
    ]


def test_the_sweep_of_both_noises_is_the_same_from_any_of_its_settings() -> None:
    first, *others = grid("sigma_local", QUICK)
    assert grid("sigma_local", first) == (first, *others)


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("method", METHODS)
def test_a_certificates_command_has_all_settings_that_its_noise_is_tied_to(dataset: str, method: str) -> None:
    config = SmoothingConfig(method=method, dataset=dataset, **usual(dataset, method))
    words = shlex.split(commands.certify(config, PICTURE).replace("\\\n", " "))[4:]
    command = cli.get_command(click.Context(cli), "certify")
    assert command is not None
    read = command.make_context("certify", words).params
    assert {name: read[name] for name in config.as_dict()} == config.as_dict()


def test_an_attack_with_a_seed_of_its_own() -> None:
    config = replace(QUICK, method="plain")
    base = networks.base_classifier(config)
    certificate = certify(base, PICTURE.tensor, config)
    chosen = AttackConfig("random", 0.7, attempts=2, halvings=0, n=40, alpha=config.alpha, seed=11)
    *_, end = attack_stream(base, PICTURE.tensor, certificate, chosen)
    found = printed(commands.attack(config, chosen, PICTURE))
    assert found["attack"] == chosen.as_dict()
    assert [tried["counts"] for tried in found["tried"]] == [list(each.counts) for each in end.attempts]


def test_an_audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_twelve(tmp_path / "data")
    monkeypatch.setenv("DIFFSMOOTH_DATA", str(tmp_path / "data"))
    mine, theirs = (Store(f"sqlite:///{tmp_path}/{name}.sqlite") for name in ("mine", "theirs"))
    run = batch.start(mine, "a run", QUICK, (1, 4, 7))
    *_, status = batch.work(mine, run, ThisProcess)
    monkeypatch.setenv("DIFFSMOOTH_STORE", theirs.url)
    assert printed(audit(run))["images"] == status.done == 3
    again = theirs.results(theirs.run("a run"))
    assert [r.radius for r in again] == [r.radius for r in mine.results(run)]
    assert theirs.run("a run").config == run.config
