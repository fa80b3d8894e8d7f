"""An address's text becomes a setting's value, or a sentence."""

from __future__ import annotations

import pytest

from diffsmooth_core import InputError
from ui.session.draft import Draft
from ui.session.settings import CERTIFY, CONFIG_FIELDS, DEFAULTS, SPANS, Settings, denoisers

PAGE = CERTIFY.extended("page", {"tab": "a", "job": "", "step": 1}, {"step": (1, 8)}, {"tab": ("a", "b")})


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("sigma", "0.25", 0.25),
        ("n", "300", 300),
        ("step", "8", 8),
        ("tab", "b", "b"),
        ("method", "dds", "dds"),
        ("job", "x" * 600, "x" * 500),
    ],
)
def test_what_can_be_is_taken(name: str, text: str, value: object) -> None:
    assert PAGE.parse(name, text, DEFAULTS.dataset) == value


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("step", "9", "step = '9' in the address is not a whole number from 1 to 8; 1 is used instead"),
        ("step", "2.5", "not a whole number"),
        ("sigma", "nan", "sigma = 'nan' in the address is not a number from 0.01 to 2; 0.5 is used instead"),
        (
            "n",
            "9999999999",
            "n = '9999999999' in the address is not a whole number from 10 to 1,000,000; 1,000 is used",
        ),
        (
            "alpha",
            "0,05",
            "alpha = '0,05' in the address is not a number from 0.000001 to 0.5; 0.001 is used instead",
        ),
        ("tab", "c", "tab = 'c' in the address is unknown; a is used instead"),
        ("classifier", "x" * 99, f"classifier = '{'x' * 40}' in the address is unknown"),
    ],
)
def test_what_cannot_be_is_said_with_what_is_used_instead(name: str, text: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        PAGE.parse(name, text, DEFAULTS.dataset)


def test_a_page_that_extends_another_leaves_it_as_it_was() -> None:
    assert "step" not in CERTIFY.defaults
    assert set(PAGE.defaults) == {*CONFIG_FIELDS, "challenge", "tab", "job", "step"}
    assert PAGE.prefix == CERTIFY.prefix


def test_a_prefix_keeps_the_keys_of_pages_apart() -> None:
    page = Settings("page", {"n": 1}, {"n": (1, 9)}, lambda *_: (), prefix="page-")
    assert page.values({"n": 5, "page-n": 7}) == {"n": 7}


def test_every_default_is_within_its_span() -> None:
    for name, (low, high) in SPANS.items():
        assert low <= getattr(DEFAULTS, name) <= high, name


def test_a_method_has_the_denoisers_of_its_kind() -> None:
    assert "bundled" in denoisers("diffsmooth", "cifar10")
    assert all(name.startswith("dncnn") for name in denoisers("denoised", "cifar10"))


def test_the_denoiser_behind_which_the_classifier_was_right_most_often_comes_first() -> None:
    mse, stability = "dncnn-photographs-0.25", "dncnn-photographs-stability-0.25"
    assert denoisers("denoised", "imagenet", "efficientnet-lite0") == (stability, mse)
    assert denoisers("denoised", "imagenet", "another") == (mse, stability)
    assert denoisers("denoised", "cifar10", "standard")[0] == "dncnn-stability-0.25"


def test_a_draft_holds_values_or_a_problem() -> None:
    def refuse() -> int:
        raise InputError("n = 0 is too small")

    assert Draft.of(lambda: 3) == Draft(3)
    refused: Draft[int] = Draft.of(refuse)
    assert refused == Draft(None, "n = 0 is too small")
    assert Draft(3).then(str) == Draft("3")
    assert refused.then(str) == refused
