"""One vote taken apart is the run's own vote, and its parts fit together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from diffsmooth_core import build_base, certify_stream, load_classifier, load_denoiser
from diffsmooth_core.certification.tracing import trace_vote
from diffsmooth_core.certification.voting import VoteRange, votes
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.config import METHODS, NOISES, InputError, SmoothingConfig
from diffsmooth_core.datasets import resolve
from tests.worlds import GREY, clamping_denoiser_for, ten_classes

CONFIG = SmoothingConfig(
    sigma=0.5, m=3, n0=20, n=40, purifications=3, reverse_steps=2, device="cpu", dtype="float32"
)


def base_for(config: SmoothingConfig) -> BaseClassifier:
    return build_base(config, ten_classes(), clamping_denoiser_for(config))


def classes(base: BaseClassifier, config: SmoothingConfig) -> list[int]:
    """The classes of all estimation votes of a run."""
    stream = certify_stream(base, GREY, config, batch=7)
    return [label for p in stream if p.stage == "estimation" for label in p.classes]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("noise", NOISES)
def test_a_traced_vote_is_the_runs_own(method: str, noise: str) -> None:
    config = replace(CONFIG, method=method, noise=noise)
    base, x = base_for(config), (255 * GREY).round() / 255
    stream = certify_stream(base, x, config, batch=7)
    ran = [label for p in stream if p.stage == "estimation" for label in p.classes]
    assert len(ran) == config.n
    assert len(set(ran)) > 3, "votes that all agree would show nothing"
    assert [trace_vote(base, x, config, i).vote for i in range(12)] == ran[:12]
    _, samples = votes(base, VoteRange(x, "estimation", 0, 6), config)
    traced = trace_vote(base, x, config, 5)
    np.testing.assert_array_equal(traced.noisy, samples.noisy)
    for mine, the_runs in (
        (traced.purified, samples.purified),
        *zip(traced.local, samples.local, strict=True),
    ):
        np.testing.assert_array_equal(mine, the_runs)


def test_the_streams_classes_are_what_it_counts() -> None:
    base = base_for(CONFIG)
    *_, last = certify_stream(base, GREY, CONFIG, batch=7)
    assert last.certificate is not None
    assert tuple(np.bincount(classes(base, CONFIG), minlength=10)) == last.certificate.counts


def test_a_run_that_ends_within_a_chunk_gives_no_classes_beyond_its_end() -> None:
    config = replace(CONFIG, stopping="decided", n=400, target_radius=0.5)
    base = base_for(config)
    *_, last = certify_stream(base, GREY, config, batch=64)
    assert last.n_done < 400
    assert len(classes(base, config)) == last.n_done


def test_the_parts_fit_together() -> None:
    """Algorithms 1 and 2 and the mean of Algorithm 3, worked out again from what is shown."""
    config = replace(CONFIG, sigma_local=0.2)
    base = build_base(config, load_classifier("gaussian-0.25"), load_denoiser("bundled"))
    x = resolve("photo:cat", "cifar10").tensor
    traced = trace_vote(base, x, config, 5)
    found = traced.diffusion
    assert found is not None
    assert found.noise_ratio[found.t - 1] < 2 * config.sigma <= found.noise_ratio[found.t]
    root, rest = found.alpha_bar**0.5, (1 - found.alpha_bar) ** 0.5
    np.testing.assert_allclose(traced.original + traced.noise, traced.noisy, atol=1e-6)
    np.testing.assert_allclose(found.x_t, root * (2 * traced.noisy - 1), atol=1e-6)
    np.testing.assert_allclose(config.sigma * found.eps, traced.noise, atol=1e-6)
    estimate = ((found.x_t - rest * found.predicted) / root).clip(-1, 1)
    np.testing.assert_array_equal((estimate.astype(np.float32) + 1) / 2, traced.purified)
    assert found.error < 0.5, "the network sees most of the noise"
    assert len(traced.local) == config.m
    spread = np.std(np.stack(traced.local) - traced.purified)
    assert spread == pytest.approx(0.2, rel=0.03)
    seen = torch.from_numpy(np.stack(traced.local)).permute(0, 3, 1, 2)
    softmax = base.classifier(seen).softmax(1).numpy()
    np.testing.assert_allclose(traced.softmax, softmax, atol=1e-5)
    np.testing.assert_allclose(traced.confidence, softmax.mean(0), atol=1e-5)


def test_the_purifier_sees_a_traced_vote_in_a_batch_of_the_runs_shape() -> None:
    base, seen = base_for(CONFIG), set()
    base.purifier.denoiser.network.register_forward_pre_hook(lambda _, x: seen.add(len(x[0])))  # type: ignore[union-attr]
    *_, last = certify_stream(base, GREY, CONFIG)
    assert last.certificate is not None
    assert seen == {last.certificate.block}
    trace_vote(base, GREY, CONFIG, 5)
    assert seen == {last.certificate.block}


def test_densepures_confidence_is_the_share_of_its_classes() -> None:
    config = replace(CONFIG, method="densepure", purifications=4)
    traced = trace_vote(base_for(config), GREY, config, 2)
    shares = np.bincount(traced.softmax.argmax(1), minlength=10) / 4
    np.testing.assert_allclose(traced.confidence, shares)
    assert len(traced.local) == 4


def test_a_method_without_a_stage_has_none_of_it() -> None:
    config = replace(CONFIG, method="plain")
    traced = trace_vote(base_for(config), GREY, config, 0, "selection")
    assert (traced.diffusion, traced.purified, traced.local) == (None, None, ())
    assert traced.softmax.shape == (1, 10)


@pytest.mark.parametrize(("stage", "index"), [("estimation", 40), ("selection", 20), ("estimation", -1)])
def test_a_vote_that_the_run_has_not_is_refused(stage: str, index: int) -> None:
    with pytest.raises(InputError, match=f"vote {index} is not one of the"):
        trace_vote(base_for(CONFIG), GREY, CONFIG, index, stage)  # type: ignore[arg-type]
