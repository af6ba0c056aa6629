"""Real engines for tests: one PostgreSQL for a whole run, and chains that take 0.1 seconds to start.

Each lives in a folder of its own below pytest's temporary folder and is stopped at the end of the run.
"""

import secrets
from pathlib import Path

import psycopg

from ledger.embedded import chain, postgres
from ledger.embedded.data_folder import DataFolder

FAST_SETTINGS = {"shared_buffers": "64MB", "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
"""For tests that kill no server: nothing of theirs must survive the machine."""


def postgres_dsn(folder: Path, *, durable: bool = False) -> str:
    """Start a PostgreSQL in `folder` (or find it running); the libpq URL of its database.

    Stop it with `stop_postgres`.
    """
    return postgres.start(DataFolder.at(folder), {} if durable else FAST_SETTINGS).dsn


def stop_postgres(folder: Path) -> None:
    """Stop the server of `folder`."""
    postgres.stop(DataFolder.at(folder))


def fresh_database(dsn: str, like: str = "template1") -> str:
    """A new database on the server of `dsn`, empty or a copy of the database named `like`: its libpq URL."""
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {like} STRATEGY file_copy")
    return dsn.replace("@/gongzhi?", f"@/{name}?")


def drop_database(dsn: str) -> None:
    """Drop the database of `dsn`, whoever is connected."""
    name = dsn.partition("@/")[2].partition("?")[0]
    with psycopg.connect(dsn.replace(f"@/{name}?", "@/postgres?"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def anvil(folder: Path) -> str:
    """Start a chain of its own in `folder` (or find it running); its JSON-RPC URL. Stop it with `stop_anvil`.

    Automine, no fees, random chain id, empty accounts: any key of a test can send at gas price 0.
    """
    return chain.start(DataFolder.at(folder)).rpc_url


def stop_anvil(folder: Path) -> None:
    """Stop the chain of `folder`."""
    chain.stop(DataFolder.at(folder))
