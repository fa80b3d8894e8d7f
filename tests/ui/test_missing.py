"""A data set without its networks: what is needed, how large it is, and the way to where it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from diffsmooth_core.zoo import cards
from tests.ui.conftest import opened
from ui.session import limits


@pytest.fixture(autouse=True)
def only_networks_for_cifar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFFSMOOTH_MODELS", str(tmp_path / "added"))
    bundled = {name: card for name, card in cards.bundled().items() if card.dataset == "cifar10"}
    monkeypatch.setattr(cards, "bundled", lambda: bundled)


def said(path: str, **parameters: str) -> tuple[list[str], list[str]]:
    """What a page says of missing networks, and where it leads for them."""
    page = opened(path, **parameters)
    words = [m.value.replace("\\", "") for m in page.markdown if "** needs a" in m.value]
    links = [link.proto for link in page.get("page_link")]  # type: ignore[attr-defined]
    return words, [f"{link.page}?{link.query_string}" for link in links if "Networks for" in link.label]


@pytest.mark.parametrize("name", ["certify", "step", "compare", "attack"])
def test_a_page_says_what_is_needed_with_sizes_and_leads_to_it(name: str) -> None:
    (words,), links = said(f"pages/{name}.py", dataset="imagenet")
    assert words.startswith("**ImageNet** needs a classifier, and none is on this machine.")
    assert "nothing can be run yet. Published: " in words
    assert (
        "The paper’s diffusion model for ImageNet, 2.2 GB; ResNet-50 for ImageNet, no noise, 102 MB" in words
    )
    assert links == ["models?dataset=imagenet"]
    assert said(f"pages/{name}.py") == ([], []), "those for CIFAR-10 are here"


def test_a_method_without_its_denoiser_is_said_to_lack_it_and_another_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    bundled = {name: card for name, card in cards.bundled().items() if card.kind == "classifier"}
    monkeypatch.setattr(cards, "bundled", lambda: bundled)
    (words,), _ = said("pages/step.py", method="dds")
    assert words.startswith("**CIFAR-10** needs a denoiser for the method DDS (one-shot denoising), and none")
    assert "this method cannot be run yet" in words
    assert said("pages/step.py", method="plain") == ([], [])


def test_a_network_that_the_operator_does_not_offer_is_not_to_be_downloaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    monkeypatch.setitem(limits._limits()["models"], "classifiers", ["another"])
    page = opened("pages/certify.py", dataset="imagenet")
    assert any("no classifier for ImageNet may be chosen here" in m.value for m in page.markdown)
    monkeypatch.setitem(limits._limits()["models"], "classifiers", [])
    monkeypatch.setitem(limits._limits()["models"], "denoisers", ["another"])
    (words,), links = said("pages/certify.py", method="dds")
    assert words.startswith("**CIFAR-10** needs a denoiser for the method DDS")
    assert words.endswith(", and the operator of this server offers none.")
    assert not links
