"""Settings of the Certify page and the address that keeps them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from diffsmooth_core.config import USUAL
from tests.ui.conftest import address, dials, turn
from ui.session import settings

Visit = Callable[..., AppTest]

OTHER = {
    "dataset": "cifar10",
    "method": "local-only",
    "classifier": "standard",
    "denoiser": "bundled",
    "purifications": "4",
    "reverse_steps": "2",
    "sigma": "0.12",
    "sigma_local": "0.1",
    "m": "3",
    "n0": "20",
    "n": "300",
    "alpha": "0.01",
    "seed": "9",
    "noise": "sound",
    "stopping": "adaptive",
    "target_radius": "0.05",
    "rounds": "2",
    "beta": "0.1",
    "bound": "one-class",
    "dtype": "auto",
}


def values(page: AppTest) -> dict[str, str]:
    widgets = (*page.number_input, *page.selectbox)
    turned = {name: str(page.session_state[name]) for name in dials(page)}
    return turned | {
        str(widget.key): str(widget.value) for widget in widgets if widget.key in settings.CONFIG_FIELDS
    }


def said(page: AppTest) -> str:
    return " ".join(caption.value.replace("\\", "") for caption in page.caption)


def test_a_first_visit_has_the_defaults_in_the_address(visit: Visit) -> None:
    page = visit()
    defaults = {name: str(getattr(settings.DEFAULTS, name)) for name in settings.CONFIG_FIELDS}
    assert values(page) == defaults
    assert address(page) == {"picture": settings.FIRST_PICTURE} | defaults


def test_the_address_restores_every_setting(visit: Visit) -> None:
    page = visit(picture="photo:rocket", **OTHER)
    assert values(page) == OTHER
    assert address(page) == {"picture": "photo:rocket"} | OTHER
    assert "SpaceX" in said(page)


def test_a_changed_setting_is_in_the_address(visit: Visit) -> None:
    page = visit()
    turn(page, sigma=0.25)
    assert address(page)["sigma"] == "0.25"


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("sigma", "wide"),
        ("sigma", "nan"),
        ("sigma", "-1"),
        ("sigma", "1e999"),
        ("m", "0"),
        ("m", "2.5"),
        ("n", "5"),
        ("n", "9" * 5000),
        ("alpha", "1"),
        ("seed", "-1"),
        ("method", "magic"),
        ("classifier", "../../secret"),
        ("noise", ""),
        ("stopping", "never"),
        ("bound", "x"),
        ("rounds", "0"),
        ("target_radius", "-1"),
    ],
)
def test_a_bad_value_falls_back_and_is_named(visit: Visit, name: str, bad: str) -> None:
    page = visit(**{"seed": "9", name: bad})
    assert values(page)[name] == str(getattr(settings.DEFAULTS, name))
    assert f"{name} = " in said(page)
    if name != "seed":
        assert values(page)["seed"] == "9"


@pytest.mark.parametrize("bad", ["photo:nobody", "/etc/hostname", "../app.py", "cifar10:-1", "upload:x.png"])
def test_a_bad_picture_falls_back_and_is_named(visit: Visit, bad: str) -> None:
    page = visit(picture=bad)
    assert address(page)["picture"] == settings.FIRST_PICTURE
    assert f"{settings.FIRST_PICTURE} is shown instead" in said(page)


def test_what_the_address_says_is_never_markup(visit: Visit) -> None:
    page = visit(classifier="![x](http://example.org/x.png)<b>", picture="photo:[x](http://example.org)")
    shown = [caption.value for caption in page.caption]
    assert any("example" in text for text in shown)
    assert not any("](" in text or "<b>" in text for text in shown)


@pytest.mark.parametrize(("method", "unused"), [("plain", True), ("dds", True), ("local-only", False)])
def test_settings_that_a_method_does_not_use_are_off(visit: Visit, method: str, unused: bool) -> None:
    page = visit(method=method)
    found = dials(page)
    assert found["m"]["used"] is found["sigma_local"]["used"] is not unused
    assert found["sigma"]["used"]


def test_settings_that_can_never_certify_are_refused_in_a_sentence(visit: Visit) -> None:
    page = visit(n="10", alpha="0.0001")
    assert "use n = 14 or more" in page.error[0].value.replace("\\", "")
    assert any("use n = 14 or more" in words.value.replace("\\", "") for words in page.main.markdown)
    assert page.button(key="Certify").disabled


def test_a_click_cannot_choose_what_is_no_picture() -> None:
    def script() -> None:
        import streamlit as st

        from ui.session import notices, state
        from ui.session.settings import CERTIFY
        from ui.session.url import read

        read(CERTIFY)
        state.choose_picture("photo:rocket")
        state.choose_picture("/etc/hostname")
        st.text(state.picture_spec())
        st.text(notices.current()[0].sentence)

    page = AppTest.from_function(script).run()
    assert page.text[0].value == "photo:rocket"
    assert "photo:rocket is shown instead" in page.text[1].value


def test_a_denoiser_for_another_noise_is_said_and_certify_is_off(visit: Visit) -> None:
    page = visit(method="denoised", sigma="0.5")
    assert page.selectbox(key="denoiser").value == "dncnn-mse-0.25"
    assert "was trained for sigma 0.25, not 0.5" in " ".join(m.value.replace("\\", "") for m in page.markdown)
    assert page.button(key="Certify").disabled
    turn(page, sigma=0.25)
    assert not page.button(key="Certify").disabled
    page.selectbox(key="method").set_value("diffsmooth").run()
    assert page.selectbox(key="denoiser").value == "bundled"


def test_a_picture_chosen_while_the_address_was_on_its_way_is_kept(visit: Visit) -> None:
    """The browser sends the click with the address that it had: the session's newer one has not arrived."""
    page = visit(picture="photo:coffee")
    page.session_state["picture"] = "photo:cat"  # what the picker's callback does
    page.query_params.clear()
    page.query_params["picture"] = "photo:coffee"
    page.run()
    assert address(page)["picture"] == "photo:cat"
    page.query_params.clear()
    page.query_params["picture"] = "photo:coffee"  # a link followed later counts again
    page.run()
    assert address(page)["picture"] == "photo:coffee"


def test_choosing_a_data_set_brings_networks_and_settings_that_are_usual_there(visit: Visit) -> None:
    page = visit(picture="photo:cat", sigma="1.0")
    page.selectbox(key="dataset").select("imagenet").run()
    assert not page.exception
    imagenet = {name: str(value) for name, value in USUAL["imagenet"].items()}
    assert values(page).items() >= imagenet.items()
    assert "Diffusion model for photographs" in page.selectbox(key="denoiser").options
    assert address(page).items() >= imagenet.items()
    page.selectbox(key="dataset").select("cifar10").run()
    back = values(page)
    assert (back["classifier"], back["denoiser"], back["sigma"]) == ("gaussian-0.25", "bundled", "0.5")


def test_an_address_with_a_data_set_alone_has_what_is_usual_there(visit: Visit) -> None:
    page = visit(picture="photo:cat", dataset="imagenet", m="1")
    expected = {name: str(value) for name, value in USUAL["imagenet"].items()} | {"m": "1"}
    assert values(page).items() >= expected.items()


def test_densepure_on_photographs_has_few_steps_and_leaves_other_methods_as_they_were(visit: Visit) -> None:
    page = visit(dataset="imagenet", picture="photo:cat", sigma="0.3")
    page.selectbox(key="method").set_value("densepure").run()
    found = values(page)
    assert (found["purifications"], found["reverse_steps"], found["sigma"]) == ("1", "2", "0.3")
    page.selectbox(key="method").set_value("denoised").run()
    found = values(page)
    assert (found["purifications"], found["reverse_steps"]) == ("3", "3"), "noise is tied to them too"
    assert found["denoiser"] == "dncnn-photographs-stability-0.25", "of the two the better one"
    named = values(visit(dataset="imagenet", method="densepure", purifications="2"))
    assert (named["purifications"], named["reverse_steps"]) == ("2", "2")


@pytest.mark.parametrize(
    ("before", "after"), [(settings.FIRST_PICTURE, "gallery:lighthouse"), ("photo:coffee", "photo:coffee")]
)
def test_a_picture_without_a_class_gives_way_to_one_that_has_one(
    visit: Visit, before: str, after: str
) -> None:
    page = visit(picture=before)
    page.selectbox(key="dataset").set_value("imagenet").run()
    assert not page.exception
    assert address(page)["picture"] == after
    page.selectbox(key="dataset").set_value("cifar10").run()
    assert address(page)["picture"] == settings.FIRST_PICTURE, "a lighthouse and coffee are none of the ten"
