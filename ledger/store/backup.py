"""Copies of a gateway's database, table by table, and back again: PostgreSQL's binary COPY, and nothing but SQL.

A copy is of one moment: one transaction, repeatable read, read only, so the gateway works on meanwhile. It needs no
program of PostgreSQL's on either side, and the rows fit every server version that has these column types.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from ledger.core.backup import BackupBlock, BackupHead, BackupTable, TableShape
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.errors import BackupInvalid, DatabaseInUse, StoreError, UsageError
from ledger.store.failures import translated
from ledger.store.migrate import CONNECT_TIMEOUT_SECONDS, knows_revision, migrate
from ledger.store.tables import METADATA

SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
REVISION = "SELECT version_num FROM alembic_version"
BLOCK = "SELECT number, hash, time FROM blocks ORDER BY number DESC LIMIT 1"
HEAD = """
    SELECT args FROM events WHERE name = 'Anchored' AND args ->> 'gateway' = %s
    ORDER BY block DESC, log_index DESC LIMIT 1"""
HAS_TABLES = "SELECT to_regclass('alembic_version') IS NOT NULL"
RESTORED = "restored"
"""Setting that says from which backup the database was filled: the SHA-256 of its manifest as 0x hex."""
RESTORED_FROM = "SELECT value FROM settings WHERE name = 'restored'"
NOTE_RESTORED = "INSERT INTO settings (name, value) VALUES ('restored', to_json(%s::text))"
FORGET_RESTORED = "DELETE FROM settings WHERE name = 'restored'"
# What was known at the time of the backup is no fact of today: the gateway serves when it has followed again.
NOT_CHECKED = "UPDATE following SET checked_at = 0, generation = generation + 1"
IDENTITIES = """
    SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = current_schema() AND is_identity = 'YES' ORDER BY table_name"""
FILLED_BY_MIGRATIONS = frozenset({"following"})


class Snapshot:
    """The database as of one moment, for as long as its `with` block."""

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._connection = connection

    def revision(self) -> str:
        """Return the shape of the database, as its migrations name it; raises StoreError."""
        row = self._row(REVISION)
        if row is None:
            raise StoreError("the database was never migrated")
        return str(row[0])

    def block(self) -> BackupBlock | None:
        """Return the newest followed block."""
        row = self._row(BLOCK)
        return None if row is None else BackupBlock(row[0], to_hex(row[1]), row[2])

    def head(self, gateway: int) -> BackupHead | None:
        """Return the newest followed batch of a gateway."""
        row = self._row(HEAD, (str(gateway),))
        if row is None:
            return None
        args = row[0]
        last_sequence = args["firstSequence"] + args["leafCount"] - 1
        return BackupHead(args["batch"], last_sequence, from_hex(args["head"], 32))

    def tables(self) -> Sequence[TableShape]:
        """Return every table of this version of the program with its columns."""
        return [TableShape(table.name, tuple(column.name for column in table.columns)) for table in _ordered()]

    def rows(self, table: TableShape) -> Iterator[bytes]:
        """Yield a table's rows as one binary COPY, in pieces; raises StoreError."""
        statement = sql.SQL("COPY {} ({}) TO STDOUT (FORMAT BINARY)").format(*_identifiers(table))
        try:
            with self._connection.cursor().copy(statement) as copy:
                for piece in copy:
                    yield bytes(piece)
        except psycopg.Error as failure:
            raise translated(failure) from None

    def count(self, table: TableShape) -> int:
        """Return how many rows a table has; raises StoreError."""
        row = self._row(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table.name)))
        return 0 if row is None else int(row[0])

    def _row(self, statement: Any, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        try:
            return self._connection.execute(statement, values).fetchone()
        except psycopg.Error as failure:
            raise translated(failure) from None


@contextmanager
def snapshot(dsn: str) -> Iterator[Snapshot]:
    """Open the database at libpq URL `dsn` as of now; raises StoreError when it does not answer."""
    with _connected(dsn) as connection:
        connection.execute(SNAPSHOT)
        yield Snapshot(connection)


def restored_from(dsn: str) -> bytes | None:
    """Return the digest of the manifest that the database was filled from, None if from none; raises StoreError."""
    with _connected(dsn) as connection:
        if not _one(connection, HAS_TABLES):
            return None
        row = connection.execute(RESTORED_FROM).fetchone()
        return None if row is None else from_hex(row[0], 32)


def require_empty(dsn: str, tables: Iterable[BackupTable]) -> None:
    """Raise DatabaseInUse if any of the tables has a row of a gateway; StoreError when it does not answer."""
    with _connected(dsn) as connection:
        if _one(connection, HAS_TABLES):
            _require_empty(connection, tables)


def load(dsn: str, revision: str, tables: Sequence[tuple[BackupTable, Iterable[bytes]]], manifest: bytes) -> None:
    """Fill an empty database: its shape of that time, every row in one transaction, then the shape of today.

    `manifest` is the digest that the database is to remember. A kill leaves an empty database, or one that is filled.
    Raises UsageError for a shape that this version does not know, DatabaseInUse, BackupInvalid (rows that are not what
    the manifest says), StoreError.
    """
    if not knows_revision(revision):
        raise UsageError(f"the backup has database revision {revision}: restore it with the program that made it")
    migrate(dsn, revision)
    with _connected(dsn) as connection:
        if _one(connection, REVISION) != revision:
            raise DatabaseInUse("the database has another shape than the backup: give an empty one")
        with connection.transaction():
            _require_empty(connection, (table for table, _ in tables))
            for table, pieces in tables:
                _fill(connection, table, pieces)
            _continue_identities(connection)
            for statement in (NOT_CHECKED, FORGET_RESTORED):
                connection.execute(statement)
            connection.execute(NOTE_RESTORED, (to_hex(manifest),))
    migrate(dsn)


def _fill(connection: psycopg.Connection[Any], table: BackupTable, pieces: Iterable[bytes]) -> None:
    name, columns = _identifiers(table.shape)
    connection.execute(sql.SQL("DELETE FROM {}").format(name))
    cursor = connection.cursor()
    with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(name, columns)) as copy:
        for piece in pieces:
            copy.write(piece)
    if cursor.rowcount != table.rows:
        raise BackupInvalid(f"table {table.shape.name} holds {cursor.rowcount} rows, the manifest says {table.rows}")


def _continue_identities(connection: psycopg.Connection[Any]) -> None:
    for table, column in connection.execute(IDENTITIES).fetchall():
        statement = sql.SQL("SELECT setval(pg_get_serial_sequence({}, {}), (SELECT max({}) FROM {}))")
        values = sql.Literal(table), sql.Literal(column), sql.Identifier(column), sql.Identifier(table)
        connection.execute(statement.format(*values))


def _require_empty(connection: psycopg.Connection[Any], tables: Iterable[BackupTable]) -> None:
    for name in (table.shape.name for table in tables):
        if name not in FILLED_BY_MIGRATIONS and _one(
            connection, sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(name))
        ):
            raise DatabaseInUse(f"table {name} holds rows")


def _ordered() -> Sequence[Any]:
    return sorted(METADATA.tables.values(), key=lambda table: str(table.name))


def _identifiers(table: TableShape) -> tuple[sql.Identifier, sql.Composed]:
    return sql.Identifier(table.name), sql.SQL(", ").join(sql.Identifier(column) for column in table.columns)


def _one(connection: psycopg.Connection[Any], statement: Any) -> Any:
    row = connection.execute(statement).fetchone()
    return None if row is None else row[0]


@contextmanager
def _connected(dsn: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection whose errors are ours; whatever is open in it is rolled back at the end."""
    try:
        connection = psycopg.connect(dsn, autocommit=True, connect_timeout=CONNECT_TIMEOUT_SECONDS)
    except psycopg.Error as failure:
        raise translated(failure) from None
    try:
        yield connection
    except psycopg.Error as failure:
        raise translated(failure) from None
    finally:
        connection.close()
