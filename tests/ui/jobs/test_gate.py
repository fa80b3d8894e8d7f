"""No job passes the operator's limits, whichever page or run it comes from."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
import torch

from diffsmooth_core import InputError, SmoothingConfig
from diffsmooth_core.analysis import explaining
from diffsmooth_core.attacks import AttackConfig, Plane, RegionsConfig
from diffsmooth_core.config import ABSTAIN
from diffsmooth_core.runs.records import Run
from diffsmooth_core.runs.results import Result
from diffsmooth_core.runs.store import Store
from diffsmooth_core.theory import TheoremSetting
from tests.datasets.conftest import write_twelve
from tests.ui.conftest import APP, progress
from ui.jobs import (
    attacks,
    audits,
    certificates,
    downloads,
    experiments,
    files,
    gate,
    predictions,
    previews,
    rooms,
    theorems,
)
from ui.jobs.certificates import CertificationTask
from ui.jobs.experiments import ExperimentTask
from ui.jobs.gate import Demand
from ui.jobs.registry import Registry, Snapshot, jobs
from ui.jobs.room import Phase
from ui.session import limits, settings, state

CONFIG = replace(settings.DEFAULTS, n0=10, n=40, m=2, dtype="float32")
Started = Callable[[], object]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    write_twelve(tmp_path / "data")
    monkeypatch.setenv("DIFFSMOOTH_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("DIFFSMOOTH_STORE", f"sqlite:///{tmp_path / 'store.sqlite'}")
    st.cache_resource.clear()
    return audits.store()


def opened(store: Store, config: SmoothingConfig = CONFIG, pictures: int = 3) -> Run:
    """A run of these settings as it comes from elsewhere: nothing here has allowed it. It abstains once, and
    its counts do not say why."""
    told = progress(config, [(3, 10)], [(3, config.n)]).certificate
    assert told is not None
    scattered = asdict(told) | {"counts": [config.n // 5] * 5 + [0] * 5, "radius": 0.0, "label": ABSTAIN}
    run = store.create("opened", "audit", "cifar10", config.as_dict(), range(pictures), {})
    store.add(run, [], [Result(0, 3, ABSTAIN, 0.0, 0.1, config.n, certificate=scattered)])
    return run


def certified(config: SmoothingConfig = CONFIG) -> Snapshot[Any]:
    picture = state.resolved(settings.FIRST_PICTURE)
    done = progress(config, [(3, 10)], [(3, config.n)])
    return Snapshot("certified", "done", CertificationTask(picture, config), progress=done)


def with_a_seed() -> str:
    """The code of a room whose next step is its job."""
    room = rooms.open_room()
    for phase in (Phase.GATHERING, Phase.GUESSING):
        rooms.advance(room.code, phase)
    rooms.give_seed(room.code, 7)
    return room.code


def every_kind(store: Store, config: SmoothingConfig = CONFIG) -> dict[str, Started]:
    """What starts a job of each kind, with these settings where it has settings."""
    picture, run, done = state.resolved(settings.FIRST_PICTURE), opened(store, config), certified(config)
    setting, plane = TheoremSetting(), Plane.through(picture.tensor, None, None, 0)
    few, room = AttackConfig(n=30, attempts=1, halvings=0), with_a_seed()
    return {
        "certificate": lambda: certificates.submit(picture, config),
        "comparison": lambda: experiments.submit(ExperimentTask("comparison", picture, (config,))),
        "sweep": lambda: experiments.submit(ExperimentTask("sweep", picture, (config,), "sigma")),
        "attack": lambda: attacks.submit(done, few),
        "prediction": lambda: predictions.submit(picture, config),
        "preview": lambda: previews.keep_drawing(picture, previews.asked(config), config.sigma),
        "regions": lambda: attacks.submit_regions(done, plane, RegionsConfig(1.0), ("right", "up")),
        "audit": lambda: audits.start("another", "0:3", config),
        "go on": lambda: audits.resume(run),
        "explain": lambda: audits.explain(run),
        "rescue": lambda: audits.rescue(run, 0),
        "samples": lambda: theorems.request_samples(picture, config.denoiser, setting, 4),
        "curves": lambda: theorems.request_curves(picture, config.denoiser, setting),
        "comparison of pictures": lambda: theorems.request_comparison(
            "cifar10", config.denoiser, 0.5, 0.0, 0
        ),
        "costs": lambda: theorems.request_costs(picture, config),
        "exact curves": lambda: theorems.request_exact_curves("clusters", 2, setting),
        "room": lambda: rooms.advance(room, Phase.SEEDS),
        "download": lambda: downloads.start(downloads.RESNET),
        "file": lambda: files.read("here", "files", "a log", str, print, print),
        "convergence": lambda: theorems.request_convergence("clusters", 2, setting),
    }


EXACT = {"exact curves", "convergence", "file", "download"}  # no network, no votes
A_VOTE = {"samples", "curves", "comparison of pictures"} | EXACT  # these cast none
PLAIN = {"room"}  # its settings are its own, without purification
FEW_VOTES = A_VOTE | {"attack", "prediction", "preview", "regions", "explain"}
OF_THE_STORE = {"audit", "go on", "explain", "rescue"}
ONLY = {  # the kinds that these limits bind; the other limits bind all kinds but a few
    "may_start": OF_THE_STORE,
    "pictures": OF_THE_STORE - {"explain", "rescue"},  # of one picture each
    "may_change": {"download"},
}


def refused(kinds: dict[str, Started]) -> dict[str, str]:
    """The sentence with which each of these was refused. Nothing of the others is queued for long."""
    said = {}
    for kind, begin in kinds.items():
        try:
            begin()
        except InputError as error:
            said[kind] = str(error)
    return said


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs that are admitted are kept and never run."""
    monkeypatch.setattr(Registry, "_work", lambda *_: None)
    monkeypatch.setitem(limits._limits()["runs"], "waiting_each", 99)
    monkeypatch.setattr(files, "PATIENCE", 0.0)
    monkeypatch.setattr(rooms, "_open", {})
    monkeypatch.setattr(rooms, "visitor", lambda: "teacher")


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize(
    ("limit", "value", "free", "sentence"),
    [
        (("runs", "m"), 1, A_VOTE | PLAIN, "m = 2 is asked for; here it is up to 1"),
        (("runs", "n"), 20, FEW_VOTES - {"attack", "prediction"}, "; here it is up to 20"),
        (("runs", "n0"), 5, FEW_VOTES, "0 is asked for; here it is up to 5"),
        (("models", "classifiers"), ["standard"], A_VOTE, "the classifier 'gaussian-0.25' is not among"),
        (("models", "denoisers"), ["other"], EXACT | PLAIN, "the denoiser 'bundled' is not among"),
        (("audits", "may_start"), False, None, "audits are started and gone on with from the command line"),
        (("models", "may_change"), False, None, "networks are added from the command line here"),
        (("audits", "pictures"), 2, None, "3 pictures are asked for; here an audit has up to 2"),
    ],
)
def test_every_kind_of_job_asks_the_gate(
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    limit: tuple[str, str],
    value: Any,
    free: set[str] | None,
    sentence: str,
) -> None:
    kinds = every_kind(store)
    monkeypatch.setitem(limits._limits()[limit[0]], limit[1], value)
    said = refused(kinds)
    bound = ONLY[limit[1]] if free is None else set(kinds) - free
    assert set(said) == bound
    assert all(sentence in words for words in said.values()), said
    left = {"opened"} if "audit" in bound else {"opened", "another"}
    assert {run.name for run in store.runs()} == left, "an audit that was refused leaves no run"


@pytest.mark.usefixtures("idle")
def test_all_kinds_begin_where_nothing_forbids_it_and_there_is_no_other_way_to_the_registry(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    admit = gate.admit
    monkeypatch.setattr(gate, "admit", lambda task: asked.append(task) or admit(task))
    kinds = every_kind(store)
    assert refused(kinds) == {}
    assert len(asked) == len(kinds), "each was asked about once"
    places = set()
    for path in (APP.parent / "ui").rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef):
                calls = (call.func for call in ast.walk(function) if isinstance(call, ast.Call))
                if any(isinstance(f, ast.Attribute) and ast.unparse(f) == "jobs().submit" for f in calls):
                    places.add(f"{path.stem}.{function.name}")
    assert places == {
        "attacks._submit",
        "audits._submit",
        "certificates.submit",
        "downloads.start",
        "experiments.submit",
        "files.read",
        "predictions.submit",
        "previews.keep_drawing",
        "rooms._start",
        "theorems.request",
    }, "a new kind of job belongs into `every_kind`"


def test_a_job_that_does_not_say_what_it_demands_is_none() -> None:
    with pytest.raises(AttributeError, match="demand"):
        jobs().submit("certificates", lambda: iter(()), subject="anything")


@pytest.mark.usefixtures("idle")
def test_a_run_from_elsewhere_goes_on_with_networks_of_the_page_alone(store: Store, tmp_path: Path) -> None:
    torch.save({}, path := tmp_path / "theirs.pth")
    run = opened(store, replace(CONFIG, classifier=str(path)))
    for begin in (audits.resume, audits.explain, lambda run: audits.taken_apart(run, 0)):
        with pytest.raises(InputError, match="is not among those that may be chosen here for cifar10"):
            begin(run)
    audits.rescue(run, 0)
    job = audits.latest(run, "rescue-0")
    assert job is not None
    assert {config.classifier for config in job.subject.demand.runs} == set(explaining.CANDIDATES)


@pytest.mark.usefixtures("idle")
def test_a_rescue_leaves_out_what_is_not_allowed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(limits._limits()["runs"], "n", 300)
    run = opened(store)
    audits.rescue(run, 0)
    job = audits.latest(run, "rescue-0")
    assert job is not None
    tried = job.subject.demand.runs
    assert max(config.n for config in tried) == 200, "four times the votes is left out"
    assert len(tried) > 5


@pytest.mark.parametrize(
    ("settings", "free"),
    [
        ({"method": "densepure", "reverse_steps": 5000}, False),
        ({"method": "diffsmooth", "reverse_steps": 5000}, True),  # it has none
        ({"method": "plain", "m": 4000}, True),
        ({"stopping": "adaptive", "rounds": 29}, False),
    ],
)
def test_a_setting_counts_where_it_has_an_effect(settings: dict[str, Any], free: bool) -> None:
    assert gate.allows(Demand(runs=(replace(CONFIG, **settings),))) == free
