"""What attacks climb: the same f as votes see, with a gradient that is its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from diffsmooth_core import BaseClassifier, SmoothingConfig, build_base, load_classifier, load_denoiser
from diffsmooth_core.attacks.surrogate import smoothed_log_probability
from diffsmooth_core.datasets import resolve
from tests.worlds import GREY, SHAPE, clamping_denoiser, clamping_direct_denoiser, ten_classes

CONFIG = SmoothingConfig(sigma=0.25, m=2, purifications=2, reverse_steps=3, device="cpu", dtype="float32")


def noise(*shape: int, seed: int = 7) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def base(method: str) -> BaseClassifier:
    denoiser = clamping_direct_denoiser(0.25) if method == "denoised" else clamping_denoiser()
    return build_base(replace(CONFIG, method=method), ten_classes(), denoiser)


@pytest.mark.parametrize("backward", ["through", "around"])
@pytest.mark.parametrize("method", ["plain", "local-only", "dds", "denoised", "diffsmooth"])
def test_the_surrogate_is_the_mean_confidence_that_votes_come_from(method: str, backward: str) -> None:
    f, outer = base(method), noise(5, *SHAPE)
    local = noise(5, f.draws, *SHAPE) if f.draws else None
    found = smoothed_log_probability(f, GREY[None], outer, local, backward)  # type: ignore[arg-type]
    expected = f.confidence(GREY + 0.25 * outer, local).mean(0)
    torch.testing.assert_close(found.exp()[0], expected, rtol=1e-4, atol=1e-5)


def test_the_fixed_bank_stands_in_for_missing_local_noise() -> None:
    f, outer = base("diffsmooth"), noise(5, *SHAPE)
    found = smoothed_log_probability(f, GREY[None], outer, None)
    torch.testing.assert_close(
        found.exp()[0], f.confidence(GREY + 0.25 * outer).mean(0), rtol=1e-4, atol=1e-5
    )


def test_densepures_surrogate_averages_its_runs() -> None:
    """With the softmax sharpened the mean over the K runs is the share of their votes."""
    sharp = ten_classes()
    sharp.network[1].weight.data *= 1e4
    sharp.network[1].bias.data *= 1e4
    f = build_base(replace(CONFIG, method="densepure"), sharp, clamping_denoiser())
    outer, local = noise(5, *SHAPE), noise(5, f.draws, *SHAPE)
    for backward in ("through", "around"):
        found = smoothed_log_probability(f, GREY[None], outer, local, backward)  # type: ignore[arg-type]
        expected = f.confidence(GREY + 0.25 * outer, local).mean(0)
        torch.testing.assert_close(found.exp()[0], expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("method", ["plain", "dds", "diffsmooth"])
def test_the_gradient_through_the_denoiser_is_that_of_finite_differences(method: str) -> None:
    """Of the bundled networks, along the gradient and along a random direction."""
    config = replace(CONFIG, method=method, sigma=0.5, m=2)
    f = build_base(config, load_classifier("gaussian-0.25", "cpu"), load_denoiser("bundled", "cpu"))
    x = resolve("photo:cat", "cifar10").tensor[None]
    outer, local = noise(2, *SHAPE), noise(2, 2, *SHAPE, seed=8) if f.method.smooths_locally else None

    def loss(moved: torch.Tensor) -> torch.Tensor:
        return smoothed_log_probability(f, moved, outer, local)[0, 3]

    moved = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(moved), moved)
    direction = gradient / gradient.norm()
    h = 0.02
    slope = (loss(x + h * direction) - loss(x - h * direction)) / (2 * h)
    assert float(slope) == pytest.approx(float(gradient.norm()), rel=0.05)
    aside = noise(1, *SHAPE, seed=9)
    aside /= aside.norm()
    slope = (loss(x + h * aside) - loss(x - h * aside)) / (2 * h)
    assert float(slope) == pytest.approx(float((gradient * aside).sum()), abs=0.05 * float(gradient.norm()))


def test_around_the_denoiser_its_gradient_is_not_used() -> None:
    """The clamp of this denoiser has gradient 0 beyond [0,1]; around it the identity's is taken."""
    f = base("dds")
    bright = torch.full((1, *SHAPE), 3.0)

    def slope(backward: str) -> float:
        moved = bright.clone().requires_grad_()
        log_p = smoothed_log_probability(f, moved, torch.zeros(2, *SHAPE), None, backward)  # type: ignore[arg-type]
        return float(torch.autograd.grad(log_p[0, 0], moved)[0].norm())

    assert slope("through") == 0
    assert slope("around") > 0


def gradient(f: BaseClassifier, x: torch.Tensor, backward: str = "through") -> torch.Tensor:
    """Of the label 3 under the same noise whatever f is."""
    outer, local = noise(6, *SHAPE), noise(6, f.draws, *SHAPE, seed=8) if f.draws else None
    moved = x.clone().requires_grad_()
    log_p = smoothed_log_probability(f, moved, outer, local, backward)  # type: ignore[arg-type]
    return torch.autograd.grad(log_p[0, 3], moved)[0]


def test_the_gradient_does_not_depend_on_the_batch() -> None:
    f, x = base("diffsmooth"), GREY[None] * 0.9
    small, large = (gradient(replace(f, purifier_batch=size), x) for size in (4, 8))
    torch.testing.assert_close(small, large)


@pytest.mark.parametrize("backward", ["through", "around"])
@pytest.mark.parametrize("method", ["plain", "dds", "diffsmooth", "densepure"])
def test_in_bfloat16_the_gradient_points_the_same_way(method: str, backward: str) -> None:
    config = replace(CONFIG, method=method, sigma=0.5)
    networks = load_classifier("gaussian-0.25", "cpu"), load_denoiser("bundled", "cpu")
    x = resolve("photo:cat", "cifar10").tensor[None]
    single, half = (
        gradient(build_base(replace(config, dtype=dtype), *networks), x, backward)
        for dtype in ("float32", "bfloat16")
    )
    assert float(torch.cosine_similarity(single.flatten(), half.flatten(), dim=0)) > 0.8
