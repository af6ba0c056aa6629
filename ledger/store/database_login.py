"""How this gateway proves to its database who it is."""

import psycopg
from psycopg.conninfo import make_conninfo

from ledger.errors import StoreError


def with_password(dsn: str, password: str) -> str:
    """Return the connection string of libpq URL `dsn` with this password; raises StoreError if it is no libpq URL."""
    try:
        return make_conninfo(dsn, password=password)
    except psycopg.ProgrammingError:
        raise StoreError("database_url is no libpq URL, as postgresql://user@host:5432/database") from None
