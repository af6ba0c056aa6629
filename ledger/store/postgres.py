"""`ledger.ports.Store` on PostgreSQL: a pool of connections, one transaction per `begin`."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from ledger.errors import StoreError
from ledger.store.attachments import Attachments
from ledger.store.counts import Counts
from ledger.store.documents import Documents
from ledger.store.erasure import Erasing
from ledger.store.failures import translated
from ledger.store.figures import Figures
from ledger.store.looks import Looks
from ledger.store.requests import Requests
from ledger.store.steps import KeptSteps
from ledger.store.stream import Stream
from ledger.store.subjects import Subjects
from ledger.store.submissions import Submissions

CONNECT_TIMEOUT_SECONDS = 5
STATEMENT_TIMEOUT_SECONDS = 60
"""Longer than the slowest statement (numbering 65,536 entries takes 2 seconds); a hung server ends here."""


class PostgresTransaction(
    Requests,
    Submissions,
    Looks,
    Attachments,
    KeptSteps,
    Erasing,
    Subjects,
    Counts,
    Documents,
    Stream,
    Figures,
):
    """`ledger.ports.Transaction`, put together from the repositories."""


class PostgresStore:
    """The gateway's database behind a libpq URL; connections are shared by the threads of a process."""

    def __init__(self, dsn: str, *, connections: int = 10, wait_seconds: float = 10.0) -> None:
        """Connect lazily. At most `connections` at a time; who waits longer than `wait_seconds` gets StoreError."""
        self._dsn = dsn
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
        pooled, cursor = self._begun()
        connection = cursor.connection
        try:
            yield PostgresTransaction(cursor)
            _end(cursor, "COMMIT")
        except BaseException:
            # The error at hand counts; a connection that cannot even roll back is thrown away below.
            with contextlib.suppress(StoreError):
                if not connection.closed:
                    _end(cursor, "ROLLBACK")
            raise
        finally:
            if connection.closed or connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                pooled.invalidate()
            pooled.close()

    def _begun(self) -> tuple[PoolProxiedConnection, psycopg.Cursor[Any]]:
        """Return a connection and its cursor in a fresh transaction; those that died in the pool are replaced."""
        while True:
            try:
                pooled = self._pool.connect()
            except PoolTimeout:
                raise StoreError("every connection to the database is in use") from None
            except psycopg.Error as failure:
                raise translated(failure) from None
            connection: Any = pooled.dbapi_connection
            try:
                cursor: psycopg.Cursor[Any] = connection.cursor(binary=True)
                cursor.execute("BEGIN")
            except psycopg.Error:
                # One that was lying in the pool while the server restarted. The pool is finite, so this ends.
                pooled.invalidate()
                pooled.close()
                continue
            return pooled, cursor

    def close(self) -> None:
        """Give connections back; one that is in use is closed when its transaction ends."""
        self._pool.dispose()


def _end(cursor: psycopg.Cursor[Any], how: str) -> None:
    try:
        cursor.execute(how)
    except psycopg.Error as failure:
        raise translated(failure) from None
