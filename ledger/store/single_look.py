"""The transaction of a look at one record: one statement that reads and one that writes, whatever the look rests on.

Every round trip counts, since each look makes them. So nothing is begun before something is written: the record, what
the look rests on and the followed state are read by one statement, and the nonce is consumed by that of the entry,
which alone is a transaction. The shared locks that a look holds elsewhere are taken there; if somebody acted between
the two, nothing is written, and the look is answered once more (ActedMeanwhile). Whatever else a look asks of the
database begins a common transaction, in which all is as everywhere.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from ledger.core.received import AT_ONCE
from ledger.core.request_base import RequestReason
from ledger.errors import RequestError, StoreError
from ledger.look_rows import ActedMeanwhile, ForeseenLook, LookRest
from ledger.rows import Action, FollowedState, LookEvidence, NewEntry, RecordOfLook, SealedContent, StoredRecord
from ledger.store.actions import lock_of
from ledger.store.database_transaction import PostgresTransaction
from ledger.store.entries import ENTRY, ENTRY_VALUES, entry_values, evidence_of_added
from ledger.store.following import STATE_COLUMNS
from ledger.store.looks import record_of_row, select_of_look
from ledger.store.session import Row, any_of

FORESEEN = f"""
    SELECT {STATE_COLUMNS}, EXISTS (SELECT FROM actions WHERE {{named}}),
        EXISTS (SELECT FROM nonces WHERE key = %s AND request_nonce = %s), found.*
    FROM following LEFT JOIN LATERAL ({{record}}) AS found ON true"""
NAMES = f"'{{{','.join(AT_ONCE)}}}'::text[]"
BEFORE_RECORD = 5
"""Columns of FORESEEN before those of the record."""
MOST_RELIED = 2
"""Ids that `undisturbed` takes."""
GUARDED = f"""
    guarded AS MATERIALIZED (
        SELECT undisturbed(%s, %s::int4, %s::int4, %s, %s::int4, %s::int4, {NAMES}) AS is_so),"""
CONSUMED = "INSERT INTO nonces (key, request_nonce, expires_at) SELECT %s::text, %s::text, %s::int8"
WRITE = f"""
    WITH {{guarded}} consumed AS ({CONSUMED} {{if_so}} ON CONFLICT DO NOTHING RETURNING 1),
        added AS (INSERT INTO {ENTRY} SELECT {ENTRY_VALUES} FROM consumed RETURNING entry_id){{kept}},
        proven AS ({{proven}})
    SELECT {{is_so}}, (SELECT entry_id FROM proven)"""
ALONE = {"guarded": "", "if_so": "", "is_so": "true"}
UNDER_GUARD = {
    "guarded": GUARDED,
    "if_so": "FROM guarded WHERE is_so",
    "is_so": "(SELECT is_so FROM guarded)",
}


def foreseen_row(cursor: psycopg.Cursor[Row], look: ForeseenLook) -> Row:
    """Return the row of a look's first statement; raises psycopg.Error, or StoreError without a followed state."""
    abouts = look.rest.abouts
    named = f"about {any_of(len(abouts))} AND name = ANY({NAMES})" if abouts else "false"
    record, values = select_of_look(look.record_id, look.version, look.rest)
    asked = (*abouts, *look.nonce[:2], *values)
    row = cursor.execute(FORESEEN.format(named=named, record=record), asked).fetchone()
    if row is None:
        raise StoreError("the database lacks a row that its migration put there")
    return row


class SingleLook(PostgresTransaction):
    """See `ledger.ports.Store.look`."""

    def __init__(self, cursor: psycopg.Cursor[Row], look: ForeseenLook, row: Row) -> None:
        """Begin nothing; `row` is that of `foreseen_row`, read by this cursor. Raises RequestError for a used nonce."""
        super().__init__(cursor)
        self._look = look
        self._seen = FollowedState(*row[: BEFORE_RECORD - 2])
        self._was_acted, was_received = row[BEFORE_RECORD - 2 : BEFORE_RECORD]
        if was_received:
            raise _reused()
        found = row[BEFORE_RECORD:]
        self._found = None if found[0] is None else record_of_row(found, look.rest)
        self._relied: frozenset[bytes] = frozenset()
        self._is_begun = self._is_consumed = self._has_ended = False
        self._reads = PostgresTransaction(cursor)
        """What only reads, and takes no lock, needs no transaction: a statement sees what is committed either way."""

    def _begun(self) -> psycopg.Cursor[Row]:
        if self._has_ended:
            raise AssertionError("the entry of a look is the last that it writes")
        if not self._is_begun:
            self._is_begun = True
            self._cursor.execute("BEGIN")
            # Nonce first, then locks and rows: the order of every other request.
            self._consume(self)
            if self._relied:
                super().share_about(tuple(self._relied))
                if super().actions_about(tuple(self._relied), AT_ONCE):
                    raise ActedMeanwhile
        return self._cursor

    def end(self) -> None:
        """Consume the nonce if nothing did, and commit what was begun; raises RequestError if it was consumed."""
        if not self._is_consumed:
            self._consume(self._reads)
        if self._is_begun:
            self._run("COMMIT")

    def _consume(self, transaction: PostgresTransaction) -> None:
        self._is_consumed = True
        if not PostgresTransaction.consume_nonce(transaction, *self._look.nonce):
            raise _reused()

    def record(self, record_id: bytes, version: int | None = None) -> StoredRecord | None:
        """Return a record version, the newest if None; the foreseen one was read."""
        if self._is_begun or (record_id, version) != (self._look.record_id, self._look.version):
            return super().record(record_id, version)
        return None if self._found is None else self._found[0]

    def record_of_look(self, record_id: bytes, version: int | None, rest: LookRest) -> RecordOfLook | None:
        """Return the foreseen record where no more is asked than was foreseen; it rests on `rest.abouts` then."""
        foreseen = (record_id, version) == (self._look.record_id, self._look.version) and self._look.rest.covers(rest)
        if not foreseen or self._is_begun:
            return super().record_of_look(record_id, version, rest)
        return self._found

    def share_about(self, abouts: Sequence[bytes]) -> None:
        """Rely on what was read of these ids; only where there was an action, lock them as everybody does."""
        foreseen = self._look.rest.abouts
        if self._is_begun or self._was_acted or len(foreseen) > MOST_RELIED or not set(abouts) <= set(foreseen):
            super().share_about(abouts)
        else:
            self._relied = self._relied.union(abouts)

    def actions_about(self, abouts: Sequence[bytes], names: Sequence[str] | None = None) -> Sequence[Action]:
        """Return the actions that bear on these ids: none of ids that are relied on, which the entry makes sure of."""
        if not self._is_begun and names == AT_ONCE and self._relied.issuperset(abouts):
            return ()
        return super().actions_about(abouts, names)

    def sealed(self, record_id: bytes, version: int) -> SealedContent | None:
        """Return a version's sealed content."""
        return self._reads.sealed(record_id, version)

    def daily_key(self, key_id: str) -> bytes | None:
        """Return a daily key's wrapped bytes."""
        return self._reads.daily_key(key_id)

    def document(self, document_hash: bytes) -> tuple[str, bytes] | None:
        """Return a document."""
        return self._reads.document(document_hash)

    def documents_named(self, hashes: Sequence[bytes]) -> Mapping[bytes, tuple[str, bytes]]:
        """Return those of these documents that are here."""
        return self._reads.documents_named(hashes)

    def add_entry(self, entry: NewEntry, evidence: LookEvidence | None = None, *, of_persons: bool = False) -> int:
        """Append the entry of the look and consume its nonce, in one statement; nothing can be written after it.

        Raises ActedMeanwhile, or RequestError if the nonce was consumed before; nothing is written then.
        """
        if evidence is None or self._is_consumed:
            return super().add_entry(entry, evidence, of_persons=of_persons)
        kept, proven, more = evidence_of_added(evidence, of_persons=of_persons)
        guard = self._guard()
        parts = UNDER_GUARD if guard else ALONE
        statement = WRITE.format(**parts, kept=kept, proven=proven)
        undisturbed, entry_id = self._reads._one(statement, (*guard, *self._look.nonce, *entry_values(entry), *more))
        if not undisturbed:
            raise ActedMeanwhile
        if entry_id is None:
            raise _reused()
        self._is_consumed = self._has_ended = True
        return int(entry_id)

    def _guard(self) -> tuple[Any, ...]:
        """Return the values of GUARDED, none where nothing is relied on."""
        if not self._relied:
            return ()
        relied = sorted(self._relied)
        one, other = relied[0], relied[-1]
        return one, *lock_of(one), other, *lock_of(other)


def _reused() -> RequestError:
    return RequestError(RequestReason.NONCE_REUSED, "this request was received before")
