"""Data sets of one's own: folders, Tiny ImageNet's layout, parquet; certified and trained on."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from diffsmooth_core.config import InputError
from diffsmooth_core.datasets import catalogue, class_names, custom, datasets, load_split, resolve
from tests.commands import run

COLOURS = {"blue": (20, 40, 200), "green": (30, 160, 50), "red": (200, 30, 40)}


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFFSMOOTH_DATASETS", str(tmp_path / "datasets"))
    monkeypatch.setenv("DIFFSMOOTH_MODELS", str(tmp_path / "models"))


def painted(colour: str, seed: int, size: tuple[int, int] = (48, 40)) -> Image.Image:
    noise = np.random.default_rng(seed).integers(-20, 21, (*size, 3))
    return Image.fromarray((np.array(COLOURS[colour]) + noise).clip(0, 255).astype(np.uint8))


def folder_of(root: Path, splits: tuple[str, ...], each: int = 4, inside: str = "") -> Path:
    for split in splits:
        for colour in COLOURS:
            folder = root / split / colour / inside
            folder.mkdir(parents=True)
            for i in range(each):
                painted(colour, i).save(folder / f"{i}.png")
    return root


def parquet_of(path: Path, label: str, image: str = "img", names: list[str] | None = None) -> Path:
    cells = []
    for i in range(6):
        stream = io.BytesIO()
        painted(list(COLOURS)[i % 3], i).save(stream, "PNG")
        cells.append({"bytes": stream.getvalue(), "path": None})
    table = pa.table({image: cells, label: [i % 3 for i in range(6)], "coarse_label": [0] * 6})
    if names:
        told = {"info": {"features": {label: {"names": names, "_type": "ClassLabel"}}}}
        table = table.replace_schema_metadata({"huggingface": json.dumps(told)})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
    return path


def test_a_folder_with_splits(tmp_path: Path) -> None:
    made = custom.add(folder_of(tmp_path / "in", ("train", "val")), "colours", 24)
    assert made.classes == ("blue", "green", "red")
    assert datasets() == ("cifar10", "imagenet", "colours")
    assert class_names("colours") == made.classes
    picture = resolve("colours:5", "colours")
    assert (picture.label, picture.pixels.shape, picture.title) == (1, (24, 24, 3), "colours test picture 5")
    assert np.abs(picture.pixels.mean((0, 1)) - COLOURS["green"]).max() < 8
    assert resolve("colours-train:0", "colours").label == 0
    assert resolve("colours:0", "cifar10").label is None, "another network knows other classes"
    assert [group.kind for group in catalogue("colours")] == ["colours", "photo"]
    pictures, labels = load_split("colours", "train")
    assert pictures.shape == (12, 24, 24, 3)
    assert labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    custom.remove("colours")
    with pytest.raises(InputError, match="data set 'colours' is unknown; choose one of cifar10, imagenet"):
        resolve("photo:cat", "colours")


def test_tiny_imagenets_layout(tmp_path: Path) -> None:
    root = folder_of(tmp_path / "tiny", ("train",), inside="images")
    (root / "val" / "images").mkdir(parents=True)
    for i, colour in enumerate(("red", "blue")):
        painted(colour, i, (64, 64)).save(root / "val" / "images" / f"val_{i}.png")
    (root / "val" / "val_annotations.txt").write_text(
        "val_0.png\tred\t0\t0\t62\t62\nval_1.png\tblue\t0\t0\t9\t9\n"
    )
    (root / "words.txt").write_text("blue\tazure, sky\nred\tscarlet\nother\tthing\n")
    made = custom.add(root, "tiny", 64)
    assert made.classes == ("azure", "green", "scarlet")
    assert (made.size("train"), made.size("test")) == (12, 2)
    assert [resolve(f"tiny:{i}", "tiny").label for i in (0, 1)] == [2, 0]


def test_parquet_as_cifar100s(tmp_path: Path) -> None:
    names = ["apple", "aquarium fish", "baby"]
    parquet_of(tmp_path / "c100" / "cifar100" / "train-00000-of-00001.parquet", "fine_label", names=names)
    parquet_of(tmp_path / "c100" / "cifar100" / "test-00000-of-00001.parquet", "fine_label", names=names)
    made = custom.add(tmp_path / "c100", "cifar100", 32)
    assert made.classes == tuple(names)
    assert (made.size("train"), made.size("test")) == (6, 6)
    assert resolve("cifar100:4", "cifar100").label == 1
    single = custom.add(parquet_of(tmp_path / "one.parquet", "label", "image"), "single", 32)
    assert single.classes == ("class 0", "class 1", "class 2")
    with pytest.raises(InputError, match="has no train split; put its pictures into"):
        single.size("train")


@pytest.mark.parametrize(
    ("name", "side", "words", "message"),
    [
        ("cifar10", 32, [], "there is a data set 'cifar10' already"),
        ("../x", 32, [], "'../x' cannot be a data set's name"),
        ("colours", 4, [], "side must lie between 8 and 1024 pixels, got 4"),
        ("colours", 32, ["one", "two"], "has 3 classes and 2 names"),
    ],
)
def test_what_cannot_be_added(tmp_path: Path, name: str, side: int, words: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        custom.add(folder_of(tmp_path / "in", ("test",)), name, side, words)
    with pytest.raises(InputError, match="there is nothing at"):
        custom.add(tmp_path / "nowhere", "nothing", 32)
    assert not list((tmp_path / "datasets").glob("*.json"))


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ({"image": [1, 2], "label": [0, 1]}, "column image holds int64 where the bytes of PNG"),
        ({"image": ["a.png", "b.png"], "label": [0, 1]}, "column image holds string"),
        ({"image": [{"path": "a.png"}] * 2, "label": [0, 1]}, "column image holds struct<path"),
        ({"image": [b"", b""], "label": ["cat", "dog"]}, "column label holds string where the number"),
        ({"image": [b"", b""], "label": [0.5, 1.0]}, "column label holds double"),
        ({"image": [b"", b""], "label": [0, None]}, "column label holds nothing in some rows"),
        (
            {"image": [b"", b""], "label": [0, 2**62]},
            "column label holds 4611686018427387904, and a data set",
        ),
    ],
)
def test_a_parquet_file_of_other_types_is_said(tmp_path: Path, columns: dict[str, Any], named: str) -> None:
    pq.write_table(pa.table(columns), tmp_path / "test.parquet")
    with pytest.raises(InputError, match=named):
        custom.add(tmp_path, "mine", 32)


def test_a_row_without_bytes_is_said(tmp_path: Path) -> None:
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    images = pa.array([{"bytes": None, "path": "a.png"}] * 2, kind)
    pq.write_table(pa.table({"image": images, "label": [0, 1]}), tmp_path / "test.parquet")
    with pytest.raises(InputError, match="picture 1 has no bytes"):
        custom.add(tmp_path, "mine", 32).picture(1, "test")


def test_a_label_beyond_the_class_list_is_named(tmp_path: Path) -> None:
    made = custom.add(parquet_of(tmp_path / "t.parquet", "label"), "three", 32, ["a", "b", "c"])
    path = tmp_path / "datasets" / "three.json"
    path.write_text(path.read_text().replace('"c"', '"c", "d"').replace('"a",', ""))
    assert custom.get("three").picture(1, "test")[1] == 1
    path.write_text(json.dumps(json.loads(path.read_text()) | {"classes": ["a", "b"]}))
    with pytest.raises(
        InputError, match="picture 2 of three's test split has label 2 and there are 2 classes"
    ):
        custom.get("three").picture(2, "test")
    assert made.classes == ("a", "b", "c")


def test_from_folder_to_certificate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Add, train a classifier and a denoiser, take them in, certify, audit, sign: the commands of
    docs/data.md, small."""
    source = folder_of(tmp_path / "in", ("train", "test"), each=24)
    for arguments in (
        ["datasets", "add", str(source), "--name", "colours", "--side", "24"],
        [
            "train",
            "gaussian",
            "--dataset",
            "colours",
            "--name",
            "colours-gaussian",
            "--sigma",
            "0.25",
            "--steps",
            "40",
            "--batch",
            "36",
            "--width",
            "small",
            "--out",
            str(tmp_path / "models"),
        ],
        [
            "train",
            "denoiser",
            "--dataset",
            "colours",
            "--name",
            "colours-diffusion",
            "--steps",
            "3",
            "--batch",
            "8",
            "--out",
            str(tmp_path / "models"),
        ],
    ):
        assert run(*arguments) == 0
    capsys.readouterr()
    for method, n in (("plain", "60"), ("diffsmooth", "16")):
        networks = ("--classifier", "colours-gaussian", "--denoiser", "colours-diffusion")
        assert (
            run(
                "certify",
                "colours:30",
                "--dataset",
                "colours",
                "--method",
                method,
                *networks,
                "--sigma",
                "0.25",
                "--n0",
                "8",
                "--n",
                n,
                "--json",
            )
            == 0
        )
        found = json.loads(capsys.readouterr().out)
        assert len(found["counts"]) == 3
        if method == "plain":
            assert (found["label"], found["counts"][1]) == (1, 60), "green, by every vote"
    store, report = ("--store", f"sqlite:///{tmp_path / 'store.sqlite'}"), str(tmp_path / "colours.html")
    network = ("--method", "plain", "--classifier", "colours-gaussian", "--sigma", "0.25")
    settings = (*network, "--n0", "5", "--n", "20")
    audit = ("audit", "--out", "colours", "--dataset", "colours", "--indices", "0:72:24", *settings)
    assert run(*audit, "--json", *store) == 0
    assert json.loads(capsys.readouterr().out)["certified_accuracy"]["0.00"] == 100
    assert run("report", "colours", "--html", report, *store) == 0
    assert run("verify", report) == 0
    assert "every word of the page follows" in capsys.readouterr().out
    assert run("datasets", "list", "--json") == 0
    assert json.loads(capsys.readouterr().out)[2] == {
        "name": "colours",
        "side": 24,
        "classes": 3,
        "test_pictures": 72,
    }


def test_classes_are_named_by_a_list_by_imagenets_words_or_by_hundred_known_ones(tmp_path: Path) -> None:
    names = custom.known_classes("cifar100")
    assert len(set(names)) == 100
    assert (names[0], names[19], names[99], list(names)) == ("apple", "cattle", "worm", sorted(names))
    made = custom.add(parquet_of(tmp_path / "hundred" / "test.parquet", "fine_label"), "hundred", 32, names)
    assert made.classes[:2] == ("apple", "aquarium fish")
    for wnid in ("n01443537", "n02123045"):  # as in Tiny ImageNet without its words.txt
        (tmp_path / "tiny" / "test" / wnid).mkdir(parents=True)
        painted("red", 0).save(tmp_path / "tiny" / "test" / wnid / "0.png")
    assert custom.add(tmp_path / "tiny", "tiny", 64).classes == ("goldfish", "tabby")
    with pytest.raises(InputError, match="cannot be read as a list of classes"):
        custom.known_classes(str(tmp_path / "none.txt"))
