"""The Models page: every network is there, the doctor answers, what cannot be added is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
import torch
from streamlit.testing.v1 import AppTest

from diffsmooth_core.classifiers.resnet import CifarResNet
from diffsmooth_core.config import InputError
from diffsmooth_core.zoo import adding, cards, doctor, download
from diffsmooth_core.zoo.cards import bundled
from diffsmooth_core.zoo.download import HUB, PUBLISHED
from tests import downloads as stand_in
from tests.downloads import Server
from tests.ui.conftest import APP, address, choose_in_table, opened
from ui.jobs import downloads
from ui.jobs.downloads import Downloaded
from ui.jobs.registry import Snapshot, jobs
from ui.models import view
from ui.session import limits, settings
from ui.titles import network_title


@pytest.fixture(autouse=True)
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("DIFFSMOOTH_MODELS", str(tmp_path / "models"))
    page = AppTest.from_file(str(APP), default_timeout=200).run()
    page.switch_page("pages/models.py").run()
    assert not page.exception
    return page


def test_every_network_has_a_row(page: AppTest) -> None:
    classifiers, denoisers = (frame.value.set_index("Network") for frame in page.dataframe)
    rows = [*classifiers.index, *denoisers.index]
    assert sorted(row.removeprefix("★ ") for row in rows) == sorted(map(network_title, bundled()))
    assert not set(rows) & set(bundled()), "words for a person"
    row = classifiers.loc["Gaussian (b), noise 0.25"]
    assert (row["For"], row["Right"], row["Trained with"]) == ("CIFAR-10", row["σ = 0.25"], "σ = 0.25")
    shares = bundled()["gaussian-0.25-b"].metrics["accuracy_under_noise"]
    assert row["Right"] == pytest.approx(100 * shares["0.25"])


def test_what_is_used_without_a_choice_stands_first_and_what_matters_on_the_left(page: AppTest) -> None:
    classifiers, denoisers = (frame.value for frame in page.dataframe)
    stars = {
        "Network": ["★ Gaussian, noise 0.25", "★ EfficientNet-Lite0, no noise"],
        "For": ["CIFAR-10", "ImageNet"],
    }
    assert classifiers[:2][["Network", "For"]].to_dict("list") == stars
    assert not classifiers["Network"][2:].str.contains("★").any()
    assert [*denoisers["Network"][:2]] == ["★ Bundled diffusion model", "★ Diffusion model for photographs"]
    assert [*classifiers.columns[:3]] == ["Network", "For", "Right"]
    assert [*denoisers.columns[:3]] == ["Network", "PSNR", "For"]
    assert not denoisers["PSNR"].isna().any()
    assert "σ is the noise’s standard deviation" in page.caption[0].value


def test_one_data_set_and_the_chosen_networks_are_in_the_address() -> None:
    page = opened("pages/models.py", dataset="imagenet", denoiser="photographs", classifier="gaussian-0.25")
    classifiers, denoisers = (frame.value for frame in page.dataframe)
    assert set(classifiers["For"]) == set(denoisers["For"]) == {"ImageNet"}
    assert [heading.value for heading in page.subheader][2] == "Diffusion model for photographs"
    assert address(page) == {"dataset": "imagenet", "denoiser": "photographs"}, "no such classifier there"
    assert (
        "classifier \\= \\'gaussian\\-0\\.25\\' in the address is unknown\\; none is used"
        in page.caption[0].value
    )
    page.segmented_control[0].set_value("all").run()
    assert not page.exception
    assert len(page.dataframe[0].value) > 10


def test_a_row_that_is_chosen_shows_its_card_stays_marked_and_is_in_the_address(page: AppTest) -> None:
    cards = {"Standard, no noise": "standard", "★ Gaussian, noise 0.25": "gaussian-0.25"}
    rows = [*page.dataframe[0].value["Network"]]
    for title, name in cards.items():
        choose_in_table(page, 0, [rows.index(title)])
        assert page.query_params["classifier"] == address(page)["classifier"] == name
        assert title.removeprefix("★ ") in [heading.value.replace("\\", "") for heading in page.subheader]
        assert page.session_state["models-classifier"]["selection"]["rows"] == [rows.index(title)]
        assert page.session_state["models-denoiser"]["selection"]["rows"] == []
    choose_in_table(page, 0)
    assert "classifier" not in address(page)
    assert page.session_state["models-classifier"]["selection"]["rows"] == []
    assert "Gaussian, noise 0.25" not in [heading.value for heading in page.subheader]


def test_names_stand_on_one_line_in_a_column_that_is_as_wide_as_the_longest(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def widths(page: AppTest) -> list[int]:
        return [json.loads(frame.proto.columns)["Network"]["width"] for frame in page.dataframe]

    assert [frame.proto.row_height for frame in page.dataframe] == [0, 0]
    assert widths(page)[0] == view.NARROW < widths(page)[1]
    assert widths(opened("pages/models.py", dataset="cifar10")) == [view.NARROW, view.NARROW]
    monkeypatch.setattr(view, "LONGEST", 30)
    assert [frame.proto.row_height for frame in page.run().dataframe] == [0, view.TWO_LINES]


OFFER = stand_in.NAME


def offered(page: AppTest) -> dict[str, str]:
    """What is said of each network that is not here, by its title."""
    said = [m.value.replace("\\", "") for m in page.markdown if "Licence: " in m.value]
    return dict(words.removeprefix("**").split("**  \n") for words in said)  # type: ignore[misc]


def test_what_a_download_brings_is_said_before_and_the_operator_may_forbid_it(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = offered(page)
    assert found["The paper’s diffusion model for ImageNet"] == (
        "2.2 GB from openaipublic.blob.core.windows.net, made by OpenAI (guided-diffusion). "
        "Licence: MIT for its code; none is stated for the weights, which its model card means for research "
        "only and not for commercial use."
    )
    assert len(found) == len(downloads.OFFERS)
    labels = [button.label for button in page.button if button.label.startswith("Download")]
    assert labels == ["Download 210 MB", "Download 143 MB", "Download 2.2 GB", "Download 102 MB"]
    monkeypatch.setitem(limits._limits()["models"], "may_change", False)
    page.run()
    assert offered(page) == found
    assert not [button for button in page.button if button.label.startswith("Download")]
    assert sum("The operator of this server adds networks" in c.value for c in page.caption) == len(found)
    with pytest.raises(InputError, match="added from the command line"):
        downloads.start(OFFER)


def test_a_network_is_downloaded_goes_on_after_a_break_and_is_then_here(
    page: AppTest, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = replace(downloads.OFFERS[OFFER], address=stand_in.address(server))
    monkeypatch.setitem(PUBLISHED, OFFER, published)
    for cut, state in ((3_000_000, "failed"), (None, "done")):
        server.cut = cut
        page.button(key=f"fetch-{OFFER}").click().run()
        job = downloads.latest(OFFER)
        assert job
        ended = jobs().wait(job.id, 100)
        assert ended
        assert ended.state == state
        page.run()
        said = [error.value.replace("\\", "") for error in page.error]
        assert [OFFER in sentence for sentence in said] == ([True] if cut else [])
    assert [wanted is None for wanted in server.asked] == [True, False], "it went on where it was"
    assert len(offered(page)) == len(downloads.OFFERS) - 1
    assert settings.denoisers("diffsmooth", "cifar10")[-1] == OFFER


def test_a_download_shows_how_far_it_is_and_is_cancelled(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, go = Event(), Event()

    def stream(_: str) -> Iterator[tuple[int, int]]:
        yield 50_000_000, 200_000_000
        told.set()
        assert go.wait(100)
        yield 100_000_000, 200_000_000

    monkeypatch.setattr(download, "fetch_stream", stream)
    page.button(key=f"fetch-{OFFER}").click().run()
    assert told.wait(100)
    (bar,) = page.run().get("progress")
    assert (bar.proto.value, bar.proto.text) == (25, "50 of 200 MB have come")  # type: ignore[attr-defined]
    other = opened("pages/models.py")
    assert any("Another visitor started this" in caption.value for caption in other.caption)
    page.button(key=f"cancel-{OFFER}").click().run()
    go.set()
    job = downloads.latest(OFFER)
    assert job
    assert jobs().wait(job.id, 100).state == "cancelled"  # type: ignore[union-attr]
    assert page.run().button(key=f"fetch-{OFFER}").label == "Download 210 MB"


def test_only_of_the_hub_it_is_said_that_it_does_not_tell_how_far_a_download_is(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {}
    for name in downloads.OFFERS:
        monkeypatch.setattr(downloads, "missing", lambda dataset, name=name: [name] * (dataset == "cifar10"))
        (words,) = offered(page.run()).values()
        told[name] = any(c.value.startswith("The Hub does not tell") for c in page.caption)
        assert told[name] == (f" from {HUB}, " in words)
    assert set(told.values()) == {True, False}


def test_a_download_that_is_larger_than_published_is_at_its_end(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    beyond: Snapshot[Downloaded] = Snapshot("x", "running", progress=Downloaded(300_000_000))
    monkeypatch.setattr(downloads, "latest", lambda name: beyond if name == OFFER else None)
    (bar,) = page.run().get("progress")
    assert (bar.proto.value, bar.proto.text) == (100, "300 of 210 MB have come")  # type: ignore[attr-defined]


def test_two_presses_start_one_download_and_an_address_none(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = replace(downloads.OFFERS[OFFER], address=stand_in.address(server))
    monkeypatch.setitem(PUBLISHED, OFFER, published)
    before = downloads.latest(OFFER)
    asked = {"download": OFFER, "fetch": OFFER, f"fetch-{OFFER}": "true", "denoiser": OFFER}
    opened("pages/models.py", **asked)
    assert server.asked == []
    assert downloads.latest(OFFER) == before
    for _ in range(2):
        downloads.start(OFFER, before)
    job = downloads.latest(OFFER)
    assert job
    assert jobs().wait(job.id, 100)
    assert server.asked == [None]


def test_a_card_says_licence_origin_and_on_which_pictures_it_was_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn = AppTest.from_function(draw_card, kwargs={"name": "efficientnet-lite0"}, default_timeout=200).run()
    assert not drawn.exception
    facts, measured = (table.value for table in drawn.table)
    assert facts.loc["Licence"].item() == "Apache\\-2\\.0"
    assert "efficientnet" in facts.loc["Origin"].item()
    by_noise = measured.set_index("σ")
    assert by_noise.loc["0.25", "right on noisy ones"] == "26 %"
    assert by_noise.loc["0.25", "right behind Diffusion model for photographs"] == "58 %"
    (of,) = (caption.value.replace("\\", "") for caption in drawn.caption)
    assert of.startswith("On 100 ImageNet photographs, which may have been among its training pictures")


@pytest.mark.parametrize(("free", "said"), [(0, "does not fit"), (2**50, "fits")])
def test_a_card_says_whether_the_network_fits(monkeypatch: pytest.MonkeyPatch, free: int, said: str) -> None:
    monkeypatch.setattr(view, "available_memory", lambda: free)
    drawn = AppTest.from_function(draw_card, kwargs={"name": "standard"}, default_timeout=200).run()
    assert f", which {said} into what is free now" in drawn.table[0].value.loc["Memory"].item()


def draw_card(name: str) -> None:
    from diffsmooth_core.zoo.cards import every
    from ui.models import view

    view.card(every()[name])


def test_a_checkpoint_is_added_and_listed(page: AppTest) -> None:
    path = cards.added_folder() / "m.pth"
    path.parent.mkdir(exist_ok=True)
    torch.save({"net": CifarResNet(8).state_dict()}, path)
    page.text_input[0].set_value(str(path))
    page.text_input[1].set_value("mine")
    next(b for b in page.button if b.label == "Add").click().run()
    assert [s.value.replace("\\", "") for s in page.success] == [
        "mine was added: a classifier for CIFAR-10. Its weights are those under “net”."
    ]
    assert cards.every()["mine"].normalisation == "none"
    assert "mine" in set(page.run().dataframe[0].value["Network"])


def test_an_added_network_is_removed_unless_the_operator_forbids_it(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = cards.added_folder() / "m.pth"
    path.parent.mkdir(exist_ok=True)
    torch.save({"net": CifarResNet(8).state_dict()}, path)
    adding.add(str(path), "mine")
    page.query_params["classifier"] = "mine"
    with monkeypatch.context() as forbidden:
        forbidden.setitem(limits._limits()["models"], "may_change", False)
        assert "mine" in [heading.value for heading in page.run().subheader]
        assert "Remove this model" not in [button.label for button in page.button]
    page.run()
    next(button for button in page.button if button.label == "Remove this model").click().run()
    assert not page.exception
    assert "mine" not in cards.every()
    assert "mine" not in set(page.dataframe[0].value["Network"])


def test_an_output_that_is_no_class_is_asked_for_and_left_out(page: AppTest, tmp_path: Path) -> None:
    torch.save({"net": CifarResNet(8, 11).state_dict()}, tmp_path / "m.pth")
    page.file_uploader[0].set_value(("m.pth", (tmp_path / "m.pth").read_bytes(), ""))
    page.text_input[1].set_value("mine")
    next(b for b in page.button if b.label == "Add").click().run()
    assert "which one is none of them" in page.error[0].value
    outputs = next(box for box in page.selectbox if box.label == "Outputs")
    outputs.set_value("one more, the first is no class")
    next(b for b in page.button if b.label == "Add").click().run()
    assert not page.error
    added = cards.every()["mine"]
    assert (added.architecture["classes"], added.training["offset"]) == (10, 1)


def test_of_several_sets_of_weights_one_is_asked_for(page: AppTest, tmp_path: Path) -> None:
    state = CifarResNet(8).state_dict()
    half = {key: value.half() for key, value in state.items()}
    torch.save({"state_dict": state, "ema": half}, tmp_path / "m.pth")
    page.file_uploader[0].set_value(("m.pth", (tmp_path / "m.pth").read_bytes(), ""))
    page.text_input[1].set_value("mine")
    next(b for b in page.button if b.label == "Add").click().run()
    assert "choose one under Weights" in page.error[0].value
    assert "mine" not in cards.every()
    weights = next(box for box in page.selectbox if box.label == "Weights")
    assert weights.options == ["state_dict: 56 tensors, float32", "ema: 56 tensors, float16"]
    assert weights.value is None, "nothing is taken for granted"
    weights.set_value("ema")
    next(b for b in page.button if b.label == "Add").click().run()
    assert not page.error
    assert cards.every()["mine"].training["entry"] == "ema"
    assert "Weights" not in [box.label for box in page.selectbox]
    drawn = AppTest.from_function(draw_card, kwargs={"name": "mine"}, default_timeout=200).run()
    assert "weights “ema”" in drawn.table[0].value.loc["Origin"].item()


def test_a_checkpoint_is_uploaded(page: AppTest, tmp_path: Path) -> None:
    torch.save({"net": CifarResNet(8).state_dict()}, tmp_path / "m.pth")
    page.file_uploader[0].set_value(("../x/m.pth", (tmp_path / "m.pth").read_bytes(), ""))
    page.text_input[1].set_value("mine")
    next(b for b in page.button if b.label == "Add").click().run()
    assert not page.exception
    assert cards.every()["mine"].training["objective"] == "unknown; added from upload.pth, macer layout"
    assert page.file_uploader[0].value is None, "what was taken is forgotten"


def test_a_file_outside_the_folder_of_models_is_not_touched(page: AppTest, tmp_path: Path) -> None:
    torch.save({"net": CifarResNet(8).state_dict()}, tmp_path / "m.pth")
    for path in (str(tmp_path / "m.pth"), f"{cards.added_folder()}/../m.pth", "/etc/passwd"):
        page.text_input[0].set_value(path)
        page.text_input[1].set_value("mine")
        next(b for b in page.button if b.label == "Add").click().run()
        assert "is not in this server" in page.error[0].value
    assert "mine" not in cards.every()


def test_what_is_wrong_with_a_checkpoint_is_one_sentence(page: AppTest) -> None:
    page.text_input[0].set_value(str(cards.added_folder() / "<b>file</b>.pt"))
    page.text_input[1].set_value("mine")
    next(b for b in page.button if b.label == "Add").click().run()
    (error,) = page.error
    assert "there is no checkpoint at" in error.value
    assert "<b>" not in error.value


def test_the_finding_is_drawn_with_its_numbers() -> None:
    accuracy = {
        name: dict.fromkeys(("0", "0.12", "0.25", "0.5", "1"), share)
        for name, share in (("cifar10", 0.75), ("none", 0.125))
    }
    figure = view.finding(doctor.Checkup(accuracy, 200, "cifar10", "cifar10", 0.25, ""))
    assert list(figure.data[0].y) == ["cifar10", "none"]
    assert [list(row) for row in figure.data[0].z] == [[75.0] * 5, [12.5] * 5]
