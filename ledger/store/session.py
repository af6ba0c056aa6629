"""One database transaction, and how statements run in it.

Statements are plain SQL with the repositories, run by psycopg, which prepares the frequent ones; results are binary.
"""

from collections.abc import Sequence
from typing import Any

import psycopg

from ledger.errors import StoreError
from ledger.store.failures import translated

Row = tuple[Any, ...]


def any_of(count: int) -> str:
    """Return `IN (…)` with so many parameters, at least one.

    For the few values of a hot path: a plan for an array of unknown length looks so dear that PostgreSQL plans anew for
    each one, which takes longer than the statement.
    """
    return f"IN ({', '.join(['%s'] * count)})"


class Session:
    """A running transaction by the cursor in which it was begun; repositories extend it, one per noun."""

    def __init__(self, cursor: psycopg.Cursor[Row]) -> None:
        self._cursor = cursor

    def _begun(self) -> psycopg.Cursor[Row]:
        """Return the cursor, in which a transaction is running."""
        return self._cursor

    def _rows(self, statement: str, values: Sequence[Any] = (), *, prepare: bool | None = None) -> list[Row]:
        """Return all rows; `prepare=False` plans for these very values. Raises StoreError or Conflict."""
        try:
            return self._begun().execute(statement, values, prepare=prepare).fetchall()
        except psycopg.Error as failure:
            raise translated(failure) from None

    def _row(self, statement: str, values: Sequence[Any] = ()) -> Row | None:
        """Return the first row or None. Raises StoreError or Conflict."""
        try:
            return self._begun().execute(statement, values).fetchone()
        except psycopg.Error as failure:
            raise translated(failure) from None

    def _one(self, statement: str, values: Sequence[Any] = ()) -> Row:
        """Return the row that a database of this version always has. Raises StoreError where somebody removed it."""
        row = self._row(statement, values)
        if row is None:
            raise StoreError("the database lacks a row that its migration put there")
        return row

    def _value(self, statement: str, values: Sequence[Any] = ()) -> Any:
        """Return the first column of the first row, None if there is no row. Raises StoreError or Conflict."""
        row = self._row(statement, values)
        return None if row is None else row[0]

    def _run(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Run a statement and return how many rows it touched. Raises StoreError or Conflict."""
        try:
            return self._begun().execute(statement, values).rowcount
        except psycopg.Error as failure:
            raise translated(failure) from None

    def _copy(self, statement: str, types: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Send rows by COPY … FROM STDIN (FORMAT BINARY). Raises StoreError or Conflict."""
        try:
            with self._begun().copy(statement) as copy:
                copy.set_types(types)
                for row in rows:
                    copy.write_row(row)
        except psycopg.Error as failure:
            raise translated(failure) from None
