"""The page of a class: its teacher and two phones, from the door to what peeking came to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from diffsmooth_core.certification.thousand_seeds import recorded
from diffsmooth_core.statistics import clopper_pearson_lower
from diffsmooth_core.statistics.peeking import claims, first
from tests.ui.conftest import opened
from ui.classroom import phone as phone_view
from ui.classroom.phone import first_above
from ui.classroom.pieces import QUESTION
from ui.jobs import rooms, seeds
from ui.jobs.registry import jobs
from ui.jobs.room import Phase, Room
from ui.session import visitor

N = recorded().config.n
VOTES = {  # by seed, in the order in which they are cast
    1: [True] * 6 + [False, True] * 47,  # above the truth at the sixth vote, in the end not
    2: [False] * 20 + [True] * 80,  # above it in the end alone
    3: [True, False] * 50,  # never
    4: [False] * 100,  # for a frog: the selection chose another class
}


@pytest.fixture(autouse=True)
def rooms_of_their_own(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Votes that are made up, and no room left for the next test."""
    monkeypatch.setattr(seeds, "certified", lambda seed: seeds.result(seed, VOTES[seed]))
    yield
    rooms._open.clear()


@pytest.fixture
def hall() -> AppTest:
    page = opened("pages/classroom.py")
    next(button for button in page.button if button.label == "Open a room").click().run()
    return checked(page)


def checked(page: AppTest) -> AppTest:
    assert not page.exception
    return page


def code(hall: AppTest) -> str:
    found = hall.query_params["room"]
    return str(found if isinstance(found, str) else found[0])


def phone(hall: AppTest) -> AppTest:
    return opened("pages/classroom.py", room=code(hall))


def said(page: AppTest) -> str:
    """All words of the page, those within HTML too."""
    html = " ".join(element.proto.body for element in page.get("html"))
    parts = (element.value for element in (*page.subheader, *page.markdown, *page.caption))
    return " ".join((*parts, html)).replace("<b>", "").replace("</b>", "").replace("\\", "")


def press(page: AppTest, label: str) -> AppTest:
    next(button for button in page.button if button.label == label).click().run()
    return checked(page)


def give(page: AppTest, seed: int) -> AppTest:
    page.number_input(key="room-seed").set_value(seed)
    return press(page, "Send")


def drawn(hall: AppTest) -> None:
    """Wait for the results of all seeds."""
    job = rooms._open[code(hall)].job
    assert job is not None
    done = jobs().wait(job, 60)
    assert done is not None
    assert done.state == "done", done.error


def drawn_rows(hall: AppTest) -> int:
    (chart,) = hall.get("echarts_chart")
    return len(json.loads(chart.proto.spec)["yAxis"]["data"])


def test_a_class_from_the_door_to_what_peeking_came_to(hall: AppTest) -> None:
    one, two = phone(hall), phone(hall)
    assert "2 are here" in said(hall.run())
    assert code(hall) in said(hall)
    assert "You are in" in said(one)
    assert [button.label for button in one.button] == ["Present"], "a phone leads nobody"

    press(hall, "Guess")
    one.run(), two.run()
    assert QUESTION in said(hall)
    assert QUESTION in said(one)
    one.slider(key="room-guess").set_value(20)
    assert "20 in a hundred is your guess" in said(press(one, "Send"))
    assert press(one, "Change it").slider(key="room-guess").value == 20, "it is one's own that is changed"
    one.slider(key="room-guess").set_value(30)
    assert "30 in a hundred is your guess" in said(press(one, "Send"))
    two.slider(key="room-guess").set_value(10)
    press(two, "Send")
    assert "2 of 2 have guessed" in said(hall.run())
    assert not hall.get("echarts_chart"), "nobody sees what others guess"

    press(hall, "Give seeds")
    assert "the middle one is **20** in a hundred" in said(hall)
    assert len(hall.get("echarts_chart")) == 1
    assert "1 is your seed" in said(give(one.run(), 1))
    assert press(one, "Change it").number_input(key="room-seed").value == 1
    assert "1 is your seed" in said(press(one, "Send"))
    give(two.run(), 2)
    assert "2 of 2 have given one" in said(hall.run())

    press(hall, "Draw the votes")
    drawn(hall)
    assert "✕ 1 of 2 claim more than is true: the share is 67.6 %." in said(hall.run())
    assert "53 of 100 votes for a frog" in said(one.run())
    assert "at least **46.1 %**. True: **67.6 %**" in said(one)
    assert "✓ This claim holds" in said(one)
    assert "✕ This claims too much" in said(two.run())

    press(hall, "What if we had peeked?")
    assert "You guessed 20 in a hundred; it came out 2 of 2, which is 100 in a hundred." in said(hall)
    assert [(m.label, m.value) for m in hall.metric] == [
        ("Looked once, at the end", "1 of 2"),
        ("Looked after every vote", "2 of 2"),
        ("The same, with the anytime bound", "1 of 2"),
    ]
    assert "After vote **6** your bound was **68.1 %**: more than is true, **67.6 %**." in said(one.run())

    press(hall, "Close it")
    assert "room" not in hall.query_params
    assert "The room is closed" in said(one.run())
    assert [link.proto.label for link in one.get("page_link")] == [
        "Lesson: Why not peek?",
        "Lesson: A thousand seeds",
    ]
    assert "Code on the projector" in [field.label for field in press(one, "Join another room").text_input]


def test_who_gave_no_seed_who_never_claimed_too_much_and_what_cannot_go_on(hall: AppTest) -> None:
    late, calm = phone(hall), phone(hall)
    press(press(hall, "Guess"), "Give seeds")
    refused = press(hall, "Draw the votes")
    assert "nobody has given a seed yet" in said(refused)
    assert "0 of 2 have given one" in said(hall), "and the room is where it was"
    assert "nobody has given a seed yet" in said(hall.run()), "for as long as it is true"
    give(calm.run(), 3)
    assert "nobody has given a seed yet" not in said(hall.run())
    press(hall, "Draw the votes")
    drawn(hall)
    press(hall.run(), "What if we had peeked?")
    assert "You gave no seed" in said(late.run())
    assert "✓ Wherever you had stopped, your claim would have held" in said(calm.run())
    assert "It came out 0 of 1, which is 0 in a hundred." in said(hall), "nobody guessed"
    assert [metric.value for metric in hall.metric] == ["0 of 1"] * 3


def test_whose_word_comes_too_late_is_told_so(hall: AppTest) -> None:
    late, other = phone(hall), phone(hall)
    press(hall, "Guess")
    late.run(), other.run()
    press(other, "Send")
    rooms_went_on = press(hall, "Give seeds")
    told = said(press(late, "Send"))
    assert "a guess is not taken any more" in told
    assert "Give a seed: any number" in told
    assert "the middle one is **50** in a hundred" in said(rooms_went_on)
    give(other.run(), 3)
    press(hall.run(), "Draw the votes")
    drawn(hall)
    told = said(give(late, 1))
    assert "You gave no seed" in told
    assert "a seed is not taken any more; this room has gone on" in told
    assert "a seed is not taken" not in said(other.run())


def test_the_operator_sees_every_room_and_closes_one(hall: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = phone(hall), opened("pages/classroom.py")
    press(other, "Open a room")
    assert "Open rooms" not in said(opened("pages/classroom.py")), "nobody else is told of any"
    operator = opened("pages/classroom.py")
    monkeypatch.setattr(visitor, "_operators", {operator.session_state["visitor"]})
    operator.run()
    assert f"**{code(hall)}**: open for 0 min, 1 person is in it" in said(operator)
    assert f"**{code(other)}**: open for 0 min, 0 people are in it" in said(operator)
    operator.button(key=f"room-close-{code(hall)}").click().run()
    assert code(hall) not in said(checked(operator))
    assert "The room is closed" in said(one.run())
    operator.button(key=f"room-lead-{code(other)}").click().run()
    press(checked(operator), "Guess")
    assert QUESTION in said(other.run())


def test_a_phone_whose_seed_claims_nothing_is_told_of_no_votes_and_of_no_claim(hall: AppTest) -> None:
    one = phone(hall)
    press(press(hall, "Guess"), "Give seeds")
    give(one.run(), 4)
    press(hall, "Draw the votes")
    drawn(hall)
    for go_on in ("What if we had peeked?", None):
        told = said(one.run())
        assert "You claim nothing for a frog" in told
        assert "The first 20 votes of your seed, which choose the class, chose another." in told
        assert "of 100" not in told
        assert "your claim" not in told
        if go_on:
            press(hall.run(), go_on)


def test_nothing_in_a_hundred_is_a_guess_and_zero_a_seed(hall: AppTest) -> None:
    one = phone(hall)
    press(hall, "Guess")
    one.run().slider(key="room-guess").set_value(0)
    assert "0 in a hundred is your guess" in said(press(one, "Send"))
    assert press(one, "Change it").slider(key="room-guess").value == 0
    press(hall, "Give seeds")
    assert "0 is your seed" in said(give(one.run(), 0))
    assert press(one, "Change it").number_input(key="room-seed").value == 0


def test_a_seed_is_there_already_and_stays_the_same(hall: AppTest) -> None:
    one = phone(hall)
    press(press(hall, "Guess"), "Give seeds")
    first = one.run().number_input(key="room-seed").value
    assert 1000 <= first < 10_000
    assert one.run().number_input(key="room-seed").value == first


def test_a_code_is_typed_as_it_is_read_and_a_wrong_one_is_said(hall: AppTest) -> None:
    door = opened("pages/classroom.py")
    door.text_input(key="room-code").set_value("nothing")
    assert said(press(door, "Join")).count("no room with the code 'nothing' is open") == 1, (
        "by its own button"
    )
    door.text_input(key="room-code").set_value(f" {code(hall).lower()} ")
    assert "You are in" in said(press(door, "Join"))
    assert code(door) == code(hall)
    door.query_params["room"] = "ABC"
    assert "no room with the code 'ABC' is open" in said(door.run()), "the one before is not closed"
    wrong = opened("pages/classroom.py", room="<b>none</b>")
    assert "no room with the code '<b>none</b>' is open" in said(wrong)


def test_at_the_door_joining_comes_first_and_is_as_plain_to_see_as_opening() -> None:
    ways = [(b.label, b.proto.type) for b in opened("pages/classroom.py").button if b.label != "Present"]
    assert ways == [("Join", "primary"), ("Open a room", "primary")], "on a phone one joins"


def test_two_teachers_have_two_rooms_and_one_finds_theirs_again(hall: AppTest) -> None:
    other = opened("pages/classroom.py")
    press(other, "Open a room")
    assert code(other) != code(hall)
    before = code(hall)
    hall.query_params.clear()
    assert code(press(hall.run(), "Open a room")) == before


def test_the_bound_at_the_first_look_above_the_truth_follows_from_when_that_was() -> None:
    share, generator = recorded().share, np.random.default_rng(0)
    found = 0
    for _ in range(200):
        votes = generator.random(N) < share
        if (at := first(claims(votes, share, seeds.ALPHA)[0])) is not None:
            found += 1
            bound = clopper_pearson_lower(int(votes[:at].sum()), at, seeds.ALPHA)
            assert first_above(share, at) == bound
    assert found > 50


def test_a_room_that_ended_early_says_so_and_goes_on(hall: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    one = phone(hall)
    press(press(hall, "Guess"), "Give seeds")
    give(one.run(), 1)

    def broken(seed: int) -> seeds.SeedResult:
        raise rooms.InputError("the network is gone")

    with monkeypatch.context() as patched:
        patched.setattr(seeds, "certified", broken)
        press(hall, "Draw the votes")
        jobs().wait(rooms._open[code(hall)].job or "", 60)
    assert "It ended early: the network is gone" in said(hall.run())
    assert "Your votes were not counted: that ended early" in said(one.run())
    press(hall, "Try again")
    drawn(hall)
    assert "0 of 1 claim more than is true" in said(hall.run())


def test_where_other_runs_are_ahead_the_projector_says_how_many(hall: AppTest) -> None:
    one, go = phone(hall), threading.Event()
    press(press(hall, "Guess"), "Give seeds")
    give(one.run(), 1)

    def other() -> Iterator[rooms.RoomProgress]:
        assert go.wait(100)
        yield rooms.RoomProgress(1, 1)

    jobs().submit(rooms.QUEUE, other, key="other", subject=rooms.RoomTask(rooms.Demand()))
    rooms._open[code(hall)].people |= {bytes([i]): rooms._Person(seed=1) for i in range(9)}
    assert "Runs ahead of ours on this server: 1." in said(press(hall, "Draw the votes"))
    assert "The votes are being drawn." in said(hall)
    assert drawn_rows(hall) == 10, "everybody's bar has its place before it is there"
    go.set()
    drawn(hall)
    assert "Runs ahead of ours" not in said(hall.run())


def test_a_room_that_went_on_while_it_was_drawn_is_drawn_anew(
    hall: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when it is led from a second window."""
    room = rooms.look
    looks = iter(range(1000))

    def led_meanwhile(code: str) -> Room:
        seen = room(code)
        if next(looks) == 0:
            rooms.advance(code, seen.phase)
        return seen

    monkeypatch.setattr(rooms, "look", led_meanwhile)
    hall.run()
    assert "Give seeds" in [button.label for button in hall.button], "and not once more the step before"


@pytest.mark.parametrize(
    ("changes", "again"),
    [
        ({}, False),
        ({"people": 9, "guesses": (1.0,), "mine_guess": 1.0}, False),  # it is being typed
        ({"problem": "it was cancelled"}, True),
        ({"phase": Phase.PEEKING}, True),
        ({"mine_result": seeds.result(1, VOTES[1])}, True),
    ],
)
def test_a_phone_is_drawn_again_once_there_is_something_else_to_see(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], again: bool
) -> None:
    shown, drawn = Room("ABCDEF", Phase.BOUNDS, people=2, mine_seed=1), []
    monkeypatch.setattr(rooms, "look", lambda _: replace(shown, **changes))
    monkeypatch.setattr(phone_view.st, "rerun", lambda: drawn.append(True))
    phone_view._watch(shown)
    assert bool(drawn) == again


def test_a_phone_is_drawn_again_once_its_room_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    class DrawnAgainError(Exception):
        """Streamlit ends a run so."""

    def rerun() -> None:
        raise DrawnAgainError

    monkeypatch.setattr(phone_view.st, "rerun", rerun)
    with pytest.raises(DrawnAgainError):
        phone_view._watch(Room("ABCDEF", Phase.SEEDS, people=2))


def test_a_bound_and_the_truth_have_as_many_digits_as_tell_them_apart() -> None:
    assert phone_view._told_apart(0.681, 0.676) == ("68.1", "67.6")
    assert phone_view._told_apart(0.67612, 0.67609) == ("67.61", "67.60")
    for votes in range(6, N + 1):  # five are too few to be above it
        bound, true = phone_view._told_apart(first_above(recorded().share, votes), recorded().share)
        assert float(bound) > float(true)
