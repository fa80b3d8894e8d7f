"""Gradient ascent: in its ball, in [0,1], uphill, and exact where the worst case is known."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from diffsmooth_core.attacks.ascent import ascend, ddn, pgd, project, unit_gradient

WEIGHT = torch.randn(4, 48, generator=torch.Generator().manual_seed(3))
X = torch.rand(6, 3, 4, 4, generator=torch.Generator().manual_seed(4))
LABELS = torch.tensor([0, 1, 2, 3, 0, 1])


def linear(x: Tensor) -> Tensor:
    return (x.flatten(1) @ WEIGHT.T).log_softmax(1)


@pytest.mark.parametrize("attack", [pgd, ddn])
def test_an_attack_stays_in_its_ball_and_raises_the_loss(attack: object) -> None:
    adversarial = attack(linear, X, LABELS, 0.3, 8)  # type: ignore[operator]
    assert float((adversarial - X).flatten(1).norm(dim=1).max()) <= 0.3 + 1e-5
    assert float(adversarial.min()) >= 0
    assert float(adversarial.max()) <= 1
    assert (linear(adversarial)[range(6), LABELS] < linear(X)[range(6), LABELS]).all()


def test_pgd_on_two_classes_walks_along_the_linear_classifiers_normal() -> None:
    """The exact worst case in an L2 ball: epsilon along w_other - w_label."""
    middle, labels = X / 2 + 0.25, torch.zeros(6, dtype=torch.long)
    adversarial = pgd(lambda x: (x.flatten(1) @ WEIGHT[:2].T).log_softmax(1), middle, labels, 0.2, 5)
    normal = WEIGHT[1] - WEIGHT[0]
    expected = (0.2 * normal / normal.norm()).expand(6, -1)
    torch.testing.assert_close((adversarial - middle).flatten(1), expected, rtol=1e-3, atol=1e-4)


class Asked:
    """Log-probabilities that remember the pictures they were asked for."""

    def __init__(self) -> None:
        self.pictures: list[Tensor] = []

    def __call__(self, x: Tensor) -> Tensor:
        self.pictures.append(x.detach().clone())
        return linear(x)


def test_pgd_takes_steps_of_twice_the_radius_over_their_number() -> None:
    middle, asked = X / 10 + 0.45, Asked()
    pgd(asked, middle, LABELS, 0.08, 8)
    first, second = asked.pictures[:2]
    torch.testing.assert_close((second - first).flatten(1).norm(dim=1), torch.full((6,), 2 * 0.08 / 8))


def test_ddn_shortens_what_succeeds_and_lengthens_what_does_not() -> None:
    middle, asked = X / 10 + 0.45, Asked()
    last = ddn(asked, middle, LABELS, 0.3, 40)
    norms = [(x - middle).flatten(1).norm(dim=1) for x in (*asked.pictures, last)]
    radius, moves = torch.full((6,), 0.3), set()
    for x, length in zip(asked.pictures, norms[1:], strict=True):
        fooled = linear(x).argmax(1) != LABELS
        moves |= set(fooled.tolist())
        radius = torch.where(fooled, 0.95 * radius, 1.05 * radius).clamp(max=0.3)
        torch.testing.assert_close(length, radius)
    assert moves == {True, False}
    assert float(radius.min()) < 0.2


def test_an_unconstrained_ascent_stays_in_the_range_of_pictures() -> None:
    moved = ascend(linear, X, LABELS, 5.0, 2)
    assert 0 == float(moved.min()) < float(moved.max()) == 1


def test_an_unconstrained_ascent_takes_steps_of_its_length() -> None:
    middle = X / 10 + 0.45
    moved = ascend(linear, middle, LABELS, 0.01, 1)
    assert torch.allclose((moved - middle).flatten(1).norm(dim=1), torch.tensor(0.01), rtol=1e-4)


@pytest.mark.parametrize("epsilon", [1e-3, 0.5, 40.0])
def test_a_projection_is_inside_even_after_rounding(epsilon: float) -> None:
    x = torch.rand(64, 3, 32, 32, generator=torch.Generator().manual_seed(5))
    moved = x + torch.randn(x.shape, generator=torch.Generator().manual_seed(6))
    inside = project(x, moved, epsilon)
    lengths = (inside.double() - x.double()).flatten(1).norm(dim=1)
    assert float(lengths.max()) <= epsilon
    assert 0 <= float(inside.min()) <= float(inside.max()) <= 1
    torch.testing.assert_close(project(x, inside, 2 * epsilon), inside)


def test_a_gradient_is_of_unit_length_and_needs_no_gradient_mode_outside() -> None:
    with torch.no_grad():
        direction, log_p = unit_gradient(linear, X, LABELS)
    assert torch.allclose(direction.flatten(1).norm(dim=1), torch.ones(6))
    assert torch.equal(log_p, linear(X))
    assert not log_p.requires_grad
