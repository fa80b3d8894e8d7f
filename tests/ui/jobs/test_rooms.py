"""A class in its room: who may do what when, and that nobody's word is lost."""

from __future__ import annotations

import dataclasses
import pickle
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from diffsmooth_core import InputError
from diffsmooth_core.certification.thousand_seeds import recorded
from ui.jobs import rooms, seeds
from ui.jobs.registry import Registry, Snapshot, jobs
from ui.jobs.room import Phase, Room
from ui.jobs.seeds import SeedResult
from ui.session import limits

here = threading.local()  # .who: the visitor whose browser this thread is
TEACHER = "the-teacher's-browser"


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server without rooms, and a visitor for each thread; the teacher's here."""
    monkeypatch.setattr(rooms, "_open", {})
    monkeypatch.setattr(rooms, "visitor", lambda: here.who)
    monkeypatch.setattr(rooms, "is_operator", lambda: here.who == "operator")
    here.who = TEACHER
    yield
    for job in jobs().snapshots(rooms.QUEUE):
        jobs().cancel(job.id)


@pytest.fixture
def allowed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def allowed(**rooms: int) -> None:
        for name, value in rooms.items():
            monkeypatch.setitem(limits._limits()["rooms"], name, value)

    return allowed


class Counter:
    """Certifies a seed at once: it has as many votes as it is large. Can be held before a seed, and fail."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.go, self.held, self.failing = threading.Event(), threading.Event(), False
        self.hold = -1

    def __call__(self, seed: int) -> SeedResult:
        self.asked.append(seed)
        if seed == self.hold:
            self.held.set()
            assert self.go.wait(100)
        if self.failing:
            raise InputError("the network is broken")
        return seeds.result(seed, [True] * seed + [False] * (100 - seed))


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    counter = Counter()
    monkeypatch.setattr(seeds, "certified", counter)
    yield counter
    counter.go.set()


def as_visitor(who: str, act: Callable[..., Any], *args: object) -> Any:
    """What somebody else's browser does."""
    before, here.who = here.who, who
    try:
        return act(*args)
    finally:
        here.who = before


def led_to(phase: Phase, *given: int) -> str:
    """The code of a room that the teacher led to a phase. Visitors "0", "1", ... are in it and guess their
    number; `given` are their seeds."""
    code = rooms.open_room().code
    for i in range(len(given)):
        as_visitor(str(i), rooms.join, code)
    for now in Phase:
        if now is Phase.GUESSING and phase is not now:
            for i in range(len(given)):
                as_visitor(str(i), rooms.guess, code, i)
        if now is Phase.SEEDS and phase is not now:
            for i, seed in enumerate(given):
                as_visitor(str(i), rooms.give_seed, code, seed)
        if now is phase:
            break
        if now is Phase.BOUNDS:
            ended(code)
        rooms.advance(code, now)
    return code


def ended(code: str) -> Snapshot:
    """The room's job once it has ended."""
    job = rooms.look(code).job
    assert job is not None
    found = jobs().wait(job, 100)
    assert found is not None
    assert found.finished
    return found


def refused(said: str, act: Callable[..., Any], *args: object) -> None:
    with pytest.raises(InputError, match=said):
        act(*args)


def test_a_class_from_the_code_to_the_looks(counter: Counter) -> None:
    room = rooms.open_room()
    assert room == Room(room.code, Phase.GATHERING, people=0, teacher=True)
    assert re.fullmatch("[A-HJKMNP-Z2-9]{6}", room.code)
    spoken = f" {room.code[:3].lower()} {room.code[3:]}\n"
    seen = as_visitor("anna", rooms.join, spoken)
    assert seen == Room(room.code, Phase.GATHERING, people=1)
    as_visitor("anna", rooms.join, room.code)
    as_visitor("ben", rooms.look, room.code)
    assert rooms.look(room.code).people == 1, "once a browser, and whoever only looks is not in it"
    rooms.advance(room.code, Phase.GATHERING)
    for who, percent in (("anna", 90), ("ben", 12.5), ("anna", 40)):
        as_visitor(who, rooms.guess, room.code, percent)
    rooms.advance(room.code, Phase.GUESSING)
    for who, seed in (("ben", 77), ("anna", 8), ("anna", 60), ("late", 77)):
        as_visitor(who, rooms.give_seed, room.code, seed)
    rooms.advance(room.code, Phase.SEEDS)
    assert ended(room.code).owner == TEACHER
    mine = as_visitor("ben", rooms.look, room.code)
    told = (Phase.BOUNDS, 3, (12.5, 40.0), (60, 77, 77))
    assert (mine.phase, mine.people, mine.guesses, mine.seeds) == told
    assert [result.seed for result in mine.results] == [60, 77, 77], "who gave the same seed counts, too"
    assert counter.asked == [60, 77], "and it is certified once"
    assert (mine.mine_guess, mine.mine_seed, mine.mine_result) == (12.5, 77, mine.results[1])
    assert [result.false for result in mine.results] == [False, True, True]
    assert (mine.teacher, mine.problem) == (False, "")
    rooms.advance(room.code, Phase.BOUNDS)
    assert rooms.look(room.code).phase is Phase.PEEKING
    refused("at its end; close it", rooms.advance, room.code, Phase.PEEKING)
    rooms.close(room.code)
    refused(f"no room with the code '{room.code}' is open", rooms.look, room.code)


def test_the_networks_vote_for_a_class_as_they_were_recorded() -> None:
    code = led_to(Phase.BOUNDS, 7, 56)
    assert ended(code).state == "done"
    votes = [result.votes for result in rooms.look(code).results]
    assert votes == pytest.approx([recorded().votes[seed] for seed in (7, 56)], abs=2)


def test_what_a_room_shows_can_not_be_changed_and_does_not_change(counter: Counter) -> None:
    room = rooms.open_room()
    as_visitor("anna", rooms.join, room.code)
    assert room.people == 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        room.people = 3


def test_of_many_who_join_guess_and_give_seeds_at_once_nobody_is_lost(counter: Counter) -> None:
    code, start = rooms.open_room().code, threading.Barrier(60)

    def at_once(act: Callable[..., Any], *args: int) -> None:
        def one(who: int) -> None:
            here.who = f"phone {who}"
            start.wait(100)
            act(code, *(value + who for value in args))

        with ThreadPoolExecutor(60) as pool:
            list(pool.map(one, range(60)))

    at_once(rooms.join)
    assert rooms.look(code).people == 60
    rooms.advance(code, Phase.GATHERING)
    at_once(rooms.guess, 20)
    assert rooms.look(code).guesses == tuple(range(20, 80))
    rooms.advance(code, Phase.GUESSING)
    at_once(rooms.give_seed, 1)
    assert rooms.look(code).seeds == tuple(range(1, 61))
    rooms.advance(code, Phase.SEEDS)
    ended(code)
    assert {result.seed for result in rooms.look(code).results} == set(range(1, 61))
    assert rooms.look(code).people == 60


def test_a_room_and_the_server_take_as_many_as_the_operator_allows(allowed: Callable[..., None]) -> None:
    allowed(open=2, people=3)
    room = rooms.open_room()
    for who in "abc":
        as_visitor(who, rooms.join, room.code)
    refused("this room is full: 3 people are in it", as_visitor, "d", rooms.join, room.code)
    as_visitor("a", rooms.join, room.code)
    rooms.advance(room.code, Phase.GATHERING)
    refused("full", as_visitor, "d", rooms.guess, room.code, 50)
    assert rooms.look(room.code).people == 3
    other = as_visitor("another teacher", rooms.open_room)
    assert other.code != room.code
    assert rooms.open_room().code == room.code, "a second press, or a reload, finds the first room"
    refused("2 rooms are open", as_visitor, "a third teacher", rooms.open_room)
    rooms.close(room.code)
    as_visitor("a third teacher", rooms.open_room)


def test_where_no_more_may_be_open_a_room_gives_way_that_was_left_before_anybody_joined(
    monkeypatch: pytest.MonkeyPatch, allowed: Callable[..., None]
) -> None:
    """As one whose projector was reloaded without cookies: it came back as somebody else."""
    now = 0.0
    monkeypatch.setattr(rooms, "_clock", lambda: now)
    allowed(open=3)
    with_class = rooms.open_room().code
    as_visitor("phone", rooms.join, with_class)
    first, second = (as_visitor(who, rooms.open_room).code for who in ("b", "c"))
    now += rooms.AWAY - 1
    as_visitor("b", rooms.look, first)
    refused("3 rooms are open", as_visitor, "d", rooms.open_room)
    now += 1
    third = as_visitor("d", rooms.open_room).code
    refused("no room with", rooms.look, second)
    assert as_visitor("c", rooms.join, first).people == 1, "somebody looked at it meanwhile"
    now += 60
    allowed(open=4)
    fourth = as_visitor("e", rooms.open_room).code
    now += 3600
    assert as_visitor("d", rooms.open_room).code == third, "one's own is found, however long one was away"
    allowed(open=5)
    fifth = as_visitor("f", rooms.open_room).code
    assert set(rooms._open) == {with_class, first, third, fourth, fifth}, (
        "nothing gives way where there is room"
    )
    sixth = as_visitor("g", rooms.open_room).code
    assert set(rooms._open) == {with_class, first, fourth, fifth, sixth}, "the one that was left longest does"


def test_the_operator_alone_is_told_of_every_room(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(rooms, "_clock", lambda: now)
    one = rooms.open_room().code
    as_visitor("a", rooms.join, one)
    now += 150
    two = as_visitor("another teacher", rooms.open_room).code
    seen = as_visitor("operator", rooms.every_room)
    assert [(room.code, room.minutes, room.people) for room in seen] == [(one, 2, 1), (two, 0, 0)]
    assert rooms.every_room() == (), "a teacher is told of their own alone"
    now += 60 * limits.limit("rooms", "minutes") - 150
    assert [room.code for room in as_visitor("operator", rooms.every_room)] == [two]


def test_what_hinders_a_room_is_told_its_teacher_for_as_long_as_it_does(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter.hold = 60
    code = led_to(Phase.SEEDS)
    assert "nobody has given a seed yet" in rooms.look(code).hindered
    as_visitor("a", rooms.join, code)
    assert as_visitor("a", rooms.look, code).hindered == ""
    as_visitor("a", rooms.give_seed, code, 60)
    assert rooms.look(code).hindered == ""

    def full(*_: object) -> None:
        raise InputError("64 runs are waiting already; try again in a minute")

    with monkeypatch.context() as busy:
        busy.setattr(Registry, "check_capacity", full)
        assert "64 runs are waiting" in rooms.look(code).hindered
    rooms.advance(code, Phase.SEEDS)
    assert counter.held.wait(100)
    assert "still being computed" in rooms.look(code).hindered
    counter.go.set()
    ended(code)
    assert rooms.look(code).hindered == ""


@pytest.mark.parametrize("name", ["open", "people", "minutes"])
def test_a_limit_of_none_lets_nobody_open_a_room_and_of_one_takes_one(
    allowed: Callable[..., None], name: str
) -> None:
    allowed(**{name: 0})
    refused("^the operator of this server lets nobody open a room$", rooms.open_room)
    assert not rooms._open
    allowed(**{name: 1})
    code = rooms.open_room().code
    as_visitor("a", rooms.join, code)
    if name == "open":
        refused("^1 room is open and no more may be here", as_visitor, "another teacher", rooms.open_room)
    if name == "people":
        refused("^this room is full: 1 person is in it", as_visitor, "b", rooms.join, code)


def test_words_are_taken_in_their_phase_alone(counter: Counter) -> None:
    code = led_to(Phase.GATHERING, 5)
    refused("a guess is not asked for yet", rooms.guess, code, 3)
    refused("a seed is not asked for yet", rooms.give_seed, code, 3)
    rooms.advance(code, Phase.GATHERING)
    refused("a seed is not asked for yet", rooms.give_seed, code, 3)
    rooms.advance(code, Phase.GUESSING)
    refused("a guess is not taken any more", rooms.guess, code, 3)
    refused("nobody has given a seed yet", rooms.advance, code, Phase.SEEDS)
    assert rooms.look(code).phase is Phase.SEEDS
    rooms.give_seed(code, 3)
    rooms.try_again(code)
    assert rooms.look(code).job is None, "it has not begun"
    rooms.advance(code, Phase.SEEDS)
    refused("a seed is not taken any more", rooms.give_seed, code, 4)
    ended(code)
    as_visitor("very late", rooms.join, code)
    assert rooms.look(code).people == 3


def test_nothing_and_everything_are_guesses_and_nothing_is_a_seed(counter: Counter) -> None:
    code = led_to(Phase.GUESSING, 1, 1)
    for who, percent in (("0", 0), ("1", 100)):
        as_visitor(who, rooms.guess, code, percent)
    rooms.advance(code, Phase.GUESSING)
    as_visitor("0", rooms.give_seed, code, 0)
    seen = as_visitor("0", rooms.look, code)
    assert (seen.guesses, seen.seeds, seen.mine_guess, seen.mine_seed) == ((0.0, 100.0), (0,), 0.0, 0)


@pytest.mark.parametrize("percent", [-0.5, 100.5, float("nan"), float("inf")])
def test_what_is_no_percentage_or_no_seed_is_said(counter: Counter, percent: float) -> None:
    code = led_to(Phase.GUESSING, 1)
    refused("The guess in percent is .* from 0 to 100", rooms.guess, code, percent)
    rooms.advance(code, Phase.GUESSING)
    refused("seed must be a whole number from 0 up, got -1", rooms.give_seed, code, -1)
    refused("seed must be at most", rooms.give_seed, code, 2**64)
    assert rooms.look(code).seeds == rooms.look(code).guesses == ()


def test_who_opened_a_room_leads_it_and_nobody_else_but_the_operator(counter: Counter) -> None:
    code = led_to(Phase.SEEDS, 4)
    as_visitor("0", rooms.give_seed, code, 4)
    for act in (lambda: rooms.advance(code, Phase.SEEDS), lambda: rooms.try_again(code)):
        refused("another visitor opened this room", as_visitor, "0", act)
    refused("another visitor opened this room", as_visitor, "0", rooms.close, code)
    assert rooms.look(code).phase is Phase.SEEDS
    operators = as_visitor("operator", rooms.look, code)
    assert operators.teacher
    as_visitor("operator", rooms.advance, code, Phase.SEEDS)
    ended(code)
    as_visitor("operator", rooms.close, code)
    refused("no room with", rooms.look, code)


def test_a_press_leads_from_the_phase_that_was_seen_alone(counter: Counter) -> None:
    code = rooms.open_room().code
    for _ in range(2):
        rooms.advance(code, Phase.GATHERING)
    assert rooms.look(code).phase is Phase.GUESSING
    rooms.advance(code, Phase.GUESSING)
    rooms.advance(code, Phase.GATHERING)
    assert rooms.look(code).phase is Phase.SEEDS, "a press on a page that is behind leads nowhere"
    rooms.give_seed(code, 3)
    counter.hold = 3
    for _ in range(2):
        rooms.advance(code, Phase.SEEDS)
    job = rooms.look(code).job
    rooms.try_again(code)
    assert rooms.look(code).job == job, "it is under way"


def test_results_arrive_one_by_one_and_the_looks_wait_for_them(counter: Counter) -> None:
    counter.hold = 60
    code = led_to(Phase.BOUNDS, 50, 60, 70)
    assert counter.held.wait(100)
    assert [result.seed for result in rooms.look(code).results] == [50]
    assert rooms.look(code).problem == ""
    refused("still being computed", rooms.advance, code, Phase.BOUNDS)
    counter.go.set()
    job = ended(code).id
    rooms.try_again(code)
    assert rooms.look(code).job == job, "nothing is left to be computed"
    rooms.advance(code, Phase.BOUNDS)
    assert len(rooms.look(code).results) == 3


def test_a_job_that_fails_says_why_and_is_tried_again_from_there(counter: Counter) -> None:
    counter.failing = True
    code = led_to(Phase.BOUNDS, 50, 60)
    assert ended(code).state == "failed"
    assert rooms.look(code).problem == "the network is broken"
    refused("no bound to look into yet", rooms.advance, code, Phase.BOUNDS)
    counter.failing = False
    rooms.try_again(code)
    assert ended(code).state == "done"
    assert [result.seed for result in rooms.look(code).results] == [50, 60]
    assert rooms.look(code).problem == ""


def test_a_job_cancelled_from_elsewhere_leaves_its_results_and_goes_on(counter: Counter) -> None:
    counter.hold = 60
    code = led_to(Phase.BOUNDS, 50, 60, 70)
    assert counter.held.wait(100)
    job = rooms.look(code).job
    assert job is not None
    jobs().cancel(job)
    counter.go.set()
    assert ended(code).state == "cancelled"
    assert rooms.look(code).problem == "it was cancelled"
    rooms.try_again(code)
    ended(code)
    assert counter.asked == [50, 60, 70], "none twice"
    assert len(rooms.look(code).results) == 3
    rooms.advance(code, Phase.BOUNDS)


def test_of_a_cancelled_job_the_bounds_that_are_there_can_be_looked_into(counter: Counter) -> None:
    counter.hold = 50
    code = led_to(Phase.BOUNDS, 50, 60)
    assert counter.held.wait(100)
    jobs().cancel(str(rooms.look(code).job))
    counter.go.set()
    ended(code)
    rooms.advance(code, Phase.BOUNDS)
    job = rooms.look(code).job
    rooms.try_again(code)
    assert rooms.look(code).job == job, "the class has gone on"
    assert (rooms.look(code).phase, len(rooms.look(code).results)) == (Phase.PEEKING, 1)


def test_results_outlive_the_job_that_the_server_forgets(counter: Counter) -> None:
    code = led_to(Phase.BOUNDS, 50, 60)
    jobs().forget(ended(code).id)
    assert (len(rooms.look(code).results), rooms.look(code).problem) == (2, "")


def test_a_job_that_the_server_forgot_before_its_end_is_tried_again(counter: Counter) -> None:
    counter.failing = True
    code = led_to(Phase.BOUNDS, 50)
    jobs().forget(ended(code).id)
    assert rooms.look(code).problem == "the run is no longer on this server"
    counter.failing = False
    rooms.try_again(code)
    assert ended(code).state == "done"
    assert (len(rooms.look(code).results), rooms.look(code).problem) == (1, "")


def test_where_the_queue_is_full_the_room_stays_as_it_is(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = led_to(Phase.SEEDS, 50)
    as_visitor("0", rooms.give_seed, code, 50)

    def full(*_: object) -> None:
        raise InputError("64 runs are waiting already; try again in a minute")

    with monkeypatch.context() as busy:
        busy.setattr(Registry, "check_capacity", full)
        refused("64 runs are waiting", rooms.advance, code, Phase.SEEDS)
        assert (rooms.look(code).phase, rooms.look(code).job) == (Phase.SEEDS, None)
    rooms.advance(code, Phase.SEEDS)
    assert ended(code).state == "done"


def test_the_operators_limit_of_votes_is_for_a_seed_and_is_said_before_a_class_is_there(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(limits._limits()["runs"], "n", 100)
    code = led_to(Phase.BOUNDS, *range(40, 60))
    assert len(ended(code).subject.demand.runs) == 20
    rooms.close(code)
    monkeypatch.setitem(limits._limits()["runs"], "n", 99)
    refused("n = 100 is asked for; here it is up to 99", rooms.open_room)


def test_a_room_closes_by_itself_and_its_job_with_it(
    counter: Counter, monkeypatch: pytest.MonkeyPatch, allowed: Callable[..., None]
) -> None:
    now = 1000.0
    monkeypatch.setattr(rooms, "_clock", lambda: now)
    allowed(minutes=30)
    counter.hold = 50
    code = led_to(Phase.BOUNDS, 50, 60)
    job = rooms.look(code).job
    assert counter.held.wait(100)
    now += 30 * 60 - 1
    assert rooms.look(code).code == code
    now += 1
    refused("no room with", rooms.look, code)
    counter.go.set()
    found = jobs().wait(str(job), 100)
    assert found is not None
    assert (found.state, counter.asked) == ("cancelled", [50])
    assert rooms.open_room().code != code


def test_a_room_is_forgotten_in_time_also_where_nobody_looks(
    counter: Counter, monkeypatch: pytest.MonkeyPatch, allowed: Callable[..., None]
) -> None:
    now = 1000.0
    monkeypatch.setattr(rooms, "_clock", lambda: now)
    monkeypatch.setattr(rooms, "SECONDS", 0.01)
    monkeypatch.setattr(rooms, "_closer", [])
    allowed(minutes=30)
    counter.hold = 50
    job = rooms.look(led_to(Phase.BOUNDS, 50, 60)).job
    as_visitor("another teacher", rooms.open_room)
    (closer,) = rooms._closer
    assert counter.held.wait(100)
    now += 30 * 60
    closer.join(100)
    assert (rooms._open, rooms._closer) == ({}, [])
    counter.go.set()
    found = jobs().wait(str(job), 100)
    assert found is not None
    assert found.state == "cancelled"
    assert {config.seed for config in found.subject.demand.runs} == {0}, "the room's seeds are forgotten too"


def test_who_comes_late_does_not_end_the_job(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody enters while the job reads the seeds: it reads them under the lock, which they wait for."""
    taken: list[bool] = []

    class Watched(rooms._Record):
        @property
        def seeds(self) -> tuple[int, ...]:
            taken.append(rooms._lock._is_owned())  # type: ignore[attr-defined]
            return super().seeds

    monkeypatch.setattr(rooms, "_Record", Watched)
    counter.hold = 60
    code = led_to(Phase.BOUNDS, 50, 60)
    assert counter.held.wait(100)
    as_visitor("late", rooms.join, code)
    counter.go.set()
    assert ended(code).state == "done"
    assert all(taken)


def test_a_room_that_is_closed_is_gone_for_those_who_look(counter: Counter) -> None:
    code = led_to(Phase.GUESSING, 5)
    rooms.close(code)
    for act, args in ((rooms.join, ()), (rooms.look, ()), (rooms.guess, (3,)), (rooms.give_seed, (3,))):
        refused("no room with the code", as_visitor, "0", act, code, *args)
    refused(r"no room with the code 'x{20}' is open", rooms.join, "x" * 300)


def test_of_a_closed_room_nothing_is_left(counter: Counter) -> None:
    code = led_to(Phase.BOUNDS, 50, 60)
    job = ended(code).id
    rooms.close(code)
    assert jobs().snapshot(job) is None
    assert rooms._open == {}


def test_a_room_does_not_know_who_is_in_it(counter: Counter) -> None:
    """No visitor is in the table in clear, and the same browser is another one in another room."""
    code, other = led_to(Phase.BOUNDS, 50, 60), as_visitor("another teacher", rooms.open_room).code
    ended(code)
    for who in (TEACHER, "0f3a9c5577e1b2d4"):
        for room in (code, other):
            as_visitor(who, rooms.join, room)
            assert who.encode() not in pickle.dumps(dataclasses.asdict(rooms._open[room]))
    assert not set(rooms._open[code].people) & set(rooms._open[other].people)
    assert all(len(name) == 32 for name in rooms._open[code].people)
