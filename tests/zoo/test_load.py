"""Names and files to networks: published layouts, and nothing from outside is trusted."""

from __future__ import annotations

import gzip
import json
import os
import pickle
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from diffsmooth_core import load_classifier, load_denoiser
from diffsmooth_core.classifiers.normalisation import STATISTICS
from diffsmooth_core.classifiers.resnet import CifarResNet
from diffsmooth_core.config import InputError
from diffsmooth_core.datasets import resolve
from diffsmooth_core.purification.unet import UNet
from diffsmooth_core.purification.unet_config import UNetConfig
from diffsmooth_core.zoo import cards, checkpoints
from diffsmooth_core.zoo.cards import names
from diffsmooth_core.zoo.dialects import PUBLISHED, published

BUNDLED = {
    "denoiser": ("bundled", "photographs", "dncnn-photographs-0.25", "dncnn-photographs-stability-0.25"),
    "classifier": ("gaussian-0.25", "gaussian-0.50", "standard", "efficientnet-lite0"),
}
SIDES = {"cifar10": 32, "imagenet": 224}
SMALL = {
    "image_size": 8,
    "num_channels": 32,
    "num_res_blocks": 1,
    "channel_mult": "1",
    "attention_resolutions": "",
    "noise_schedule": "cosine",
    "diffusion_steps": 1000,
}


def resnet() -> CifarResNet:
    network = CifarResNet(8).eval()
    generator = torch.Generator().manual_seed(0)
    for key, value in network.state_dict().items():
        if value.is_floating_point() and "running_var" not in key:
            value.copy_(0.3 * torch.randn(value.shape, generator=generator))
    return network


def cohen(network: CifarResNet, prefix: str = "1.", **changes: Any) -> dict[str, Any]:
    """A checkpoint as Cohen's training script saves it, with its optimiser."""
    state = {prefix + key: value for key, value in network.state_dict().items()}
    optimizer = torch.optim.SGD(network.parameters(), 0.1).state_dict()
    return {"epoch": 90, "arch": "cifar_resnet8", "state_dict": state, "optimizer": optimizer} | changes


# Bundled models


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, many in BUNDLED.items() for name in many])
def test_bundled_models_load_by_name_with_their_hash(kind: str, name: str) -> None:
    card = cards.card(name, kind)
    model = (load_denoiser if kind == "denoiser" else load_classifier)(name, "cpu")
    assert model.weights == card.sha256 == cards.file_sha256(card.weights)
    assert model.name == name
    parameters = list(model.network.parameters())
    assert sum(p.numel() for p in parameters) == card.parameters
    assert not model.training
    assert not any(p.requires_grad for p in parameters)
    assert {p.dtype for p in parameters} == {torch.float32}
    with torch.inference_mode():
        side = SIDES[card.dataset]
        x = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0))
        out = model.purify(x, 0.25) if kind == "denoiser" else model(x)
    assert out.shape == (x.shape if kind == "denoiser" else (2, card.architecture["classes"]))
    assert torch.isfinite(out).all()


def test_the_bundled_models_are_listed_and_small() -> None:
    for kind, expected in BUNDLED.items():
        assert set(expected) <= {*names(kind, "cifar10"), *names(kind, "imagenet")}
    sizes = [card.weights.stat().st_size for card in cards.bundled().values()]
    assert max(sizes) < 16 * 2**20
    assert sum(sizes) < 55e6


@pytest.mark.parametrize("name", ["photographs", "dncnn-photographs-0.25"])
def test_the_bundled_networks_for_imagenet_do_what_they_are_for(name: str) -> None:
    """A photograph of skimage's: the cat is one, and its noise goes away."""
    picture = resolve("photo:cat", "imagenet").tensor[None]
    denoiser, classifier = load_denoiser(name, "cpu"), load_classifier("efficientnet-lite0", "cpu")
    noisy = picture + 0.25 * torch.randn(picture.shape, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        purified = denoiser.purify(noisy, 0.25)
        tabby, tiger_cat, egyptian_cat = 281, 282, 285
        assert int(classifier(picture).argmax()) in {tabby, tiger_cat, egyptian_cat}
        assert int(classifier(purified).argmax()) in {tabby, tiger_cat, egyptian_cat}
    assert float((purified - picture).square().mean()) < 0.1 * float((noisy - picture).square().mean())


@pytest.mark.parametrize(
    ("load", "name", "named"),
    [
        (load_denoiser, "nonsense", "denoiser 'nonsense' is unknown.*bundled"),
        (load_denoiser, "standard", "denoiser 'standard' is unknown"),
        (load_classifier, "bundled", "classifier 'bundled' is unknown.*standard"),
        (load_classifier, "", "classifier '' is unknown"),
        (load_classifier, "gaussian-0.25.json", "'gaussian-0.25.json' is unknown"),
        (load_classifier, "../models/standard", "no checkpoint at ../models/standard"),
        (load_classifier, "standard.pth", "no checkpoint at standard.pth"),
        (load_denoiser, "standard.safetensors", "no checkpoint at standard.safetensors"),
        (load_denoiser, Path("bundled"), "no checkpoint at bundled"),
        (load_classifier, "timm/resnet50.a1_in1k", "models add timm/resnet50.a1_in1k --name"),
    ],
)
def test_an_unknown_name_or_a_missing_file_is_named(load: Callable[..., Any], name: str, named: str) -> None:
    with pytest.raises(InputError, match=named):
        load(name, "cpu")


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of one bundled model that may be tampered with."""
    for ending in (".json", ".safetensors"):
        shutil.copy(cards.MODELS / f"standard{ending}", tmp_path)
    monkeypatch.setattr(cards, "MODELS", tmp_path)
    yield tmp_path
    monkeypatch.undo()


def test_changed_weights_or_a_changed_card_are_refused(models: Path) -> None:
    load_classifier("standard", "cpu")
    weights, card = models / "standard.safetensors", models / "standard.json"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(InputError, match=r"standard\.safetensors do not match their card"):
        load_classifier("standard", "cpu")
    content[-1] ^= 1
    weights.write_bytes(content)
    card.write_text(json.dumps(json.loads(card.read_text()) | {"sha256": "0" * 64}))
    with pytest.raises(InputError, match="do not match their card"):
        load_classifier("standard", "cpu")


def test_gzipped_weights_are_the_same_network_and_damaged_ones_are_refused(models: Path) -> None:
    plain = load_classifier("standard", "cpu")
    weights, packed = models / "standard.safetensors", models / "standard.safetensors.gz"
    packed.write_bytes(gzip.compress(weights.read_bytes(), 1))
    weights.unlink()
    card = models / "standard.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | {"file": packed.name}))
    found = load_classifier("standard", "cpu")
    assert found.weights == plain.weights
    assert all(
        torch.equal(here, there) for here, there in zip(found.parameters(), plain.parameters(), strict=True)
    )
    for damaged in (packed.read_bytes()[:-9], b"no gzip at all"):
        packed.write_bytes(damaged)
        with pytest.raises(InputError, match=r"standard.safetensors.gz do not match their .*unreadable"):
            load_classifier("standard", "cpu")


def test_missing_bundled_weights_are_named(models: Path) -> None:
    (models / "standard.safetensors").unlink()
    with pytest.raises(InputError, match=r"standard\.safetensors .*missing"):
        load_classifier("standard", "cpu")


# Published layouts


@pytest.mark.parametrize("prefix", ["1.", "1.module.", "module.", ""])
def test_cohens_layout_with_and_without_dataparallel(tmp_path: Path, prefix: str) -> None:
    network, path = resnet(), tmp_path / "checkpoint.pth.tar"
    torch.save(cohen(network, prefix), path)
    classifier = load_classifier(path, "cpu")
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in STATISTICS["cifar10"])
    x = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        torch.testing.assert_close(classifier(x), network((x - mean) / std), atol=1e-4, rtol=1e-4)
        raw = load_classifier(path, "cpu", normalisation="none")
        torch.testing.assert_close(raw(x), network(x), atol=1e-4, rtol=1e-4)
    assert (classifier.classes, classifier.dataset) == (10, "cifar10")
    assert classifier.weights == cards.file_sha256(path)


def test_a_u_net_in_openais_layout_needs_its_configuration(tmp_path: Path) -> None:
    network, path = UNet(UNetConfig.from_record(SMALL)), tmp_path / "model.pt"
    torch.save(network.state_dict(), path)
    denoiser = load_denoiser(path, "cpu", SMALL)
    assert len(denoiser.schedule.alpha_bar) == 1000
    with pytest.raises(InputError, match="none of the published ones"):
        load_denoiser(path, "cpu")
    for missing in ("noise_schedule", "diffusion_steps", "num_channels"):
        with pytest.raises(InputError, match=missing):
            load_denoiser(path, "cpu", {k: v for k, v in SMALL.items() if k != missing})


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_u_net_is_recognised_by_its_shapes(name: str) -> None:
    """On the meta device: the larger one has 552.8M parameters."""
    with torch.device("meta"):
        state = UNet(UNetConfig.from_record(PUBLISHED[name])).state_dict()
    assert published(state, "it") is PUBLISHED[name]
    state.popitem()
    with pytest.raises(InputError, match="none of the published ones"):
        published(state, "it")


def test_the_golden_files_load(golden_dir: Path) -> None:
    for model in ("improved_diffusion_small", "guided_diffusion_small"):
        record = json.loads((golden_dir / model / "record.json").read_text())
        denoiser = load_denoiser(golden_dir / model / "model.pt", "cpu", record["config"])
        assert sum(p.numel() for p in denoiser.network.parameters()) == record["params"]
    assert load_classifier(golden_dir / "cohen_resnet20/checkpoint.pth.tar", "cpu").classes == 10


# Files that are not what they seem


class Bomb:
    """Unpickling it leaves a mark: nothing of the kind may ever run."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("how", ["torch", "pickle", "inside"])
@pytest.mark.parametrize("load", [load_classifier, load_denoiser])
def test_a_hostile_pickle_does_not_run(tmp_path: Path, how: str, load: Callable[..., Any]) -> None:
    mark, path = tmp_path / "executed", tmp_path / "model.pt"
    if how == "pickle":
        path.write_bytes(pickle.dumps(Bomb(mark)))
    else:
        torch.save(Bomb(mark) if how == "torch" else cohen(resnet(), epoch=Bomb(mark)), path)
    with pytest.raises(InputError, match=r"model\.pt is not a checkpoint that can be loaded safely"):
        load(path, "cpu")
    assert not mark.exists()


def _truncated(path: Path) -> None:
    save_file({"weight": torch.zeros(1000)}, path)
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("empty.pt", lambda p: p.write_bytes(b"")),
        ("noise.pt", lambda p: p.write_bytes(bytes(range(256)) * 40)),
        ("text.pth", lambda p: p.write_text("404: not found")),
        ("empty.safetensors", lambda p: p.write_bytes(b"")),
        ("huge-header.safetensors", lambda p: p.write_bytes(b"\xff" * 16)),
        ("truncated.safetensors", _truncated),
        ("list.pt", lambda p: torch.save([torch.zeros(3)], p)),
        ("tensor.pt", lambda p: torch.save(torch.zeros(3), p)),
    ],
)
def test_a_corrupt_file_is_one_clear_error(tmp_path: Path, name: str, write: Callable[[Path], Any]) -> None:
    write(tmp_path / name)
    for load in (load_classifier, load_denoiser):
        with pytest.raises(InputError, match=name) as raised:
            load(tmp_path / name, "cpu")
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"arch": "cifar_resnet9"}, "got 9"),
        ({"arch": "cifar_resnet20"}, "lacks 'layer1.1"),
        ({"state_dict": {}}, "no state dict"),
        ({"state_dict": 7}, "no state dict"),
        ({"state_dict": {3: torch.zeros(1)}}, "3 is a Tensor"),
        ({"state_dict": {"1.fc.weight": "x"}}, "'1.fc.weight' is a str"),
        ({"state_dict": {"1.fc.weight": torch.tensor(1.0)}}, "unknown layout .*fc.weight"),
        ({"state_dict": {"1.fc.bias": torch.zeros(10)}}, "unknown layout .*Cohen"),
    ],
)
def test_a_checkpoint_of_another_network_names_what_does_not_fit(
    tmp_path: Path, changes: dict[str, Any], named: str
) -> None:
    path = tmp_path / "checkpoint.pth.tar"
    torch.save(cohen(resnet(), **changes), path)
    with pytest.raises(InputError, match=named):
        load_classifier(path, "cpu")


def test_wrong_keys_and_shapes_are_named(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pth.tar"
    good = cohen(resnet())
    state = dict(good["state_dict"])
    for change, named in (
        (
            {"1.layer1.0.conv1.weight": torch.zeros(16, 16, 5, 5)},
            r"layer1\.0\.conv1\.weight.*\(16, 16, 5, 5\).*\(16, 16, 3, 3\)",
        ),
        ({"1.surplus": torch.zeros(1)}, "'surplus'"),
    ):
        torch.save(good | {"state_dict": state | change}, path)
        with pytest.raises(InputError, match=named):
            load_classifier(path, "cpu")
    del state["1.bn1.weight"]
    torch.save(good | {"state_dict": state}, path)
    with pytest.raises(InputError, match="lacks 'bn1.weight'"):
        load_classifier(path, "cpu")


def test_a_truncated_checkpoint_may_have_been_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pth.tar"
    torch.save(cohen(resnet()), path)
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(InputError, match=r"checkpoint\.pth\.tar .*fetch it again if it was cut off"):
        load_classifier(path, "cpu")


def test_too_little_memory_says_how_much_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.pt"
    with path.open("wb") as file:
        file.truncate(3 * 2**30)  # no content: the size alone is refused
    monkeypatch.setattr(checkpoints, "available_memory", lambda: 2**30)
    with pytest.raises(InputError, match=r"model\.pt needs 6\.0 GiB of memory and 1\.0 are free"):
        load_denoiser(path, "cpu")


def test_a_denoiser_is_no_classifier_and_the_other_way_round(tmp_path: Path) -> None:
    unet, classifier = tmp_path / "unet.pt", tmp_path / "resnet.pth.tar"
    torch.save(UNet(UNetConfig.from_record(SMALL)).state_dict(), unet)
    torch.save(cohen(resnet()), classifier)
    with pytest.raises(InputError, match=r"unet\.pt is a diffusion model"):
        load_classifier(unet, "cpu")
    with pytest.raises(InputError, match=r"resnet\.pth\.tar"):
        load_denoiser(classifier, "cpu")
    mixed = tmp_path / "mixed.pt"
    torch.save({"input_blocks.0.0.weight": "not a tensor"}, mixed)
    with pytest.raises(InputError, match="'input_blocks.0.0.weight' is a str"):
        load_denoiser(mixed, "cpu")


def test_an_unknown_normalisation_is_named() -> None:
    with pytest.raises(InputError, match="'zscore'.*cifar10"):
        load_classifier("standard", "cpu", normalisation="zscore")


def test_float16_weights_are_computed_in_float32(tmp_path: Path) -> None:
    stored = load_file(cards.card("standard", "classifier").weights)
    assert {v.dtype for v in stored.values() if v.is_floating_point()} == {torch.float16}
    loaded = load_classifier("standard", "cpu").network.state_dict()
    assert torch.equal(loaded["head.weight"], stored["head.weight"].float())
