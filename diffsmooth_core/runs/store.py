"""The store of runs: a SQLite file in the user's cache, or PostgreSQL. Records are only ever
added, or removed with their whole run."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

import numpy as np
import sqlalchemy as sa

from diffsmooth_core.config import InputError
from diffsmooth_core.runs.database import Database
from diffsmooth_core.runs.reading import LONGEST, UNREADABLE, readable, result_of
from diffsmooth_core.runs.records import Kind, Remark, Run, Tally
from diffsmooth_core.runs.results import Result
from diffsmooth_core.runs.schema import REMARKS, RESULTS, RUNS, VOTES


class Store(Database):
    """Reads and adds runs, votes, results and remarks.

    Every method raises InputError where the disk is full or another process keeps the store locked; what was
    written before stays.
    """

    # Runs

    def create(
        self,
        name: str,
        origin: str,
        dataset: str,
        config: dict[str, Any],
        indices: Sequence[int],
        weights: dict[str, str],
        results: Iterable[Result] = (),
        remarks: Iterable[tuple[int | None, Kind, str]] = (),
    ) -> Run:
        """Create a run, with results and remarks (index, kind, text) that it already has, in one transaction:
        all of it is kept or nothing. Raises InputError where the name is taken, or a result cannot be."""
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
                inserted = connection.execute(RUNS.insert().values(values)).inserted_primary_key
                assert inserted is not None
                if rows := [vars(result_of(vars(r))) | {"run": inserted[0]} for r in results]:
                    connection.execute(RESULTS.insert(), rows)
                if said := [_remark(inserted[0], *remark) for remark in remarks]:
                    connection.execute(REMARKS.insert(), said)
        except sa.exc.IntegrityError:
            raise InputError(
                f"there is a run {name!r} already; choose another name, or go on with --resume"
            ) from None
        except UnicodeEncodeError:  # half of a surrogate pair
            raise InputError(f"a name or setting of run {name!r} is no text; choose another") from None
        except sa.exc.DBAPIError:
            with self._explained():
                raise
        return self.run(name)

    def run(self, name: str) -> Run:
        """A run by name. Raises InputError where there is none."""
        with self._transaction() as connection:
            row = connection.execute(RUNS.select().where(RUNS.c.name == name)).mappings().first()
        if row is None:
            known = [run.name for run in self.runs()[:10]]
            there = f"there {'is' if len(known) == 1 else 'are'} {', '.join(known) or 'none yet'}"
            raise InputError(f"there is no run named {name[:80]!r}; {there}")
        return _run(row)

    def runs(self) -> list[Run]:
        """Every run, the latest first."""
        with self._transaction() as connection:
            rows = connection.execute(RUNS.select().order_by(RUNS.c.id.desc())).mappings()
            return [_run(row) for row in rows]

    def remove(self, run: Run) -> None:
        """Delete a run with its votes, results and remarks, for good."""
        with self._transaction() as connection:
            connection.execute(RUNS.delete().where(RUNS.c.id == run.id))  # the rest is deleted with it

    # Votes and results

    def add(self, run: Run, tallies: Iterable[Tally], results: Iterable[Result]) -> None:
        """Append votes and results in one transaction."""
        votes = [asdict(tally) | {"run": run.id, "classes": _packed(tally.classes)} for tally in tallies]
        rows = [asdict(result) | {"run": run.id} for result in results]
        try:
            with self._engine.begin() as connection:
                if votes:
                    connection.execute(VOTES.insert(), votes)
                if rows:
                    connection.execute(RESULTS.insert(), rows)
        except sa.exc.IntegrityError:
            raise InputError(
                f"another program has counted the same votes of run {run.name!r}, or removed it; "
                "let one of them go on"
            ) from None
        except sa.exc.DBAPIError:
            with self._explained():
                raise

    def tallies(self, run: Run) -> list[Tally]:
        """All votes of a run, in the order of their stages and starts."""
        order = (VOTES.c.idx, VOTES.c.stage, VOTES.c.start)
        with self._transaction() as connection:
            rows = connection.execute(VOTES.select().where(VOTES.c.run == run.id).order_by(*order))
            return [Tally(r.idx, r.stage, r.start, _unpacked(r.classes), r.block) for r in rows]

    def results(self, run: Run, certificates: bool = False, predict: int | None = None) -> list[Result]:
        """A run's results by index: all, or those with the answer `predict`. They carry their whole
        certificates only with `certificates`, as these are large."""
        columns = [c for c in RESULTS.c if c.name not in ("id", "run")]
        if not certificates:
            columns = [c for c in columns if c.name != "certificate"]
        query = sa.select(*columns).where(RESULTS.c.run == run.id).order_by(RESULTS.c.idx)
        if predict is not None:
            query = query.where(RESULTS.c.predict == predict)
        with self._transaction() as connection:
            return [readable(Result(**row)) for row in connection.execute(query).mappings()]

    def result(self, run: Run, idx: int) -> Result:
        """One result with its certificate. Raises InputError where the run has none of that index."""
        columns = [RESULTS.c[field.name] for field in fields(Result)]
        query = sa.select(*columns).where(RESULTS.c.run == run.id, RESULTS.c.idx == idx)
        with self._transaction() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            raise InputError(f"run {run.name!r} has no result for image {idx}")
        return readable(Result(**row))

    def version(self, run: Run) -> tuple[int, int]:
        """A pair of numbers that changes with every new result or remark of a run, as a key for caches."""
        with self._transaction() as connection:
            latest = (sa.select(sa.func.max(t.c.id)).where(t.c.run == run.id) for t in (RESULTS, REMARKS))
            results, remarks = (connection.execute(query).scalar() or 0 for query in latest)
        return results, remarks

    # What people say

    def remark(self, run: Run, idx: int | None, kind: Kind, text: str) -> None:
        """Append a remark: a note, a tag ("untag" removes it), a review state, or an event of the run."""
        values = _remark(run.id, idx, kind, text)
        with self._transaction() as connection:
            connection.execute(REMARKS.insert().values(values))

    def remarks(self, run: Run) -> list[Remark]:
        """All remarks about a run and its images, the oldest first."""
        query = REMARKS.select().where(REMARKS.c.run == run.id).order_by(REMARKS.c.id)
        with self._transaction() as connection:
            return [Remark(r.idx, r.kind, r.text, r.created) for r in connection.execute(query)]


def _run(row: Any) -> Run:
    """A run as it stands, also one that cannot be: `reading.fault_of` tells."""
    indices = row["indices"]
    return Run(**(dict(row) | {"indices": tuple(indices) if isinstance(indices, list) else UNREADABLE}))


def _packed(classes: Sequence[int]) -> bytes:
    """Classes as compressed bytes, two a vote."""
    return zlib.compress(np.array(classes, "<u2").tobytes())


def _unpacked(data: bytes) -> tuple[int, ...]:
    return tuple(map(int, np.frombuffer(zlib.decompress(data), "<u2")))


def _remark(run: int, idx: int | None, kind: Kind, text: str) -> dict[str, Any]:
    if len(text) > LONGEST:
        raise InputError(f"a {kind} has up to {LONGEST} characters, got {len(text)}; shorten it")
    return {"run": run, "idx": idx, "kind": kind, "text": text, "created": _now()}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
