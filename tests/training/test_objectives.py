"""The objectives against what their papers say, computed another way on a network that is known."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from scipy.stats import norm
from torch import Tensor, nn

from diffsmooth_core.attacks.ascent import ascend, pgd
from diffsmooth_core.classifiers.resnet import CifarResNet
from diffsmooth_core.config import InputError
from diffsmooth_core.exchange import questions
from diffsmooth_core.exchange.questions import QUESTIONS
from diffsmooth_core.training import presets
from diffsmooth_core.training.classifier import Classification
from diffsmooth_core.training.consistency import Consistency
from diffsmooth_core.training.examples import Examples
from diffsmooth_core.training.finetuning import FineTuning, FineTuningRecipe
from diffsmooth_core.training.gaussian import Gaussian
from diffsmooth_core.training.loop import Budget, train
from diffsmooth_core.training.macer import Macer
from diffsmooth_core.training.objective import TrainingNoise
from diffsmooth_core.training.recipes import Airbench
from diffsmooth_core.training.smoothadv import SmoothAdv, smoothed_log_probability
from diffsmooth_core.training.smoothmix import SmoothMix


class Linear(nn.Module):
    """Logits W x, in float32 whatever autocast says."""

    def __init__(self, classes: int = 4) -> None:
        super().__init__()
        weight = torch.randn(classes, 3 * 4 * 4, generator=torch.Generator().manual_seed(3))
        self.weight = nn.Parameter(weight)

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", enabled=False):
            return x.float().flatten(1) @ self.weight.T


def random() -> TrainingNoise:
    return TrainingNoise(torch.Generator().manual_seed(5))


@pytest.fixture
def network() -> Linear:
    return Linear()


@pytest.fixture
def x() -> Tensor:
    return 0.3 + 0.4 * torch.rand(6, 3, 4, 4, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def labels() -> Tensor:
    return torch.tensor([0, 1, 2, 3, 0, 1])


def copies(network: Linear, x: Tensor, noise: Tensor) -> list[Tensor]:
    """One softmax (b,k) a copy, each computed by itself."""
    return [network(x + n).softmax(1) for n in noise]


def test_gaussian_is_the_cross_entropy_of_one_noisy_copy(network: Linear, x: Tensor, labels: Tensor) -> None:
    found = Gaussian(0.25).losses(network, x, labels, random(), 0.5)
    (p,) = copies(network, x, random().noise(x, 1, 0.25))
    torch.testing.assert_close(found, -p.log()[range(6), labels])


def test_plain_training_sees_no_noise_and_smooths_its_labels(
    network: Linear, x: Tensor, labels: Tensor
) -> None:
    found = Gaussian(0.0).losses(network, x, labels, random(), 0.5)
    torch.testing.assert_close(
        found, F.cross_entropy(network(x), labels, label_smoothing=0.2, reduction="none")
    )


def test_consistency_adds_divergence_from_the_mean_and_its_entropy(
    network: Linear, x: Tensor, labels: Tensor
) -> None:
    found = Consistency(0.25, lam=20, eta=0.5, m=3).losses(network, x, labels, random(), 0.5)
    p = copies(network, x, random().noise(x, 3, 0.25))
    mean = sum(p) / 3
    assert isinstance(mean, Tensor)
    cross_entropy = sum(-q.log()[range(6), labels] for q in p) / 3
    divergence = sum(F.kl_div(q.log(), mean, reduction="none").sum(1) for q in p) / 3
    entropy = torch.distributions.Categorical(probs=mean).entropy()
    torch.testing.assert_close(found, cross_entropy + 20 * divergence + 0.5 * entropy, rtol=1e-4, atol=1e-4)


def test_macer_adds_the_hinge_of_the_radius_where_the_smoothed_classifier_is_right(
    network: Linear, x: Tensor
) -> None:
    objective = Macer(0.25, lam=12, gamma=8, beta=2.0, m=5)
    noise = random().noise(x, 5, 0.25)
    logits = [network(x + n) for n in noise]
    mean = sum(z.softmax(1) for z in logits) / 5
    sharp = sum((2.0 * z).softmax(1) for z in logits) / 5
    assert isinstance(mean, Tensor)
    assert isinstance(sharp, Tensor)
    top = sharp.topk(2, dim=1)
    right = top.indices[:, 0].clone()
    right[3:] = (right[3:] + 1) % 4  # the last three are wrong
    found = objective.losses(network, x, right, random(), 0.5)
    hinge = []
    for (p1, p2), is_right in zip(top.values.tolist(), [True] * 3 + [False] * 3, strict=True):
        hinge.append(12 * 0.125 * max(0.0, 8 - (norm.ppf(p1) - norm.ppf(p2))) if is_right else 0.0)
    expected = -mean[range(6), right].log() + torch.tensor(hinge, dtype=torch.float32)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_macer_survives_a_network_that_is_certain(x: Tensor, labels: Tensor) -> None:
    network = Linear()
    network.weight.data *= 1000
    losses = Macer(0.25).losses(network, x, labels, random(), 0.5)
    losses.sum().backward()
    assert torch.isfinite(losses).all()
    assert network.weight.grad is not None
    assert torch.isfinite(network.weight.grad).all()


def test_the_smoothed_loss_is_the_log_of_the_mean_softmax(network: Linear, x: Tensor) -> None:
    noise = random().noise(x, 4, 0.25)
    mean = sum(copies(network, x, noise)) / 4
    assert isinstance(mean, Tensor)
    torch.testing.assert_close(smoothed_log_probability(network, x, noise), mean.log(), rtol=1e-4, atol=1e-4)


def test_smoothadv_trains_on_the_attacked_copies_and_warms_up(
    network: Linear, x: Tensor, labels: Tensor
) -> None:
    objective = SmoothAdv(0.25, epsilon=0.3, attack_steps=3, m=2)
    noise = random().noise(x, 2, 0.25)
    adversarial = pgd(lambda z: smoothed_log_probability(network, z, noise), x, labels, 0.3, 3)
    expected = sum(-p.log()[range(6), labels] for p in copies(network, adversarial, noise)) / 2
    torch.testing.assert_close(objective.losses(network, x, labels, random(), 0.5), expected)
    clean = sum(-p.log()[range(6), labels] for p in copies(network, x, noise)) / 2
    torch.testing.assert_close(objective.losses(network, x, labels, random(), 0.0), clean)


def test_smoothmix_without_its_weight_is_gaussian_training_on_m_copies(
    network: Linear, x: Tensor, labels: Tensor
) -> None:
    found = SmoothMix(0.25, eta=0.0, m=2).losses(network, x, labels, random(), 0.5)
    p = copies(network, x, random().noise(x, 2, 0.25))
    torch.testing.assert_close(found, sum(-q.log()[range(6), labels] for q in p) / 2)


def test_smoothmix_pulls_the_mixture_towards_its_soft_label(network: Linear, x: Tensor) -> None:
    noise = random().noise(x, 2, 0.25)
    smoothed = sum(copies(network, x, noise)) / 2
    assert isinstance(smoothed, Tensor)
    right = smoothed.argmax(1)
    right[4:] = (right[4:] + 1) % 4  # wrong ones are not mixed
    found = SmoothMix(0.25, eta=5.0, alpha=0.5, attack_steps=2, m=2).losses(network, x, right, random(), 0.5)
    d = random()
    d.noise(x, 2, 0.25)
    lam = d.uniform(x) / 2
    adversarial = ascend(lambda z: smoothed_log_probability(network, z, noise), x, right, 0.5, 2)
    target = (1 - lam.flatten()[:, None]) * smoothed + lam.flatten()[:, None] / 4
    mixed = copies(network, (1 - lam) * x + lam * adversarial, noise)
    divergence = sum(F.kl_div(q.log(), target, reduction="none").sum(1) for q in mixed) / 2
    cross_entropy = sum(-q.log()[range(6), right] for q in copies(network, x, noise)) / 2
    divergence = divergence * torch.tensor([1.0] * 4 + [0.0] * 2)
    torch.testing.assert_close(found, cross_entropy + 5 * divergence, rtol=1e-4, atol=1e-4)


def test_the_published_settings_are_those_of_the_published_checkpoints() -> None:
    """`PGD_10steps_multiNoiseSamples/8-multitrain/eps_255/.../noise_0.25` and its 150 epochs of batch 256."""
    preset = presets.published("salman", 0.25)
    assert preset.objective(0.25) == SmoothAdv(0.25, 255 / 256, "pgd", 10, 8, warm_up=10 / 150)
    assert preset.recipe.batch * preset.m == 256
    assert preset.recipe.epochs == 150
    assert preset.recipe.network(10).state_dict().keys() == CifarResNet(110).state_dict().keys()
    with pytest.raises(
        InputError, match=r"sigma of SmoothAdv 0\.3 is unknown; choose one of 0\.12, 0\.25, 0\.5, 1\.0"
    ):
        presets.published("salman", 0.3)


def test_the_papers_own_settings_are_those_of_its_table_9() -> None:
    rows = [row for row in questions.sheet(QUESTIONS["training"]) if row["table"] == "Table 9"]
    ours = {float(row["sigma"]): row for row in rows if row["dataset"] == "cifar10"}
    assert presets.DIFFSMOOTH.keys() == ours.keys()
    for sigma, row in ours.items():
        objective = presets.published("diffsmooth", sigma).objective(sigma)
        assert (objective.attack, objective.attack_steps) == (row["attack"].lower(), int(row["steps"]))
        assert (objective.m, objective.epsilon) == (int(row["m"]), int(row["epsilon_255"]) / 255)


def test_those_with_extra_data_are_those_of_its_table_10() -> None:
    rows = [row for row in questions.sheet(QUESTIONS["training"]) if row["table"] == "Table 10"]
    assert presets.EXTRA.keys() == {float(row["sigma"]) for row in rows}
    for row in rows:
        sigma = float(row["sigma"])
        preset = presets.published("diffsmooth-extra", sigma, teacher=True)
        objective = preset.objective(sigma)
        assert (objective.attack, objective.attack_steps) == (row["attack"].lower(), int(row["steps"]))
        assert objective.epsilon == int(row["epsilon_255"]) / 255
        assert preset.teacher_weight == float(row["weight"])
        assert not row["m"], "it is not printed"
        assert preset.m == presets.DIFFSMOOTH[sigma].m
    with pytest.raises(InputError, match="name one with --self-training"):
        presets.published("diffsmooth-extra", 0.5)


def test_self_training_relabels_every_second_picture_and_weighs_it() -> None:
    pictures, labels = torch.rand(5, 3, 4, 4), torch.tensor([0, 1, 2, 3, 0])
    examples = Examples(pictures, labels, torch.ones(5), "somewhere")

    def teacher(x: Tensor) -> Tensor:
        return F.one_hot(torch.full((len(x),), 2), 4).float()

    taught = examples.half_unlabelled(teacher, 0.5)
    assert taught.labels.tolist() == [0, 2, 2, 2, 0]
    assert taught.weights.tolist() == [1.0, 0.5, 1.0, 0.5, 1.0]
    assert "0.5" in taught.source
    assert examples.labels.tolist() == [0, 1, 2, 3, 0]


def test_purified_examples_went_through_the_denoiser() -> None:
    pictures = torch.full((300, 3, 4, 4), 0.5)
    seen: list[float] = []

    def purify(x: Tensor, sigma: float) -> Tensor:
        seen.append(float((x - 0.5).std()))
        return x * 0 + 0.25

    examples = Examples(pictures, torch.zeros(300, dtype=torch.long), torch.ones(300), "somewhere")
    purified = examples.purified(purify, 0.5, seed=0)
    assert float(purified.pictures.max()) == 0.25
    assert seen == pytest.approx([0.5, 0.5], rel=0.05)
    assert "0.5" in purified.source


def test_a_start_of_another_shape_is_refused(tmp_path: Path) -> None:
    examples = Examples(torch.rand(64, 3, 32, 32), torch.arange(64) % 10, torch.ones(64), "somewhere")
    with pytest.raises(InputError, match="name another start"):
        train(
            Classification(
                Gaussian(0.25),
                examples,
                start=tmp_path / "nothing.safetensors",
                batch=32,
                recipe=Airbench((24, 24, 24)),
            ),
            tmp_path,
            "g",
            Budget(steps=1),
        )


def test_a_timm_network_is_fine_tuned_under_noise(tmp_path: Path) -> None:
    """Two colours told apart by a small ResNet of timm's, from random weights."""
    labels = torch.arange(64) % 2
    pictures = (0.3 + 0.4 * labels[:, None, None, None]).expand(-1, 3, 32, 32).clone()
    examples = Examples(pictures, labels, torch.ones(64), "two colours")
    recipe = FineTuningRecipe("resnet10t", "half", lr=1e-3, weight_decay=0.01, batch=16)
    path = train(FineTuning(recipe, 0.1, examples, examples), tmp_path, "tuned", Budget(steps=12))
    card = json.loads(path.read_text())
    assert card["architecture"] == {"network": "timm", "model": "resnet10t", "classes": 10, "side": 32}
    assert card["metrics"]["accuracy_under_noise"]["0.1"] > 0.8
    unknown = replace(recipe, network="resnet9000")
    with pytest.raises(InputError, match="no network 'resnet9000'"):
        train(FineTuning(unknown, 0.1, examples, examples), tmp_path, "t", Budget(steps=1))
