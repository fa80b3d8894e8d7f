"""A connection to SQLite or PostgreSQL that reports its errors as one-sentence InputErrors."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from diffsmooth_core.config import InputError
from diffsmooth_core.paths import user_folder
from diffsmooth_core.runs.reading import from_json
from diffsmooth_core.runs.schema import upgrade

log = logging.getLogger(__name__)
WAIT = 30  # seconds to wait while another process writes


def default_url() -> str:
    """The URL in DIFFSMOOTH_STORE or, without it, that of a SQLite file in the user's cache."""
    return os.environ.get("DIFFSMOOTH_STORE") or f"sqlite:///{user_folder('audits') / 'store.sqlite'}"


class Database:
    """The database behind a URL, with its schema up to date; safe with several readers and writers.

    A damaged SQLite file is moved aside and replaced by a new one; `moved` is then its new path. Raises
    InputError where no database can be opened at the URL. A SQLite file that this user may not write is only
    read: runs can be shown and exported, and whatever would write is refused by a sentence.
    """

    def __init__(self, url: str | None = None) -> None:
        self.url = url or default_url()
        try:
            parsed = sa.make_url(self.url)
            if parsed.get_backend_name() == "sqlite" and parsed.database:
                _readable_by_owner_alone(Path(parsed.database))
            if parsed.drivername in ("postgresql", "postgres"):
                parsed = parsed.set(drivername="postgresql+psycopg")
            waiting = {"timeout": WAIT} if parsed.get_backend_name() == "sqlite" else {}
            self._engine = sa.create_engine(parsed, connect_args=waiting, json_deserializer=from_json)
        except (sa.exc.ArgumentError, ModuleNotFoundError, OSError) as error:
            raise InputError(
                f"{without_password(self.url)} is no store ({error}); "
                "use sqlite:///FILE or postgresql://USER@HOST/NAME"
            ) from None
        self.moved: Path | None = None
        if parsed.get_backend_name() == "sqlite" and _is_read_only(file := Path(parsed.database or "")):
            mode = "ro" if file.with_name(file.name + "-wal").exists() else "ro&immutable=1"
            self._engine = sa.create_engine(
                f"sqlite:///file:{quote(str(file.resolve()))}?mode={mode}&uri=true"
            )
            return
        if parsed.get_backend_name() == "sqlite":
            sa.event.listen(self._engine, "connect", _write_ahead)
            self._set_aside(Path(parsed.database or ""))
        with self._explained(), self._engine.begin() as connection:
            upgrade(connection)

    def _set_aside(self, file: Path) -> None:
        """Move a damaged SQLite file and its journal aside, so that a new one can be created in its place,
        and set `moved` to its new path. Nothing in it is deleted."""
        if not file.is_file():
            return
        try:
            with self._engine.connect() as connection:
                sound = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() == "ok"
        except sa.exc.DatabaseError as error:
            if not any(word in str(error.orig) for word in ("not a database", "malformed")):
                return  # it is locked or may not be read, which is reported when it is used
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

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn a database's exceptions into an InputError of one sentence."""
        try:
            yield
        except sa.exc.DBAPIError as error:
            reason = str(error.orig).strip().splitlines()[0]
            raise InputError(
                f"the store {without_password(self.url)} cannot be used now ({reason}); "
                "what was written is kept: free the disk or end the other program, and go on with --resume"
            ) from None

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._explained(), self._engine.begin() as connection:
            yield connection

    def close(self) -> None:
        self._engine.dispose()


def _readable_by_owner_alone(file: Path) -> None:
    """Create a SQLite file where there is none, so that no other user of the machine can read it; its
    journals get the same permissions. Those of a file that is there are its owner's business."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists() and str(file) != ":memory:":
        file.touch(mode=0o600)


def _is_read_only(file: Path) -> bool:
    """Whether a SQLite file is there and cannot be written, or its journal not beside it."""
    return file.is_file() and not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK))


def without_password(url: str) -> str:
    """The URL without its password."""
    try:
        return sa.make_url(url).render_as_string(hide_password=True)
    except sa.exc.ArgumentError:
        return repr(url[:80])


def _write_ahead(connection: Any, _: Any) -> None:
    """Set up a SQLite connection: write-ahead logging, so that readers need not wait for a writer, and
    foreign keys enforced."""
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
