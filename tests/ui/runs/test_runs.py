"""The Runs page: what a run came to, filters that restrict, notes that stick, runs that start and compare."""

from __future__ import annotations

import json
import math
import re
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from diffsmooth_core.analysis import browsing, explaining
from diffsmooth_core.analysis.stages import Stages
from diffsmooth_core.config import ABSTAIN
from diffsmooth_core.datasets import cifar10
from diffsmooth_core.exchange import bundles
from diffsmooth_core.paths import ASSETS
from diffsmooth_core.runs import batch
from diffsmooth_core.runs.results import Result
from diffsmooth_core.runs.store import Store
from diffsmooth_core.runs.workers import ThisProcess, load_picture
from tests.ui.conftest import address
from tests.ui.runs.conftest import CONFIG, LOG, Open, audited, choice, headings, keep
from ui.components import picker
from ui.jobs import audits, certificates
from ui.jobs.registry import jobs
from ui.runs import charts, new, view
from ui.session import limits, notices, settings, state, url
from ui.titles import run_title


def figures(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def show_pictures(page: AppTest) -> AppTest:
    page.segmented_control(key="address-view").set_value("pictures").run()
    assert not page.exception
    return page


def test_a_store_without_runs_begins_with_a_recorded_audit_until_it_is_removed(
    store: Store, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIFFSMOOTH_DATA", "")  # the recorded audit is not of the made-up pictures
    monkeypatch.setattr(new, "RECORDED", ASSETS / "runs")
    page = open_page()
    assert any("A recorded audit, which comes with the program" in c.value for c in page.caption)
    assert not page.session_state["notices"], "nobody asked for it, so nothing is to be dismissed"
    assert figures(page)["Pictures"] == "200"
    assert figures(page)["ACR"] == "0.430"
    assert figures(page)["Benign accuracy"] == "67.5 %"
    said = next(m.value.replace("\\", "") for m in page.markdown if m.value.startswith("Of 200 pictures"))
    results = store.results(store.run("diffsmooth"))
    right, wrong, abstained = (sum(r.outcome == o for r in results) for o in ("right", "wrong", "abstained"))
    assert said.startswith(
        f"Of 200 pictures of CIFAR-10, **{right}** are certified and right, **{wrong}** are certified but "
        f"wrong and **{abstained}** get no answer"
    )
    assert "at most α = 0.001." in said
    next(button for button in page.button if button.label == "Remove it").click().run()
    assert not page.exception
    assert not store.runs(), "it does not come back by itself"
    assert any("Start one above, or import" in m.value for m in page.markdown)
    page.button(key="recorded-first-diffsmooth").click().run()
    assert figures(page)["Pictures"] == "200"


def test_nobody_is_offered_to_remove_a_run_where_the_operator_forbids_it(
    store: Store, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = keep(store, "log", LOG)
    page = open_page()
    monkeypatch.setitem(limits._limits()["audits"], "may_remove", False)
    next(button for button in page.button if button.label == "Remove it").click().run()
    assert any("removed from the command line here" in c.value for c in page.caption)
    assert store.runs() == [run]
    assert "Remove it" not in [button.label for button in page.button]


def test_every_recorded_audit_is_offered_until_it_is_open_and_needs_no_pictures(
    store: Store, open_page: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIFFSMOOTH_DATA", "")
    elsewhere = Store(f"sqlite:///{tmp_path / 'elsewhere.sqlite'}")
    settings = {"sigma": 0.25, "n": 100, "alpha": 0.001}
    results = [Result(0, 437, 437, 0.2, 0.8, 100, 90, 90), Result(1, 5, ABSTAIN, 0.0, 0.4, 100, 51, 51)]
    for name in ("first", "second"):
        run = elsewhere.create(name, "Cohen", "imagenet", settings, range(2), {}, results)
        (tmp_path / f"{name}.json.gz").write_bytes(bundles.packed(elsewhere, run))
    monkeypatch.setattr(new, "RECORDED", tmp_path)
    page = open_page()
    assert [run.name for run in audits.store().runs()] == ["first"], "the first opens by itself"
    assert [b.key for b in page.button if b.key and b.key.startswith("recorded")] == ["recorded-new-second"]
    page.button(key="recorded-new-second").click().run()
    assert figures(page)["Pictures"] == "2"
    assert not [b.key for b in page.button if b.key and b.key.startswith("recorded")]
    said = " ".join(caption.value for caption in show_pictures(page).caption).replace("\\", "")
    assert "A run keeps its numbers and not the pictures. There are no ImageNet photographs; set" in said
    assert headings(page)[1].startswith("Certified and right, beacon")


def test_what_an_audit_takes_stands_above_its_button(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "seconds_needed", lambda config: 600.0)
    said = [caption.value for caption in open_page().caption]
    found = next(words for words in said if words.startswith("Each picture takes about 10 min"))
    assert "1,100 votes at most: 12 take 2 h 0 min; " in found
    assert "GB of memory were held" in found


def test_votes_are_timed_where_nobody_knows_how_long_an_audit_takes(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(url, "kept_config", lambda: CONFIG)
    monkeypatch.setattr(certificates, "_timed", {})
    page = open_page()
    page = next(b for b in page.button if b.label == "How long will it take?").click().run()
    assert not page.exception
    assert any("and 50 votes at most: 12 take" in caption.value for caption in page.caption)


def offered(page: AppTest) -> set[str]:
    """What is offered to do with the chosen picture."""
    links = {link.proto.label for link in page.get("page_link")}  # type: ignore[attr-defined]
    return ({button.label for button in page.button} | links) & {"Try other settings", "Watch live"}


def test_another_picture_at_its_place_is_not_shown_for_the_certified_one(
    store: Store, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    audited(store)
    page = show_pictures(open_page())
    assert not page.warning
    assert offered(page) == {"Try other settings", "Watch live"}
    real = state.resolved
    with monkeypatch.context() as patched:
        patched.setattr(state, "resolved", lambda spec, dataset: real("cifar10:5", dataset))
        page.run()
    assert any("another picture than the one that was certified" in w.value for w in page.warning)
    assert not offered(page), "neither would be about the picture that was certified"


def test_what_is_missing_is_said_once(store: Store, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    audited(store)
    monkeypatch.setattr(cifar10, "local_path", lambda split: None)
    for cached in (load_picture, state.resolved, picker.thumbnail):
        cached.cache_clear()
    page = show_pictures(open_page())
    said = [part.value for part in (*page.caption, *page.warning, *page.markdown)]  # a new audit's form aside
    assert sum("not on this machine" in part for part in said) == 1


def test_votes_of_many_classes_end_with_those_of_all_others() -> None:
    counts = [100 - k for k in range(30)] + [0] * 70
    (bars,) = charts.votes(counts, [f"class {k}" for k in range(100)], 0).data
    assert sum(bars.x) == sum(counts)
    assert (bars.y[0], bars.customdata[0]) == ("21 other", charts.OTHERS)
    assert list(bars.y[1:]) == [f"class {k}" for k in reversed(range(9))]
    (few,) = charts.votes([3, 0, 2], "abc", None).data
    assert list(few.customdata) == [2, 0], "no bar of others where there are none"


def test_stages_of_many_classes_keep_their_whole_with_the_others_together() -> None:
    noisy = np.arange(20)  # a copy each of twenty classes
    votes = np.array([3] * 12 + [4] * 8)
    found = Stages(3, noisy, None, None, votes, (), ())
    bars = charts.stages(found, [f"class {k}" for k in range(20)]).data
    assert [bar.name for bar in bars][-1] == "others"
    assert {"class 3", "class 4"} <= {bar.name for bar in bars}
    assert len(bars) == charts.SEEN + 1
    for row, title in enumerate(bars[0].y):
        assert sum(bar.x[row] for bar in bars) == pytest.approx(100), title
    few = charts.stages(Stages(3, votes, None, None, votes, (), ()), [f"class {k}" for k in range(20)]).data
    assert [bar.name for bar in few] == ["class 3", "class 4"], "no others where there are none"


def test_a_run_is_summed_up(store: Store, open_page: Open) -> None:
    keep(store, "log", LOG)
    page = open_page()
    assert figures(page) == {
        "Pictures": "4",
        "Certified and right": "50.0 %",
        "ACR": "0.188",
        "Abstains": "25.0 %",
        "Certified but wrong": "25.0 %",
    }
    table = next(frame.value for frame in page.dataframe if "abstains" in frame.value)
    assert table.loc["cat", ["cat", "dog", "abstains"]].tolist() == [1, 1, 1]


def test_what_an_earlier_version_let_in_does_not_crash_the_page(store: Store, open_page: Open) -> None:
    run = keep(store, "odd", [*LOG[:2], Result(2, 3, 3, math.inf), Result(3, 8, 8, -0.25, n=0)])
    store.remark(run, None, "view", '{"name": 5')
    store.remark(run, 0, "review", "bogus")
    store.remark(run, 0, "reason", "bogus")
    page = open_page(run="odd")
    assert figures(page)["Pictures"] == "4"
    assert figures(page)["Abstains"] == "50.0 %", "what cannot be counts as an abstention"
    assert figures(page)["ACR"] == "0.125"
    assert not open_page(run="odd", image="2").exception


BROKEN = {  # what stands in the store: a column of the run, and one of a result
    "settings that are no JSON": ("config", "[" * 2000, "cannot be shown"),
    "settings that are a list": ("config", "[1]", "cannot be shown"),
    "a noise that is no number": ("config", '{"sigma": NaN, "n": 100, "alpha": 0.001}', "sigma is 'nan'"),
    "a level of 7": ("config", '{"sigma": 0.5, "n": 100, "alpha": 7}', "alpha is '7'"),
    "indices that are text": ("indices", '"all"', "indices"),
    "a name of no data set": ("dataset", "../x", "cannot be a data set's name"),
}


def test_a_broken_run_fails_alone_and_can_be_removed(store: Store, open_page: Open) -> None:
    keep(store, "sound", LOG)
    for name, (column, value, _) in BROKEN.items():
        run = keep(store, name, LOG)
        with store._transaction() as connection:
            connection.exec_driver_sql(f"UPDATE runs SET {column} = ? WHERE id = ?", (value, run.id))
    page = open_page()
    for name, (_, _, sentence) in BROKEN.items():
        choice(page, "Run").set_value(name).run()
        assert not page.exception
        assert sentence in page.error[0].value.replace("\\", ""), name
        next(button for button in page.button if button.label == "Remove it").click().run()
        assert name not in [run.name for run in store.runs()]
        assert name not in page.query_params.get("run", ()), "a reload does not ask for it"
    assert not page.exception
    assert figures(page)["Pictures"] == "4"


def test_rows_that_cannot_be_and_classes_without_names_are_shown(store: Store, open_page: Open) -> None:
    keep(store, "old", [*LOG, Result(4, 49, 999, 0.3, 0.7, 100, 80, 80)])
    run = keep(store, "older", LOG)
    with store._transaction() as connection:
        for idx, change in enumerate(("predict = -7", "label = 'cat'", "radius = 9e999", "n_a_low = 'x'")):
            connection.exec_driver_sql(
                f"UPDATE results SET {change} WHERE run = ? AND idx = ?", (run.id, idx)
            )
    for kind, text in (("view", "{"), ("view", '{"name": "a", "order": "index", "rule": {"tag": 5}}')):
        store.remark(run, None, kind, text)  # type: ignore[arg-type]
    store.remark(run, 2, "reason", "the moon")
    page = open_page(run="older")
    assert figures(page)["Abstains"] == "100.0 %"
    show_pictures(page)
    assert not page.exception
    assert any("Its numbers cannot be" in text.value for text in page.markdown)
    page = open_page(run="old", image="4")
    assert not page.exception
    assert any("class 999, radius 0.30 (true class: class 49)" in heading for heading in headings(page))


def test_votes_for_classes_that_no_answer_of_a_run_has_are_drawn(store: Store, open_page: Open) -> None:
    run = audited(store)
    certificate = store.result(run, 0).certificate
    assert certificate is not None
    certificate |= {"counts": [30] + [0] * 13 + [10], "counts0": [10] + [0] * 14, "label": 0}
    certificate["config"] |= {"dataset": "mine"}
    config = run.config | {"dataset": "mine"}
    mine = store.create("mine", "audit", "mine", config, [0], run.weights)
    store.add(mine, [], [Result(0, 0, 0, 0.1, 0.6, 40, 30, 30, certificate=certificate)])
    page = open_page(run="mine", image="0")
    assert not page.error
    assert headings(page)[1].startswith("Certified and right, class 0")
    (bars,) = (json.loads(chart.proto.spec)["data"][0] for chart in page.get("plotly_chart"))  # type: ignore[attr-defined]
    assert bars["y"] == ["class 14", "class 0"]


def test_a_filter_restricts_pictures_and_is_undone(store: Store, open_page: Open) -> None:
    keep(store, "log", LOG)
    page = show_pictures(open_page())
    assert headings(page)[0] == "4 pictures"
    choice(page, "Outcome").set_value("abstained").run()
    assert headings(page)[0] == "1 of 4 pictures"
    assert headings(page)[1] == "Abstains (true class: cat)"
    choice(page, "Answer").set_value("8").run()
    assert "No picture is like that." in [c.value for c in page.caption]
    page.button[[b.label for b in page.button].index("Show every picture")].click().run()
    assert headings(page)[0] == "4 pictures"


NONSENSE = {  # of the address: what is said of each
    "outcome": ("<b>rigth</b>", "known are “Certified and right”, “Certified but wrong”"),
    "class": ("lion", "known are “airplane”, “automobile”, “bird”"),
    "answer": ("lion", "“ship”, “truck”, “abstains”"),
    "reason": ("the moon", "there is nothing to choose from here"),
    "tag": ("dark", "there is nothing to choose from here"),
    "review": ("maybe", "known are “Accepted”, “Disputed”"),
    "from": ("16.5", "it is a number from 0 to 16"),
    "to": ("far", "it is a number from 0 to 16"),
    "near": ("nan", "it is a number from 0 to 0.5"),
    "noted": ("1", "it is true or false"),
    "order": ("beauty", "known are “Index”, “Largest radius”, “Smallest radius”, “Closest to ½”, “Class”"),
    "with": ("yesterday", "there is nothing to choose from here"),
    "change": ("all", "known are “Certificate gained”"),
}


def sentences(page: AppTest) -> list[str]:
    """What the page says of its address."""
    return [c.value.replace("\\", "") for c in page.caption if "in the address" in c.value]


def test_what_an_address_asks_of_a_filter_in_vain_is_said_with_what_there_is(
    store: Store, open_page: Open
) -> None:
    keep(store, "log", LOG)
    every = [*NONSENSE.items()]
    for some in (every[: notices.MOST], every[notices.MOST : -1], every[-1:]):
        page = open_page(view="pictures", **{name: asked for name, (asked, _) in some})
        assert headings(page)[0] == "4 pictures"
        said = sentences(page)
        assert len(said) == len(some)
        for name, (asked, known) in some:
            beginning = f":material/info: {name} = {asked!r} in the address is unknown and left out; "
            (sentence,) = (sentence for sentence in said if sentence.startswith(beginning))
            assert known in sentence


def test_what_a_filter_can_be_is_taken_from_the_address_without_a_word(store: Store, open_page: Open) -> None:
    keep(store, "before", LOG)
    keep(store, "log", LOG)
    asked = {
        "outcome": "Certified and right",
        "class": "ship",
        "answer": "ship",
        "from": "0",
        "to": "16",
        "near": "0.5",
        "noted": "FALSE",
        "order": "Largest radius",
        "with": "before",
        "change": "Radius grown",
        "tag": "",
    }
    page = open_page(run="log", **asked)
    assert not sentences(page)
    assert (choice(page, "Outcome").value, choice(page, "Order").value) == ("right", "radius")


def test_a_filter_that_another_run_does_not_have_is_dropped_without_a_word(
    store: Store, open_page: Open
) -> None:
    run = keep(store, "tagged", LOG)
    store.remark(run, 1, "tag", "dark")
    keep(store, "log", LOG)
    page = show_pictures(open_page(**{"run": "tagged", "tag": "dark", "with": "log"}))
    assert headings(page)[0] == "1 of 4 pictures"
    choice(page, "Run").set_value("log").run()
    assert headings(page)[0] == "4 pictures"
    assert not sentences(page), "both were this page's own"
    assert not {"tag", "with"} & set(address(page))


def test_the_keys_lead_from_picture_to_picture(store: Store, open_page: Open) -> None:
    keep(store, "log", LOG)
    page = show_pictures(open_page())
    for key, title in (
        ("Next abstention", "Abstains (true class: cat)"),
        ("Next", "Certified and right, ship, radius 0.25 (true class: ship)"),
        ("Next", "Certified and right, cat, radius 0.50 (true class: cat)"),
        ("Previous", "Certified and right, ship, radius 0.25 (true class: ship)"),
        ("Random abstention", "Abstains (true class: cat)"),
    ):
        page.button[[b.label for b in page.button].index(key)].click().run()
        assert headings(page)[1] == title


def test_a_picture_that_is_no_number_of_the_run_leads_to_its_first(store: Store, open_page: Open) -> None:
    keep(store, "log", LOG)
    for image in ("9" * 5000, "-1", "²", "<b>1</b>"):
        page = open_page(image=image)
        assert not page.error
        assert len(headings(page)) > 1
        (said,) = sentences(page)
        assert said.startswith(f":material/info: image = '{image[:40]}")
        assert said.endswith(" in the address is no picture of this run; picture 0 is shown")
        assert address(page)["image"] == "0"


def test_a_picture_that_the_filters_leave_out_is_shown_again_without_them(
    store: Store, open_page: Open
) -> None:
    keep(store, "log", LOG)
    page = open_page(image="2")
    assert headings(page)[1].startswith("Abstains")
    choice(page, "Outcome").set_value("right").run()
    assert headings(page)[1].startswith("Certified and right, cat")
    assert address(page)["image"] == "2"
    choice(page, "Outcome").set_value(None).run()
    assert headings(page)[1].startswith("Abstains")
    assert not sentences(page)


def test_notes_tags_and_review_stick(store: Store, open_page: Open) -> None:
    run = keep(store, "log", LOG)
    page = show_pictures(open_page(image="2"))
    page.text_area(key=f"note-text-{run.id}-2").set_value("<b>blurred</b>")
    page.button[[b.label for b in page.button].index("Add the note")].click().run()
    page.segmented_control(key=f"review-{run.id}-2").set_value("disputed").run()
    page.multiselect(key=f"tags-{run.id}-2").set_value(["dark"]).run()
    assert not page.exception
    row = browsing.rows(store, run)[2]
    assert ([note.text for note in row.notes], row.review, row.tags) == (
        ["<b>blurred</b>"],
        "disputed",
        ("dark",),
    )
    assert any(m.value.startswith(r"\<b\>blurred\<\/b\>") for m in page.markdown), "as text, not as HTML"
    page.multiselect(key=f"tags-{run.id}-2").set_value([]).run()
    assert browsing.rows(store, run)[2].tags == ()


def test_a_view_is_saved_and_applied(store: Store, open_page: Open) -> None:
    keep(store, "log", LOG)
    page = show_pictures(open_page())
    choice(page, "True class").set_value("3").run()
    page.text_input(key="view-name").set_value("cats")
    page.button[[b.label for b in page.button].index("Save the filters and the order")].click().run()
    page.button[[b.label for b in page.button].index("Show everything")].click().run()
    assert headings(page)[0] == "4 pictures"
    choice(page, "Saved views").set_value("cats").run()
    assert headings(page)[0] == "3 of 4 pictures"


def test_a_small_risk_is_written_out(store: Store) -> None:
    config = {"sigma": 0.5, "n": 100, "alpha": 1e-5}
    run = store.create("log", "Cohen", "cifar10", config, range(4), {})
    assert view.in_words(run, LOG).endswith("with a probability of at most α = 0.00001.")
    assert run_title(run).endswith("σ = 0.5, n = 100, α = 0.00001")


def test_two_runs_are_compared_picture_by_picture(store: Store, open_page: Open) -> None:
    keep(store, "before", LOG)
    keep(store, "after", [Result(0, 3, ABSTAIN, 0.0), Result(1, 3, 3, 0.3), Result(3, 8, 8, 0.5)])
    page = open_page(run="after")
    choice(page, "Compare with").set_value("before").run()
    assert not page.exception
    found = figures(page)
    assert [found[f"Certificate {k}"] for k in ("gained", "lost")] == ["1", "1"]
    assert (found["Radius grown"], found["Radius shrunk"]) == ("1", "0")
    assert any("Of 3 pictures in both runs, 1 were gained and 1 lost." in c.value for c in page.caption)
    assert any("would have probability 1 (McNemar" in c.value for c in page.caption)
    page.pills(key="change").set_value(["lost"]).run()
    show_pictures(page)
    assert headings(page)[0] == "1 of 3 pictures"
    assert any("certificate lost" in m.value and "radius 0" in m.value for m in page.markdown)


def test_a_picture_of_ours_is_taken_apart_and_rescued(
    store: Store, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explaining, "RESCUE_VOTES", 20)
    run = audited(store)
    page = show_pictures(open_page(image="1"))
    assert any(m.value.startswith("**Stage by stage**") for m in page.markdown)
    assert sum(int(p.split("(")[1][:-1]) for p in page.pills[0].options) == 40, "who voted for each class"
    page.button[[b.label for b in page.button].index("Try other settings")].click().run()
    job = audits.latest(run, "rescue-1")
    assert job is not None
    done = jobs().wait(job.id, 100)
    assert done is not None
    assert done.state == "done", done.error
    page.run()
    assert not page.exception
    table = page.dataframe[-1].value
    assert {"as it is", "half the noise σ"} <= set(table["Setting"])
    tints = page.dataframe[-1].proto.arrow_data.styler.styles
    assert len(set(re.findall("#[0-9a-f]{8}", tints))) == table["Outcome"].nunique() > 1, "each its colour"
    assert any(c.value.startswith("Tried with 20 votes where nothing else is said") for c in page.caption)
    (said,) = (c.value for c in page.caption if "shared by" in c.value)
    assert f"shared by {len(table)} tries" in said
    assert said.endswith("together they hold with 99.9 % confidence.")


def draw_rescues(done: int) -> None:
    from types import SimpleNamespace
    from typing import Any

    from diffsmooth_core import ABSTAIN, SmoothingConfig
    from diffsmooth_core.analysis.rescue import Rescue
    from diffsmooth_core.runs.results import Result
    from ui.jobs.audits import ExplainingProgress
    from ui.runs import rescue

    run: Any = SimpleNamespace(config={"n": 1000, "alpha": 1e-7})
    tried = Rescue("as it is", SmoothingConfig(alpha=5e-8), ABSTAIN, 0.0, 0.4, 10)
    names = tuple("abcdefghij")
    rescue._rescues(run, Result(0, 3, ABSTAIN, 0.0), ExplainingProgress((tried,), done, 2), names)


@pytest.mark.parametrize(
    ("done", "said"), [(1, "None of these so far certifies d"), (2, "None of these certifies d")]
)
def test_what_was_not_found_yet_is_not_said_to_be_nowhere_and_no_tries_are_certain(
    done: int, said: str
) -> None:
    page = AppTest.from_function(draw_rescues, kwargs={"done": done}).run()
    assert not page.exception
    assert [m.value for m in page.markdown] == [f"{said}, which the picture is of."]
    assert "at α = 0.00000005, the run's risk shared by 2 tries" in page.caption[-1].value
    assert page.caption[-1].value.endswith("together they hold with 99.99999 % confidence.")


def test_abstentions_are_counted_by_reason_and_explained(store: Store, open_page: Open) -> None:
    run = audited(store)
    certificate = store.result(run, 0).certificate
    assert certificate is not None
    certificate["counts"] = [8, 8, 8, 8, 8, 0, 0, 0, 0, 0]
    certificate |= {"label": ABSTAIN, "radius": 0.0, "p_a_lower": 0.1}
    scattered = store.create("scattered", "audit", "cifar10", run.config, [0], run.weights)
    store.add(scattered, [], [Result(0, 3, ABSTAIN, 0.0, 0.1, 40, 8, 8, certificate=certificate)])
    page = open_page(run="scattered")
    table = next(frame.value for frame in page.dataframe if "Reason" in frame.value)
    assert table.to_dict("records") == [{"Reason": "The votes scatter", "Pictures": 1}]
    page.button[[b.label for b in page.button].index("Take their votes apart")].click().run()
    job = audits.latest(scattered, "explain")
    assert job is not None
    done = jobs().wait(job.id, 100)
    assert done is not None
    assert done.state == "done", done.error
    assert [r.kind for r in store.remarks(scattered)] == ["reason"]
    page.run()
    assert not page.exception


def test_an_audit_is_started_stopped_short_and_gone_on_with(store: Store, open_page: Open) -> None:
    page = open_page()
    kept = page.session_state["url"] = url.UrlSync()
    kept.kept[settings.CERTIFY.prefix] = {name: getattr(CONFIG, name) for name in settings.CONFIG_FIELDS}
    page.run()
    page.text_input[0].set_value("mine")
    page.text_input[1].set_value("3:99")
    page.button[[b.label for b in page.button].index("Start")].click().run()
    assert [e.value.replace("\\", "") for e in page.error] == [
        "cifar10 has test pictures 0 to 11 here, and '3:99' goes to 98"
    ]
    page.text_input[1].set_value("0:4")
    page.button[[b.label for b in page.button].index("Start")].click().run()
    assert not page.exception
    run = store.run("mine")
    job = audits.latest(run, "audit")
    assert job is not None
    assert jobs().wait(job.id, 100).state == "done"  # type: ignore[union-attr]
    page.run()
    assert figures(page)["Pictures"] == "4"
    assert audits.left(run, 4) == 0


def test_a_run_that_was_killed_offers_to_go_on(
    store: Store, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "FLUSH", 0.0)
    run = batch.start(store, "ours", replace(CONFIG, n=400), range(6))  # more than a chunk of votes
    work = batch.work(store, run, ThisProcess)
    next(status for status in work if status.done)
    work.close()
    page = open_page()
    said = [m.value for m in page.markdown]
    assert any(words.startswith("**Not finished:**") for words in said)
    assert "**Certified so far**, the last one first" in said
    assert any(words.startswith("Of ") and "are certified" in words for words in said)
    page.button[[b.label for b in page.button].index("Go on")].click().run()
    assert not page.exception
    while len(store.results(run)) < 6:  # until the test's time is over
        time.sleep(0.1)


def test_an_imported_log_says_what_is_odd_about_it(open_page: Open) -> None:
    rows = "".join(f"{i}\t1\t1\t{radius}\t1\tx\n" for i, radius in enumerate(("1.87", "1.89", "1.91")))
    page = open_page()
    log = f"idx\tlabel\tpredict\tradius\tcorrect\ttime\n{rows}".encode()
    page.file_uploader(key="log-file").upload("log.tsv", log)
    page.text_input[2].set_value("odd")
    page.button[[b.label for b in page.button].index("Import")].click().run()
    assert not page.exception
    (said,) = [c.value.replace("\\", "") for c in page.caption if "was imported" in c.value]
    assert "odd was imported: 3 pictures in Cohen's dialect. 1 radii are none that 100,000 votes give" in said
    assert page.file_uploader(key="log-file-1").value is None, "what was taken is forgotten"


def test_what_is_no_log_is_said(open_page: Open) -> None:
    page = open_page()
    page.file_uploader(key="log-file").upload("notes.txt", b"hello\n")
    page.text_input[2].set_value("log")
    page.button[[b.label for b in page.button].index("Import")].click().run()
    assert not page.exception
    (said,) = [e.value.replace("\\", "") for e in page.error]
    assert said.startswith("the log, line 1: no column 'idx'")
    assert page.file_uploader(key="log-file").value is not None, "what was refused can be tried again"


def test_a_picture_that_is_chosen_is_in_the_address_with_the_half_that_has_it() -> None:
    def chosen() -> None:
        from ui.runs import grid

        grid.choose(7)

    page = AppTest.from_function(chosen).run()
    assert {name: "".join(value) for name, value in page.query_params.items()} == {
        "image": "7",
        "view": "pictures",
    }
