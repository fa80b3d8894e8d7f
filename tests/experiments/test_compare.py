"""Settings side by side: their votes are those of separate runs, and equal where the mathematics says so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from diffsmooth_core import build_base, certify, load_classifier, load_denoiser
from diffsmooth_core.certification.certificate import at_level
from diffsmooth_core.certification.voting import noise_source
from diffsmooth_core.config import METHODS, InputError, SmoothingConfig
from diffsmooth_core.datasets import resolve
from diffsmooth_core.experiments import Comparison, compare_stream, evaluations
from diffsmooth_core.experiments.cost import MemoryMeter
from tests.worlds import GREY, clamping_denoiser, half_space, ten_classes

CONFIG = SmoothingConfig(sigma=0.5, m=3, n0=20, n=90, device="cpu", dtype="float32")
PLAIN, LOCAL, DDS, DIFFSMOOTH = (
    replace(CONFIG, method=method) for method in ("plain", "local-only", "dds", "diffsmooth")
)


def compared(*configs: SmoothingConfig) -> Comparison:
    settings = [(build_base(c, ten_classes(), clamping_denoiser()), c) for c in configs]
    *_, last = compare_stream(settings, GREY)
    return last


def test_the_votes_are_those_of_separate_runs() -> None:
    configs = (PLAIN, LOCAL, DDS, DIFFSMOOTH, replace(PLAIN, sigma=0.25, n=40))
    found = compared(*configs)
    assert found.finished
    group = found.entries[0].progress.tied_to  # type: ignore[union-attr]
    for entry, config in zip(found.entries, configs, strict=True):
        base = build_base(config, ten_classes(), clamping_denoiser())
        alone = certify(base, GREY, config, tied_to=group)
        assert entry.certificate is not None
        assert (entry.certificate.counts0, entry.certificate.counts) == (alone.counts0, alone.counts)
        assert tuple(np.bincount(entry.classes, minlength=10)) == alone.counts
        assert entry.seconds > 0


def test_dds_is_diffsmooth_with_one_copy_and_no_local_noise() -> None:
    """Vote by vote, with the bundled networks."""
    one = replace(DIFFSMOOTH, m=1, sigma_local=0.0, n=28)
    networks = load_classifier("gaussian-0.25"), load_denoiser("bundled")
    settings = [(build_base(c, *networks), c) for c in (replace(DDS, n=28), one)]
    *_, found = compare_stream(settings, resolve("photo:coffee", "cifar10").tensor)
    assert len(set(found.entries[0].classes)) > 1
    assert found.entries[0].classes == found.entries[1].classes
    assert len(found.differing) == 0


def test_one_copy_is_the_naive_path() -> None:
    """m = 1: classify x + noise + local noise, written out."""
    config = replace(LOCAL, m=1, sigma_local=0.3)
    entry = compared(config, PLAIN).entries[0]
    assert entry.progress is not None
    noise = noise_source(entry.progress.tied_to, GREY, "estimation")
    outer, local = noise.outer(0, config.n, GREY.shape), noise.local(0, config.n, 1, GREY.shape)
    with torch.inference_mode():
        logits = ten_classes()(GREY + config.sigma * outer + config.sigma_local * local[:, 0])
    assert list(entry.classes) == logits.argmax(1).tolist()


def test_differing_votes_are_found() -> None:
    found = compared(PLAIN, LOCAL, replace(LOCAL, n=60))
    assert found.shared == 60
    expected = [
        i
        for i, labels in enumerate(zip(*(e.classes for e in found.entries), strict=False))
        if len(set(labels)) > 1
    ]
    assert found.differing.tolist() == expected
    patterns = found.patterns
    assert sorted(vote for _, votes in patterns for vote in votes.tolist()) == expected
    for said, votes in patterns:
        assert len(set(said)) > 1
        assert votes.tolist() == sorted(votes.tolist())
        assert all(tuple(entry.classes[vote] for entry in found.entries) == said for vote in votes)
    often = [len(votes) for _, votes in patterns]
    assert often == sorted(often, reverse=True)
    assert len({said for said, _ in patterns}) == len(patterns)
    assert 0 < len(expected) < 60


def test_the_settings_keep_in_step() -> None:
    settings = [(build_base(c, ten_classes(), clamping_denoiser()), c) for c in (PLAIN, DIFFSMOOTH)]
    ahead = max(base.votes_per_step for base, _ in settings)
    for found in compare_stream(settings, GREY):
        first, second = (entry.counted for entry in found.entries)
        assert abs(first - second) <= ahead


def test_a_cancelled_comparison_goes_on_to_the_same_end() -> None:
    configs = (PLAIN, DIFFSMOOTH, replace(PLAIN, n=24))
    settings = [(build_base(c, ten_classes(), clamping_denoiser()), c) for c in configs]
    whole = compared(*configs)
    steps = list(compare_stream(settings, GREY))
    for stopped in (steps[0], steps[len(steps) // 2], steps[-2]):
        rest = list(compare_stream(settings, GREY, resume=stopped))
        assert rest[0].done > stopped.done, "nothing is counted twice"
        assert [e.classes for e in rest[-1].entries] == [e.classes for e in whole.entries]
        for entry, alone in zip(rest[-1].entries, whole.entries, strict=True):
            assert entry.certificate is not None
            assert alone.certificate is not None
            assert entry.certificate.counts0 == alone.certificate.counts0
            assert entry.certificate.counts == alone.certificate.counts
    with pytest.raises(InputError, match="start a new one"):
        next(compare_stream(settings[:2], GREY, resume=whole))


def test_the_best_holds_at_alpha_over_the_number_of_settings() -> None:
    settings = [
        (build_base(c, half_space(margin)), c)
        for margin, c in ((0.4, PLAIN), (1.2, replace(PLAIN, n=200)), (0.8, PLAIN))
    ]
    *_, found = compare_stream(settings, GREY)
    best = found.best()
    assert best is not None
    which, certificate = best
    assert which == 1
    alone = found.entries[1].certificate
    assert alone is not None
    assert certificate == at_level(alone, CONFIG.alpha / 3)
    assert 0 < certificate.radius < alone.radius
    assert found.best(1) == found.best()
    assert found.best(0) is None, "a radius for another class than the picture's is none"


def test_a_setting_with_too_few_votes_for_the_shared_level_is_not_the_best() -> None:
    """10 unanimous votes certify at alpha = 0.001, and cannot at half of it."""
    few, many = replace(PLAIN, n=10, sigma=0.1), replace(PLAIN, n=40, sigma=0.1)
    *_, found = compare_stream([(build_base(c, half_space(1.0)), c) for c in (few, many)], GREY)
    assert found.entries[0].certificate is not None
    assert found.entries[0].certificate.radius > 0
    best = found.best()
    assert best is not None
    assert best[0] == 1


def test_there_is_no_best_while_votes_come_in_or_where_all_abstain() -> None:
    settings = [(build_base(PLAIN, ten_classes()), PLAIN)] * 2
    *begun, last = compare_stream(settings, GREY)
    assert begun[0].best() is None
    assert last.finished
    assert last.best() is None


@pytest.mark.parametrize(("name", "value"), [("seed", 1), ("noise", "sound"), ("alpha", 0.01)])
def test_settings_on_other_noise_are_refused(name: str, value: object) -> None:
    with pytest.raises(InputError, match=f"{name} is "):
        compared(PLAIN, replace(PLAIN, **{name: value}))  # type: ignore[arg-type]


@pytest.mark.parametrize("method", METHODS)
def test_the_evaluations_of_a_vote_are_those_that_happen(method: str) -> None:
    config = replace(CONFIG, method=method, purifications=2, reverse_steps=3)
    expected = {
        "plain": (0, 1),
        "dds": (1, 1),
        "diffsmooth": (1, 3),
        "local-only": (0, 3),
        "denoised": (1, 1),
        "densepure": (6, 2),
    }
    assert evaluations(config) == expected[method]


def test_memory_is_the_most_that_lives_at_once() -> None:
    weight = torch.ones(1000)
    with torch.inference_mode(), MemoryMeter() as meter:
        first = weight + 1  # 4,000 bytes; what was there before is not counted
        second = first.view(10, 100).double()  # 8,000 more; a view is nothing new
        del first
        second.add_(1)
    assert meter.peak == 12_000
    found = compared(PLAIN, DIFFSMOOTH)
    assert 0 < found.entries[0].memory < found.entries[1].memory
