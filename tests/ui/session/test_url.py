"""The states of a session between its settings and the browser's address, without a browser."""

from __future__ import annotations

from typing import Any

import pytest

from ui.session.settings import Settings
from ui.session.url import TELLING, Address, UrlSync

PAGE = Settings("one", {"sigma": 0.5, "n": 100}, {"sigma": (0.0, 2.0), "n": (1, 1000)}, lambda *_: ())
OTHER = PAGE.extended("other", {"step": 1}, {"step": (1, 8)})
LINK = {"sigma": "0.25"}


class Visit:
    """One browser's session: `run` is a run of a page with the address that the browser sends."""

    def __init__(self) -> None:
        self.sync = UrlSync()
        self.session: dict[str, Any] = {"picture": "photo:cat", "upload": None, "job": None, "lesson": ""}
        self.now = 0.0
        self.address: Address = {}

    def run(self, parameters: Address, page: Settings = PAGE, **changed: Any) -> bool:
        """Whether the settings were read from the address; `changed` is what a person changed before."""
        self.session.update(changed)
        outside = self.sync.read(page, self.session, parameters, self.now)
        if outside:
            for name, default in page.defaults.items():
                text = parameters.get(name)
                self.session[name] = page.parse(name, text, "") if text else default
            self.sync.keep(page, self.session)
        self.address = self.sync.write(page, self.session)
        return outside


def test_a_link_is_read_once_and_its_address_completed() -> None:
    visit = Visit()
    assert visit.run(LINK)
    assert visit.address == {"picture": "photo:cat", "sigma": "0.25", "n": "100"}
    assert (visit.sync.state, visit.sync.current) == ("opened", (LINK, visit.address))
    assert not visit.run(LINK), "the browser goes on sending the link until a change"
    assert not visit.run(visit.address)
    assert visit.sync.state == "opened"


def test_a_change_makes_the_page_used_and_writes_an_address() -> None:
    visit = Visit()
    visit.run(LINK)
    completed = visit.address
    assert not visit.run(LINK, sigma=0.12)
    assert (visit.sync.state, visit.address["sigma"]) == ("used", "0.12")
    assert visit.sync.current == (visit.address,)
    assert visit.run(completed), "Back"
    assert (visit.session["sigma"], visit.sync.state) == (0.25, "opened")


@pytest.mark.parametrize(
    "changed", [{"picture": "photo:dog"}, {"lesson": "noise"}, {"job": "abc"}, {"present": True}]
)
def test_the_picture_the_lesson_and_a_run_are_changes_too(changed: dict[str, str]) -> None:
    visit = Visit()
    visit.run(LINK)
    assert not visit.run(LINK, **changed)
    assert visit.sync.state == "used"


def test_quick_changes_are_taken_with_the_addresses_before_them() -> None:
    visit = Visit()
    visit.run(LINK)
    visit.run(LINK, n=200)
    first = visit.address
    assert not visit.run(LINK, n=300), "the first address is still on its way"
    assert not visit.run(first, n=400)
    assert visit.session["n"] == 400
    assert visit.run(first), "without a change it is Back"
    assert visit.session["n"] == 200


def test_another_page_has_the_settings_that_were_kept() -> None:
    visit = Visit()
    visit.run(LINK)
    visit.run(LINK, n=200)
    del visit.session["n"]  # a widget's value goes with its page
    assert not visit.run({}, OTHER)
    assert (visit.sync.state, visit.session["n"], visit.session["step"]) == ("opened", 200, 1)
    assert visit.sync.current == ({}, visit.address)
    assert not visit.run({}, OTHER, step=2)
    assert not visit.run({}, PAGE)
    assert "step" not in visit.address
    assert not visit.run({}, OTHER)
    assert visit.session["step"] == 2


def test_a_page_without_settings_in_between_is_noticed() -> None:
    visit = Visit()
    visit.run(LINK)
    visit.run(LINK, n=200)
    visit.session.pop("sigma")
    assert not visit.run({})
    assert (visit.sync.state, visit.session["sigma"]) == ("opened", 0.25)


def test_a_lesson_ends_with_its_page() -> None:
    visit = Visit()
    visit.run(LINK)
    visit.run(LINK, lesson="noise")
    assert visit.address["lesson"] == "noise"
    visit.run({}, OTHER)
    assert visit.session["lesson"] == ""


def test_values_are_told_while_a_page_is_opened_and_missing_ones_later() -> None:
    visit = Visit()
    visit.run(LINK)
    written: list[str] = []

    class Told(dict[str, Any]):
        def __setitem__(self, key: str, value: Any) -> None:
            written.append(key)
            super().__setitem__(key, value)

    visit.session = Told(visit.session)
    visit.run(LINK)
    assert written == ["sigma", "n"]
    written.clear()
    visit.now = TELLING + 1
    visit.run(LINK)
    assert (visit.sync.state, written) == ("used", [])
    del visit.session["n"]
    visit.run(visit.address)
    assert written == ["n"]


def test_a_part_that_runs_alone_notices_a_change() -> None:
    visit = Visit()
    visit.run(LINK)
    visit.sync.recall_in_part(PAGE, visit.session, ["n"])
    assert visit.sync.state == "opened"
    visit.session["n"] = 7
    visit.sync.recall_in_part(PAGE, visit.session, ["n"])
    assert (visit.sync.state, visit.session["n"]) == ("used", 7)


def test_an_uploaded_picture_is_not_in_the_address() -> None:
    visit = Visit()
    visit.session["upload"] = object()
    visit.run(LINK)
    assert "picture" not in visit.address


def test_presenting_is_in_the_address_until_it_ends() -> None:
    visit = Visit()
    visit.run(LINK, present=True)
    assert visit.address["present"] == "1"
    visit.run(visit.address, present=False)
    assert "present" not in visit.address
