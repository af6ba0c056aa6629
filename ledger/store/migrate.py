"""Bringing a database to the shape that this version needs."""

from functools import partial
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from ledger.errors import StoreError
from ledger.store.locks import MIGRATION_LOCK

MIGRATIONS = Path(__file__).with_name("migrations")
CONNECT_TIMEOUT_SECONDS = 5


def migrate(dsn: str, revision: str = "head") -> None:
    """Upgrade the database at libpq URL `dsn` to `revision`, in one transaction; a second run changes nothing.

    Processes that start at once take turns. Raises StoreError when the database does not answer or refuses.
    """
    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
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
