"""The store: what goes in comes out, from several writers at once, and a full disk loses nothing."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from diffsmooth_core.config import InputError
from diffsmooth_core.runs.database import default_url
from diffsmooth_core.runs.records import Tally
from diffsmooth_core.runs.results import Result
from diffsmooth_core.runs.schema import MIGRATIONS
from diffsmooth_core.runs.store import Store

CONFIG = {"sigma": 0.5, "n": 100}
RESULT = Result(3, 1, 1, 0.123456789012345678, 0.75, 100, 90, 90, 1.5, certificate={"counts": [1, 2]})


def test_runs_results_and_votes_come_back_as_they_went_in(store: Store) -> None:
    run = store.create("cats", "audit", "cifar10", CONFIG, range(0, 40, 20), {"classifier": "a" * 64})
    assert store.run("cats") == run
    assert (run.indices, run.config) == ((0, 20), CONFIG)
    tallies = [
        Tally(3, "estimation", 10, (0, 9), 8),
        Tally(3, "selection", 0, (5, 5), 8),
        Tally(1, "selection", 0, (1, 0), 8),
    ]
    store.add(
        run, tallies, [RESULT, replace(RESULT, idx=1, label=None, predict=-1, radius=0.0, certificate=None)]
    )
    assert store.tallies(run) == [tallies[2], tallies[0], tallies[1]]
    bare = store.results(run)
    assert [r.idx for r in bare] == [1, 3]
    assert bare[1] == replace(RESULT, certificate=None), "radii to the last bit"
    assert store.results(run, certificates=True)[1] == store.result(run, 3) == RESULT
    other = store.create("dogs", "Cohen", "imagenet", {}, [], {})
    assert [r.name for r in store.runs()] == ["dogs", "cats"]
    assert store.results(other) == []


def test_what_is_said_is_kept_in_order(store: Store) -> None:
    run = store.create("cats", "audit", "cifar10", CONFIG, [0], {})
    for kind, text in (("note", "<b>blurred</b>"), ("tag", "odd"), ("untag", "odd"), ("review", "done")):
        store.remark(run, 0, kind, text)  # type: ignore[arg-type]
    store.remark(run, None, "finished", "")
    assert [(r.idx, r.kind, r.text) for r in store.remarks(run)] == [
        (0, "note", "<b>blurred</b>"),
        (0, "tag", "odd"),
        (0, "untag", "odd"),
        (0, "review", "done"),
        (None, "finished", ""),
    ]
    with pytest.raises(InputError, match="a note has up to 4000 characters, got 5000"):
        store.remark(run, 0, "note", "x" * 5000)


def test_votes_of_before_they_were_kept_in_order_are_left_out(url: str) -> None:
    """A run of that time cannot go on; its results stay, and new runs are as in a new store."""
    engine = sa.create_engine(sa.make_url(url.replace("postgresql:", "postgresql+psycopg:")))
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for row in (
            "runs VALUES (1, 'cats', 'audit', 'cifar10', '{}', '[0]', '{}', '2026-01-02')",
            "votes (run, idx, stage, start, counts) VALUES (1, 0, 'selection', 0, '[3, 1]')",
            "results (run, idx, predict, radius, note) VALUES (1, 0, 2, 0.5, '')",
        ):
            connection.execute(sa.text(f"INSERT INTO {row}"))
    engine.dispose()
    store = Store(url)
    run, votes = store.run("cats"), Tally(0, "selection", 0, (3, 1), 8)
    assert store.tallies(run) == []
    assert [(r.idx, r.predict, r.radius) for r in store.results(run)] == [(0, 2, 0.5)]
    store.add(run, [votes], [])
    with pytest.raises(InputError, match="another program has counted the same votes"):
        store.add(run, [votes], [])
    store.close()


def test_a_store_is_found_again_and_brought_up_to_date_once(store: Store, url: str) -> None:
    store.create("cats", "audit", "cifar10", CONFIG, [0], {})
    again = Store(url)
    assert again.run("cats").config == CONFIG
    again.close()


def test_eight_programs_may_open_a_new_store_and_write_at_once(url: str) -> None:
    def write(k: int) -> int:
        store = Store(url)
        run = store.create(f"run {k}", "audit", "cifar10", CONFIG, [0], {})
        for start in range(20):
            store.add(run, [Tally(0, "estimation", start, (k, start), 8)], [])
        found = sum(tally.classes[1] for tally in store.tallies(run))
        store.close()
        return found

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(write, range(8))) == [sum(range(20))] * 8


def test_the_same_votes_are_never_counted_twice(store: Store) -> None:
    run = store.create("cats", "audit", "cifar10", CONFIG, [0], {})
    store.add(run, [Tally(0, "selection", 0, (1, 0), 8)], [])
    with pytest.raises(InputError, match="another program has counted the same votes of run 'cats'"):
        store.add(run, [Tally(1, "selection", 0, (1, 0), 8), Tally(0, "selection", 0, (1, 0), 8)], [])
    assert len(store.tallies(run)) == 1, "all of a write, or nothing"


def test_names_are_taken_once_and_missing_ones_said(store: Store) -> None:
    store.create("cats", "audit", "cifar10", CONFIG, [0], {})
    with pytest.raises(InputError, match="there is a run 'cats' already"):
        store.create("cats", "audit", "cifar10", CONFIG, [0], {})
    with pytest.raises(InputError, match="^there is no run named 'dogs'; there is cats$"):
        store.run("dogs")
    store.create("birds", "audit", "cifar10", CONFIG, [0], {})
    with pytest.raises(InputError, match="^there is no run named 'dogs'; there are birds, cats$"):
        store.run("dogs")
    with pytest.raises(InputError, match="has no result for image 9"):
        store.result(store.run("cats"), 9)


def test_a_store_that_another_program_holds_is_said_and_goes_on_after_it(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 's.sqlite'}")
    run = store.create("cats", "audit", "cifar10", CONFIG, [0], {})
    store._engine.dispose()
    sa.event.listen(store._engine, "connect", lambda found, _: found.execute("PRAGMA busy_timeout=1"))
    with closing(sqlite3.connect(tmp_path / "s.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(InputError, match="cannot be used now .*locked.* end the other program"):
            store.add(run, [Tally(0, "selection", 0, (1, 0), 8)], [])
    store.add(run, [Tally(0, "selection", 0, (1, 0), 8)], [])
    assert len(store.tallies(run)) == 1
    store.close()


def test_a_full_disk_is_said_and_what_was_written_stays(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 's.sqlite'}")
    run = store.create("cats", "audit", "cifar10", CONFIG, [0], {})
    store.add(run, [Tally(0, "selection", 0, (1, 0), 8)], [])
    with store._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()

    def full(connection: object, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")  # type: ignore[attr-defined]

    sa.event.listen(store._engine, "connect", full)
    store._engine.dispose()
    with pytest.raises(InputError, match="cannot be used now .*full.*what was written is kept"):
        store.add(run, [Tally(i, "selection", 0, tuple(range(1000)), 8) for i in range(1, 200)], [])
    sa.event.remove(store._engine, "connect", full)
    store._engine.dispose()
    assert len(store.tallies(run)) == 1
    store.close()


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("nonsense", "'nonsense' is no store"),
        ("mystery://x", "mystery://x is no store"),
        ("postgresql://u:secret@127.0.0.1:1/x", r"postgresql://u:\*\*\*@127"),
    ],
)
def test_a_url_that_leads_nowhere_is_named_without_its_password(url: str, named: str) -> None:
    with pytest.raises(InputError, match=named) as raised:
        Store(url)
    assert "secret" not in str(raised.value)


def test_the_default_lies_in_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DIFFSMOOTH_STORE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_url() == f"sqlite:///{tmp_path}/diffsmooth/audits/store.sqlite"
    monkeypatch.setenv("DIFFSMOOTH_STORE", "sqlite:///x")
    assert default_url() == "sqlite:///x"


@pytest.mark.parametrize("damage", ["header", "pages"])
def test_a_damaged_file_is_moved_aside_and_a_new_one_begun(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "store.sqlite"
    first = Store(f"sqlite:///{file}")
    run = first.create("cats", "audit", "cifar10", CONFIG, range(200), {})
    first.add(run, [], [replace(RESULT, idx=i) for i in range(200)])
    first.close()
    data = bytearray(file.read_bytes())
    if damage == "header":
        data[:100] = b"x" * 100
    else:
        data[5000:20000] = b"x" * 15000
    file.write_bytes(bytes(data))
    again = Store(f"sqlite:///{file}")
    assert again.moved is not None
    assert again.moved.name.startswith("store.sqlite.damaged-")
    assert again.moved.read_bytes()[:5] == bytes(data[:5]), "nothing of it is lost"
    assert again.runs() == []
    again.create("dogs", "audit", "cifar10", CONFIG, [0], {})
    again.close()
    assert Store(f"sqlite:///{file}").moved is None


def test_a_refused_result_leaves_no_run_and_a_removed_one_nothing(store: Store) -> None:
    for bad in (
        replace(RESULT, idx=2**70),
        replace(RESULT, note="\ud800"),
        replace(RESULT, radius=float("nan")),
    ):
        with pytest.raises(InputError):
            store.create("cats", "audit", "cifar10", CONFIG, [3], {}, [replace(RESULT, idx=1), bad])
    with pytest.raises(InputError, match="is no text"):
        store.create("cats\ud800", "audit", "cifar10", CONFIG, [3], {})
    assert store.runs() == []
    run = store.create("cats", "audit", "cifar10", CONFIG, [3], {}, [RESULT], [(3, "note", "odd")])
    store.add(run, [Tally(3, "selection", 0, (1,), 8)], [])
    store.remove(run)
    assert (store.runs(), store.results(run), store.remarks(run), store.tallies(run)) == ([], [], [], [])


def test_a_store_is_its_owner_s_alone_and_one_of_a_newer_version_is_named(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a' / 'store.sqlite'}"
    newer = Store(url)
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "a").iterdir()} == {0o600}
    with newer._transaction() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(InputError, match="newer version of this program"):
        Store(url)


def test_a_store_that_can_only_be_read_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a store.sqlite"
    with_runs = Store(f"sqlite:///{file}")
    with_runs.add(with_runs.create("cats", "audit", "cifar10", CONFIG, range(0, 40, 20), {}), [], [RESULT])
    with_runs.close()
    before = file.read_bytes()
    monkeypatch.setattr("os.access", lambda *_: False)  # the tests may run as root, who may write everything
    reader = Store(f"sqlite:///{file}")
    assert [r.idx for r in reader.results(reader.run("cats"))] == [3]
    with pytest.raises(InputError, match="readonly database"):
        reader.create("dogs", "audit", "cifar10", CONFIG, range(2), {})
    reader.close()
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]
