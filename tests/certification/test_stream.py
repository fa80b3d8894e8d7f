"""certify_stream, certify and predict: invariants of the stream, and worlds where the answer is known."""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.stats import binom, binomtest, norm
from torch import Tensor, nn

from diffsmooth_core import build_base, certify, certify_stream, load_classifier, load_denoiser, predict
from diffsmooth_core.certification.certificate import Certificate, discrepancies
from diffsmooth_core.certification.prediction import predict_stream
from diffsmooth_core.certification.progress import Progress
from diffsmooth_core.certification.voting import commitment_of, noise_source
from diffsmooth_core.classifiers.base import BaseClassifier, Classifier
from diffsmooth_core.classifiers.batching import halve_batch
from diffsmooth_core.classifiers.execution import Execution, Graphed
from diffsmooth_core.config import ABSTAIN, InputError, SmoothingConfig
from diffsmooth_core.statistics import anytime_lower, certified_radius, clopper_pearson_lower
from tests.worlds import GREY, SHAPE, clamping_denoiser, half_space, linear_classifier, ten_classes

CONFIG = SmoothingConfig(
    method="diffsmooth", sigma=0.5, sigma_local=0.25, m=2, n0=30, n=150, device="cpu", dtype="float32"
)


def base_for(config: SmoothingConfig, classifier: Classifier | None = None) -> BaseClassifier:
    return build_base(config, classifier or ten_classes(), clamping_denoiser())


def last(stream: Iterator[Progress]) -> Certificate:
    *_, progress = stream
    assert progress.certificate is not None
    return progress.certificate


def votes_of(certificate: Certificate) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return certificate.counts0, certificate.counts


# Invariant 4: the same votes whatever the batch, or an interruption


@pytest.mark.parametrize("settings", [{}, {"noise": "reference"}, {"method": "plain"}, {"method": "dds"}])
def test_the_batch_size_does_not_change_the_votes(settings: dict[str, str]) -> None:
    config = replace(CONFIG, **settings)
    base = base_for(config)
    results = [votes_of(certify(base, GREY, config, batch=batch)) for batch in (7, 64, 1000, None)]
    assert sum(c > 0 for c in results[0][1]) > 5, "a vote spread over classes would show a difference"
    assert results[1:] == results[:-1]


@pytest.mark.parametrize("stop_after", [1, 3, 4, 5, 11, 25])
def test_a_cancelled_and_resumed_run_gives_the_same_votes(stop_after: int) -> None:
    """Cut in selection (chunks 1 to 5 of 7 votes), at its end, and in estimation; then other chunks."""
    base = base_for(CONFIG)
    whole = certify(base, GREY, CONFIG)
    stream = certify_stream(base, GREY, CONFIG, batch=7)
    for _ in range(stop_after):
        seen = next(stream)
    stream.close()
    assert seen.stage == ("selection" if stop_after <= 5 else "estimation")
    resumed = last(certify_stream(base, GREY, CONFIG, batch=64, resume=seen))
    assert votes_of(resumed) == votes_of(whole)
    assert (resumed.label, resumed.radius) == (whole.label, whole.radius)


def test_a_run_may_be_resumed_again_and_again() -> None:
    base, seen = base_for(CONFIG), None
    for batch in (5, 9, 30, 1, 50):
        seen = next(certify_stream(base, GREY, CONFIG, batch=batch, resume=seen))
    assert seen is not None
    assert seen.n_done == 51
    resumed = last(certify_stream(base, GREY, CONFIG, resume=seen))
    assert votes_of(resumed) == votes_of(certify(base, GREY, CONFIG))


@pytest.mark.parametrize("settings", [{}, {"method": "plain", "sigma": 0.25}])
def test_the_bundled_networks_votes_do_not_depend_on_the_batch(settings: dict[str, object]) -> None:
    config = replace(CONFIG, m=7, n0=5, n=66, **settings)  # type: ignore[arg-type]
    base = build_base(config, load_classifier("gaussian-0.25", "cpu"), load_denoiser("bundled", "cpu"))
    x = torch.rand(SHAPE, generator=torch.Generator().manual_seed(0)) * 0.5 + torch.linspace(0, 0.5, 32)
    x = (x * 255).round() / 255
    results = [votes_of(certify(base, x, config, batch=batch)) for batch in (7, 64, 1000)]
    assert results[0] == results[1] == results[2]
    seen = next(certify_stream(base, x, config, batch=3))  # cut in the middle of selection
    stream = certify_stream(base, x, config, batch=31, resume=seen)
    seen = [next(stream) for _ in range(2)][-1]  # and again in estimation
    assert (seen.stage, seen.n_done) == ("estimation", 31)
    assert votes_of(last(certify_stream(base, x, config, resume=seen))) == results[0]


def test_the_seed_the_picture_and_the_stage_change_the_votes() -> None:
    config = replace(CONFIG, n0=150, n=150)
    base = base_for(config)
    counts0, counts = votes_of(certify(base, GREY, config))
    assert counts0 != counts, "selection votes are never used again for estimation"
    assert counts not in votes_of(certify(base, GREY, replace(config, seed=1)))
    assert counts not in votes_of(certify(base, GREY + 1e-6, config)), "next to no change but in the key"


class Recorder(nn.Module):
    """A two-class network that keeps everything it was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(x.clone())
        return x.flatten(1)[:, :2]


def test_the_votes_are_cast_on_exactly_the_keyed_noise() -> None:
    """Algorithm 4: x + sigma * outer noise, + sigma_local * this vote's own local noise."""
    classifier = linear_classifier(torch.eye(2, SHAPE.numel()))
    classifier.network = recorder = Recorder()
    config = replace(CONFIG, method="local-only", n0=4, n=10)
    certificate = certify(base_for(config, classifier), GREY, config, batch=4)
    expected, counted = [], np.zeros((2, 2), int)
    for row, (stage, votes) in enumerate((("selection", 4), ("estimation", 10))):
        noise = noise_source(certificate.tied_to, GREY, stage)
        copies = GREY + 0.5 * noise.outer(0, votes, SHAPE)[:, None] + 0.25 * noise.local(0, votes, 2, SHAPE)
        expected.append(copies)
        confidence = copies.flatten(2)[:, :, :2].softmax(2).mean(1)
        counted[row] = np.bincount(confidence.argmax(1), minlength=2)
    shown = torch.cat(recorder.seen).unflatten(0, (-1, 2))
    for vote in torch.cat(expected):
        assert ((shown - vote).abs().amax((1, 2, 3, 4)) < 1e-6).sum() == 1, "seen once, never again"
    assert votes_of(certificate) == (tuple(counted[0]), tuple(counted[1]))


# Progress


def check_stream(stream: list[Progress], config: SmoothingConfig) -> None:
    assert [p.stage for p in stream] == sorted((p.stage for p in stream), reverse=True), "selection first"
    for p in stream:
        total = config.n0 if p.stage == "selection" else config.n
        assert p.n_total == total
        assert 0 < p.n_done <= total
        assert sum(p.counts0) == (p.n_done if p.stage == "selection" else config.n0)
        assert sum(p.counts) == (0 if p.stage == "selection" else p.n_done)
        assert p.candidate == int(np.argmax(p.counts0))
        tally = p.counts0 if p.stage == "selection" else p.counts
        assert p.p_hat == tally[p.candidate] / p.n_done
        finished = p.stage == "estimation" and p.n_done == config.n
        assert p.provisional == (not finished)
        assert (p.certificate is not None) == finished
        if p.stage == "estimation":
            assert p.p_a_lower == clopper_pearson_lower(p.counts[p.candidate], p.n_done, config.alpha)
            assert p.p_a_lower < p.p_hat or p.p_hat == 0
            assert p.radius == certified_radius(p.p_a_lower, config.sigma)
        else:
            assert (p.p_a_lower, p.radius) == (0.0, 0.0)
        assert p.votes_per_second > 0
    for before, after in pairwise(stream):
        assert after.n_done > before.n_done or after.stage != before.stage
        for old, new in ((before.counts0, after.counts0), (before.counts, after.counts)):
            assert all(o <= n for o, n in zip(old, new, strict=True)), "counts only grow"


@pytest.mark.parametrize(
    ("settings", "share_of_alpha", "holds"),
    [
        ({}, 1, False),
        ({"bound": "two-class"}, 2, False),
        ({"stopping": "adaptive", "rounds": 3, "n": 240}, 3, False),
        ({"stopping": "target", "target_radius": 0.45}, 1, True),
        ({"stopping": "decided", "target_radius": 0.45}, 1, True),
        ({"stopping": "decided", "target_radius": 0.45, "bound": "two-class"}, 2, True),
        ({"stopping": "sequential", "target_radius": 0.45}, 1, True),
    ],
)
def test_both_bounds_are_shown_whatever_the_rule(
    settings: dict[str, object], share_of_alpha: int, holds: bool
) -> None:
    """The one of a run that ends here, at the level of its rule, and the one that holds while one looks."""
    config = replace(CONFIG, method="plain", **settings)  # type: ignore[arg-type]
    *early, final = certify_stream(base_for(config, half_space(0.5)), GREY, config, batch=13)
    assert final.certificate is not None
    estimating = [p for p in early if p.stage == "estimation"]
    assert estimating
    for p in estimating:
        k, n = p.counts[p.candidate], p.n_done
        assert p.clopper_pearson == clopper_pearson_lower(k, n, config.alpha / share_of_alpha)
        assert p.anytime == anytime_lower(k, n, config.alpha / (2 if config.bound == "two-class" else 1))
        assert p.provisional == (not holds)
        assert p.point == (n, k / n, p.clopper_pearson, p.anytime)
    assert not final.provisional


def test_the_first_chunk_is_a_batch_of_the_networks_so_that_there_is_soon_something_to_see() -> None:
    config = replace(CONFIG, method="plain", n0=500)
    sizes = [p.n_done for p in certify_stream(base_for(config), GREY, config)][:2]
    block = certify(base_for(config), GREY, replace(config, n0=1, n=10)).block
    assert sizes[0] == block < sizes[1] - sizes[0]


def test_two_batches_are_cast_together_at_least() -> None:
    config = replace(CONFIG, method="local-only", m=50, n0=100)
    sizes = [p.n_done for p in certify_stream(base_for(config), GREY, config)][:2]
    assert sizes[1] - sizes[0] == 2 * sizes[0]


def test_densepure_shows_the_first_of_its_runs() -> None:
    config = replace(CONFIG, method="densepure", purifications=3, reverse_steps=3)
    samples = next(certify_stream(base_for(config), GREY, config)).samples
    assert len(samples.local) == 3
    assert np.array_equal(samples.purified, samples.local[0])
    assert not np.array_equal(samples.purified, samples.local[2])


@pytest.mark.parametrize("margin", [-0.3, 0.02, 0.8])
def test_every_snapshot_is_consistent(margin: float) -> None:
    base = base_for(CONFIG, half_space(margin))
    stream = list(certify_stream(base, GREY, CONFIG, batch=13))
    assert len(stream) == math.ceil(30 / 13) + math.ceil(150 / 13)
    check_stream(stream, CONFIG)
    assert discrepancies(stream[-1].certificate) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("method", "purified", "copies"), [("diffsmooth", True, 2), ("plain", False, 0), ("dds", True, 0)]
)
def test_samples_show_one_vote_of_the_chunk(method: str, purified: bool, copies: int) -> None:
    config = replace(CONFIG, method=method)
    first = next(certify_stream(base_for(config), GREY, config, batch=5))
    samples = first.samples
    assert np.array_equal(samples.original, GREY.permute(1, 2, 0).numpy())
    noise = noise_source(first.tied_to, GREY, "selection").outer(4, 5, SHAPE)[0]
    assert samples.noisy == pytest.approx((GREY + 0.5 * noise).permute(1, 2, 0).numpy(), abs=1e-6)
    assert (samples.purified is not None) == purified
    if samples.purified is not None:
        assert samples.purified == pytest.approx(samples.noisy.clip(0, 1), abs=1e-6)
    assert len(samples.local) == copies
    assert samples.vote == first.classes[-1]
    assert len(set(first.classes)) > 1, "another vote's class would show"


def test_dissenting_samples_are_the_first_votes_of_a_step_for_another_class() -> None:
    whole = list(certify_stream(base_for(CONFIG), GREY, CONFIG, batch=15))
    alone = [p for p in certify_stream(base_for(CONFIG), GREY, CONFIG, batch=1) if p.stage == "estimation"]
    assert not any(p.dissenting for p in whole if p.stage == "selection"), "there is no candidate yet"
    shown = 0
    for step in (p for p in whole if p.stage == "estimation"):
        start = step.n_done - len(step.classes)
        others = [start + i for i, label in enumerate(step.classes) if label != step.candidate][:2]
        assert [samples.index for samples in step.dissenting] == others
        for samples in step.dissenting:
            same = alone[samples.index].samples
            assert samples.vote == same.vote != step.candidate
            assert samples.noisy == pytest.approx(same.noisy, abs=1e-6)
            assert np.array_equal(samples.local, same.local) or samples.local == pytest.approx(same.local)
        shown += len(others)
    assert shown > 5


def test_a_vote_after_the_end_is_not_shown() -> None:
    """Of a last step of more votes than the rule needs, only those that count."""
    config = replace(CONFIG, n=2000, stopping="decided", target_radius=0.9)
    *_, last = certify_stream(base_for(config, half_space(0.02)), GREY, config, batch=400)
    assert last.certificate is not None
    assert last.certificate.n < 400
    assert all(samples.index < last.certificate.n for samples in last.dissenting)
    assert last.dissenting


def test_closing_the_stream_computes_nothing_more() -> None:
    classifier = linear_classifier(torch.eye(2, SHAPE.numel()))
    classifier.network = recorder = Recorder()
    stream = certify_stream(base_for(CONFIG, classifier), GREY, CONFIG, batch=5)
    next(stream)
    stream.close()
    assert len(recorder.seen) == 1
    assert next(stream, None) is None


# Worlds with a known answer: a half-space at distance `margin`


@pytest.mark.parametrize("seed", range(8))
def test_the_radius_stays_below_the_true_distance_and_comes_near_it(seed: int) -> None:
    """Gaussian smoothing of a half-space is exact: p_A = Phi(margin/sigma), radius = margin."""
    config = replace(CONFIG, method="plain", n=4000, seed=seed)
    certificate = certify(base_for(config, half_space(0.4)), GREY, config)
    assert certificate.label == 1
    assert 0.33 < certificate.radius < 0.4
    assert certificate.p_a_lower < norm.cdf(0.4 / 0.5)


def test_the_bound_covers_as_often_as_it_says() -> None:
    """300 certificates at alpha = .1: no more misses than a binomial allows, and not none at all."""
    config = replace(CONFIG, method="plain", sigma=0.5, n0=1, n=25, alpha=0.1)
    truth = norm.cdf(0.2 / 0.5)
    base = base_for(config, half_space(0.2))
    misses = 0
    for seed in range(300):
        certificate = certify(base, GREY, replace(config, seed=seed))
        misses += clopper_pearson_lower(certificate.counts[1], 25, 0.1) > truth
    assert binom.ppf(1e-6, 300, 0.04) <= misses <= binom.ppf(1 - 1e-6, 300, 0.1)


@pytest.mark.parametrize("noise", ["fresh", "reference"])
def test_local_noise_shifts_the_vote_as_it_must(noise: str) -> None:
    """With m = 1, fresh local noise adds its variance, independent of the outer noise; the fixed bank
    moves the hyperplane."""
    config = replace(CONFIG, method="local-only", m=1, sigma=0.5, sigma_local=0.5, noise=noise, n0=1, n=3000)
    classifier = half_space(0.4)
    direction = classifier.network[1].weight[1]
    bank = torch.randn(1, *SHAPE, generator=torch.Generator().manual_seed(42))
    truth = {
        "fresh": norm.cdf(0.4 / math.hypot(0.5, 0.5)),
        "reference": norm.cdf((0.4 + 0.5 * float(direction @ bank.flatten())) / 0.5),
    }
    assert abs(truth["fresh"] - truth["reference"]) > 0.02
    votes = certify(base_for(config, classifier), GREY, config).counts[1]
    assert abs(votes - 3000 * truth[noise]) < 5 * math.sqrt(3000 * truth[noise] * (1 - truth[noise]))


def test_purification_takes_part_in_the_vote() -> None:
    """A half-space whose normal is one pixel: the clamp to [0,1] cannot change that pixel's side."""
    weight = torch.zeros(2, SHAPE.numel())
    weight[1, 0], bias = 1.0, torch.tensor([0.0, -1.05])  # class 1 asks for a pixel above 1.05
    config = replace(CONFIG, method="dds", n0=5, n=60)
    classifier = linear_classifier(weight, bias)
    assert certify(base_for(config, classifier), GREY, config).counts == (60, 0), "clamped: never above 1"
    plain = replace(config, method="plain")
    assert certify(base_for(plain, classifier), GREY, plain).counts[1] > 0


def test_an_even_vote_abstains_and_an_unanimous_one_reaches_the_ceiling() -> None:
    even = certify(base_for(CONFIG, half_space(0.0)), GREY, CONFIG)
    assert (even.label, even.radius) == (ABSTAIN, 0.0)
    sure = certify(base_for(CONFIG, half_space(9.0)), GREY, CONFIG)
    assert (sure.label, sure.counts) == (1, (0, 150))
    assert sure.radius == pytest.approx(0.5 * norm.ppf(0.001 ** (1 / 150)))


def test_the_candidate_comes_from_selection_alone() -> None:
    """With one selection vote the wrong class is put up now and then: the run must then abstain,
    however clear the estimation votes are."""
    config = replace(CONFIG, method="plain", n0=1, n=100, alpha=0.05)
    base = base_for(config, half_space(0.3))
    outcomes = [certify(base, GREY, replace(config, seed=seed)) for seed in range(40)]
    wrong = [c for c in outcomes if c.counts0 == (1, 0)]
    assert 3 < len(wrong) < 25
    assert {c.label for c in wrong} == {ABSTAIN}
    assert {c.label for c in outcomes if c.counts0 == (0, 1)} == {1}


# PREDICT


@pytest.mark.parametrize("margin", [0.5, 0.1, 0.05, -0.1, 0.0])
def test_predict_is_the_binomial_test_on_its_own_votes(margin: float) -> None:
    config = replace(CONFIG, method="plain", n=200, alpha=0.01)
    base = base_for(config, half_space(margin))
    tied_to = commitment_of(base, GREY, config)
    noise = noise_source(tied_to, GREY, "prediction").outer(0, 200, SHAPE)
    classes = base(GREY + 0.5 * noise)
    first = int(classes.sum())
    expected = ABSTAIN
    if binomtest(max(first, 200 - first), 200).pvalue <= 0.01:
        expected = int(first > 100)
    assert predict(base, GREY, config) == predict(base, GREY, config, batch=7) == expected
    assert margin < 0.5 or expected == 1
    *early, last = predict_stream(base, GREY, config, batch=7)
    assert [progress.n_done for progress in early] == list(range(7, 197 + 1, 7))
    assert last.counts == (200 - first, first), "the same votes, however many at a time"
    assert {progress.label for progress in early} == {ABSTAIN}, "no answer before the last vote"
    assert last.label == expected


def test_predict_compares_the_two_leading_classes_alone() -> None:
    """Ten classes, of which eight are out: a lead of the first over the second is what counts."""
    weight, bias = torch.zeros(10, SHAPE.numel()), torch.full((10,), -1e3)
    weight[3, 0], weight[6, 0], bias[3], bias[6] = 1.0, -1.0, 0.3, 0.0
    config = replace(CONFIG, method="plain", n=100, alpha=0.01)
    assert predict(base_for(config, linear_classifier(weight, bias)), GREY, config) == 3
    assert predict(base_for(config), GREY, config) == ABSTAIN, "ten classes at a par"


# Bad input


@pytest.mark.parametrize("entry", [certify, predict])
@pytest.mark.parametrize(
    ("x", "named"),
    [
        (torch.zeros(1, *SHAPE), r"\(1, 3, 32, 32\)"),
        (torch.zeros(1, 32, 32), r"\(1, 32, 32\)"),
        (torch.zeros(3, 16, 16), r"\(3, 16, 16\)"),
        (torch.zeros(3, 224, 224), r"\(3, 224, 224\)"),
        (GREY * 255, "127.5.*divide by 255"),
        (GREY - 1, "-0.5"),
        (GREY - torch.eye(32) * 0.501, "-0.00099"),
        (GREY + torch.eye(32) * 0.501, "1.001"),
        (GREY.double(), "float64"),
        (GREY.to("meta"), r"in the CPU's memory, got one on meta; pass x\.cpu\(\)"),
        ((GREY * 255).to(torch.uint8), "uint8"),
        (torch.where(torch.eye(32) > 0, torch.nan, GREY), "NaN"),
        (GREY / 0, "infinite"),
        (GREY.numpy().astype("uint8"), "uint8.*divide by 255"),
        (GREY.numpy().transpose(1, 2, 0), r"shape \(3, 32, 32\), got \(32, 32, 3\)"),
        (np.full(SHAPE, "a"), "a tensor or a NumPy array.*got <U1"),
        (np.float32(0.5), "a tensor or a NumPy array"),
        (GREY.tolist(), "a tensor or a NumPy array.*got list"),
        (None, "got NoneType"),
    ],
)
def test_a_picture_that_does_not_fit_is_named(entry, x: Tensor, named: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=named):
        entry(base_for(CONFIG), x, CONFIG)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"sigma": 0.25}, "sigma 0.5.*says 0.25"),
        ({"sigma_local": 0.3}, "sigma_local 0.25.*says 0.3"),
        ({"m": 3}, "m 2.*says 3"),
        ({"method": "dds"}, "method diffsmooth.*says dds"),
        ({"method": "plain", "noise": "sound"}, "method diffsmooth.*says plain"),
        ({"classifier": "standard"}, "classifier gaussian-0.25.*says standard"),
    ],
)
def test_a_base_of_another_setting_is_refused(settings: dict[str, object], named: str) -> None:
    with pytest.raises(InputError, match=named):
        certify(base_for(CONFIG), GREY, replace(CONFIG, **settings))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"purifications": 4}, "purifications 3.*says 4"), ({"reverse_steps": 5}, "reverse_steps 2.*says 5")],
)
def test_a_base_of_another_reverse_process_is_refused(settings: dict[str, object], named: str) -> None:
    config = replace(CONFIG, method="densepure", purifications=3, reverse_steps=2)
    with pytest.raises(InputError, match=named):
        certify(base_for(config), GREY, replace(config, **settings))  # type: ignore[arg-type]


def test_a_batch_below_one_is_refused() -> None:
    with pytest.raises(InputError, match="batch .* got 0"):
        certify(base_for(CONFIG), GREY, CONFIG, batch=0)


def test_networks_that_return_nan_do_not_certify() -> None:
    broken = linear_classifier(torch.full((2, SHAPE.numel()), torch.nan))
    with pytest.raises(InputError, match="not finite at sigma 0.5"):
        certify(base_for(CONFIG, broken), GREY, CONFIG)


# Out of memory


class Greedy(nn.Module):
    """A network that has memory for so many copies at a time, as far as it tells."""

    def __init__(self, network: nn.Module, most: int, error: Exception) -> None:
        super().__init__()
        self.network, self.most, self.error = network, most, error

    def forward(self, x: Tensor) -> Tensor:
        if len(x) > self.most:
            raise self.error
        return self.network(x)  # type: ignore[no-any-return]


def greedy(most: int, error: Exception | None = None) -> BaseClassifier:
    base = base_for(replace(CONFIG, m=1))
    error = error or torch.OutOfMemoryError("CUDA out of memory")
    base.classifier.network = Greedy(base.classifier.network, most, error)
    return base


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("you can't allocate memory: 1 TB"),
        torch.AcceleratorError("CUDA error: out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    ],
)
def test_without_memory_counting_starts_again_with_a_smaller_recorded_block(error: Exception) -> None:
    config = replace(CONFIG, m=1)
    found = certify(greedy(12, error), GREY, config)
    assert (found.block, found.execution) == (4, "folded/8")
    assert discrepancies(found) == []
    execution = Execution.parse(found.execution)
    again = certify(replace(base_for(config), purifier_batch=4, execution=execution), GREY, config)
    assert votes_of(found) == votes_of(again)


def test_memory_that_ends_in_the_middle_starts_the_counts_again() -> None:
    """All votes of a certificate come from batches of one shape."""
    config = replace(CONFIG, m=1)
    base = greedy(1000)
    stream = certify_stream(base, GREY, config, batch=10)
    seen = [next(stream) for _ in range(5)]
    assert [(p.stage, p.n_done) for p in seen[-2:]] == [("estimation", 10), ("estimation", 20)]
    base.classifier.network.most = 4
    again = next(stream)
    assert (again.stage, again.n_done, sum(again.counts)) == ("selection", 10, 0)
    found = last(stream)
    assert (sum(found.counts0), found.n) == (config.n0, config.n)


def test_one_copy_at_a_time_is_tried_before_memory_is_said_to_be_short() -> None:
    assert certify(greedy(2), GREY, replace(CONFIG, m=1)).block == 1


def test_where_one_copy_is_purified_at_a_time_the_classifier_takes_fewer_too() -> None:
    config = replace(CONFIG, m=5)
    base = replace(base_for(config), purifier_batch=1, execution=Execution("folded"))
    base.classifier.network = Greedy(base.classifier.network, 2, torch.OutOfMemoryError("CUDA out of memory"))
    found = certify(base, GREY, config)
    assert (found.block, found.execution) == (1, "folded/2"), "5, 3, then 2 pictures"


def test_what_a_failed_attempt_holds_is_free_before_the_next_one() -> None:
    """The tensors of the frames that it failed in, and what graphs of its shape hold."""
    graphed = Graphed(nn.Identity())
    graphed.graphs.captured[torch.Size([16]),] = None  # type: ignore[assignment]
    held: list[weakref.ref[Tensor]] = []

    def forward(x: Tensor) -> Tensor:
        held.append(weakref.ref(activations := x.clone()))
        raise torch.OutOfMemoryError(f"CUDA out of memory after {len(activations)}")

    base = base_for(CONFIG)
    try:
        forward(torch.zeros(1))
    except torch.OutOfMemoryError as error:
        assert held[0]() is not None
        halve_batch(base, error)
        assert held[0]() is None
    assert not graphed.graphs.captured


def test_an_odd_number_of_copies_is_halved_upward() -> None:
    found = certify(replace(greedy(3), execution=Execution("folded", 5)), GREY, replace(CONFIG, m=1))
    assert (found.block, found.execution) == (8, "folded/3")


def test_without_memory_for_one_copy_it_is_said() -> None:
    with pytest.raises(InputError, match="not enough memory on cpu for one copy at a time"):
        certify(greedy(0), GREY, replace(CONFIG, m=1))


def test_another_fault_of_a_network_is_not_taken_for_one_of_memory() -> None:
    with pytest.raises(RuntimeError, match="shapes"):
        certify(greedy(0, RuntimeError("shapes do not fit")), GREY, replace(CONFIG, m=1))
