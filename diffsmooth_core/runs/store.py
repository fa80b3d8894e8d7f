"""Where runs are kept: SQLite beside the user's other things, or PostgreSQL. Only ever added to."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from diffsmooth_core.config import InputError
from diffsmooth_core.paths import user_folder
from diffsmooth_core.runs.results import Result

log = logging.getLogger(__name__)
Kind = Literal["note", "tag", "untag", "review", "reason", "view", "skipped", "finished"]
MIGRATIONS = Path(__file__).parent / "migrations"
WAIT = 30  # seconds for another writer
LONGEST = 4000  # characters of a note
_metadata = sa.MetaData()
_runs = sa.Table(
    "runs",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String),
    sa.Column("origin", sa.String),
    sa.Column("dataset", sa.String),
    sa.Column("config", sa.JSON),
    sa.Column("indices", sa.JSON),
    sa.Column("weights", sa.JSON),
    sa.Column("created", sa.String),
)
_votes = sa.Table(
    "votes",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("run", sa.Integer),
    sa.Column("idx", sa.Integer),
    sa.Column("stage", sa.String),
    sa.Column("start", sa.Integer),
    sa.Column("block", sa.Integer),
    sa.Column("counts", sa.JSON),
)
_results = sa.Table(
    "results",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("run", sa.Integer),
    sa.Column("idx", sa.Integer),
    sa.Column("label", sa.Integer),
    sa.Column("predict", sa.Integer),
    sa.Column("radius", sa.Double),
    sa.Column("p_a_lower", sa.Double),
    sa.Column("n", sa.Integer),
    sa.Column("n_a_low", sa.Integer),
    sa.Column("n_a_high", sa.Integer),
    sa.Column("seconds", sa.Double),
    sa.Column("note", sa.Text),
    sa.Column("certificate", sa.JSON),
)
_remarks = sa.Table(
    "remarks",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("run", sa.Integer),
    sa.Column("idx", sa.Integer),
    sa.Column("kind", sa.String),
    sa.Column("text", sa.Text),
    sa.Column("created", sa.String),
)


@dataclass(frozen=True)
class Run:
    """A batch of certificates: ours (`origin` "audit") or an imported log's (its dialect). `config` holds
    every setting of ours, of a log sigma, n and alpha."""

    id: int
    name: str
    origin: str
    dataset: str
    config: dict[str, Any]
    indices: tuple[int, ...]
    weights: dict[str, str]
    created: str

    def __hash__(self) -> int:
        return hash((self.id, self.name))


@dataclass(frozen=True)
class Tally:
    """Votes of one stage for an image from `start` on: counts by class. The networks took `block` copies at
    a time, 0 for as many as the run began with."""

    idx: int
    stage: str
    start: int
    counts: tuple[int, ...]
    block: int = 0


@dataclass(frozen=True)
class Remark:
    """What somebody said of an image of a run, or of the run (idx None)."""

    idx: int | None
    kind: str
    text: str
    created: str


def default_url() -> str:
    """DIFFSMOOTH_STORE, or a file in the user's cache."""
    return os.environ.get("DIFFSMOOTH_STORE") or f"sqlite:///{user_folder('audits') / 'store.sqlite'}"


class Store:
    """Runs, votes, results and remarks behind one URL; safe with several readers and writers.

    Opening brings the schema up to date. Raises InputError where the URL leads nowhere, and from every
    method where the disk is full or another writer holds the store: what was written before stays.
    """

    def __init__(self, url: str | None = None) -> None:
        self.url = url or default_url()
        try:
            parsed = sa.make_url(self.url)
            if parsed.get_backend_name() == "sqlite" and parsed.database:
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            if parsed.drivername in ("postgresql", "postgres"):
                parsed = parsed.set(drivername="postgresql+psycopg")
            waiting = {"timeout": WAIT} if parsed.get_backend_name() == "sqlite" else {}
            self._engine = sa.create_engine(parsed, connect_args=waiting)
        except (sa.exc.ArgumentError, ModuleNotFoundError, OSError) as error:
            raise InputError(
                f"{_shown(self.url)} is no store ({error}); use sqlite:///FILE or postgresql://USER@HOST/NAME"
            ) from None
        self.moved: Path | None = None
        if parsed.get_backend_name() == "sqlite":
            sa.event.listen(self._engine, "connect", _write_ahead)
            self._set_aside(Path(parsed.database or ""))
        with self._saying(), self._engine.begin() as connection:
            self._upgrade(connection)

    def _set_aside(self, file: Path) -> None:
        """Move a SQLite file that is damaged out of the way, with its journal, so that a new one is begun;
        `moved` is where it lies then. Nothing in it is deleted."""
        if not file.is_file():
            return
        try:
            with self._engine.connect() as connection:
                sound = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() == "ok"
        except sa.exc.DatabaseError as error:
            if not any(word in str(error.orig) for word in ("not a database", "malformed")):
                return  # it is locked, or may not be read: that is said elsewhere
            sound = False
        if sound:
            return
        self._engine.dispose()
        self.moved = file.with_name(f"{file.name}.damaged-{datetime.now(UTC):%Y%m%d-%H%M%S}")
        for ending in ("", "-wal", "-shm"):
            part = file.with_name(file.name + ending)
            if part.exists():
                part.rename(self.moved.with_name(self.moved.name + ending))
        log.warning("the store %s was damaged; it lies now at %s, and a new one is begun", file, self.moved)

    def _upgrade(self, connection: Connection) -> None:
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # two programs may open a new store at once
        else:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(230814333)")
        command.upgrade(config, "head")

    @contextmanager
    def _saying(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            reason = str(error.orig).strip().splitlines()[0]
            raise InputError(
                f"the store {_shown(self.url)} cannot be used now ({reason}); what was written is kept: "
                "free the disk or end the other program, and go on with --resume"
            ) from None

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._saying(), self._engine.begin() as connection:
            yield connection

    def close(self) -> None:
        self._engine.dispose()

    # Runs

    def create(
        self,
        name: str,
        origin: str,
        dataset: str,
        config: dict[str, Any],
        indices: Sequence[int],
        weights: dict[str, str],
    ) -> Run:
        """A new run. Raises InputError where the name is taken."""
        if not name.strip() or len(name) > 80:
            raise InputError(f"a run's name has 1 to 80 characters, got {name[:90]!r}")
        values = {
            "name": name,
            "origin": origin,
            "dataset": dataset,
            "config": config,
            "indices": list(indices),
            "weights": weights,
            "created": _now(),
        }
        try:
            with self._engine.begin() as connection:
                connection.execute(_runs.insert().values(values))
        except sa.exc.IntegrityError:
            raise InputError(
                f"there is a run {name!r} already; choose another name, or go on with --resume"
            ) from None
        except sa.exc.DBAPIError:
            with self._saying():
                raise
        return self.run(name)

    def run(self, name: str) -> Run:
        """A run by name. Raises InputError where there is none."""
        with self._transaction() as connection:
            row = connection.execute(_runs.select().where(_runs.c.name == name)).mappings().first()
        if row is None:
            known = ", ".join(run.name for run in self.runs()[:10]) or "none yet"
            raise InputError(f"there is no run {name[:80]!r} in the store; there are {known}")
        return _run(row)

    def runs(self) -> list[Run]:
        """Every run, the latest first."""
        with self._transaction() as connection:
            rows = connection.execute(_runs.select().order_by(_runs.c.id.desc())).mappings()
            return [_run(row) for row in rows]

    # Votes and results

    def add(self, run: Run, tallies: Iterable[Tally], results: Iterable[Result]) -> None:
        """Append votes and results in one transaction."""
        votes = [asdict(tally) | {"run": run.id, "counts": list(tally.counts)} for tally in tallies]
        rows = [asdict(result) | {"run": run.id} for result in results]
        try:
            with self._engine.begin() as connection:
                if votes:
                    connection.execute(_votes.insert(), votes)
                if rows:
                    connection.execute(_results.insert(), rows)
        except sa.exc.IntegrityError:
            raise InputError(
                f"another program has counted the same votes of run {run.name!r}; let one of them go on"
            ) from None
        except sa.exc.DBAPIError:
            with self._saying():
                raise

    def tallies(self, run: Run) -> list[Tally]:
        """All votes of a run, in the order of their stages and starts."""
        order = (_votes.c.idx, _votes.c.stage, _votes.c.start)
        with self._transaction() as connection:
            rows = connection.execute(_votes.select().where(_votes.c.run == run.id).order_by(*order))
            return [Tally(r.idx, r.stage, r.start, tuple(r.counts), r.block) for r in rows]

    def results(self, run: Run, certificates: bool = False, predict: int | None = None) -> list[Result]:
        """A run's results by index, all or those with one answer; `certificates` brings the whole documents
        along."""
        columns = [c for c in _results.c if c.name not in ("id", "run")]
        if not certificates:
            columns = [c for c in columns if c.name != "certificate"]
        query = sa.select(*columns).where(_results.c.run == run.id).order_by(_results.c.idx)
        if predict is not None:
            query = query.where(_results.c.predict == predict)
        with self._transaction() as connection:
            return [Result(**row) for row in connection.execute(query).mappings()]

    def result(self, run: Run, idx: int) -> Result:
        """One result with its certificate. Raises InputError where the run has none of that index."""
        columns = [_results.c[field.name] for field in fields(Result)]
        query = sa.select(*columns).where(_results.c.run == run.id, _results.c.idx == idx)
        with self._transaction() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            raise InputError(f"run {run.name!r} has no result for image {idx}")
        return Result(**row)

    def version(self, run: Run) -> tuple[int, int]:
        """Changes with every result and every remark of a run."""
        with self._transaction() as connection:
            latest = (sa.select(sa.func.max(t.c.id)).where(t.c.run == run.id) for t in (_results, _remarks))
            results, remarks = (connection.execute(query).scalar() or 0 for query in latest)
        return results, remarks

    # What people say

    def remark(self, run: Run, idx: int | None, kind: Kind, text: str) -> None:
        """Append a note, a tag ("untag" takes it away), a review state, or what happened to the run."""
        if len(text) > LONGEST:
            raise InputError(f"a {kind} has up to {LONGEST} characters, got {len(text)}; shorten it")
        values = {"run": run.id, "idx": idx, "kind": kind, "text": text, "created": _now()}
        with self._transaction() as connection:
            connection.execute(_remarks.insert().values(values))

    def remarks(self, run: Run) -> list[Remark]:
        """Everything said of a run, in order."""
        query = _remarks.select().where(_remarks.c.run == run.id).order_by(_remarks.c.id)
        with self._transaction() as connection:
            return [Remark(r.idx, r.kind, r.text, r.created) for r in connection.execute(query)]


def _run(row: Any) -> Run:
    return Run(**(dict(row) | {"indices": tuple(row["indices"])}))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _shown(url: str) -> str:
    """The URL without its password."""
    try:
        return sa.make_url(url).render_as_string(hide_password=True)
    except sa.exc.ArgumentError:
        return repr(url[:80])


def _write_ahead(connection: Any, _: Any) -> None:
    """Readers do not wait for a writer; foreign keys hold."""
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
