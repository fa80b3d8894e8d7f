"""The Runs page in a real browser: logs uploaded, filtered, linked, noted and compared; an audit started."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from diffsmooth_core.config import ABSTAIN
from diffsmooth_core.exchange import logs
from diffsmooth_core.paths import ASSETS
from diffsmooth_core.reporting import checking
from diffsmooth_core.reporting.report import read
from diffsmooth_core.runs.results import Result
from tests.browser.serving import press

RECORDED = ASSETS / "runs"


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def log(folder: Path, name: str, lost: int) -> Path:
    """Forty pictures in Cohen's dialect; every fourth abstains, and picture `lost` too."""
    kept = [i % 4 != 3 and i != lost for i in range(40)]
    results = [
        Result(i, i % 10, i % 10, 0.5) if right else Result(i, i % 10, ABSTAIN, 0.0)
        for i, right in enumerate(kept)
    ]
    path = folder / f"{name}.tsv"
    path.write_bytes(logs.encoded(results, "cohen"))
    return path


def upload(page: Page, path: Path) -> None:
    button(page, "Add a run").click()
    page.get_by_role("tab", name="Import a log").click()
    form = page.get_by_test_id("stForm").filter(has_text="Votes n")
    form.locator("input[type=file]").set_input_files(path)
    expect(form.get_by_text(path.name)).to_be_visible()
    form.get_by_role("textbox", name="Name of the run").fill(path.stem)
    button(page, "Import").click()
    expect(page.get_by_text(f"{path.stem} was imported: 40 pictures")).to_have_count(1)
    expect(form).to_be_hidden()  # nobody closed it


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_test_id("stSelectbox").filter(has_text=label).locator("input").click()
    page.get_by_role("option", name=option, exact=True).click()


def test_logs_are_filtered_linked_noted_and_compared(app: str, page: Page, tmp_path: Path) -> None:
    one, two = (f"{which}-{tmp_path.name[-1]}" for which in ("first", "second"))  # a second try has its own
    page.goto(f"{app}/runs")
    upload(page, log(tmp_path, one, lost=0))
    upload(page, log(tmp_path, two, lost=1))
    first = page.get_by_text(f"{one} was imported: 40 pictures")
    expect(first).to_have_count(1)  # nobody said that it was read
    button(page, "Dismiss").first.click()
    expect(first).to_have_count(0)
    expect(page.get_by_text(f"{two} was imported: 40 pictures")).to_have_count(1)
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("40")
    page.get_by_role("radio", name="Pictures").click()
    choose(page, "Outcome", "Abstains")
    expect(page.get_by_role("heading", name="11 of 40 pictures")).to_be_visible()
    press(page, "n")  # a shortcut at once, and no letter in the filter's box
    expect(page).to_have_url(re.compile(r"image=3\b"))
    page.get_by_role("radio", name=re.compile("^Picture 15:")).click()
    expect(page.get_by_role("heading", name="Abstains (true class: dog)")).to_be_visible()
    expect(page).to_have_url(re.compile("image=15"))
    press(page, "a")
    expect(page.get_by_role("heading", name="Abstains (true class: truck)")).to_be_visible()
    page.get_by_role("textbox", name="Note").fill("too <b>dark</b>")
    button(page, "Add the note").click()
    expect(page.get_by_text("too <b>dark</b>")).to_be_visible()
    address = page.url

    page.goto("about:blank")
    page.goto(address)
    expect(page.get_by_role("heading", name="11 of 40 pictures")).to_be_visible()
    expect(page.get_by_role("heading", name="Abstains (true class: truck)")).to_be_visible()
    expect(page.get_by_text("too <b>dark</b>")).to_be_visible()

    choose(page, "Compare with", one)
    button(page, "Show everything").click()
    page.get_by_role("radio", name="Summary").click()
    figures = page.get_by_test_id("stMetric")
    expect(figures.filter(has_text="Certificate gained")).to_contain_text("1")
    expect(figures.filter(has_text="Certificate lost")).to_contain_text("1")
    page.get_by_role("button", name="Certificate lost").click()
    page.get_by_role("radio", name="Pictures").click()
    expect(page.get_by_role("heading", name="1 of 40 pictures")).to_be_visible()
    expect(page.get_by_role("radio", name=re.compile("^Picture 1:"))).to_be_visible()


def test_an_audit_runs_from_the_page(app: str, page: Page) -> None:
    page.goto(f"{app}/?method=plain&sigma=0.25&n0=10&n=40")
    page.get_by_role("link", name="Runs").click()
    button(page, "Add a run").click()
    form = page.get_by_test_id("stForm").filter(has_text="Test pictures")
    form.get_by_role("textbox", name="Name of the run").fill("from-the-page")
    form.get_by_role("textbox", name="Test pictures").fill("0:3")
    button(page, "Start").click()
    missing = page.get_by_text("not on this machine")
    started = page.get_by_text("from-the-page is under way.")
    expect(started.or_(missing)).to_be_visible()
    if missing.is_visible():
        pytest.skip("CIFAR-10 is not on this machine")
    expect(form).to_be_hidden()  # nobody closed it
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("3")
    expect(page.get_by_text("Certifying:")).to_have_count(0)
    page.get_by_role("radio", name=re.compile("^Picture 1:")).click()
    expect(page.get_by_text("Stage by stage")).to_be_visible()
    button(page, "Try other settings").click()
    expect(page.get_by_text("the run's risk shared by")).to_be_visible()


def test_a_report_is_saved_opened_and_holds(app: str, page: Page, tmp_path: Path) -> None:
    page.goto(f"{app}/runs")
    button(page, "Add a run").click()
    page.get_by_role("tab", name="Open a run").click()
    form = page.get_by_test_id("stForm").filter(has_text="Name it")
    form.locator("input[type=file]").set_input_files(RECORDED / "diffsmooth.json.gz")
    expect(form.get_by_text("diffsmooth.json.gz")).to_be_visible()
    name = f"to-sign-{tmp_path.name[-1]}"  # a second try has its own
    form.get_by_role("textbox", name="Name it").fill(name)
    form.get_by_role("button", name="Open", exact=True).click()
    expect(page.get_by_text(f"The run {name} was opened")).to_be_visible()
    page.goto(f"{app}/runs?run={name}")
    page.get_by_role("button", name="Report to sign").click()
    page.get_by_label("What was asked").fill("Is <b>it</b> safe?")
    page.get_by_role("button", name="Write the report").click()
    expect(page.get_by_text("It says that this was asked: “Is <b>it</b> safe?”")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the report").click()
    assert download.value.suggested_filename == f"{name}.html"
    text = Path(download.value.path()).read_text()
    found = read(text)
    assert (checking.faults(found, text), found.context.about) == ([], "Is <b>it</b> safe?")
    page.goto("about:blank")
    page.set_content(text)
    expect(page.get_by_role("blockquote").first).to_have_text("Is <b>it</b> safe?")
    expect(page.get_by_role("img", name="Certified accuracy over the radius")).to_be_visible()
    with page.expect_download() as run:
        page.get_by_role("link", name="Save the run with all its certificates").click()
    assert Path(run.value.path()).read_bytes() == found.packed
