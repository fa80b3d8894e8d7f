"""The checkpoint doctor finds the layer and the noise that a network was made for."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from diffsmooth_core import load_classifier
from diffsmooth_core.classifiers.base import Classifier
from diffsmooth_core.classifiers.normalisation import STATISTICS, Normalise
from diffsmooth_core.config import InputError
from diffsmooth_core.datasets import gallery, resolve
from diffsmooth_core.zoo import doctor

LABELS = torch.arange(60) % 10
PICTURES = (torch.arange(60) % 10 / 10 + 0.05)[:, None, None, None].expand(-1, 3, 8, 8).clone()


class Levels(nn.Module):
    """Right where its input, brought back to [0,1] by `statistics`, has the brightness of the class."""

    def __init__(self, statistics: str) -> None:
        super().__init__()
        mean, std = STATISTICS[statistics]
        self.mean, self.std = (torch.tensor(v).view(3, 1, 1) for v in (mean, std))

    def forward(self, x: Tensor) -> Tensor:
        level = (x * self.std + self.mean).mean((1, 2, 3)) * 10
        return -(level[:, None] - torch.arange(10) - 0.5).abs()


def classifier(statistics: str) -> Classifier:
    return Classifier(Levels(statistics), Normalise(*STATISTICS["none"]), "levels", "", 10, "cifar10")


@pytest.mark.parametrize("made_for", ["cifar10", "cifar10-centred", "half", "none"])
@pytest.mark.parametrize("declared", ["cifar10", "cifar10-centred"])
def test_the_normalising_layer_is_found(made_for: str, declared: str) -> None:
    found = doctor.examine(classifier(made_for), declared, PICTURES, LABELS)
    assert found.normalisation == made_for
    assert found.accuracy[made_for]["0"] == 1.0
    assert (f"Use normalisation {made_for!r}" in found.sentence) == (made_for != declared)


def test_a_bundled_network_is_at_home_under_its_noise() -> None:
    pictures = [resolve(f"gallery:{drawing.name}", "cifar10") for drawing in gallery.drawings("cifar10")]
    x, labels = torch.stack([p.tensor for p in pictures]), torch.tensor([p.label for p in pictures])
    fits = doctor.examine(load_classifier("standard", "cpu"), "cifar10", x, labels, 0.0)
    assert (fits.normalisation, fits.sigma) == ("cifar10", 0.0)
    wrong = doctor.examine(load_classifier("standard", "cpu"), "cifar10", x, labels, 0.5)
    assert "not under the 0.5" in wrong.sentence


def test_a_network_for_other_classes_fits_nowhere() -> None:
    anything = torch.randint(10, (600,), generator=torch.Generator().manual_seed(0))
    found = doctor.examine(classifier("none"), "none", PICTURES.repeat(10, 1, 1, 1), anything)
    assert "No normalisation fits" in found.sentence


def test_without_pictures_there_is_no_finding() -> None:
    with pytest.raises(InputError, match="labelled pictures"):
        doctor.examine(classifier("none"), "none", PICTURES[:0], LABELS[:0])
