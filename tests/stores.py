"""Stores to test on: SQLite always, PostgreSQL where a server is named or installed."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from diffsmooth_core.runs.store import Store
from diffsmooth_core.runs.workers import load_picture
from tests.datasets.conftest import write_twelve


def _server_programs() -> Path | None:
    """The folder of initdb and pg_ctl; Debian does not put it on the PATH."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return next((folder for folder in reversed(folders) if (folder / "pg_ctl").is_file()), None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL database: DIFFSMOOTH_TEST_POSTGRES, or a server started for this session."""
    if named := os.environ.get("DIFFSMOOTH_TEST_POSTGRES"):
        yield named
        return
    programs = _server_programs()
    if programs is None:
        pytest.skip("no PostgreSQL: set DIFFSMOOTH_TEST_POSTGRES or install a server")
    # Not below pytest's own folder, which every pytest that starts closes to other users again.
    folder = Path(tempfile.mkdtemp(prefix="diffsmooth-postgres-"))
    account: list[str] = []
    if os.geteuid() == 0:  # the server refuses to run as root
        account = ["runuser", "-u", "postgres", "--"]
        shutil.chown(folder, "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = folder / "data"
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"

    def run(*words: str) -> None:
        subprocess.run([*account, *words], check=True, capture_output=True, cwd="/")

    run(str(programs / "initdb"), "-D", str(data), "-A", "trust", "-U", "postgres")
    control = (str(programs / "pg_ctl"), "-D", str(data), "-w", "-t", "200")
    run(*control, "-o", options, "-l", str(folder / "log"), "start")
    server = int((data / "postmaster.pid").read_text().split()[0])
    yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    _stop(server)
    shutil.rmtree(folder, ignore_errors=True)


def _stop(server: int, patience: float = 30) -> None:
    """Ask for an immediate shutdown; where the machine is too busy for it, end the server."""
    with suppress(ProcessLookupError):
        os.kill(server, signal.SIGQUIT)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            os.kill(server, 0)  # raises once it is gone
            time.sleep(0.05)
        os.kill(server, signal.SIGKILL)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.sqlite'}"
        return
    url = request.getfixturevalue("postgres")
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    engine.dispose()
    yield url


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    store = Store(url)
    yield store
    store.close()


@pytest.fixture
def own(tmp_path: Path) -> Store:
    """A store of a test's own, SQLite."""
    return Store(f"sqlite:///{tmp_path / 'own.sqlite'}")


@pytest.fixture
def twelve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve made-up test pictures in place of CIFAR-10."""
    write_twelve(tmp_path / "data")
    monkeypatch.setenv("DIFFSMOOTH_DATA", str(tmp_path / "data"))
    load_picture.cache_clear()
