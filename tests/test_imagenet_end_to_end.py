"""ImageNet from a photograph to its counts over 1,000 classes: command line and page.

The networks have random weights in the released layouts at a reduced width.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest
from timm.models.resnet import Bottleneck, ResNet

from diffsmooth_core.purification.unet import UNet
from diffsmooth_core.purification.unet_config import UNetConfig
from diffsmooth_core.zoo import adding, cards
from tests.commands import run
from tests.ui.conftest import APP, opened
from tests.worlds import IMAGENET_UNET
from ui.jobs import attacks
from ui.jobs.registry import jobs


@pytest.fixture(autouse=True)
def networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DIFFSMOOTH_MODELS", str(tmp_path / "models"))
    torch.manual_seed(0)
    resnet = ResNet(Bottleneck, (1, 1, 1, 1), num_classes=1000, base_width=8)  # type: ignore[arg-type]
    torch.save(UNet(UNetConfig.from_record(IMAGENET_UNET)).state_dict(), tmp_path / "unet.pt")
    state = {"1.module." + key: value for key, value in resnet.state_dict().items()}
    torch.save({"arch": "resnet50", "state_dict": state}, tmp_path / "checkpoint.pth.tar")
    adding.add(str(tmp_path / "checkpoint.pth.tar"), "small-resnet", sigma=0.25)
    adding.add(str(tmp_path / "unet.pt"), "small-unet", config=IMAGENET_UNET)
    return tmp_path


def test_the_command_certifies_a_photograph(networks: Path) -> None:
    out = networks / "cert.json"
    assert (
        run(
            "certify",
            "photo:cat",
            "--dataset",
            "imagenet",
            "--classifier",
            "small-resnet",
            "--denoiser",
            "small-unet",
            "--m",
            "2",
            "--n0",
            "1",
            "--n",
            "2",
            "--alpha",
            "0.5",
            "--out",
            str(out),
        )
        == 0
    )
    certificate = json.loads(out.read_text())
    assert len(certificate["counts"]) == 1000
    assert sum(certificate["counts"]) == 2
    assert set(certificate["weights"]) == {"classifier", "denoiser"}


def test_the_page_certifies_it_too() -> None:
    page = AppTest.from_file(str(APP), default_timeout=250)
    for name, value in {
        "dataset": "imagenet",
        "picture": "photo:cat",
        "classifier": "small-resnet",
        "denoiser": "small-unet",
        "method": "dds",
        "m": "1",
        "n0": "1",
        "n": "10",
    }.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    page.button(key="Certify").click().run()
    job = page.query_params["job"]
    snapshot = jobs().wait(job if isinstance(job, str) else job[0], 100)
    assert snapshot is not None
    assert (snapshot.state, snapshot.error) == ("done", None)
    page.run()
    assert not page.exception
    said = " ".join(element.value for element in (*page.markdown, *page.subheader))
    assert "Abstains" in said or "Certified" in said


def test_it_is_attacked_and_what_lies_around_it_is_drawn() -> None:
    """Through purification and local noise: the gradient of both networks, and their answers on a plane."""
    page = AppTest.from_file(str(APP), default_timeout=250)
    for name, value in {
        "dataset": "imagenet",
        "picture": "photo:cat",
        "classifier": "small-resnet",
        "denoiser": "small-unet",
        "m": "2",
        "n0": "1",
        "n": "10",
        "alpha": "0.5",
        "attack-attempts": "1",
        "attack-steps": "1",
        "attack-copies": "2",
        "attack-n": "10",
        "attack-halvings": "0",
    }.items():
        page.query_params[name] = value
    for name, number in {"regions-size": 9, "regions-votes": 1}.items():
        page.session_state[name] = number
    page.switch_page("pages/attack.py").run()
    page.button(key="Certify").click().run()
    certified = jobs().wait(page.session_state["job"], 100)
    assert certified is not None
    page.run()
    page.button(key="Attack").click().run()
    assert not page.exception
    attacked = attacks.latest(certified)
    assert attacked is not None
    attacked = jobs().wait(attacked.id, 100)
    assert attacked is not None
    assert (attacked.state, attacked.error) == ("done", None)
    assert sum(attacked.progress.attempts[0].counts) == 10
    assert sum(attacked.progress.probabilities) == pytest.approx(1, abs=1e-3)
    page.run()
    page.button(key="regions-draw").click().run()
    drawing = attacks.latest(certified, "regions")
    assert drawing is not None
    while not drawing.progress and not drawing.finished:
        drawing = jobs().wait(drawing.id, 0.1)
        assert drawing is not None
    assert drawing.error is None
    assert set(drawing.progress.labels) == {"classifier", "purified", "vote", "smoothed"}
    page.run()
    assert not page.exception
    jobs().cancel(drawing.id)
    jobs().wait(drawing.id, 30)
    said = " ".join(element.value for element in (*page.markdown, *page.subheader))
    assert any(word in said for word in ("Held", "Broken", "Not broken"))
    assert ":color[■]" in said


def test_without_networks_the_page_says_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIFFSMOOTH_MODELS", str(tmp_path / "none"))
    shipped = cards.bundled()
    monkeypatch.setattr(
        cards, "bundled", lambda: {name: c for name, c in shipped.items() if c.dataset == "cifar10"}
    )
    page = opened("pages/certify.py", dataset="imagenet")
    said = " ".join(element.value.replace("\\", "") for element in page.markdown)
    assert "there is no classifier for ImageNet here" in said
    assert "models add timm/resnet50.a1_in1k" in said
