"""Weight files of strangers: what they claim is checked before it costs memory."""

from __future__ import annotations

import argparse
import random
import uuid
import zipfile
from collections import deque
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from diffsmooth_core import load_classifier
from diffsmooth_core.classifiers.resnet import CifarResNet
from diffsmooth_core.config import InputError
from diffsmooth_core.zoo import adding, cards, checkpoints, unpickling
from tests.commands import run
from tests.fuzzing import changed_bytes, watched

BESIDE = {
    "arguments": argparse.Namespace(lr=0.1, out=Path("/there")),
    "namespace": SimpleNamespace(a=1),
    "scalar": np.float64(0.5),
    "integer": np.int64(3),
    "array": np.zeros(3),
    "dtype": np.dtype("f4"),
    "path": Path("/home/me/run"),
    "pure path": PurePosixPath("run"),
    "date": datetime(2026, 1, 2, tzinfo=UTC),
    "duration": timedelta(hours=1),
    "range": range(3),
    "id": uuid.UUID(int=1),
}


@pytest.mark.parametrize(
    ("state", "named"),
    [
        (
            {"1.layer3.0.conv2.weight": torch.zeros(1), "1.fc.weight": torch.zeros(1).expand(9**9, 64)},
            "expanded",
        ),
        (
            {f"blocks.{i}.attn.qkv.weight": torch.zeros(1) for i in range(400)}
            | {"patch_embed.proj.weight": torch.zeros(64, 3, 16, 16), "head.weight": torch.zeros(10, 1)},
            "400 blocks",
        ),
        (
            {f"layer{i}.0.conv{k}.weight": torch.zeros(1) for i in (1, 2, 3, 4) for k in (2, 3)}
            | {"layer1.0.conv1.weight": torch.zeros(10**5, 1, 1, 1), "fc.weight": torch.zeros(1000, 1)},
            "lacks 'bn1.bias'",
        ),
    ],
    ids=["expanded", "deep", "wide"],
)
def test_a_small_file_that_claims_a_large_network_is_never_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: dict[str, torch.Tensor], named: str
) -> None:
    def filled(*_: object) -> None:
        raise AssertionError("a network was built with memory")

    monkeypatch.setattr(checkpoints, "fill", filled)
    torch.save(state, tmp_path / "bomb.pth")
    with pytest.raises(InputError, match=named):
        load_classifier(tmp_path / "bomb.pth", "cpu")


def test_weights_from_before_batch_counters_load(tmp_path: Path) -> None:
    network = CifarResNet(8).eval()
    state = {k: v for k, v in network.state_dict().items() if "num_batches_tracked" not in k}
    torch.save({"state_dict": state}, tmp_path / "old.pth")
    x = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        found = load_classifier(tmp_path / "old.pth", "cpu", normalisation="none")
        torch.testing.assert_close(found(x), network(x), atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("prefix", ["_orig_mod.1.", "1._orig_mod.", "net.", "network.module.", "backbone."])
@pytest.mark.parametrize("wrapper", ["state_dict", "ema", "weights"])
def test_prefixes_and_wrappers_are_taken_off(tmp_path: Path, prefix: str, wrapper: str) -> None:
    state = {prefix + key: value for key, value in CifarResNet(8).state_dict().items()}
    torch.save({wrapper: state, "epoch": 3}, tmp_path / "it.pth")
    assert load_classifier(tmp_path / "it.pth", "cpu").classes == 10


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "before 1.6"])
@pytest.mark.parametrize("beside", list(BESIDE), ids=list(BESIDE))
def test_what_people_keep_beside_the_weights_is_passed_over(
    tmp_path: Path, legacy: bool, beside: str
) -> None:
    content = {"state_dict": CifarResNet(8).state_dict(), "args": BESIDE[beside], "all": [BESIDE[beside]]}
    torch.save(content, tmp_path / "it.pth", _use_new_zipfile_serialization=not legacy)
    assert load_classifier(tmp_path / "it.pth", "cpu").classes == 10
    found = checkpoints.read(tmp_path / "it.pth")
    assert isinstance(found["args"], unpickling.Unread), "it is not even made again"


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (torch.nn.Sequential(torch.nn.Linear(2, 2)), r"whole network .*\(torch.nn.modules.container.Seq"),
        ({"model": CifarResNet(8)}, r"whole network .*\(diffsmooth_core.classifiers.resnet.CifarResNet\)"),
        ({"state_dict": {}, "status": HTTPStatus.OK}, r"it holds a http.HTTPStatus"),
        ({"state_dict": {}, "last": deque([1])}, r"it holds a collections.deque"),
    ],
)
def test_a_type_that_is_not_known_is_named(tmp_path: Path, content: object, named: str) -> None:
    torch.save(content, tmp_path / "it.pth")
    with pytest.raises(InputError, match=named):
        load_classifier(tmp_path / "it.pth", "cpu")


def test_of_two_sets_of_weights_one_has_to_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DIFFSMOOTH_MODELS", str(tmp_path / "models"))
    path, networks = (
        tmp_path / "it.pth",
        {"model": CifarResNet(8).eval(), "model_ema": CifarResNet(14).eval()},
    )
    half = {key: value.half() for key, value in networks["model_ema"].state_dict().items()}
    arguments = {"depth": 8}  # of a training: no weights
    torch.save(
        {"model": networks["model"].state_dict(), "model_ema": half, "net": arguments, "odd": half}, path
    )
    asked = r"holds 'model' \(56 tensors, float32\) and 'model_ema' \(92 tensors, float16\); which is meant"
    with pytest.raises(InputError, match=asked):
        load_classifier(path, "cpu")
    assert run("models", "add", str(path), "--name", "mine") == 2
    assert f"models add {path} --name NAME --weights model_ema" in capsys.readouterr().err
    x = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    for entry, network in networks.items():
        assert run("models", "add", str(path), "--name", entry, "--weights", entry) == 0
        assert f"its weights are those under {entry!r}" in capsys.readouterr().out
        with torch.inference_mode():
            found = load_classifier(entry, "cpu", normalisation="none")(x)
            torch.testing.assert_close(found, network(x), atol=2e-2, rtol=2e-2)
    added = cards.every()
    assert [added[entry].training["entry"] for entry in networks] == list(networks)
    assert added["model"].sha256 != added["model_ema"].sha256
    assert adding.add(str(path), "odd", weights="odd").training["entry"] == "odd", "no usual key"


def test_weights_that_are_not_there_are_named(tmp_path: Path) -> None:
    state = CifarResNet(8).state_dict()
    torch.save({"model": state, "epoch": 3}, tmp_path / "it.pth")
    with pytest.raises(InputError, match="no weights under 'ema'; there are 'model'"):
        adding.add(str(tmp_path / "it.pth"), "mine", weights="ema")
    torch.save(state, tmp_path / "it.pth")
    with pytest.raises(InputError, match="no weights under 'ema'; it holds one set alone"):
        adding.add(str(tmp_path / "it.pth"), "mine", weights="ema")
    with pytest.raises(InputError, match="is a folder; give its folder unet_ema itself"):
        adding.add(str(tmp_path), "mine", weights="unet_ema")


@pytest.mark.parametrize(("classes", "named"), [(100, "100 outputs"), (11, "which one is none of them")])
def test_the_number_of_outputs_is_the_data_sets(tmp_path: Path, classes: int, named: str) -> None:
    torch.save(CifarResNet(8, classes).state_dict(), tmp_path / "it.pth")
    with pytest.raises(InputError, match=named):
        load_classifier(tmp_path / "it.pth", "cpu")


@pytest.mark.parametrize(("offset", "kept"), [(1, slice(1, 11)), (0, slice(0, 10))])
def test_an_output_that_is_no_class_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offset: int, kept: slice
) -> None:
    monkeypatch.setenv("DIFFSMOOTH_MODELS", str(tmp_path / "models"))
    network = CifarResNet(8, 11).eval()
    torch.save({"model": network.state_dict()}, tmp_path / "it.pth")
    assert run("models", "add", str(tmp_path / "it.pth"), "--name", "mine", "--offset", str(offset)) == 0
    x = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        found = load_classifier("mine", "cpu", normalisation="none")(x)
        torch.testing.assert_close(found, network(x)[:, kept], atol=1e-5, rtol=1e-4)
    assert cards.every()["mine"].training["offset"] == offset


def test_an_output_is_left_out_only_where_there_is_one_too_many(tmp_path: Path) -> None:
    torch.save(CifarResNet(8, 10).state_dict(), tmp_path / "it.pth")
    with pytest.raises(InputError, match="with one output left out, has 9 outputs and cifar10 has 10"):
        adding.add(str(tmp_path / "it.pth"), "mine", offset=1)
    torch.save({"input_blocks.0.0.weight": torch.zeros(1)}, tmp_path / "it.pth")
    with pytest.raises(InputError, match="no final layer"):
        adding.add(str(tmp_path / "it.pth"), "mine", offset=1)


@pytest.mark.parametrize("entry", ["ema", "model_state_dict"])
def test_which_weights_were_taken_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], entry: str
) -> None:
    monkeypatch.setenv("DIFFSMOOTH_MODELS", str(tmp_path / "models"))
    torch.save({entry: CifarResNet(8).state_dict()}, tmp_path / "it.pth")
    assert run("models", "add", str(tmp_path / "it.pth"), "--name", "mine") == 0
    assert f"its weights are those under {entry!r}" in capsys.readouterr().out
    assert cards.every()["mine"].training["entry"] == entry


@pytest.mark.filterwarnings("ignore::UserWarning")  # torch's remarks on what it reads
def test_whatever_a_file_holds_it_is_a_network_or_refused(tmp_path: Path, fuzz_count: int) -> None:
    chance, seeds = random.Random(22), []
    state = {key: value.half() for key, value in CifarResNet(8).state_dict().items()}
    for legacy in (False, True):
        content = {"state_dict": state, "args": BESIDE["arguments"], "at": BESIDE["date"]}
        torch.save(content, tmp_path / "it.pth", _use_new_zipfile_serialization=not legacy)
        seeds.append((tmp_path / "it.pth").read_bytes())

    def seed(turn: int) -> bytes:
        data = seeds[turn % 2]
        middle = len(data) // 2  # where only weights are
        if turn % 3 == 0:
            return changed_bytes(data, chance)
        start = changed_bytes(data[:9000], chance) + data[9000:]
        return start if turn % 3 == 1 else data[:middle] + changed_bytes(data[middle:][-9000:], chance)

    def take(data: bytes) -> object:
        (tmp_path / "changed.pth").write_bytes(data)
        return load_classifier(tmp_path / "changed.pth", "cpu")

    taken, refused = watched(seed, fuzz_count, take, lambda network: None)
    print(f"{fuzz_count:,} changed checkpoints: {taken:,} taken, {refused:,} refused")
    assert refused > fuzz_count // 10


def test_a_web_page_and_torchscript_are_called_so(tmp_path: Path) -> None:
    (tmp_path / "page.pth").write_text("<!DOCTYPE html><html>Quota exceeded</html>")
    with pytest.raises(InputError, match="is a web page"):
        load_classifier(tmp_path / "page.pth", "cpu")
    with zipfile.ZipFile(tmp_path / "script.pth", "w") as archive:
        archive.writestr("script/constants.pkl", b"")
    with pytest.raises(InputError, match="is TorchScript"):
        load_classifier(tmp_path / "script.pth", "cpu")


def test_a_file_that_unpacks_to_more_than_it_holds_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "it.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("it/data/0", bytes(2**22))
    with pytest.raises(InputError, match="unpacks to more than twice its size"):
        load_classifier(tmp_path / "it.pth", "cpu")
