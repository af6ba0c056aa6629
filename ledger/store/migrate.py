"""Bringing a database to the shape that this version needs."""

from functools import partial
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from ledger.errors import StoreError
from ledger.store.failures import translated
from ledger.store.locks import MIGRATION_LOCK

MIGRATIONS = Path(__file__).with_name("migrations")
CONNECT_TIMEOUT_SECONDS = 5


def migrate(dsn: str, revision: str = "head") -> None:
    """Upgrade the database at libpq URL `dsn` to `revision`, in one transaction; a second run changes nothing.

    Processes that start at once take turns. Raises StoreError when the database does not answer or refuses.
    """
    configuration = _configuration()
    connect = partial(psycopg.connect, dsn, connect_timeout=CONNECT_TIMEOUT_SECONDS)
    engine = create_engine("postgresql+psycopg://", creator=connect, poolclass=NullPool)
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, revision)
    except DBAPIError as failure:
        state = getattr(failure.orig, "sqlstate", None)
        raise StoreError(f"the database could not be migrated (state {state})") from None


def knows_revision(revision: str) -> bool:
    """Say whether this version of the program has a migration of this name."""
    return revision in {script.revision for script in ScriptDirectory.from_config(_configuration()).walk_revisions()}


def newest_revision() -> str:
    """Return the name of the shape that this version of the program works with."""
    return str(ScriptDirectory.from_config(_configuration()).get_current_head())


def current_revision(dsn: str) -> str | None:
    """Return the shape that the database at libpq URL `dsn` has now, None if it has none yet; raises StoreError."""
    try:
        with psycopg.connect(dsn, connect_timeout=CONNECT_TIMEOUT_SECONDS) as connection:
            found = connection.execute("SELECT to_regclass('alembic_version') IS NOT NULL").fetchone()
            if found is None or not found[0]:
                return None
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except psycopg.Error as failure:
        raise translated(failure) from None
    return None if row is None else str(row[0])


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return configuration
