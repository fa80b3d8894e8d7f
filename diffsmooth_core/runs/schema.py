"""The store's tables, and the steps that bring an older store up to date."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from diffsmooth_core.config import InputError

MIGRATIONS = Path(__file__).parent / "migrations"
_metadata = sa.MetaData()
RUNS = sa.Table(
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
VOTES = sa.Table(
    "votes",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("run", sa.Integer),
    sa.Column("idx", sa.Integer),
    sa.Column("stage", sa.String),
    sa.Column("start", sa.Integer),
    sa.Column("block", sa.Integer),
    sa.Column("classes", sa.LargeBinary),
)
RESULTS = sa.Table(
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
REMARKS = sa.Table(
    "remarks",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("run", sa.Integer),
    sa.Column("idx", sa.Integer),
    sa.Column("kind", sa.String),
    sa.Column("text", sa.Text),
    sa.Column("created", sa.String),
)


def upgrade(connection: Connection) -> None:
    """Bring the schema up to date, under a lock so that only one process does so at a time. Raises InputError
    for a store of a newer version, whose schema this one does not know."""
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # two programs may open a new store at once
    else:
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(230814333)")
    try:
        command.upgrade(config, "head")
    except CommandError:  # its revision is none of ours
        raise InputError(
            "the store was written by a newer version of this program; update it, or name another store "
            "in DIFFSMOOTH_STORE"
        ) from None
