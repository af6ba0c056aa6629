"""What PostgreSQL's errors mean here. The server's own words may quote rows, so they never leave this file."""

import psycopg
from psycopg import errors

from ledger.errors import Conflict, GongzhiError, StoreError, VersionConflict

CONFLICTS: dict[str, tuple[type[Conflict], str]] = {
    "answers_identity": (Conflict, "another request with this idempotency key was answered first"),
    "entries_digest": (Conflict, "this entry is in the stream already"),
    "submissions_identity": (Conflict, "this submissionId was used before"),
    "records_identity": (VersionConflict, "a record of this submission is there already in that version"),
    "daily_keys_identity": (Conflict, "a daily key with this id is there already"),
    "actions_identity": (Conflict, "this action was taken before"),
    "actions_nonce": (Conflict, "the key has signed another message with this nonce"),
    "batches_pkey": (Conflict, "a batch with this number is fixed already"),
    "batches_first_sequence": (Conflict, "a batch with this first sequence is fixed already"),
    "outbox_tx_nonce": (Conflict, "another transaction of this sender has this nonce"),
}
"""Unique constraints that callers may run into, by name."""


def translated(failure: psycopg.Error) -> GongzhiError:
    """Return our error for one of PostgreSQL: Conflict, VersionConflict, or StoreError with the state code alone."""
    if isinstance(failure, errors.UniqueViolation):
        known = CONFLICTS.get(failure.diag.constraint_name or "")
        if known is not None:
            return known[0](known[1])
    if isinstance(failure, psycopg.DataError) and failure.sqlstate is None:
        return StoreError("a value that the database cannot hold")
    if failure.sqlstate is None:
        return StoreError("the connection to the database is lost or was never there")
    place = failure.diag.constraint_name or failure.diag.table_name or ""
    return StoreError(f"the database refused a statement with state {failure.sqlstate} {place}".rstrip())
