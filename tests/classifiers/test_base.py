"""The base classifier f: how the methods are wired, Algorithm 3 by hand, the released code's outputs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from diffsmooth_core import build_base, certify, load_classifier, load_denoiser, predict
from diffsmooth_core.classifiers.base import BaseClassifier, reference_bank
from diffsmooth_core.classifiers.batching import default_purifier_batch
from diffsmooth_core.classifiers.execution import EAGER, Execution
from diffsmooth_core.classifiers.normalisation import STATISTICS, Normalise
from diffsmooth_core.config import METHODS, InputError, SmoothingConfig
from diffsmooth_core.purification.purifiers import purifier_of
from diffsmooth_core.purification.reverse_process import reverse_process
from tests.worlds import (
    GREY,
    SHAPE,
    clamping_denoiser,
    clamping_denoiser_for,
    clamping_direct_denoiser,
    ten_classes,
)

CONFIG = SmoothingConfig(sigma=0.5, sigma_local=0.25, m=4, device="cpu", dtype="float32")


def base_for(**settings: object) -> BaseClassifier:
    config = replace(CONFIG, **settings)  # type: ignore[arg-type]
    return build_base(config, ten_classes(), clamping_denoiser_for(config))


def noisy(count: int, seed: int = 3) -> torch.Tensor:
    return GREY + 0.5 * torch.randn(count, *SHAPE, generator=torch.Generator().manual_seed(seed))


def test_algorithm_3_by_hand() -> None:
    """Purify, add local noise without clamping, classify each copy, average the softmax, argmax."""
    x, base = noisy(3), base_for()
    local = torch.randn(3, 4, *SHAPE, generator=torch.Generator().manual_seed(4))
    purified = x.clamp(0, 1)
    confidence = torch.zeros(3, 10)
    for i in range(3):
        for j in range(4):
            copy = purified[i] + 0.25 * local[i, j]
            confidence[i] += ten_classes()(copy[None])[0].softmax(0) / 4
    vote = base.trace(x, local)
    torch.testing.assert_close(vote.confidence, confidence, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(vote.purified, purified, atol=1e-6, rtol=0)
    torch.testing.assert_close(vote.local, purified[:, None] + 0.25 * local, atol=1e-6, rtol=0)
    assert base(x, local).tolist() == confidence.argmax(1).tolist()


def test_the_average_is_of_probabilities_not_of_logits_or_votes() -> None:
    """One copy that is sure outweighs two that waver: a majority of copies would say otherwise."""
    base = base_for(method="local-only", m=3, sigma_local=1.0)
    weight = base.classifier.network[1].weight
    sure, waver = weight[0] - weight[1], weight[1] - weight[0]
    # Class 0 by about 3 nats once, class 1 by half a nat twice.
    gap = float(sure @ sure)
    local = torch.stack([3 / gap * sure, 0.5 / gap * waver, 0.5 / gap * waver]).reshape(1, 3, *SHAPE)
    softmax = base.classifier(GREY + local[0]).softmax(1)
    assert softmax[:, :2].argmax(1).tolist() == [0, 1, 1]
    confidence = base.confidence(GREY[None], local)
    torch.testing.assert_close(confidence, softmax.mean(0, keepdim=True), atol=1e-5, rtol=0)
    assert confidence[0, 0] > confidence[0, 1]


@pytest.mark.parametrize("method", METHODS)
def test_each_method_does_what_its_name_says(method: str) -> None:
    x, vote = noisy(2), base_for(method=method, reverse_steps=1).trace(noisy(2))
    purifies, smooths = METHODS[method].purifies, METHODS[method].smooths_locally
    assert (vote.purified is not None) == purifies
    majority = purifier_of(method).majority
    assert (vote.local is not None) == (smooths or majority)
    seen = x.clamp(0, 1) if purifies else x
    if smooths:
        copies = seen[:, None] + 0.25 * reference_bank(4, SHAPE)
        expected = ten_classes()(copies.flatten(0, 1)).softmax(1).unflatten(0, (2, 4)).mean(1)
    else:
        expected = ten_classes()(seen).softmax(1)
    if majority:
        expected = torch.nn.functional.one_hot(expected.argmax(1), 10).float()
    torch.testing.assert_close(vote.confidence, expected, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(vote.confidence.sum(1), torch.ones(2))


def test_densepure_counts_the_classes_of_its_runs() -> None:
    """K runs of the reverse process with their own noise, a class each; the shares are the confidence."""
    x, base = noisy(2), base_for(method="densepure", purifications=5, reverse_steps=3)
    local = torch.randn(2, base.draws, *SHAPE, generator=torch.Generator().manual_seed(4))
    expected = torch.zeros(2, 10)
    for i in range(2):
        for run in local[i].view(5, 2, *SHAPE):
            purified = reverse_process(clamping_denoiser(), x[i : i + 1], 0.5, 3, run[None])
            expected[i, int(ten_classes()(purified).argmax())] += 1 / 5
    torch.testing.assert_close(base.confidence(x, local), expected)
    assert base(x, local).tolist() == expected.argmax(1).tolist()


@pytest.mark.parametrize("broken", [torch.nan, torch.inf])
def test_densepure_takes_no_class_from_values_that_are_not_finite(broken: float) -> None:
    """The class of one run in five cannot be told: the argmax would be a vote like any other."""
    config = replace(CONFIG, method="densepure", purifications=5, reverse_steps=1, n0=5, n=20)
    classifier, passes = ten_classes(), []

    def break_one(_: torch.nn.Module, copies: tuple[torch.Tensor], logits: torch.Tensor) -> torch.Tensor:
        passes.append(len(copies[0]))
        logits[3] = broken
        return logits

    classifier.register_forward_hook(break_one)
    base = build_base(config, classifier, clamping_denoiser())
    for entry in (certify, predict):
        with pytest.raises(InputError, match="not finite at sigma 0.5"):
            entry(base, GREY, config)
    assert passes


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("execution", [EAGER, Execution("folded", 20)], ids=str)
def test_the_networks_see_batches_of_the_recorded_shape_alone(method: str, execution: Execution) -> None:
    """However many votes are left: the last bits of a vote depend on how many copies go together."""
    config = replace(CONFIG, method=method, m=3, purifications=3, reverse_steps=2, n0=5, n=37)
    purifier = purifier_of(method)
    classifier, denoiser = ten_classes(), clamping_denoiser_for(config)
    seen: dict[str, set[int]] = {"classifier": set(), "purifier": set()}
    for name, module in (("classifier", classifier), ("purifier", denoiser)):
        module.network.register_forward_pre_hook(lambda _, x, name=name: seen[name].add(len(x[0])))
    base = build_base(config, classifier, denoiser, execution)
    found = certify(base, GREY, config, batch=7)
    copies = 3 if METHODS[method].smooths_locally or purifier.majority else 1
    assert seen["classifier"] == {execution.classifier_batch or found.block * copies}
    of_purifier = found.block * purifier.pictures(config)
    assert seen["purifier"] == ({of_purifier} if METHODS[method].purifies else set())


@pytest.mark.parametrize(
    ("settings", "block"),
    [
        ({}, 16),
        ({"method": "plain"}, 16),
        ({"method": "densepure", "purifications": 1, "reverse_steps": 2}, 16),
        ({"method": "densepure", "purifications": 3, "reverse_steps": 2}, 8),
        ({"method": "densepure", "purifications": 9, "reverse_steps": 2}, 8),
    ],
)
def test_how_many_copies_go_together_on_a_cpu_is_recorded(settings: dict[str, object], block: int) -> None:
    """Another number would change the last bits of votes that others are to draw again."""
    config = replace(CONFIG, n0=1, n=10, **settings)  # type: ignore[arg-type]
    assert certify(base_for(**vars(config)), GREY, config).block == block


@pytest.mark.parametrize(
    ("dataset", "method", "millions", "copies"),
    [
        ("imagenet", "diffsmooth", 552.8, 1),  # OpenAI's: most of a minute a copy
        ("imagenet", "diffsmooth", 7.4, 4),
        ("imagenet", "densepure", 7.4, 1),
        ("imagenet", "plain", 0.1, 16),
        ("cifar10", "diffsmooth", 52.5, 16),
        ("cifar10", "densepure", 52.5, 8),
        ("my-own", "diffsmooth", 3.0, 16),
    ],
)
def test_a_cpu_takes_the_fewer_copies_the_larger_the_network(
    dataset: str, method: str, millions: float, copies: int
) -> None:
    config = replace(CONFIG, dataset=dataset, method=method)
    assert default_purifier_batch(config, torch.device("cpu"), int(millions * 1e6)) == copies


@pytest.mark.parametrize(
    ("changes", "copies"),
    [
        ({"m": 5}, 1024),
        ({"m": 21}, 1024),
        ({"m": 100}, 320),
        ({"dataset": "imagenet", "m": 5}, 64),
        ({"dataset": "imagenet", "m": 21}, 24),
        ({"method": "densepure", "purifications": 40}, 96),
    ],
)
def test_a_gpu_takes_many_copies_but_no_tensor_of_2_to_the_31_values(
    changes: dict[str, object], copies: int
) -> None:
    config, side = replace(CONFIG, **changes), 224 if "dataset" in changes else 32
    assert default_purifier_batch(config, torch.device("cuda"), 552_800_000) == copies
    pictures = config.purifications if config.method == "densepure" else 1
    assert copies * side**2 * max(512 * pictures, 64 * config.m) < 2**31


@pytest.mark.parametrize(
    ("changes", "millions", "copies"),
    [({"m": 2}, 7.4, 256), ({"m": 2}, 20.1, 64), ({"m": 100}, 7.4, 6), ({"dataset": "cifar10"}, 3.0, 1024)],
)
def test_a_gpu_takes_more_copies_of_a_photograph_in_small_networks(
    changes: dict[str, object], millions: float, copies: int
) -> None:
    config = SmoothingConfig(**({"sigma": 0.5, "dataset": "imagenet"} | changes))  # type: ignore[arg-type]
    assert default_purifier_batch(config, torch.device("cuda"), int(millions * 1e6)) == copies


def test_an_imagenet_picture_goes_with_others_where_its_networks_are_small() -> None:
    config = replace(CONFIG, method="plain", dataset="imagenet", n0=1, n=10)
    classifier = ten_classes()
    classifier.dataset = "imagenet"
    classifier.network = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(32), *classifier.network)
    assert certify(build_base(config, classifier), torch.full((3, 224, 224), 0.5), config).block == 16


def test_a_method_refuses_the_other_kind_of_denoiser() -> None:
    with pytest.raises(InputError, match="'denoised' needs a denoiser trained for one sigma.*'silent'"):
        build_base(replace(CONFIG, method="denoised"), ten_classes(), clamping_denoiser())
    with pytest.raises(InputError, match="'diffsmooth' needs a diffusion model.*'direct'"):
        build_base(CONFIG, ten_classes(), clamping_direct_denoiser(0.5))
    with pytest.raises(InputError, match="trained for sigma 0.25, not 0.5"):
        build_base(replace(CONFIG, method="denoised"), ten_classes(), clamping_direct_denoiser(0.25))


def test_one_local_copy_without_noise_is_dds() -> None:
    x = noisy(20)
    local = torch.randn(20, 1, *SHAPE, generator=torch.Generator().manual_seed(9))
    diffsmooth = base_for(m=1, sigma_local=0.0).confidence(x, local)
    torch.testing.assert_close(diffsmooth, base_for(method="dds").confidence(x))


def test_the_fixed_bank_is_the_released_codes() -> None:
    """manual_seed(42), then randn(m, 3, h, w); the sums (in float32) are recorded from the released code
    times the local sigma."""
    with torch.random.fork_rng():
        torch.manual_seed(42)
        released = torch.randn(5, *SHAPE)
    assert torch.equal(reference_bank(5, SHAPE), released)
    for m, sigma_local, total in ((1, 0.25, 3.97878861), (5, 0.25, 35.8184853), (21, 0.53, -6.74511337)):
        assert float((sigma_local * reference_bank(m, SHAPE)).sum()) == pytest.approx(total, abs=1e-3)


def test_without_local_noise_f_is_deterministic() -> None:
    base, x = base_for(), noisy(5)
    assert torch.equal(base.confidence(x), base.confidence(x))


@pytest.mark.parametrize("method", ["diffsmooth", "plain"])
def test_a_vote_does_not_depend_on_its_neighbours(method: str) -> None:
    """Bit for bit, with the bundled networks: their kernels alone promise it for no batch size."""
    config = replace(CONFIG, method=method, m=4)
    base = build_base(config, load_classifier("gaussian-0.25", "cpu"), load_denoiser("bundled", "cpu"))
    x = noisy(45)
    local = torch.randn(45, 4, *SHAPE, generator=torch.Generator().manual_seed(5))
    together = base.confidence(x, local)
    for batch, until in ((1, 2), (7, 28), (40, 45)):
        some = range(0, until, batch)
        apart = torch.cat([base.confidence(x[i : i + batch], local[i : i + batch]) for i in some])
        assert torch.equal(apart, together[: len(apart)]), batch


def test_the_released_pipelines_confidence(golden_dir: Path) -> None:
    folder = golden_dir / "cohen_resnet20"
    record, io = json.loads((folder / "record.json").read_text()), load_file(folder / "io.safetensors")
    diffusion = golden_dir / "improved_diffusion_small"
    settings = json.loads((diffusion / "record.json").read_text())["config"]
    classifier = load_classifier(folder / "checkpoint.pth.tar", "cpu")
    denoiser = load_denoiser(diffusion / "model.pt", "cpu", settings)
    with torch.inference_mode():
        torch.testing.assert_close(classifier(io["x"]), io["logits_clean"], atol=1e-4, rtol=0)
    assert len(record["cases"]) == 3
    for case in record["cases"]:
        config = replace(CONFIG, sigma=case["sigma"], sigma_local=case["local_sigma"], m=case["m"])
        vote = build_base(config, classifier, denoiser).trace(io[f"x_rs_{case['k']}"])
        torch.testing.assert_close(vote.purified, io[f"purified_{case['k']}"], atol=1e-4, rtol=0)
        torch.testing.assert_close(vote.confidence, io[f"confidence_{case['k']}"], atol=1e-4, rtol=0)


def test_weights_name_every_file_that_takes_part() -> None:
    assert base_for().weights == {"classifier": "0" * 64, "denoiser": "1" * 64}
    assert base_for(method="plain").weights == {"classifier": "0" * 64}


def test_bfloat16_computes_in_bfloat16_and_stays_close() -> None:
    x = noisy(8)
    exact, rough = base_for(), base_for(dtype="bfloat16")
    assert rough.confidence(x).dtype == torch.float32
    assert not torch.equal(exact.confidence(x), rough.confidence(x))
    torch.testing.assert_close(rough.confidence(x), exact.confidence(x), atol=0.25, rtol=0)


def test_a_base_that_cannot_be_built_says_why() -> None:
    with pytest.raises(InputError, match="'dds' purifies and needs a denoiser"):
        build_base(replace(CONFIG, method="dds"), ten_classes())
    with pytest.raises(InputError, match="sigma 1,000,000 is beyond"):
        base_for(sigma=1e6)
    with pytest.raises(InputError, match="'linear' is for cifar10.*imagenet"):
        base_for(dataset="imagenet")
    plain = base_for(method="plain", sigma=1e6)
    assert plain.purifier.denoiser is None, "plain smoothing has no schedule to leave"


def test_normalisation_is_the_first_layer() -> None:
    mean, std = STATISTICS["cifar10"]
    x = torch.tensor(mean).view(1, 3, 1, 1) + torch.tensor(std).view(1, 3, 1, 1) * 2
    torch.testing.assert_close(Normalise(mean, std)(x), torch.full((1, 3, 1, 1), 2.0))
    assert torch.equal(Normalise(*STATISTICS["none"])(x), x)
