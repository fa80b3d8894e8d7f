"""Adding a checkpoint: afterwards it is a name like any other, and bundled ones are safe."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from diffsmooth_core import load_classifier, load_denoiser
from diffsmooth_core.classifiers.resnet import CifarResNet
from diffsmooth_core.config import InputError
from diffsmooth_core.purification.diffusers_unet import DiffusersUNet
from diffsmooth_core.purification.unet import UNet
from diffsmooth_core.purification.unet_config import UNetConfig
from diffsmooth_core.zoo import adding, cards
from tests.commands import run

X = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
SMALL = {
    "image_size": 32,
    "num_channels": 32,
    "num_res_blocks": 1,
    "channel_mult": "1",
    "attention_resolutions": "",
    "noise_schedule": "linear",
    "diffusion_steps": 500,
    "rescale_timesteps": True,
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DIFFSMOOTH_MODELS", str(tmp_path / "models"))
    return tmp_path


def checkpoint(folder: Path) -> tuple[CifarResNet, Path]:
    network, path = CifarResNet(14).eval(), folder / "checkpoint.pth.tar"
    state = {"1." + key: value for key, value in network.state_dict().items()}
    torch.save({"epoch": 1, "arch": "cifar_resnet14", "state_dict": state}, path)
    return network, path


def test_an_added_classifier_answers_to_its_name_until_it_is_removed(folder: Path) -> None:
    network, path = checkpoint(folder)
    card = adding.add(str(path), "mine", sigma=0.25, normalisation="none")
    path.unlink()
    assert (card.training["sigma"], card.normalisation) == (0.25, "none")
    assert "mine" in cards.names("classifier", "cifar10")
    with torch.inference_mode():
        torch.testing.assert_close(load_classifier("mine", "cpu")(X), network(X), atol=1e-4, rtol=1e-3)
    adding.remove("mine")
    assert "mine" not in cards.every()
    assert list(cards.added_folder().iterdir()) == []


def test_an_added_diffusion_model_keeps_its_schedule(folder: Path) -> None:
    path = folder / "model.pt"
    torch.save(UNet(UNetConfig.from_record(SMALL)).state_dict(), path)
    adding.add(str(path), "small", config=SMALL)
    direct, named = load_denoiser(path, "cpu", SMALL), load_denoiser("small", "cpu")
    torch.testing.assert_close(named.purify(X, 0.25), direct.purify(X, 0.25))
    assert named.schedule.time_scale == 2.0


def test_a_folder_in_diffusers_layout_is_added(folder: Path) -> None:
    config = {
        "sample_size": 32,
        "block_out_channels": [32, 32],
        "layers_per_block": 1,
        "down_block_types": ["DownBlock2D", "AttnDownBlock2D"],
        "up_block_types": ["AttnUpBlock2D", "UpBlock2D"],
    }
    source = folder / "ddpm"
    source.mkdir()
    (source / "config.json").write_text(json.dumps(config))
    torch.save(DiffusersUNet(config).state_dict(), source / "diffusion_pytorch_model.bin")
    adding.add(str(source), "ddpm-small")
    named, direct = load_denoiser("ddpm-small", "cpu"), load_denoiser(source, "cpu")
    torch.testing.assert_close(named.purify(X, 0.25), direct.purify(X, 0.25))


def test_entries_that_share_their_memory_are_stored(folder: Path) -> None:
    network, path = CifarResNet(8), folder / "tied.pt"
    state = network.state_dict()
    state["bn1.bias"] = state["bn1.running_mean"]
    torch.save(state, path)
    adding.add(str(path), "tied")
    assert torch.equal(load_classifier("tied", "cpu").network.bn1.bias, state["bn1.bias"])  # type: ignore[union-attr]


def test_the_data_set_can_be_said(folder: Path) -> None:
    path = folder / "thousand.pth"
    torch.save(CifarResNet(8, 1000).state_dict(), path)
    assert adding.add(str(path), "mine", dataset="imagenet").dataset == "imagenet"
    with pytest.raises(InputError, match="has 1000 outputs and cifar10 has 10 classes"):
        adding.add(str(path), "other")
    with pytest.raises(InputError, match="dataset 'My set' cannot be"):
        adding.add(str(checkpoint(folder)[1]), "other", dataset="My set")


def test_what_is_neither_file_nor_model_is_not_looked_for_on_the_hub(folder: Path) -> None:
    with pytest.raises(InputError, match="'resnet-fifty' is neither a file here nor a pretrained model"):
        adding.add("resnet-fifty", "mine")


def test_changed_weights_are_refused(folder: Path) -> None:
    card = adding.add(str(checkpoint(folder)[1]), "mine")
    data = bytearray(card.weights.read_bytes())
    data[-1] ^= 1
    card.weights.write_bytes(data)
    with pytest.raises(InputError, match=r"mine\.safetensors do not match their card .*add the model again"):
        load_classifier("mine", "cpu")


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("standard", "already"),
        ("cifar10_uncond_50M_500K", "already"),
        ("../up", "cannot be"),
        ("a b", "cannot be"),
        ("", "cannot be"),
        ("x.pt", "cannot"),
    ],
)
def test_a_name_is_new_and_never_a_path(folder: Path, name: str, named: str) -> None:
    with pytest.raises(InputError, match=named):
        adding.add(str(checkpoint(folder)[1]), name)


def test_a_bundled_model_cannot_be_removed() -> None:
    with pytest.raises(InputError, match="bundled with the project"):
        adding.remove("standard")
    with pytest.raises(InputError, match="no model 'nobody'"):
        adding.remove("nobody")


def test_a_broken_card_is_named(folder: Path) -> None:
    cards.added_folder().mkdir()
    (cards.added_folder() / "x.json").write_text("{")
    with pytest.raises(InputError, match=r"x\.json is not a model card"):
        cards.every()


def test_the_list_keeps_long_names_apart_from_what_follows(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("models", "list") == 0
    listed = {line.split()[0]: line.split()[1] for line in capsys.readouterr().out.splitlines()}
    assert listed == {card.name: card.kind for card in cards.every().values()}


def test_the_commands_add_show_and_remove(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(checkpoint(folder)[1])
    for arguments, said in (
        (["add", path, "--name", "mine", "--sigma", "0.5"], "added mine: classifier for cifar10"),
        (["add", path, "--name", "second", "--json"], '"name": "second"'),
        (["list"], "mine"),
        (["show", "mine"], '"sigma": 0.5'),
        (["remove", "mine"], "removed mine"),
    ):
        assert run("models", *arguments) == 0
        assert said in capsys.readouterr().out
    assert run("models", "list", "--json") == 0
    assert "mine" not in {card["name"] for card in json.loads(capsys.readouterr().out)}
