"""A report holds its run, says what follows from it and nothing else, and is a page of its own."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diffsmooth_core.certification.ledger import Challenge
from diffsmooth_core.config import ABSTAIN, InputError, SmoothingConfig
from diffsmooth_core.datasets import fitting
from diffsmooth_core.exchange import bundles
from diffsmooth_core.reporting import checking, drawings, report
from diffsmooth_core.reporting.page import page
from diffsmooth_core.reporting.report import Report, gathered, read
from diffsmooth_core.runs import batch
from diffsmooth_core.runs.records import Run
from diffsmooth_core.runs.results import Result, curve
from diffsmooth_core.runs.store import Store
from diffsmooth_core.runs.workers import ThisProcess
from tests.commands import run as command

EXAMPLE = Path(__file__).parents[2] / "assets" / "runs" / "diffsmooth.json.gz"
ODD = "<script>alert('x')</script> & “quoted” \"double\""


class Outline(HTMLParser):
    """The tags of a page, the addresses that it names, and its visible text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.addresses, self.words = list[str](), list[str](), list[str]()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action", "data")]

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] != ["style"]:
            self.words.append(data)


@pytest.fixture
def recorded(own: Store, monkeypatch: pytest.MonkeyPatch) -> tuple[Store, Run]:
    """The bundled audit, where no pictures are."""
    monkeypatch.setenv("DIFFSMOOTH_DATA", "")
    run = bundles.unpack(own, EXAMPLE.read_bytes())
    for idx, kind in ((run.indices[0], "note"), (run.indices[0], "tag"), (None, "note")):
        own.remark(run, idx, kind, ODD)  # type: ignore[arg-type]
    return own, run


@pytest.fixture
def audited(twelve: None, own: Store) -> tuple[Store, Run]:
    """An audit of two pictures that are here, which abstains: one vote does not certify anything."""
    config = SmoothingConfig(
        method="plain", classifier="gaussian-0.25-b", sigma=1.0, n0=2, n=10, device="cpu", dtype="float32"
    )
    run = batch.start(own, "ours", config, (0, 1))
    for _ in batch.work(own, run, ThisProcess):
        pass
    return own, run


def test_the_page_says_what_the_run_came_to_and_asks_for_nothing(recorded: tuple[Store, Run]) -> None:
    store, run = recorded
    made = gathered(store, run, ODD)
    text = page(made)
    outline = Outline(text)
    words = " ".join(outline.words)
    assert not {"script", "link", "iframe", "object", "form"} & set(outline.tags)
    assert all(address.startswith("data:") for address in outline.addresses)
    assert "url(" not in text
    assert words.count(ODD) == 4, "what people wrote is shown as they wrote it: asked, two notes, a tag"
    results = store.results(run)
    abstained = [r for r in results if r.predict == ABSTAIN]
    assert outline.tags.count("article") == len(abstained) + sum(r.outcome == "wrong" for r in results)
    for r in abstained:
        assert f"Picture {r.idx}" in outline.words
    assert f"{len(results):,} together hold with 80 %" in words
    assert "held no other run over these pictures" in words
    assert all(sha in outline.words for sha in run.weights.values())


def test_a_report_comes_back_from_its_page_and_holds(recorded: tuple[Store, Run]) -> None:
    store, run = recorded
    made = gathered(store, run, ODD)
    text = page(made)
    back = read(text)
    assert (back.packed, back.context) == (made.packed, made.context)
    assert checking.faults(back, text) == []
    assert [r.idx for r in back.held.results] == list(run.indices)


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("58.5 %", "98.5 %", "of the page is not what follows"),
        ("Every abstention", "Every <b>abstention</b>", "of the page is not what follows"),
        ("&quot;3&quot;:&quot;cat&quot;", "&quot;3&quot;:&quot;dog&quot;", "it calls class '3' 'dog'"),
        ("</main>", "<p>And more.</p></main>", "of the page is not what follows"),
        ("{\n", "{\u2028", "of the page is not what follows"),  # no end of a line, in a style least of all
        ("&quot;3&quot;:", f"&quot;{'9' * 5000}&quot;:", "it calls class '9999999999'"),
    ],
)
def test_a_word_that_was_changed_is_found(
    recorded: tuple[Store, Run], before: str, after: str, fault: str
) -> None:
    text = page(gathered(*recorded))
    assert before in text
    forged = text.replace(before, after, 1)
    assert any(fault in found for found in checking.faults(read(forged), forged))


def test_a_page_of_another_version_is_not_compared_and_not_vouched_for(
    recorded: tuple[Store, Run],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(report, "__version__", "0.0.1")
    text = page(gathered(*recorded))
    monkeypatch.undo()
    monkeypatch.setenv("DIFFSMOOTH_DATA", "")
    path = tmp_path / "old.html"
    path.write_text(text.replace("58.5 %", "98.5 %"))
    assert command("verify", str(path)) == 1, "or naming another version would be enough for any words"
    assert "drawn by version '0.0.1', so its words were not compared" in capsys.readouterr().out


def test_pictures_are_those_that_were_certified(audited: tuple[Store, Run]) -> None:
    store, run = audited
    made = gathered(store, run)
    text = page(made)
    back = read(text)
    assert set(back.pictures) == {r.idx for r in store.results(run) if r.outcome in report.SHOWN} != set()
    for idx, png in back.pictures.items():
        pixels = np.asarray(Image.open(io.BytesIO(png)))
        assert fitting.sha256(pixels) == made.certificates[idx].image_sha256
    assert checking.faults(back, text) == []
    idx, png = next(iter(made.pictures.items()))
    other = io.BytesIO()
    Image.new("RGB", (32, 32), "red").save(other, "PNG")
    swapped = page(Report(made.packed, made.pictures | {idx: other.getvalue()}, made.context))
    found = checking.faults(read(swapped), swapped)
    assert found == [f"the picture {idx} that it shows is not the one that was certified"]
    first, moving = Image.open(io.BytesIO(made.pictures[idx])), io.BytesIO()
    first.save(moving, "PNG", save_all=True, append_images=[Image.new("RGB", first.size, "red")])
    animated = page(Report(made.packed, made.pictures | {idx: moving.getvalue()}, made.context))
    found = checking.faults(read(animated), animated)
    assert found == [f"the picture {idx} that it shows holds more than its pixels"]
    assert not read(page(gathered(store, run, pictures=False))).pictures


def test_other_runs_over_the_same_pictures_weaken_what_was_picked(audited: tuple[Store, Run]) -> None:
    store, run = audited
    for name, indices in (("near", [1, 5]), ("far", [7])):
        store.create(name, "Cohen", "cifar10", {"sigma": 0.5, "n": 100, "alpha": 0.001}, indices, {})
    made = gathered(store, run)
    assert made.context.beside == (("near", "sigma 0.5, n 100"),)
    assert "picked from them, each certificate holds with 99.8 %" in page(made)


def test_the_commands_write_and_verify_a_report(
    audited: tuple[Store, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, url = tmp_path / "report.html", f"sqlite:///{tmp_path / 'store.sqlite'}"
    store, run = audited
    other = Store(url)
    bundles.unpack(other, bundles.packed(store, run))
    assert command("report", "ours", "--html", str(path), "--store", url, "--about", "Is it safe?") == 0
    assert "2 results" in capsys.readouterr().out
    assert command("verify", str(path), "--replay") == 0
    said = capsys.readouterr().out
    assert "every word of the page follows" in said
    assert "looked at again (replay)" in said
    assert "the seed was chosen by whoever made it" in said
    path.write_text(path.read_text().replace("Is it safe?</blockquote>", "It is safe.</blockquote>"))
    assert command("verify", str(path)) == 1
    assert "does not hold: line" in capsys.readouterr().out
    for arguments, said in (
        (["report", "ours", "--html", str(tmp_path / "a.pdf"), "--store", url], "does not end in .html"),
        (["report", "ours", "--pdf", str(path), "--store", url], "does not end in .pdf"),
        (["report", "ours", "--store", url], "give --html FILE, --pdf FILE or both"),
        (["report", "none", "--html", str(path), "--store", url], "there is no run named 'none'"),
        (["report", "ours", "--html", str(path), "--store", url, "--about", "\udcff"], "is no text"),
        (["verify", str(path), "--family"], "a report is verified without certificates"),
    ):
        assert command(*arguments) == 2
        assert said in capsys.readouterr().err


def test_a_log_has_a_report_without_certificates(own: Store) -> None:
    run = own.create("log", "Cohen", "cifar10", {"sigma": 0.5, "n": 100, "alpha": 1e-5}, [0, 1], {})
    own.add(run, [], [Result(0, 3, 3, 0.2, n=100, n_a_low=80, n_a_high=82), Result(1, 3, ABSTAIN, 0.0)])
    text = page(gathered(own, run, pictures=False))
    assert "read from a log in Cohen&#x27;s dialect" in text
    assert "α = 0.00001. A log has no votes" in text
    assert checking.faults(read(text), text) == []
    assert checking.on_their_word(read(text)) == ["what was asked", "dates", "notes", "reasons", "other runs"]


def test_names_of_a_data_set_that_is_not_here_are_their_word(own: Store) -> None:
    run = own.create("log", "Cohen", "elsewhere", {"sigma": 0.5, "n": 100, "alpha": 0.001}, [0], {})
    own.add(run, [], [Result(0, 1, 1, 0.2, n=100, n_a_low=80, n_a_high=82)])
    made = gathered(own, run)
    named = Report(made.packed, {}, replace(made.context, names={"1": "harmless"}))
    assert checking.faults(named, page(named)) == []
    assert checking.on_their_word(named)[-1] == "the names of the classes"
    shown = Report(made.packed, {0: b""}, made.context)
    assert checking.on_their_word(shown)[-1] == "pictures", "a log does not tell which picture it was"


@pytest.mark.parametrize("longer", ["about", "version", "created"])
def test_a_heading_is_as_short_as_one_of_this_programs(own: Store, longer: str) -> None:
    run = own.create("log", "Cohen", "elsewhere", {"sigma": 0.5, "n": 100, "alpha": 0.001}, [0], {})
    own.add(run, [], [Result(0, 1, 1, 0.2, n=100, n_a_low=80, n_a_high=82)])
    made = gathered(own, run, "a" * 2000)
    assert read(page(made)).context.about == "a" * 2000
    forged = Report(made.packed, {}, replace(made.context, **{longer: "a" * 2001}))
    with pytest.raises(InputError, match="the report's heading is none of this program's"):
        read(page(forged))


@pytest.mark.parametrize("text", ["", "<html></html>", '<meta name="diffsmooth-report" content="{}">'])
def test_another_page_is_no_report(text: str) -> None:
    with pytest.raises(InputError, match="no report"):
        read(text)


def test_the_curve_is_drawn_as_it_is() -> None:
    """Read back from the drawing: its steps are those of the certified accuracy."""
    results = [Result(i, 1, 1, 0.1 * i) for i in range(6)] + [Result(6, 1, 2, 0.9)]
    drawing = drawings.certified_accuracy(results)
    path = re.search(r'd="M([^"]*)" class="curve"', drawing)
    assert path is not None
    points = [tuple(map(float, point.split())) for point in path[1].split(" L")]
    expected = curve(results, 200)
    plot = drawings.Plot(expected[-1][0], 1.0)
    assert {y for _, y in points} == {plot.y(share.share) for _, share in expected}
    assert points[0] == (plot.x(0.0), plot.y(6 / 7))
    assert points[-1] == (plot.x(expected[-1][0]), plot.y(0.0))


def test_a_challenge_stands_in_the_report_and_is_looked_up_in_the_ledger(
    twelve: None, own: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = SmoothingConfig(
        method="plain", classifier="gaussian-0.25-b", sigma=0.25, n0=2, n=20, device="cpu", dtype="float32"
    )
    base = batch.base_for(config, (0, 1))
    ledger = tmp_path / "ledger.jsonl"
    given = Challenge.give(batch.committed(base, config, (0, 1)).hash, "", ledger)
    run = batch.start(own, "ours", config, (0, 1), given.nonce)
    for _ in batch.work(own, run, ThisProcess):
        pass
    path = tmp_path / "report.html"
    path.write_text(page(gathered(own, run)))
    assert given.nonce in path.read_text()
    assert given.commitment in path.read_text()
    assert command("verify", str(path), "--challenge", str(ledger)) == 0
    assert "its challenge is in the ledger" in capsys.readouterr().out
    Challenge.give("0" * 64, "", tmp_path / "other.jsonl")
    assert command("verify", str(path), "--challenge", str(tmp_path / "other.jsonl")) == 2
    assert "was not given by" in capsys.readouterr().err
