"""Every purifier keeps what it says of itself: how many pictures, how much noise, how many passes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from diffsmooth_core.config import METHODS, InputError, SmoothingConfig
from diffsmooth_core.purification.purifier import Purifier
from diffsmooth_core.purification.purifiers import PURIFIERS, purifier_of
from tests.worlds import GREY, SHAPE, clamping_denoiser_for

CONFIG = SmoothingConfig(sigma=0.5, purifications=3, reverse_steps=4)
OF = {METHODS[name].purifier: name for name in METHODS}  # a method that has the purifier


def purifier(name: str) -> tuple[Purifier, SmoothingConfig, list[int]]:
    """A purifier, its settings, and how many pictures its network is given at a time, as they come."""
    config, given = replace(CONFIG, method=OF[name]), list[int]()
    denoiser = clamping_denoiser_for(config)
    denoiser.network.register_forward_pre_hook(lambda _, inputs: given.append(len(inputs[0])))
    return PURIFIERS[name].of(config, denoiser), config, given


def noise_of(made: Purifier, config: SmoothingConfig, copies: int) -> torch.Tensor | None:
    draws = made.draws(config)
    noise = torch.randn(copies, draws, *SHAPE, generator=torch.Generator().manual_seed(2))
    return noise if draws else None


def test_every_purifier_belongs_to_a_method() -> None:
    assert set(OF) == set(PURIFIERS)
    for method in METHODS.values():
        assert method.purifies == bool(PURIFIERS[method.purifier].networks)


@pytest.mark.parametrize("name", PURIFIERS)
def test_it_makes_the_pictures_and_the_passes_that_it_declares(name: str) -> None:
    made, config, given = purifier(name)
    x = GREY + 0.5 * torch.randn(2, *SHAPE, generator=torch.Generator().manual_seed(1))
    pictures = made.purify(x, config, noise_of(made, config, 2))
    assert pictures.shape == (2, made.pictures(config), *SHAPE)
    assert sum(given) == 2 * made.passes(config)
    assert bool(given) == (made.denoiser is not None)


@pytest.mark.parametrize("backward", ["through", "around"])
@pytest.mark.parametrize("name", PURIFIERS)
def test_with_a_gradient_the_pictures_are_the_same(name: str, backward: str) -> None:
    made, config, _ = purifier(name)
    x = (GREY + 0.01 * torch.randn(2, *SHAPE, generator=torch.Generator().manual_seed(1))).requires_grad_()
    noise = noise_of(made, config, 2)
    found = made.purify_with_gradient(x, config, noise, backward)  # type: ignore[arg-type]
    torch.testing.assert_close(found.detach(), made.purify(x.detach(), config, noise), atol=1e-6, rtol=0)
    (gradient,) = torch.autograd.grad(found.sum(), x)
    assert float(gradient.abs().min()) > 0


@pytest.mark.parametrize("name", PURIFIERS)
def test_a_trace_is_of_the_same_pictures(name: str) -> None:
    made, config, _ = purifier(name)
    x = GREY + 0.5 * torch.randn(2, *SHAPE, generator=torch.Generator().manual_seed(1))
    noise = noise_of(made, config, 2)
    pictures, diffusion = made.trace(x, config, noise)
    assert torch.equal(pictures, made.purify(x, config, noise))
    assert (diffusion is not None) == ("timestep" in made.steps)


def test_without_a_denoiser_there_is_nothing_to_purify_with() -> None:
    for name, method in METHODS.items():
        config = replace(CONFIG, method=name)
        if not method.purifies:
            assert purifier_of(name).of(config, None).denoiser is None
            continue
        with pytest.raises(InputError, match=f"'{name}' purifies and needs a denoiser"):
            purifier_of(name).of(config, None)
