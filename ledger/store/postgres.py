"""`ledger.ports.Store` on PostgreSQL: a pool of connections, one transaction per `begin`."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from ledger.errors import StoreError
from ledger.look_rows import ForeseenLook
from ledger.store.database_transaction import PostgresTransaction
from ledger.store.failures import translated
from ledger.store.single_look import SingleLook, foreseen_row

First = TypeVar("First")

CONNECT_TIMEOUT_SECONDS = 5
STATEMENT_TIMEOUT_SECONDS = 60
"""Longer than the slowest statement (numbering 65,536 entries takes 2 seconds); a hung server ends here."""
SHUTTING_DOWN = frozenset({"57P01", "57P02", "57P03", "57P05"})
"""States with which a server ends a connection before it closes it."""


class PostgresStore:
    """The gateway's database behind a libpq URL; connections are shared by the threads of a process."""

    def __init__(self, dsn: str, *, connections: int = 10, wait_seconds: float = 10.0) -> None:
        """Connect lazily. At most `connections` at a time; who waits longer than `wait_seconds` gets StoreError."""
        self._dsn, self._most = dsn, connections
        # Nothing to reset on return: `begin` ends its transaction itself or throws the connection away.
        self._pool = QueuePool(
            self._connect,
            pool_size=connections,
            max_overflow=0,
            timeout=wait_seconds,
            use_lifo=True,
            reset_on_return=None,
        )

    def __repr__(self) -> str:
        """Show no URL: it may hold a password."""
        return "PostgresStore()"

    def _connect(self) -> Any:
        return psycopg.connect(
            self._dsn,
            autocommit=True,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            options=f"-c statement_timeout={STATEMENT_TIMEOUT_SECONDS}s",
        )

    @contextmanager
    def begin(self) -> Iterator[PostgresTransaction]:
        """Open a transaction; see `ledger.ports.Store.begin`."""
        pooled, cursor, _ = self._connected(lambda cursor: cursor.execute("BEGIN"))
        with _ended(pooled, cursor.connection):
            yield PostgresTransaction(cursor)
            _end(cursor, "COMMIT")

    @contextmanager
    def look(self, foreseen: ForeseenLook) -> Iterator[PostgresTransaction]:
        """Open the transaction of a look; see `ledger.ports.Store.look`."""
        pooled, cursor, row = self._connected(lambda cursor: foreseen_row(cursor, foreseen))
        with _ended(pooled, cursor.connection):
            look = SingleLook(cursor, foreseen, row)
            yield look
            look.end()

    def _connected(
        self, first: Callable[[psycopg.Cursor[Any]], First]
    ) -> tuple[PoolProxiedConnection, psycopg.Cursor[Any], First]:
        """Return a connection, its cursor, and what the first statement gave; those that died in the pool are replaced.

        Raises StoreError.
        """
        for _ in range(self._most + 1):
            try:
                pooled = self._pool.connect()
            except PoolTimeout:
                raise StoreError("every connection to the database is in use") from None
            except psycopg.Error as failure:
                raise translated(failure) from None
            connection: Any = pooled.dbapi_connection
            try:
                cursor: psycopg.Cursor[Any] = connection.cursor(binary=True)
                return pooled, cursor, first(cursor)
            except BaseException as failure:
                was_dead = connection.closed or getattr(failure, "sqlstate", None) in SHUTTING_DOWN
                pooled.invalidate()
                pooled.close()
                if not isinstance(failure, psycopg.Error):
                    raise
                # One that was lying in the pool while the server restarted is replaced.
                if not was_dead:
                    raise translated(failure) from None
        raise StoreError("the database ends every connection")

    def close(self) -> None:
        """Give connections back; one that is in use is closed when its transaction ends."""
        self._pool.dispose()


@contextmanager
def _ended(pooled: PoolProxiedConnection, connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Give a connection back when its transaction is over, which an error rolls back."""
    try:
        yield
    except BaseException:
        # The error at hand counts; a connection that cannot even roll back is thrown away below.
        with contextlib.suppress(StoreError):
            if not connection.closed and not _is_idle(connection):
                _end(connection.cursor(), "ROLLBACK")
        raise
    finally:
        if connection.closed or not _is_idle(connection):
            pooled.invalidate()
        pooled.close()


def _is_idle(connection: psycopg.Connection[Any]) -> bool:
    return connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def _end(cursor: psycopg.Cursor[Any], how: str) -> None:
    try:
        cursor.execute(how)
    except psycopg.Error as failure:
        raise translated(failure) from None
