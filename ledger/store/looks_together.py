"""Looks at one record each that are answered together: one statement reads for all of them, and one writes.

Every round trip and every flush to disk counts, since each look makes them; looks that wait for one another share them.
Nothing is begun before something is written: the records, what the looks rest on and the followed state are read by one
statement, and the nonces are consumed by that of the entries, which alone is a transaction. The shared locks that a
look holds elsewhere are taken there, but not waited for. A look is left out, and nothing of it written, if somebody
acts or acted on what it rests on, if its nonce was consumed, or if it needs more than was foreseen (NotTogether): it is
then answered alone, in a common transaction, in which all is as everywhere.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NoReturn

import psycopg

from ledger.core.received import AT_ONCE
from ledger.errors import StoreError
from ledger.look_rows import MOST_ABOUTS, MOST_DOCUMENTS, ForeseenLook, LookRest, NotTogether
from ledger.rows import Action, FollowedState, LookEvidence, NewEntry, RecordOfLook, SealedContent, StoredRecord
from ledger.store.actions import lock_of
from ledger.store.database_transaction import PostgresTransaction
from ledger.store.entries import NEW_ENTRY, entry_values, evidence_values
from ledger.store.failures import translated
from ledger.store.following import STATE_COLUMNS
from ledger.store.looks import OF_TAG, record_of_columns
from ledger.store.records import RECORD_COLUMNS
from ledger.store.session import Row

NEWEST = 0
"""No version has this number."""
NAMES = f"ARRAY[{', '.join(repr(name) for name in AT_ONCE)}]"
DOCUMENTS = [f"document_{number}" for number in range(1, MOST_DOCUMENTS + 1)]
ASKED = {
    "place": "int8",
    "record_id": "bytea",
    "version": "int8",
    "key": "text",
    "request_nonce": "text",
    "one": "bytea",
    "other": "bytea",
    "tag": "bytea",
    "recipient": "int8",
    "purpose": "int8",
    **dict.fromkeys(DOCUMENTS, "bytea"),
}
"""Columns of a look that is asked for, with their types. What is not there is empty: parameters of one type each have
one plan, where nulls would have as many as there are mixtures of them.
"""
READ = f"""
    SELECT place, {STATE_COLUMNS},
        (SELECT true FROM nonces WHERE nonces.key = asked.key AND nonces.request_nonce = asked.request_nonce),
        (SELECT true FROM actions WHERE about IN (one, other) AND name = ANY ({NAMES}) LIMIT 1),
        {", ".join(f"(SELECT content FROM documents WHERE document_hash = {name})" for name in DOCUMENTS)}, found.*
    FROM following, (VALUES {{rows}}) AS asked ({", ".join(ASKED)})
    LEFT JOIN LATERAL (
        SELECT {RECORD_COLUMNS}, CASE WHEN tag = '' THEN false ELSE {
    OF_TAG.format(tag="asked.tag", recipient="asked.recipient", purpose="asked.purpose")
} END
        FROM records
        WHERE records.record_id = asked.record_id AND (asked.version = {NEWEST} OR records.version = asked.version)
        ORDER BY records.version DESC LIMIT 1) AS found ON true
    ORDER BY place"""
NEW = {
    "place": "int8",
    "key": "text",
    "request_nonce": "text",
    "expires_at": "int8",
    "one": "bytea",
    "other": "bytea",
    **dict.fromkeys(NEW_ENTRY.split(", "), "bytea"),
    "entry_type": "int8",
    "message": "json",
    "signer": "text",
    "agency": "int8",
    "created_at": "int8",
    "anchor_by": "int8",
    "request_base": "bytea",
    "request_signature": "bytea",
    "openings": "bytea",
    "record_id": "bytea",
    "version": "int8",
    "opened": "bytea",
}
"""Columns of a look that is written, with their types. Record and what was opened are empty where nobody is told."""
GUARDED = f"guarded AS MATERIALIZED (SELECT disturbed($1::bytea[], $2::int4[], $3::int4[], {NAMES}) AS ids),"
UNDISTURBED = "WHERE NOT EXISTS (SELECT FROM guarded WHERE one = ANY (ids) OR other = ANY (ids))"
WRITE = f"""
    WITH {{guarded}} new ({", ".join(NEW)}) AS MATERIALIZED (VALUES {{rows}}),
        consumed AS (
            INSERT INTO nonces (key, request_nonce, expires_at)
            SELECT key, request_nonce, expires_at FROM new {{undisturbed}}
            ON CONFLICT DO NOTHING RETURNING key, request_nonce),
        added AS (
            INSERT INTO entries ({NEW_ENTRY})
            SELECT {NEW_ENTRY} FROM new JOIN consumed USING (key, request_nonce) RETURNING entry_id, digest),
        kept AS (
            INSERT INTO opened_records (record_id, version, opened, entry_id)
            SELECT record_id, version, opened, entry_id
            FROM added JOIN new USING (digest) JOIN subjects USING (record_id)),
        proven AS (
            INSERT INTO evidence (entry_id, request_base, request_signature, openings)
            SELECT entry_id, request_base, request_signature, openings FROM added JOIN new USING (digest))
    SELECT place FROM added JOIN new USING (digest)"""


def _rows(columns: Mapping[str, str], count: int, first: int = 1) -> str:
    """Return so many rows of parameters with their types, numbered from `first`."""
    numbers = iter(range(first, first + count * len(columns)))
    rows = [[f"${next(numbers)}::{sort}" for sort in columns.values()] for _ in range(count)]
    return ", ".join(f"({', '.join(row)})" for row in rows)


@cache
def _read(count: int) -> str:
    return READ.format(rows=_rows(ASKED, count))


@cache
def _write(count: int, *, is_guarded: bool) -> str:
    if not is_guarded:
        return WRITE.format(guarded="", undisturbed="", rows=_rows(NEW, count))
    return WRITE.format(guarded=GUARDED, undisturbed=UNDISTURBED, rows=_rows(NEW, count, first=4))


def _filled(values: Sequence[bytes], length: int) -> tuple[bytes, ...]:
    return (*values, *[b""] * (length - len(values)))


@dataclass(frozen=True, slots=True)
class _Added:
    """What a look adds to the stream."""

    entry: NewEntry
    evidence: LookEvidence
    of_persons: bool

    def values(self) -> tuple[Any, ...]:
        """Return the values of NEW after the ids."""
        opened: tuple[bytes, int, bytes] = b"", NEWEST, b""
        if self.of_persons and self.evidence.openings:
            record_id, version, _, bitmap = self.evidence.openings[0]
            opened = record_id, version, bitmap.to_bytes(32, "big")
        return (*entry_values(self.entry), *evidence_values(self.evidence), *opened)


class LooksTogether:
    """See `ledger.ports.LooksTogether`."""

    def __init__(self, cursor: psycopg.Cursor[Row], foreseen: Sequence[ForeseenLook]) -> None:
        """Read what was foreseen; raises psycopg.Error, or StoreError without a followed state."""
        # Statements of this length are told apart from their parameters anew each time, unless these are numbered.
        self._numbered = psycopg.RawCursor(cursor.connection)
        values = [value for place, look in enumerate(foreseen) for value in _asked(place, look)]
        rows = self._execute(_read(len(foreseen)), values)
        if len(rows) != len(foreseen):
            raise StoreError("the database lacks a row that its migration put there")
        self.transactions = [TogetherLook(cursor, look, row[1:]) for look, row in zip(foreseen, rows, strict=True)]

    def write(self, places: Collection[int]) -> Collection[int]:
        """Write entries that were added; see `ledger.ports.LooksTogether.write`."""
        looks = {place: look for place in places if (look := self.transactions[place]).added is not None}
        if not looks:
            return ()
        relied = sorted(frozenset[bytes]().union(*(look.relied for look in looks.values())))
        guard = [relied, *map(list, zip(*map(lock_of, relied), strict=True))] if relied else []
        values = [value for place, look in looks.items() for value in look.values(place)]
        try:
            return [place for (place,) in self._execute(_write(len(looks), is_guarded=bool(relied)), [*guard, *values])]
        except psycopg.Error as failure:
            if self._numbered.connection.closed:
                raise translated(failure) from None
            return ()  # refused as a whole, for what may be wrong with one of them

    def _execute(self, statement: str, values: Sequence[Any]) -> list[Row]:
        return self._numbered.execute(statement, values, binary=True).fetchall()


def _asked(place: int, look: ForeseenLook) -> tuple[Any, ...]:
    """Return the values of ASKED."""
    tag, rest = look.rest.tag, look.rest
    tagged = (b"", 0, 0) if tag is None else (tag.tag, tag.recipient, tag.purpose)
    abouts, documents = _filled(rest.abouts, MOST_ABOUTS), _filled(rest.documents, MOST_DOCUMENTS)
    version = NEWEST if look.version is None else look.version
    return (place, look.record_id, version, *look.nonce[:2], *abouts, *tagged, *documents)


class TogetherLook(PostgresTransaction):
    """The transaction of one of them: what was foreseen was read, and nothing is begun."""

    def __init__(self, cursor: psycopg.Cursor[Row], look: ForeseenLook, row: Row) -> None:
        """Take the columns of READ, after the place."""
        super().__init__(cursor)
        self._look = look
        self._state = FollowedState(*row[:3])
        self._was_received, self._was_acted = row[3:5]
        contents, found = row[5 : 5 + MOST_DOCUMENTS], row[5 + MOST_DOCUMENTS :]
        kept = contents[: len(look.rest.documents)]
        self._found = None if found[0] is None else record_of_columns(found, kept, look.rest)
        self._reads = PostgresTransaction(cursor)
        """What only reads, and takes no lock, needs no transaction: a statement sees what is committed either way."""
        self.relied: frozenset[bytes] = frozenset()
        """Ids on which nobody may have acted when the entry is written."""
        self.added: _Added | None = None

    def _begun(self) -> NoReturn:
        raise NotTogether

    def values(self, place: int) -> tuple[Any, ...]:
        """Return the values of NEW for the entry that was added."""
        if self.added is None:
            raise AssertionError("a look that added no entry is not written")
        return (place, *self._look.nonce, *_filled(sorted(self.relied), MOST_ABOUTS), *self.added.values())

    def seen_state(self) -> FollowedState:
        """Return the followed state; raises NotTogether if the request was received before."""
        if self._was_received:
            raise NotTogether
        return self._state

    def record(self, record_id: bytes, version: int | None = None) -> StoredRecord | None:
        """Return the foreseen record version."""
        self._require((record_id, version) == (self._look.record_id, self._look.version))
        return None if self._found is None else self._found[0]

    def record_of_look(self, record_id: bytes, version: int | None, rest: LookRest) -> RecordOfLook | None:
        """Return the foreseen record, which relies on nothing before `share_about` is asked."""
        self._require((record_id, version) == (self._look.record_id, self._look.version))
        self._require(self._look.rest.covers(rest))
        return self._found

    def share_about(self, abouts: Sequence[bytes]) -> None:
        """Rely on it that nobody acts on these ids until the entry is written."""
        self._require(not self._was_acted and set(abouts) <= set(self._look.rest.abouts))
        self.relied = self.relied.union(abouts)

    def actions_about(self, abouts: Sequence[bytes], names: Sequence[str] | None = None) -> Sequence[Action]:
        """Return the actions on ids that are relied on: none."""
        self._require(names == AT_ONCE and self.relied.issuperset(abouts))
        return ()

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
        """Keep the entry of the look until all are written; returns 0, since it has no id before."""
        if evidence is None or len(evidence.openings) > 1 or self.added is not None:
            raise NotTogether
        self.added = _Added(entry, evidence, of_persons)
        return 0

    def _require(self, foreseen: bool) -> None:
        if not foreseen:
            raise NotTogether
