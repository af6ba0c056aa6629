"""How a database stands, asked on a connection of its own: for whoever looks why nothing works."""

from dataclasses import dataclass

import psycopg

from ledger.store.failures import translated
from ledger.store.migrate import CONNECT_TIMEOUT_SECONDS

ASKED = """
    SELECT current_setting('server_version_num')::int, extract(epoch FROM clock_timestamp())::float8,
        to_regclass('alembic_version') IS NOT NULL"""


@dataclass(frozen=True, slots=True)
class DatabaseCondition:
    """Version as PostgreSQL numbers it (180001 is 18.1), clock in Unix seconds, revision of its tables if any."""

    server_version: int
    time: float
    revision: str | None


def database_condition(dsn: str) -> DatabaseCondition:
    """Return how the database at libpq URL `dsn` stands; raises StoreError where it does not answer."""
    try:
        with psycopg.connect(dsn, connect_timeout=CONNECT_TIMEOUT_SECONDS) as connection:
            asked = connection.execute(ASKED).fetchone() or (0, 0.0, False)
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if asked[2] else None
    except psycopg.Error as failure:
        raise translated(failure) from None
    return DatabaseCondition(asked[0], asked[1], None if row is None else str(row[0]))
