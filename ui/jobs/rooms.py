"""Rooms in which a class does one experiment together. They are kept in memory alone, for as long as the
operator lets them.

A teacher opens a room, the class joins it by its code. Everybody guesses which share of them would claim too
much by stopping at the first look that suits them, then gives a seed, and one job certifies the same picture
with all of them. Nobody has a name: a room knows a browser by a hash under its own random key.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from diffsmooth_core import InputError
from ui.jobs import gate, seeds
from ui.jobs.gate import Demand
from ui.jobs.registry import jobs
from ui.jobs.room import Phase, Room
from ui.jobs.seeds import SeedResult
from ui.session.limits import limit
from ui.session.numbers import within
from ui.session.visitor import is_operator, visitor

LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # without those that look alike: 0 and O, 1, I and L
QUEUE = "certificates"
SECONDS = 30.0  # between two looks for rooms whose time is over
AWAY = 120.0  # seconds without a look after which an empty room counts as left


@dataclass(frozen=True)
class RoomTask:
    """The input of the job that certifies the picture with the seeds of a room."""

    demand: Demand


@dataclass(frozen=True)
class RoomProgress:
    """How many of a room's seeds have their results."""

    done: int
    total: int

    @property
    def finished(self) -> bool:
        return self.done == self.total


@dataclass
class _Person:
    guess: float | None = None
    seed: int | None = None


@dataclass
class _Record:
    """A room as the table holds it. `key` is its secret, under which browsers are hashed. It was opened
    `since` then, and last `looked` at then, both on the clock."""

    code: str
    key: bytes
    opener: bytes
    since: float
    looked: float
    phase: Phase = Phase.GATHERING
    people: dict[bytes, _Person] = field(default_factory=dict)
    job: str | None = None
    results: tuple[SeedResult, ...] = ()

    def opened_by(self, who: str) -> bool:
        return _hashed(self.key, who) == self.opener

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(sorted(person.seed for person in self.people.values() if person.seed is not None))

    @property
    def old(self) -> bool:
        return _clock() - self.since >= 60 * float(limit("rooms", "minutes"))

    @property
    def left(self) -> bool:
        """Whether nobody is in it, nor has looked at it for long."""
        return not self.people and _clock() >= self.looked + AWAY

    @property
    def complete(self) -> bool:
        return len(self.results) == len(self.seeds)


_open: dict[str, _Record] = {}  # by code
_closer: list[threading.Thread] = []  # one while a room is open
_lock = threading.RLock()  # guards the above and all that it holds; the registry's is taken inside it
_clock = time.monotonic


def open_room() -> Room:
    """Open a room, or find the one that this visitor has open already. Where as many are open as may be, one
    that was left before anybody joined gives way. Raises InputError where there is none, and where the
    operator does not allow its votes."""
    gate.allow(Demand(runs=(seeds.config_of(0),)))
    if not all(limit("rooms", name) for name in ("open", "people", "minutes")):
        raise InputError("the operator of this server lets nobody open a room")
    who = visitor()
    with _lock:
        _close_old()
        own = [record for record in _open.values() if record.opened_by(who)]
        if not own and len(_open) >= limit("rooms", "open"):
            _close_left()
        if not own and (many := len(_open)) >= limit("rooms", "open"):
            are = "room is" if many == 1 else "rooms are"
            raise InputError(f"{many} {are} open and no more may be here; try again once one has been closed")
        record = own[0] if own else _new(who)
        return _seen(record, who)


def join(code: str) -> Room:
    """Enter a room, once a browser. Raises InputError for a code of none, and for a full room."""
    who = visitor()
    with _lock:
        record = _find(code)
        _person(record, who)
        return _seen(record, who)


def look(code: str) -> Room:
    """A room, without entering it. Raises InputError for a code of none."""
    who = visitor()
    with _lock:
        record = _find(code)
        record.looked = _clock()
        return _seen(record, who)


def every_room() -> tuple[Room, ...]:
    """All rooms, in the order in which they were opened, for the operator; nobody else is told of any."""
    who = visitor()
    with _lock:
        _close_old()
        return tuple(_seen(record, who) for record in _open.values()) if is_operator() else ()


def guess(code: str, percent: float) -> None:
    """Say, or say anew, how many in a hundred would claim too much, while that is asked. Raises InputError
    when it is not, and for what is no percentage."""
    who = visitor()
    with _lock:
        record = _find(code)
        _check_phase(record, Phase.GUESSING, "a guess")
        _person(record, who).guess = within("The guess in percent", float(percent), (0.0, 100.0))


def give_seed(code: str, seed: int) -> None:
    """Give a seed, or another one, while seeds are asked for. Raises InputError when they are not, and for
    what is no seed. It may be one that somebody else gave."""
    who = visitor()
    with _lock:
        record = _find(code)
        _check_phase(record, Phase.SEEDS, "a seed")
        _person(record, who).seed = seeds.config_of(seed).seed


def advance(code: str, seen: Phase) -> None:
    """Lead a room from the phase that the visitor saw to the next one; from SEEDS to BOUNDS, its job is
    queued. Of two presses at once the second does nothing. Raises InputError where the visitor may not, and
    where the next phase has nothing to show yet."""
    who = visitor()
    with _lock:
        record = _led(code, who)
        if record.phase is not seen:
            return
        if why := _hindered(record, who):
            raise InputError(why)
        if seen is Phase.SEEDS:
            _start(record, who)
        order = list(Phase)
        record.phase = order[order.index(seen) + 1]


def try_again(code: str) -> None:
    """Go on with the seeds that have no result yet, after the job ended early. Raises InputError where the
    visitor may not, and where the queue is full."""
    who = visitor()
    with _lock:
        record = _led(code, who)
        if record.phase is Phase.BOUNDS and not record.complete:
            _start(record, who)


def close(code: str) -> None:
    """Close a room and forget what is in it; its job ends after the seed in hand. Raises InputError where the
    visitor may not."""
    who = visitor()
    with _lock:
        _forget(_led(code, who))


def _new(who: str) -> _Record:
    while (code := "".join(secrets.choice(LETTERS) for _ in range(6))) in _open:
        pass
    key, now = secrets.token_bytes(32), _clock()
    record = _open[code] = _Record(code, key, _hashed(key, who), now, now)
    if not _closer:
        _closer.append(threading.Thread(target=_close_in_time, name="rooms", daemon=True))
        _closer[0].start()
    return record


def _find(code: str) -> _Record:
    _close_old()
    record = _open.get("".join(code.split()).upper())
    if record is None:
        raise InputError(f"no room with the code {code[:20]!r} is open; compare it with the projector")
    return record


def _hashed(key: bytes, who: str) -> bytes:
    """How a room knows a visitor."""
    return hmac.digest(key, who.encode(), "sha256")


def _leads(record: _Record, who: str) -> bool:
    return record.opened_by(who) or is_operator()


def _led(code: str, who: str) -> _Record:
    record = _find(code)
    if not _leads(record, who):
        raise InputError("another visitor opened this room; only they or the operator can lead it")
    return record


def _person(record: _Record, who: str) -> _Person:
    """A visitor in a room, who enters it with this where they have not yet."""
    name, most = _hashed(record.key, who), limit("rooms", "people")
    if name not in record.people:
        if len(record.people) >= most:
            are = "person is" if most == 1 else "people are"
            raise InputError(f"this room is full: {most} {are} in it, and no more may be here")
        record.people[name] = _Person()
    return record.people[name]


def _check_phase(record: _Record, wanted: Phase, what: str) -> None:
    order = list(Phase)
    if order.index(record.phase) < order.index(wanted):
        raise InputError(f"{what} is not asked for yet; wait until the projector does")
    if record.phase is not wanted:
        raise InputError(f"{what} is not taken any more; this room has gone on")


def _hindered(record: _Record, who: str) -> str:
    """Why this visitor cannot lead a room on to the next phase now; empty where they can."""
    if record.phase is Phase.SEEDS and not record.seeds:
        return "nobody has given a seed yet; wait for one"
    if record.phase is Phase.SEEDS:
        try:
            jobs().check_capacity(QUEUE, who)
        except InputError as full:
            return str(full)
    if record.phase is Phase.BOUNDS and not record.complete and not _problem(record):
        return "the bounds are still being computed; wait for the last one"
    if record.phase is Phase.BOUNDS and not record.results:
        return "there is no bound to look into yet; try again first"
    if record.phase is Phase.PEEKING:
        return "this room is at its end; close it, and open another for another round"
    return ""


def _start(record: _Record, who: str) -> None:
    """Queue the job of the seeds that have no result yet."""
    key = ("room", record.code)
    # Without the seeds: an ended job is known for longer than its room.
    task = RoomTask(Demand(runs=(seeds.config_of(0),) * len(record.seeds)))
    record.job = jobs().submit(
        QUEUE, lambda: _certified(record), key=key, subject=task, owner=who, after=jobs().latest(key)
    )


def _certified(record: _Record) -> Iterator[RoomProgress]:
    """Certify the picture with the seeds of a room that have no result yet, each once, also where several
    people gave it. The results are kept in the room, which outlives what the server knows of a job."""
    with _lock:  # somebody may come late meanwhile
        given, known = record.seeds, {result.seed for result in record.results}
    for seed, times in Counter(given).items():
        if seed not in known:
            found = seeds.certified(seed)
            with _lock:
                record.results += (found,) * times
            yield RoomProgress(len(record.results), len(given))


def _problem(record: _Record) -> str:
    """Why a room's job ended before all results were there."""
    if record.job is None or record.complete:
        return ""
    job = jobs().snapshot(record.job)
    if job is None:
        return "the run is no longer on this server"
    if job.state == "failed":
        return job.error or "the reason is not known"
    return "it was cancelled" if job.state == "cancelled" else ""


def _seen(record: _Record, who: str) -> Room:
    me = record.people.get(_hashed(record.key, who), _Person())
    guesses = (person.guess for person in record.people.values() if person.guess is not None)
    teacher = _leads(record, who)
    return Room(
        code=record.code,
        phase=record.phase,
        people=len(record.people),
        minutes=int((_clock() - record.since) // 60),
        guesses=tuple(sorted(guesses)),
        seeds=record.seeds,
        job=record.job,
        results=record.results,
        problem=_problem(record),
        teacher=teacher,
        hindered=_hindered(record, who) if teacher else "",
        mine_guess=me.guess,
        mine_seed=me.seed,
        mine_result=next((result for result in record.results if result.seed == me.seed), None),
    )


def _close_old() -> None:
    for record in [record for record in _open.values() if record.old]:
        _forget(record)


def _close_left() -> None:
    """Close the room that was left longest ago, if any was: its projector may have come back as another
    visitor, as one without cookies does, or somebody opened it in passing."""
    if left := [record for record in _open.values() if record.left]:
        _forget(min(left, key=lambda record: record.looked))


def _close_in_time() -> None:
    """Close rooms whose time is over also where nobody looks any more, until none is open."""
    while True:
        time.sleep(SECONDS)
        with _lock:
            _close_old()
            if not _open:
                _closer.clear()
                return


def _forget(record: _Record) -> None:
    del _open[record.code]
    if record.job is not None:
        jobs().cancel(record.job)
        jobs().forget(record.job)
