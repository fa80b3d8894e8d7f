"""Sweeps: shared votes are those of separate runs, and grids are the paper's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from diffsmooth_core import BaseClassifier, build_base, certify, load_classifier, load_denoiser
from diffsmooth_core.certification.commitment import Commitment
from diffsmooth_core.certification.noise import NoiseSource
from diffsmooth_core.classifiers.base import reference_bank
from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.datasets import resolve
from diffsmooth_core.experiments import SWEEPS, Sweep, grid, sweep_stream
from diffsmooth_core.experiments.sweep import group, shared_batch
from tests.worlds import GREY, SHAPE, clamping_denoiser, half_space, ten_classes

CONFIG = SmoothingConfig(sigma=0.5, sigma_local=0.2, m=3, n0=20, n=40, device="cpu", dtype="float32")


def base_for(config: SmoothingConfig) -> BaseClassifier:
    return build_base(config, ten_classes(), clamping_denoiser())


def swept(configs: Sequence[SmoothingConfig]) -> Sweep:
    *_, last = sweep_stream(base_for(configs[0]), GREY, configs)
    assert last.finished
    return last


@pytest.mark.parametrize("over", SWEEPS)
@pytest.mark.parametrize("settings", [{}, {"noise": "reference"}, {"method": "local-only"}])
def test_shared_purification_gives_the_counts_of_separate_runs(over: str, settings: dict[str, str]) -> None:
    configs = grid(over, replace(CONFIG, **settings))
    block = shared_batch(base_for(configs[0]), configs)
    tied_to = group(replace(base_for(configs[0]), purifier_batch=block), GREY, configs)
    for cell in swept(configs).cells:
        base = replace(base_for(cell.config), purifier_batch=block)
        alone = certify(base, GREY, cell.config, tied_to=tied_to)
        assert (cell.counts0, cell.counts) == (alone.counts0, alone.counts)
        assert (cell.decision.label, cell.decision.radius) == (alone.label, alone.radius)


def test_the_bundled_networks_give_the_counts_of_separate_runs() -> None:
    """Their blocks are left as they are: a certificate of one's own has the sweep's votes too."""
    config = replace(CONFIG, n0=5, n=16)
    networks = load_classifier("gaussian-0.25"), load_denoiser("bundled")
    x = resolve("photo:coffee", "cifar10").tensor
    configs = [replace(config, m=m, sigma_local=local) for m, local in ((1, 0.25), (3, 0.1))]
    base = build_base(config, *networks)
    *_, last = sweep_stream(base, x, configs)
    tied_to = group(base, x, configs)
    for cell in last.cells:
        alone = certify(build_base(cell.config, *networks), x, cell.config, tied_to=tied_to)
        assert (cell.counts0, cell.counts) == (alone.counts0, alone.counts)


@pytest.mark.parametrize("over", ["sigma_local", "budget"])
def test_a_cancelled_sweep_goes_on_to_the_same_end(over: str) -> None:
    configs = grid(over, CONFIG)
    *steps, whole = sweep_stream(base_for(configs[0]), GREY, configs)
    for stopped in (steps[0], steps[len(steps) // 2], steps[-1]):
        first, *_, last = (stopped, *sweep_stream(base_for(configs[0]), GREY, configs, stopped))
        assert last == whole
        rest = [s.done for s in sweep_stream(base_for(configs[0]), GREY, configs, first)]
        assert rest == [s.done for s in (*steps, whole) if s.done > stopped.done], "no copy is purified twice"
    with pytest.raises(InputError, match="start a new one"):
        next(sweep_stream(base_for(configs[0]), GREY, configs[:-1], whole))


class Greedy(nn.Module):
    """A denoiser's network for which memory runs out above so many copies."""

    def __init__(self, network: nn.Module, most: int) -> None:
        super().__init__()
        self.network, self.most = network, most

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        if len(x) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return self.network(x, t)  # type: ignore[no-any-return]


def test_where_memory_runs_out_a_sweep_starts_again_with_smaller_batches_and_can_be_resumed() -> None:
    configs = grid("m", replace(CONFIG, sigma_local=0.3))
    base = base_for(configs[0])
    smaller = replace(base, purifier_batch=shared_batch(base, configs)).halved
    *_, expected = sweep_stream(smaller, GREY, configs, purifier_batch=smaller.purifier_batch)
    assert expected.tied_to == group(smaller, GREY, configs)
    denoiser = clamping_denoiser()
    denoiser.network = Greedy(denoiser.network, smaller.purifier_batch)
    greedy = build_base(configs[0], ten_classes(), denoiser)
    first, *_, last = sweep_stream(greedy, GREY, configs)
    assert last == expected
    *_, resumed = sweep_stream(greedy, GREY, configs, first)
    assert resumed == expected
    elsewhere = replace(first, tied_to=Commitment("0" * 64))
    assert next(sweep_stream(greedy, GREY, configs, elsewhere)).done == first.done, "begun anew"


def test_local_draws_are_nested() -> None:
    """The first m of 21 draws are what a run with m copies draws."""
    source = NoiseSource.seeded(0, "a" * 64, "estimation")
    wide, bank = source.local(3, 6, 21, SHAPE), reference_bank(21, SHAPE)
    for m in (1, 3, 5, 11):
        assert torch.equal(source.local(3, 6, m, SHAPE), wide[:, :m])
        assert torch.equal(reference_bank(m, SHAPE), bank[:m])


def test_a_copy_is_purified_once_for_all_settings() -> None:
    denoiser = clamping_denoiser()
    seen = []
    denoiser.network.register_forward_hook(lambda _, given, __: seen.append(len(given[0])))
    configs = [replace(CONFIG, m=m, sigma_local=local) for m in (1, 3) for local in (0.0, 0.1, 0.2)]
    base = build_base(CONFIG, ten_classes(), denoiser)
    *_, last = sweep_stream(base, GREY, configs)
    block = shared_batch(base, configs)
    assert last.total == CONFIG.n0 + CONFIG.n
    assert sum(seen) == (-(-CONFIG.n0 // block) + -(-CONFIG.n // block)) * block


def test_a_budget_keeps_the_number_of_predictions() -> None:
    """Tables 6 and 7: n times m is constant."""
    cells = grid("budget", SmoothingConfig(n=1000, m=5))
    assert [(c.m, c.n) for c in cells] == [(1, 5000), (2, 2500), (4, 1250), (5, 1000), (10, 500), (20, 250)]
    assert {c.n * c.m for c in cells} == {5000}
    assert [c.m for c in grid("budget", SmoothingConfig(n=21, m=1))] == [1]


def test_grids_change_what_they_say() -> None:
    assert [c.m for c in grid("m", CONFIG)] == [1, 3, 5, 11, 21]
    assert [c.sigma_local for c in grid("shift", CONFIG)] == [0.2, 0.21, 0.22, 0.23, 0.25]
    pairs = [(c.sigma, c.sigma_local) for c in grid("sigma_local", CONFIG)]
    assert len(pairs) == len(set(pairs)) == 12
    assert (1.0, 0.25) in pairs


def test_the_best_holds_at_alpha_over_the_number_of_cells() -> None:
    configs = [replace(CONFIG, method="local-only", sigma=s, n=200) for s in (0.25, 0.5)]
    *_, last = sweep_stream(build_base(configs[0], half_space(1.0)), GREY, configs)
    best = last.best()
    assert best is not None
    which, held = best
    one, base = replace(configs[which], alpha=CONFIG.alpha / 2), build_base(configs[0], half_space(1.0))
    tied_to = group(replace(base, purifier_batch=shared_batch(base, configs)), GREY, configs)
    alone = certify(build_base(one, half_space(1.0)), GREY, one, tied_to=tied_to)
    assert (held.label, held.radius) == (alone.label, alone.radius)
    assert held.radius < last.cells[which].decision.radius
    assert last.best(1) == best
    assert last.best(0) is None, "a radius for another class than the picture's is none"


def test_a_cell_with_too_few_votes_for_the_shared_level_is_not_the_best() -> None:
    """10 unanimous votes certify at alpha = 0.001, and cannot at half of it."""
    config = replace(CONFIG, method="local-only", m=1, n=10, sigma=0.1)
    configs = [config, replace(config, n=40)]
    *_, last = sweep_stream(build_base(config, half_space(1.0)), GREY, configs)
    assert last.cells[0].decision.radius > 0
    best = last.best()
    assert best is not None
    assert best[0] == 1


def test_there_is_no_best_while_votes_come_in() -> None:
    first = next(iter(sweep_stream(base_for(CONFIG), GREY, grid("m", CONFIG))))
    assert not first.finished
    assert first.best() is None


@pytest.mark.parametrize(
    ("configs", "words"),
    [
        ([replace(CONFIG, method="dds")], "no local noise"),
        ([CONFIG, replace(CONFIG, seed=1)], "differ in sigma, sigma_local, m and n"),
        ([CONFIG, replace(CONFIG, sigma=1e6)], "beyond this diffusion model"),
        ([], "one setting or more"),
    ],
)
def test_what_cannot_be_swept_is_refused(configs: list[SmoothingConfig], words: str) -> None:
    with pytest.raises(InputError, match=words):
        next(iter(sweep_stream(base_for(CONFIG), GREY, configs)))


def test_an_unknown_sweep_is_refused() -> None:
    with pytest.raises(InputError, match="choose one of sigma_local, m, shift, budget"):
        grid("n", CONFIG)
