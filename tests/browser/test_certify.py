"""The Certify page in a real browser: to the end, cancelled, and found again after a reload."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from diffsmooth_core.certification.certificate import Certificate, discrepancies
from tests.browser.serving import press

LONG = "n=50000&m=2&n0=20"  # minutes on any CPU


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def number(page: Page, label: str) -> Locator:
    return page.get_by_role("spinbutton", name=label)


def start(page: Page) -> None:
    button(page, "Certify").click()
    expect(page.get_by_text("votes a second")).to_be_visible()


def stop(page: Page) -> None:
    """Leave the server's only worker free for the next test."""
    button(page, "Cancel").click()
    expect(page.get_by_text(re.compile("Cancelled after"))).to_be_visible()


def test_the_cat_is_certified_to_the_end(app: str, page: Page) -> None:
    page.goto(f"{app}/?picture=photo:coffee&n0=20&n=100&m=2")
    page.get_by_role("radio", name="Chelsea the cat").click()
    expect(page.get_by_text("true class: cat")).to_be_visible()
    button(page, "Certify").click()  # over sooner than its running state is sure to be seen
    expect(page.get_by_text("of n = 100 votes")).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("Abstains|Certified"))).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_count(0)
    expect(page).to_have_url(re.compile("picture=photo%3Acat"))
    with page.expect_download() as download:
        button(page, "Download the certificate").click()
    certificate = Certificate.read(download.value.path())
    assert (certificate.n, certificate.source) == (100, "photo:cat")
    assert discrepancies(certificate) == [], "what `verify` says of the page's certificate"
    page.get_by_label("In numbers: Votes for each class").click()
    numbers = page.get_by_role("table", name="Votes for each class")
    expect(numbers.get_by_role("row")).to_have_count(11)
    expect(numbers.get_by_role("row", name=re.compile("^cat"))).to_contain_text(str(certificate.counts[3]))


def test_a_cancelled_run_says_so_and_keeps_its_counts(app: str, page: Page) -> None:
    page.goto(f"{app}/?{LONG}")
    start(page)
    expect(page.get_by_text("Counting votes for the bound")).to_be_visible()
    button(page, "Cancel").click()
    cancelled = page.get_by_text(re.compile(r"Cancelled after [\d,]+ of 50,020 votes"))
    expect(cancelled).to_be_visible()
    kept = cancelled.inner_text()
    assert int(kept.split("after ")[1].split()[0].replace(",", "")) < 10_000, "at once"
    page.wait_for_timeout(1500)
    assert cancelled.inner_text() == kept
    expect(page.get_by_test_id("stMetricValue").nth(2)).not_to_have_text("–")
    expect(button(page, "Resume")).to_be_visible()


def test_a_reload_finds_the_running_job_again(app: str, page: Page) -> None:
    page.goto(f"{app}/?{LONG}&sigma=0.25")
    start(page)
    expect(page).to_have_url(re.compile("job="))
    address = page.url
    page.reload()
    expect(page.get_by_text("votes a second")).to_be_visible()
    expect(page).to_have_url(address)
    expect(number(page, "Noise σ")).to_have_value("0.25")
    stop(page)


def test_the_address_restores_the_settings(app: str, page: Page) -> None:
    page.goto(f"{app}/?picture=photo:rocket&method=plain&sigma=0.12&n=300&seed=7")
    expect(page.get_by_text("Falcon 9 at its launch pad").first).to_be_visible()
    expect(number(page, "Noise σ")).to_have_value("0.12")
    expect(number(page, "Votes n")).to_have_value("300")
    expect(number(page, "Copies m")).to_be_disabled()


def test_charts_and_pictures_keep_their_nodes_while_votes_come_in(app: str, page: Page) -> None:
    page.goto(f"{app}/?{LONG}")
    start(page)
    expect(page.get_by_text("Counting votes for the bound")).to_be_visible()
    expect(page.locator(".stEChartsChart svg")).to_have_count(1)
    page.evaluate(
        "for (const node of document.querySelectorAll('.stEChartsChart svg')) node.dataset.kept = 'yes'"
    )
    before = page.get_by_text("votes a second").inner_text()
    expect(page.get_by_text("votes a second")).not_to_have_text(before)
    assert (
        page.locator(".stEChartsChart svg[data-kept]").count()
        == page.locator(".stEChartsChart svg").count()
        > 0
    )
    stop(page)


def test_a_phone_shows_the_button_and_fits_its_width(app: str, page: Page) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto(app)
    expect(button(page, "Certify")).to_be_in_viewport()
    width = page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
    assert width <= 400
    card = page.locator("[class*=st-key-answer-]").bounding_box()
    inside = button(page, "Certify").bounding_box()
    assert card
    assert inside
    assert card["x"] < inside["x"]
    assert inside["x"] + inside["width"] < card["x"] + card["width"]


def test_figures_stand_at_the_foot_of_the_answer_whatever_its_words(app: str, page: Page) -> None:
    """So that they keep their place from state to state."""
    page.set_viewport_size({"width": 800, "height": 900})
    page.goto(f"{app}/?picture=gallery:sailing-yacht")
    figures = page.locator('[class*="st-key-figures-"]')
    expect(figures.get_by_text("0.9970")).to_be_visible()
    button = page.get_by_role("button", name="Certify", exact=True)
    foot = figures.evaluate("figures => figures.getBoundingClientRect().bottom")
    assert button.evaluate("button => button.getBoundingClientRect().top") - foot < 40


def test_a_phone_leads_from_the_sidebar_back_to_certify(app: str, page: Page) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto(app)
    expect(button(page, "Certify")).to_be_in_viewport()
    page.get_by_test_id("stExpandSidebarButton").click()
    back = button(page, "Back to the picture")
    expect(back).to_be_in_viewport()
    back.click()
    expect(back).not_to_be_in_viewport()
    expect(button(page, "Certify")).to_be_in_viewport()


@pytest.mark.parametrize("width", [1280, 400])
def test_the_panel_leads_to_another_picture(app: str, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{app}/?picture=gallery:brown-horse")
    button(page, "Choose another picture").click()
    expect(page.get_by_role("radio", name="Brown horse")).to_be_focused()
    expect(page.get_by_role("radio", name="Brown horse")).to_be_in_viewport()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page).not_to_have_url(re.compile("brown-horse"))


def test_pictures_are_one_tab_stop_with_arrow_keys(app: str, page: Page) -> None:
    page.goto(f"{app}/?picture=gallery:brown-horse")
    chosen = page.get_by_role("radio", checked=True)
    expect(chosen.and_(page.get_by_title("Brown horse"))).to_be_in_viewport()
    pictures = page.get_by_role("radiogroup", name="Pictures")
    expect(pictures.locator("[tabindex='0']")).to_have_count(1)
    pictures.locator("[tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(chosen.and_(page.get_by_title("Brown horse"))).to_have_count(0)
    expect(pictures.locator("[tabindex='0'][aria-checked='true']")).to_be_focused()
    expect(page).not_to_have_url(re.compile("brown-horse"))


def test_the_focus_goes_from_certify_to_cancel_to_resume(app: str, page: Page) -> None:
    page.goto(f"{app}/?{LONG}")
    button(page, "Certify").press("Enter")
    expect(page.get_by_text("votes a second")).to_be_visible()
    expect(button(page, "Cancel")).to_be_focused()
    page.keyboard.press("Enter")
    expect(button(page, "Resume")).to_be_focused()


def test_an_ended_run_stays_when_another_picture_was_chosen_meanwhile(app: str, page: Page) -> None:
    page.goto(f"{app}/?picture=gallery:brown-horse&{LONG}")
    start(page)
    page.get_by_role("radio", name="Sailing yacht").click()
    expect(page.get_by_text("This run was started with the picture Brown horse")).to_be_visible()
    stop(page)
    expect(button(page, "Certify the chosen picture")).to_be_visible()
    page.get_by_role("radio", name="Tall ship").click()
    expect(button(page, "Certify")).to_be_visible()
    expect(page.get_by_text("Cancelled after")).to_have_count(0)


def test_an_index_out_of_range_is_explained(app: str, page: Page) -> None:
    page.goto(app)
    page.get_by_text("CIFAR-10 test", exact=True).click()
    index = number(page, "Index, 0 to 9999")
    missing = page.get_by_text("not on this machine")
    expect(index.or_(missing)).to_be_visible()
    if missing.is_visible():
        pytest.skip("CIFAR-10 is not on this machine")
    index.fill("12345")
    index.press("Enter")
    refused = page.get_by_test_id("stMain").get_by_text("there is no picture 12,345: choose from 0 to 9,999.")
    expect(refused).to_be_visible()
    expect(button(page, "Certify")).to_be_disabled()
    index.fill("7")
    index.press("Enter")
    expect(page.get_by_text("CIFAR-10 test picture 7")).to_be_visible()
    expect(refused).to_have_count(0)


def test_an_uploaded_picture_is_shown_and_stays_out_of_the_address(
    app: str, page: Page, tmp_path: Path
) -> None:
    Image.new("RGB", (300, 200), "teal").save(tmp_path / "my_*teal*_.png")
    (tmp_path / "fake.png").write_text("<script>")
    page.goto(app)
    page.get_by_text("Upload", exact=True).click()
    page.locator("input[type=file]").set_input_files(tmp_path / "fake.png")
    main = page.get_by_test_id("stMain")
    expect(main.get_by_text("fake.png cannot be used: this file is not a PNG, JPEG or WEBP")).to_be_visible()
    expect(button(page, "Certify")).to_be_disabled()
    expect(main.get_by_text("Sailing yacht")).to_have_count(0)
    page.locator("input[type=file]").set_input_files(tmp_path / "my_*teal*_.png")
    expect(main.get_by_text("my__teal__.png")).to_be_visible()
    expect(page.get_by_text("true class unknown")).to_be_visible()
    expect(page.get_by_text("my__teal__.png is the picture.")).to_be_visible()
    assert "picture=" not in page.url
    metrics = page.request.get(f"{app}/_stcore/metrics").text()
    assert "UploadedFileManager" not in metrics, "the files themselves are not kept, read or refused"


def test_a_number_that_cannot_be_stops_the_button(app: str, page: Page) -> None:
    page.goto(f"{app}/?n=300&n0=10")
    sigma, said = number(page, "Noise σ"), page.locator(".problem").get_by_text("it can be from 0.01 to 2")
    for typed, read in (("50", "50"), ("5,5", "5.5")):
        sigma.fill("")
        sigma.press_sequentially(typed)
        sigma.press("Tab")
        expect(said).to_contain_text(f"Noise σ is {read}: ")
        expect(button(page, "Certify")).to_be_disabled()
    sigma.fill("0,05")
    sigma.press("Tab")
    expect(said).to_have_count(0)
    expect(sigma).to_have_value("0.05")
    expect(button(page, "Certify")).to_be_enabled()


def test_a_first_visit_sees_a_recording_that_plays_once_by_itself(app: str, page: Page) -> None:
    page.goto(app)
    expect(page.get_by_role("heading", name=re.compile("Certified and right"))).to_be_visible()
    expect(page.get_by_text("This is a recording")).to_be_visible()
    expect(button(page, "Skip")).to_be_visible()
    button(page, "Skip").click()
    expect(page.get_by_text("Counting for the bound: 1,000 of 1,000")).to_be_visible()
    page.get_by_role("link", name="Lessons").click()
    expect(page.get_by_role("heading", name="Lessons", exact=True)).to_be_visible()
    page.go_back()
    expect(button(page, "Replay")).to_be_visible()


def test_ones_own_run_can_be_seen_again(app: str, page: Page) -> None:
    page.goto(f"{app}/?picture=photo:coffee&n0=20&n=100&m=2")
    button(page, "Certify").click()
    expect(page.get_by_role("heading", name=re.compile("Abstains|Certified"))).to_be_visible()
    button(page, "Replay").click()
    button(page, "Skip").click()
    expect(page.get_by_text("Counting for the bound: 100 of 100")).to_be_visible()
    expect(button(page, "Replay")).to_be_visible()


def test_quick_changes_of_a_number_are_all_taken(app: str, page: Page) -> None:
    page.goto(f"{app}/?n=300&n0=10")
    votes = page.get_by_role("spinbutton", name="Votes n")
    votes.focus()
    press(page, "ArrowUp")
    for _ in range(5):
        page.wait_for_timeout(100)
        page.keyboard.press("ArrowUp")
    expect(page).to_have_url(re.compile("n=900"))
    expect(votes).to_have_value("900")


def test_a_link_may_call_the_first_page_by_its_name(app: str, page: Page) -> None:
    page.goto("about:blank")
    page.goto(f"{app}/certify?n=300")
    expect(page.get_by_role("spinbutton", name="Votes n")).to_have_value("300")
    expect(page.get_by_text("Page not found")).to_have_count(0)
    expect(page).to_have_url(re.compile("sigma="))
    page.go_back()
    expect(page).to_have_url("about:blank")
