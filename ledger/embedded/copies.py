"""Copies of the embedded database, made and altered with PostgreSQL's own programs.

For rehearsals: an auditor's exercise alters a copy, never the original. The original keeps running meanwhile.
"""

import subprocess
from pathlib import Path

from ledger.embedded import postgres
from ledger.embedded.data_folder import DataFolder
from ledger.errors import EngineError

TIMEOUT_SECONDS = 300


def copy_database(folder: DataFolder, target: str, source: str = postgres.DATABASE) -> str:
    """Copy database `source` into a fresh database `target`, as of one moment; returns its DSN.

    Raises EngineError when PostgreSQL refuses.
    """
    drop_database(folder, target)
    _run("psql", "-q", "-c", f'CREATE DATABASE "{target}"', postgres.dsn(folder, "postgres"))
    dump = folder.postgres / f"{target}.dump"
    try:
        _run("pg_dump", "--format=custom", "--compress=0", f"--file={dump}", postgres.dsn(folder, source))
        _run("pg_restore", "--single-transaction", f"--dbname={postgres.dsn(folder, target)}", str(dump))
    finally:
        dump.unlink(missing_ok=True)
    return postgres.dsn(folder, target)


def clone_copy(folder: DataFolder, target: str, source: str) -> str:
    """Clone a copy that nobody is connected to (a matter of milliseconds); returns the clone's DSN."""
    drop_database(folder, target)
    statement = f'CREATE DATABASE "{target}" TEMPLATE "{source}"'
    _run("psql", "-q", "-c", statement, postgres.dsn(folder, "postgres"))
    return postgres.dsn(folder, target)


def alter(folder: DataFolder, database: str, statement: str) -> None:
    """Run one SQL statement on a copy; raises EngineError for the original or a refused statement."""
    if database == postgres.DATABASE:
        raise EngineError("only copies are altered, never the database itself")
    _run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-c", statement, postgres.dsn(folder, database))


def drop_database(folder: DataFolder, name: str) -> None:
    """Drop a copy if it is there; raises EngineError for the original."""
    if name == postgres.DATABASE:
        raise EngineError("only copies are dropped, never the database itself")
    _run("psql", "-q", "-c", f'DROP DATABASE IF EXISTS "{name}"', postgres.dsn(folder, "postgres"))


def _run(program: str, *arguments: str) -> None:
    argv = [str(Path(postgres.binaries()) / program), *arguments]
    try:
        done = subprocess.run(argv, capture_output=True, timeout=TIMEOUT_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"{program} did not end well: {type(error).__name__}") from None
    if done.returncode != 0:
        # PostgreSQL's detail lines may quote values: only its first line is passed on.
        raise EngineError(f"{program}: {done.stderr.decode('utf-8', 'replace').splitlines()[:1]}")
