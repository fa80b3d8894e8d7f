"""A query log of a black box: votes come in as they were cast, and nothing is claimed that nobody knows."""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from diffsmooth_core.certification.certificate import Certificate, discrepancies
from diffsmooth_core.config import ABSTAIN, InputError
from diffsmooth_core.exchange import bundles, votes
from diffsmooth_core.paths import ASSETS
from diffsmooth_core.reporting.page import page
from diffsmooth_core.reporting.report import gathered
from diffsmooth_core.runs.store import Store
from diffsmooth_core.statistics import certified_radius, clopper_pearson_lower
from tests.commands import run

CHECKER = ASSETS / "verify_certificate.py"
N0, N = 20, 200
SHARES = {"a street": 0.95, "=fog": 0.5, "a tunnel": 0.99}  # of the votes for class 2; the rest is for 0


def rows(names: list[str]) -> list[dict[str, object]]:
    """Every vote of three images, in no order, as a log keeps them."""
    found = [
        {"image": name, "stage": stage, "index": i, "class": 2 if (i * 37 % count) < share * count else 0}
        for name, share in zip(names, SHARES.values(), strict=True)
        for stage, count in (("selection", N0), ("estimation", N))
        for i in range(count)
    ]
    random.Random(0).shuffle(found)
    return found


def written(path: Path, found: list[dict[str, object]]) -> Path:
    if path.suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(row) for row in found))
        return path
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["class", "index", "image", "stage"])
        writer.writeheader()
        writer.writerows(found)
    return path


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_log_becomes_certificates_and_a_run(
    ending: str, own: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url, folder = f"sqlite:///{tmp_path / 'store.sqlite'}", tmp_path / "certificates"
    path = written(tmp_path / f"log.{ending}", rows(list(SHARES)))
    options = ("--sigma", "0.5", "--classes", "4", "--classifier", "vendor 7", "--store", url)
    assert run("import-votes", str(path), "--out", "box", "--certificates", str(folder), *options) == 0
    said = capsys.readouterr().out
    assert "kept 3 certificates of 20 + 200 votes as box: 2 certify, 1 abstain" in said
    assert "that vendor 7 cast them" in said
    assert "is the word of whoever kept the log" in said
    store = Store(url)
    kept = store.run("box")
    by_name = {r.note: r for r in store.results(kept, certificates=True)}
    for name, share in SHARES.items():
        result = by_name[f"logged as {name}"]
        p = clopper_pearson_lower(round(share * N), N, 0.001)
        assert result.radius == pytest.approx(certified_radius(p, 0.5) if p > 0.5 else 0.0)
        assert result.predict == (2 if p > 0.5 else ABSTAIN)
        certificate = Certificate.read(folder / f"{result.idx}.json")
        assert discrepancies(certificate) == []
        cast = {(r["stage"], r["index"]): r["class"] for r in rows(list(SHARES)) if r["image"] == name}
        assert certificate.classes("estimation").tolist() == [cast["estimation", i] for i in range(N)]
    alone = subprocess.check_output([sys.executable, CHECKER, folder / "0.json"], text=True)
    assert "on the word of whoever kept their log" in alone
    again = bundles.unpack(own, bundles.packed(store, kept))
    assert "Who cast the votes" in page(gathered(own, again))
    assert run("verify", str(folder / "0.json")) == 0
    said = capsys.readouterr().out
    assert "the word of whoever kept the log" in said
    assert "seed was chosen" not in said, "no seed of ours drew these votes"
    assert run("audit", "--out", "box", "--resume", "--store", url) == 2
    assert "vendor 7" in capsys.readouterr().err


def test_where_nothing_abstains_diagnose_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    certain = [row for row in rows(list(SHARES)) if row["image"] == "a tunnel"]
    path, url = written(tmp_path / "log.csv", certain), f"sqlite:///{tmp_path / 'store.sqlite'}"
    options = ("--sigma", "0.5", "--classes", "4", "--classifier", "vendor 7", "--store", url)
    assert run("import-votes", str(path), "--out", "box", *options) == 0
    assert run("diagnose", "box", "--store", url) == 0
    assert "no picture of box abstains" in capsys.readouterr().out


def test_numbers_are_the_pictures_of_a_data_set_that_is_here(twelve: None, tmp_path: Path) -> None:
    log = votes.read(written(tmp_path / "log.csv", rows(["7", "0", "3"])))
    from diffsmooth_core.config import SmoothingConfig
    from diffsmooth_core.datasets import resolve

    config = SmoothingConfig(method="plain", classifier="box", sigma=0.5, n0=N0, n=N)
    for result in votes.certified(log, config, 10):
        picture = resolve(f"cifar10:{result.idx}", "cifar10")
        assert result.certificate is not None
        assert (result.certificate["image_sha256"], result.label) == (picture.sha256, picture.label)
    with pytest.raises(InputError, match="no test picture of cifar10; name another --dataset"):
        votes.certified(votes.read(written(tmp_path / "named.csv", rows(list(SHARES)))), config, 10)
    with pytest.raises(InputError, match="votes for class 2, and there are 2 classes"):
        votes.certified(log, config, 2)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda found: found.pop(), "a fixed n is the same for every image"),
        (lambda found: found.append(found[0]), "line 662: .* stands in it twice"),
        (lambda found: found[0].update(stage="guess"), "line 2: stage is 'guess'"),
        (lambda found: found[0].update({"class": -1}), "line 2: class is '-1'"),
        (lambda found: found[4].update(index="1.0"), "line 6: index is '1.0'"),
        (lambda found: found[2].update(image=""), "line 4: it has no image"),
        (lambda found: found[2].update(image="\x1b[2Ja"), "line 4: image is .* visible text"),
        (lambda found: found[2].update(image="a" * 200_000), "line 4 is no CSV"),
        (lambda found: found[0].update({"class": "0" * 12 + "9" * 12}), "line 2: class is .* below 65,536"),
        (lambda found: found.clear(), "has no votes"),
    ],
)
def test_what_no_log_of_every_vote_holds_is_named(change, sentence: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    found = rows(list(SHARES))
    change(found)
    with pytest.raises(InputError, match=sentence):
        votes.read(written(tmp_path / "log.csv", found)).numbers()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"image": "0", "stage": "selection", "index": 0, "class": 3, "class": 4}', "'class' stands twice"),
        ("image,stage,index,class,class\n0,selection,0,3,4", "line 1: the column 'class' stands in it twice"),
        ('{"image": "0", "stage": "selection", "index": 0, "class": NaN}', "NaN is no finite number"),
        ('{"image": "\\ud800"}', "line 1 cannot be read"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "log").write_text(text)
    with pytest.raises(InputError, match=sentence):
        votes.read(tmp_path / "log")


def test_whoever_cast_the_votes_has_a_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "log.csv", rows(list(SHARES)))
    assert run("import-votes", str(path), "--out", "x", "--sigma", "1", "--classifier", " ") == 2
    assert "--classifier is empty" in capsys.readouterr().err


def test_names_do_nothing_to_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, box = written(tmp_path / "log.csv", rows(list(SHARES))), "\x1b]0;mine\x07box\u202e"
    store = ["--store", f"sqlite:///{tmp_path}/votes.db", "--classes", "3", "--certificates", str(tmp_path)]
    assert (
        run("import-votes", str(path), "--out", "\x1b[2Jrun", "--sigma", "1", "--classifier", box, *store)
        == 0
    )
    assert run("verify", str(tmp_path / "0.json")) == 0
    assert run("remove-run", "\x9b2J", *store[:2]) == 2
    printed = capsys.readouterr()
    assert "as ?[2Jrun: " in printed.out
    assert printed.out.count("?]0;mine?box?") == 3
    assert (printed.out + printed.err).replace("\n", "").isprintable()


def test_a_vote_that_is_missing_in_the_middle_is_named(tmp_path: Path) -> None:
    found = [row for row in rows(list(SHARES)) if (row["stage"], row["index"]) != ("estimation", 0)]
    with pytest.raises(InputError, match="estimation vote 0 of image '.*' is missing"):
        votes.read(written(tmp_path / "log.jsonl", found)).numbers()


def test_votes_in_any_order_are_one_log(tmp_path: Path) -> None:
    one = votes.read(written(tmp_path / "one.csv", rows(list(SHARES))))
    other = votes.read(written(tmp_path / "other.jsonl", sorted(rows(list(SHARES)), key=str)))
    assert one.images == other.images
    assert one.sha256 != other.sha256
    assert one.numbers() == (N0, N)
    assert np.sum([c == 2 for c in one.images["a tunnel"]["estimation"].values()]) == 198
