"""What a person typed is what is run, or it is said beside a button that is off."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from diffsmooth_core import InputError
from tests.ui.conftest import address, dials, opened, turn
from ui.session.numbers import NUMBERS, configuration, fits, typed, within
from ui.session.settings import DEFAULTS, SPANS


def said(page: AppTest) -> str:
    return " ".join(m.value.replace("\\", "") for m in page.markdown)


def choose(page: AppTest, field: str, value: float) -> None:
    """Type a number where the page has its field."""
    if field in dials(page):
        turn(page, **{field: value})
    else:
        page.number_input(key=field).set_value(value).run()


@pytest.mark.parametrize(
    ("name", "text", "number"),
    [
        ("sigma", "0.25", 0.25),
        ("sigma", " 0,25 ", 0.25),
        ("sigma", "50", 50.0),
        ("n", "1,000,000", 1_000_000),
        ("n", "1 000 000", 1_000_000),
        ("m", "5", 5),
    ],
)
def test_a_number_is_read_as_it_is_written(name: str, text: str, number: float) -> None:
    found = typed(name, text)
    assert found == number
    assert type(found) is type(number)


@pytest.mark.parametrize(("name", "text"), [("sigma", "1.2.3"), ("sigma", "much"), ("n", "1.5"), ("m", "")])
def test_a_text_that_is_no_number_is_named(name: str, text: str) -> None:
    with pytest.raises(InputError, match=f"^{NUMBERS[name][0]} is '{text}': it has to be a"):
        typed(name, text)


def test_a_number_that_cannot_be_is_named_with_what_can() -> None:
    assert within("Votes n", 10, (10, 1_000_000)) == 10
    with pytest.raises(InputError, match="^Votes n is 2,000,000: it can be from 10 to 1,000,000$"):
        within("Votes n", 2_000_000, (10, 1_000_000))
    with pytest.raises(InputError, match="^Noise σ is 1.0000001: it can be from 0.01 to 1$"):
        within("Noise σ", 1.0000001, (0.01, 1.0))
    with pytest.raises(InputError, match="^Risk α is 5: it can be from 0.000001 to 0.5$"):
        within("Risk α", 5.0, SPANS["alpha"])
    assert not fits(float("nan"), SPANS["sigma"])


def test_every_number_of_the_settings_is_checked() -> None:
    assert set(NUMBERS) == set(SPANS)
    good = DEFAULTS.as_dict()
    assert configuration(good) == DEFAULTS
    for name, (label, _, _) in NUMBERS.items():
        with pytest.raises(InputError, match=label):
            configuration(good | {name: type(good[name])(2 * SPANS[name][1])})


@pytest.mark.parametrize(
    ("path", "button", "field", "value"),
    [
        ("pages/certify.py", "Certify", "sigma", 50.0),
        ("pages/attack.py", "Certify", "alpha", 5.0),
        ("pages/compare.py", "comparison-start", "alpha", 5.0),
    ],
)
def test_a_number_that_cannot_be_stops_the_button_and_is_said_beside_it(
    path: str, button: str, field: str, value: float
) -> None:
    page = opened(path)
    choose(page, field, value)
    assert not page.exception
    assert f"{NUMBERS[field][0]} is {value:g}: it can be from" in said(page)
    assert all(b.disabled for b in page.button if b.key == button)
    choose(page, field, SPANS[field][1] / 4)
    assert "it can be from" not in said(page)
    assert not page.button(key=button).disabled


def test_a_dial_says_itself_that_its_number_cannot_be() -> None:
    """Beside the button too, and not a third time in the sidebar, which says it of other settings."""
    page = opened("pages/certify.py")
    turn(page, sigma=50.0)
    assert dials(page)["sigma"]["problem"].startswith("Noise σ is 50: it can be from")
    assert not page.error
    turn(page, sigma=0.5)
    choose(page, "alpha", 5.0)
    assert len(page.error) == 1


def test_a_field_that_is_not_used_stays_open_while_its_number_cannot_be() -> None:
    page = opened("pages/certify.py")
    turn(page, sigma_local=7.0)
    page.selectbox(key="method").set_value("plain").run()
    assert dials(page)["sigma_local"]["used"]
    turn(page, sigma_local=0.25)
    assert not dials(page)["sigma_local"]["used"]


def test_a_compared_setting_keeps_its_number_where_another_cannot_be() -> None:
    page = opened("pages/compare.py")
    page.number_input(key="compare-sigma-1").set_value(50.0).run()
    assert "B: Noise σ is 50: it can be from" in " ".join(c.value.replace("\\", "") for c in page.caption)
    assert page.number_input(key="compare-sigma-1").value == 0.5
    assert not page.button(key="comparison-start").disabled


def test_a_file_that_is_no_picture_takes_its_place() -> None:
    page = opened("pages/certify.py")
    page.pills[0].set_value("upload").run()
    page.file_uploader(key="upload-file").set_value(("broken.png", b"\x89PNG\r\n\x1a\n", "image/png")).run()
    assert not page.exception
    assert "broken.png cannot be used: " in said(page)
    assert page.button(key="Certify").disabled
    portrait = next(
        e.proto for e in page.get("bidi_component") if e.proto.component_name == "diffsmooth_strip"
    )
    assert "no picture" in portrait.json
    assert "Sailing yacht" not in portrait.json
    page.pills[0].set_value("gallery").run()
    assert not page.button(key="Certify").disabled, "the gallery's picture is the chosen one again"
    assert address(page)["picture"] == "gallery:sailing-yacht"
