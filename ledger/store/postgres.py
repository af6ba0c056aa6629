"""`ledger.ports.Store` on PostgreSQL: a pool of connections, one transaction per `begin`."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.types.numeric import Int8BinaryDumper
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from ledger.errors import StoreError
from ledger.look_rows import ForeseenLook
from ledger.store.database_transaction import PostgresTransaction
from ledger.store.failures import translated
from ledger.store.looks_together import LooksTogether

First = TypeVar("First")

CONNECT_TIMEOUT_SECONDS = 5
STATEMENT_TIMEOUT_SECONDS = 60
"""Longer than the slowest statement (numbering 65,536 entries takes 2 seconds); a hung server ends here."""
DEAD_AFTER: Mapping[str, Any] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
"""A server behind a link that is dead, without a word, is noticed within half a minute (seconds; milliseconds)."""
LOOK_CONNECTIONS = 2
"""For looks that are answered together; a process does so one company after the other."""
LOOK_OPTIONS = "-c lock_timeout=50ms -c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off"
"""None waits for long because of another one's nonce. Their statements have few forms, which are planned once each, and
by indexes even when the tables are small, since a plan is kept while they grow.
"""
SHUTTING_DOWN = frozenset({"57P01", "57P02", "57P03", "57P05"})
"""States with which a server ends a connection before it closes it."""


class PostgresStore:
    """The gateway's database behind a libpq URL; connections are shared by the threads of a process."""

    def __init__(self, dsn: str, *, connections: int = 10, wait_seconds: float = 10.0) -> None:
        """Connect lazily. At most `connections` at a time; who waits longer than `wait_seconds` gets StoreError."""
        self._dsn, self._wait_seconds = dsn, wait_seconds
        self._pool = self._pool_of(self._connect, connections)
        self._look_pool = self._pool_of(self._connect_for_looks, LOOK_CONNECTIONS)

    def __repr__(self) -> str:
        """Show no URL: it may hold a password."""
        return "PostgresStore()"

    def _pool_of(self, connect: Callable[[], Any], connections: int) -> QueuePool:
        # Nothing to reset on return: `begin` ends its transaction itself or throws the connection away.
        return QueuePool(
            connect,
            pool_size=connections,
            max_overflow=0,
            timeout=self._wait_seconds,
            use_lifo=True,
            reset_on_return=None,
        )

    def _connect(self, options: str = "") -> Any:
        return psycopg.connect(
            self._dsn,
            autocommit=True,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            **DEAD_AFTER,
            options=f"-c statement_timeout={STATEMENT_TIMEOUT_SECONDS}s {options}",
        )

    def _connect_for_looks(self) -> Any:
        connection = self._connect(LOOK_OPTIONS)
        connection.adapters.register_dumper(int, Int8BinaryDumper)  # one type whatever the value: one plan
        return connection

    @contextmanager
    def begin(self) -> Iterator[PostgresTransaction]:
        """Open a transaction; see `ledger.ports.Store.begin`."""
        pooled, cursor, _ = _connected(self._pool, lambda cursor: cursor.execute("BEGIN"))
        with _ended(pooled, cursor.connection):
            yield PostgresTransaction(cursor)
            _end(cursor, "COMMIT")

    @contextmanager
    def looks(self, foreseen: Sequence[ForeseenLook]) -> Iterator[LooksTogether]:
        """Read for looks that are answered together; see `ledger.ports.Store.looks`."""
        pooled, cursor, together = _connected(self._look_pool, lambda cursor: LooksTogether(cursor, foreseen))
        with _ended(pooled, cursor.connection):
            yield together

    def close(self) -> None:
        """Give connections back; one that is in use is closed when its transaction ends."""
        self._pool.dispose()
        self._look_pool.dispose()


def _connected(
    pool: QueuePool, first: Callable[[psycopg.Cursor[Any]], First]
) -> tuple[PoolProxiedConnection, psycopg.Cursor[Any], First]:
    """Return a connection, its cursor, and what the first statement gave; those that died in the pool are replaced.

    Raises StoreError.
    """
    for _ in range(pool.size() + 1):
        try:
            pooled = pool.connect()
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
