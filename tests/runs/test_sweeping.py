"""A sweep over pictures gives the results of separate certificates, and goes on where it was cut."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diffsmooth_core import certify
from diffsmooth_core.certification.certificate import Certificate, discrepancies
from diffsmooth_core.certification.commitment import Commitment
from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.runs import sweeping
from diffsmooth_core.runs.store import Store
from diffsmooth_core.runs.workers import base_of, load_picture
from diffsmooth_core.version import __version__

CONFIG = SmoothingConfig(
    method="local-only",
    classifier="gaussian-0.25-b",
    sigma=0.25,
    sigma_local=0.1,
    m=2,
    n0=10,
    n=40,
    device="cpu",
    dtype="float32",
)


pytestmark = pytest.mark.usefixtures("twelve")


def test_every_setting_has_the_run_of_its_own_certificates(own: Store) -> None:
    runs = sweeping.runs(own, "local", "shift", CONFIG, (0, 1))
    assert [run.name for run in runs][:2] == ["local sigma_local=0.1", "local sigma_local=0.11"]
    list(sweeping.work(own, runs, "shift", CONFIG))
    for run in (runs[0], runs[-1]):
        for result in own.results(run, certificates=True):
            certificate = Certificate.from_dict(result.certificate or {})
            config = replace(CONFIG, sigma_local=certificate.config.sigma_local)
            base = replace(base_of(config), purifier_batch=certificate.block)
            tied_to = certificate.tied_to
            assert isinstance(tied_to, Commitment)
            assert len(tied_to.members or ()) == len(runs)
            alone = certify(base, load_picture("cifar10", result.idx).tensor, config, tied_to=tied_to)
            assert (certificate.counts0, certificate.counts) == (alone.counts0, alone.counts)
            assert discrepancies(certificate) == []


def test_a_cut_sweep_goes_on_and_another_of_its_name_is_refused(
    own: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = sweeping.runs(own, "local", "m", CONFIG, (0, 1, 2))
    work = sweeping.work(own, runs, "m", CONFIG)
    assert next(work) == (1, 3)
    work.close()
    assert {run.config["version"] for run in runs} == {__version__}
    monkeypatch.setattr(sweeping, "__version__", "99.0.0")  # a later version goes on with it
    again = sweeping.runs(own, "local", "m", CONFIG, (0, 1, 2))
    assert again == runs
    assert list(sweeping.work(own, again, "m", CONFIG))[-1] == (3, 3)
    assert [[r.idx for r in own.results(run)] for run in runs] == [[0, 1, 2]] * len(runs)
    with pytest.raises(InputError, match="of other settings, networks or pictures"):
        sweeping.runs(own, "local", "m", replace(CONFIG, seed=1), (0, 1, 2))


def test_a_sweep_goes_on_as_its_networks_ran_when_it_was_begun(
    own: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def another_process(execution: str) -> None:
        monkeypatch.setenv("DIFFSMOOTH_EXECUTION", execution)
        base_of.cache_clear()

    another_process("folded/24")
    runs = sweeping.runs(own, "local", "m", CONFIG, (0, 1))
    next(sweeping.work(own, runs, "m", CONFIG))
    another_process("eager")
    again = sweeping.runs(own, "local", "m", CONFIG, (0, 1))
    assert again == runs
    list(sweeping.work(own, again, "m", CONFIG))
    kept = own.results(runs[0], certificates=True)
    first, second = (Certificate.from_dict(result.certificate or {}) for result in kept)
    assert (first.execution, first.block) == (second.execution, second.block) == ("folded/24", 16)
    base_of.cache_clear()
