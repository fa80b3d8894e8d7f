"""What the network sees: exact where nothing has to change, antialiased and central elsewhere."""

import hashlib

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from diffsmooth_core.certification.noise import image_sha256
from diffsmooth_core.config import DATASETS, InputError
from diffsmooth_core.datasets import fit, sha256, to_tensor
from diffsmooth_core.datasets.fitting import GEOMETRY, central_square


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_every_dataset_of_the_configuration_has_a_geometry():
    assert tuple(GEOMETRY) == DATASETS


@pytest.mark.parametrize(("dataset", "side"), [("cifar10", 32), ("imagenet", 224)])
def test_a_picture_of_the_final_size_is_unchanged(dataset, side):
    picture = noise(side, side)
    fitted = fit(picture, dataset)
    assert np.array_equal(fitted, picture)
    assert not np.shares_memory(fitted, picture)


@pytest.mark.parametrize(("dataset", "side"), [("cifar10", 32), ("imagenet", 224)])
@pytest.mark.parametrize(
    "shape", [(300, 451), (451, 300), (375, 500), (8, 8), (33, 33), (500, 500), (256, 1000)]
)
def test_agrees_with_torchvision(dataset, side, shape):
    """Resize and CenterCrop are the usual ImageNet preparation; here they are one step."""
    smooth = Image.fromarray(noise(9, 9)).resize(shape[::-1], Image.Resampling.BICUBIC)
    shorter = {"cifar10": 32, "imagenet": 256}[dataset]
    usual = v2.Compose([v2.Resize(shorter, v2.InterpolationMode.BICUBIC), v2.CenterCrop(side)])
    difference = fit(np.asarray(smooth), dataset).astype(int) - np.asarray(usual(smooth))
    assert np.abs(difference).max() <= 2
    assert np.abs(difference).mean() < 0.1


def test_the_central_square_is_kept():
    picture = np.zeros((64, 192, 3), np.uint8)
    picture[:, 64:128] = 255
    assert (fit(picture, "cifar10")[:, 2:-2] == 255).all()


def test_with_borders_nothing_is_cut_off_along_the_shorter_side():
    picture = np.zeros((256, 512, 3), np.uint8)
    picture[:8] = picture[-8:] = 255
    assert fit(picture, "imagenet").max() == 0
    kept = fit(picture, "imagenet", borders=True)
    assert (kept[:5] == 255).all()
    assert (kept[-5:] == 255).all()


def test_fine_stripes_become_grey_and_do_not_alias():
    stripes = np.zeros((320, 320, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(fit(stripes, "cifar10").astype(int) - 127).max() <= 5


def test_the_square_that_is_shown_is_the_central_one():
    picture = noise(40, 100)
    assert np.array_equal(central_square(picture, 64), picture[:, 30:70])
    steps = np.zeros((300, 900, 3), np.uint8)
    steps[:, 300:600] = 200
    assert np.array_equal(central_square(steps, 64), np.full((64, 64, 3), 200, np.uint8))


def test_a_long_narrow_picture_costs_no_gigabytes():
    assert fit(noise(8, 4_000_000), "imagenet").shape == (224, 224, 3)


def test_unknown_dataset():
    with pytest.raises(InputError, match="'mnist' is unknown; choose one of cifar10, imagenet"):
        fit(noise(32, 32), "mnist")


def test_tensor_is_exactly_a_255th_of_each_value():
    picture = np.arange(256 * 3, dtype=np.uint32).astype(np.uint8).reshape(16, 16, 3)
    tensor = to_tensor(picture)
    assert tensor.dtype == torch.float32
    assert tensor.shape == (3, 16, 16)
    assert torch.equal(tensor, torch.tensor(picture).permute(2, 0, 1).float() / 255)
    assert np.array_equal((tensor * 255).round().byte().permute(1, 2, 0).numpy(), picture)


def test_sha256_is_of_the_pixels_in_row_order():
    picture = noise(32, 32)
    expected = hashlib.sha256(bytes(int(v) for row in picture for pixel in row for v in pixel)).hexdigest()
    assert sha256(picture) == expected
    assert sha256(np.asfortranarray(picture)) == expected
    assert sha256(picture[::-1]) != expected


def test_certificates_name_the_same_sha256():
    picture = noise(32, 32)
    assert image_sha256(to_tensor(picture)) == sha256(picture)
