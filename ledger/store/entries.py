"""Entries of the stream and what proves looks."""

import json
from collections.abc import Mapping, Sequence
from struct import Struct
from typing import Any

from ledger.rows import LookEvidence, NewEntry, StoredEntry
from ledger.store.session import Row, Session

NEW_ENTRY = "entry_type, message, signer, signature, annex, digest, agency, created_at, anchor_by"
ADD = f"INSERT INTO entries ({NEW_ENTRY}) VALUES (%s, %s::json, %s, %s, %s, %s, %s, %s, %s) RETURNING entry_id"
# One statement for an entry and what proves it: a look makes both, and every round trip counts.
ADD_EVIDENCE = """
    INSERT INTO evidence (entry_id, request_base, request_signature, openings)
    SELECT entry_id, %s, %s, %s FROM added RETURNING entry_id"""
# Records about nobody known are left out. They are given as rows: for an array PostgreSQL would plan each time anew.
KEPT = """, kept AS (
        INSERT INTO opened_records (record_id, version, opened, entry_id)
        SELECT subjects.record_id, version, opened, added.entry_id
        FROM added, subjects JOIN (VALUES {rows}) AS given (record_id, version, opened) USING (record_id))"""
OPENED_ROW = "(%s::bytea, %s::int4, %s::bytea)"
ENTRY_COLUMNS = """
    entries.entry_id, entry_type, message, signer, signature, annex, digest, agency, entries.created_at, anchor_by,
    sequence, entries.batch, submitted_at, anchored_at"""
PLACED_ENTRIES = """
    entries LEFT JOIN batches ON batches.batch = entries.batch LEFT JOIN outbox ON outbox.intent = batches.intent"""
BY_DIGEST = f"SELECT {ENTRY_COLUMNS} FROM {PLACED_ENTRIES} WHERE digest = %s"
BY_ID = f"SELECT {ENTRY_COLUMNS} FROM {PLACED_ENTRIES} WHERE entries.entry_id = %s"
BY_IDS = f"SELECT {ENTRY_COLUMNS} FROM {PLACED_ENTRIES} WHERE entries.entry_id = ANY(%s)"
AFTER = f"""
    SELECT {ENTRY_COLUMNS} FROM {PLACED_ENTRIES}
    WHERE sequence > %s AND anchored_block IS NOT NULL ORDER BY sequence LIMIT %s"""
EVIDENCE = "SELECT entry_id, request_base, request_signature, openings FROM evidence WHERE entry_id = ANY(%s)"
OPENING = Struct(">32sI32s32s")


def stored_entry(row: Row) -> StoredEntry:
    """Return the entry of a row of ENTRY_COLUMNS."""
    entry = NewEntry(*row[1:10])
    return StoredEntry(row[0], entry, *row[10:14])


def packed(openings: Sequence[tuple[bytes, int, bytes, int]]) -> bytes:
    """Return openings as 100 bytes each."""
    pack = OPENING.pack
    return b"".join([pack(key, version, root, opened.to_bytes(32, "big")) for key, version, root, opened in openings])


def unpacked(openings: bytes) -> tuple[tuple[bytes, int, bytes, int], ...]:
    """Return what `packed` was given."""
    return tuple(
        (key, version, root, int.from_bytes(opened, "big"))
        for key, version, root, opened in OPENING.iter_unpack(openings)
    )


def entry_values(entry: NewEntry) -> tuple[Any, ...]:
    """Return the values of NEW_ENTRY."""
    message = json.dumps(entry.message, separators=(",", ":"), ensure_ascii=False)
    who = (entry.signer, entry.signature, entry.annex, entry.digest, entry.agency)
    return (entry.entry_type, message, *who, entry.created_at, entry.anchor_by)


def evidence_values(evidence: LookEvidence) -> tuple[bytes, bytes, bytes]:
    """Return what is kept of a look's evidence: request base, its signature, the openings."""
    return evidence.request_base, evidence.request_signature, packed(evidence.openings)


def evidence_of_added(evidence: LookEvidence, *, of_persons: bool) -> tuple[str, str, tuple[Any, ...]]:
    """Return how the evidence of the entry `added` is kept: a further WITH query (empty without `of_persons`), the
    statement after it, and the values of both.
    """
    rows = [(key, version, opened.to_bytes(32, "big")) for key, version, _, opened in evidence.openings if of_persons]
    kept = KEPT.format(rows=", ".join([OPENED_ROW] * len(rows))) if rows else ""
    values = [value for row in rows for value in row]
    return kept, ADD_EVIDENCE, (*values, *evidence_values(evidence))


class Entries(Session):
    """See `ledger.ports.Transaction`, entries."""

    def add_entry(self, entry: NewEntry, evidence: LookEvidence | None = None, *, of_persons: bool = False) -> int:
        """Append an entry (and what proves the look); returns its entry id.

        `of_persons`: keep which records were opened, those that are about somebody, for whom they are about.
        """
        statement, values = ADD, entry_values(entry)
        if evidence is not None:
            kept, proven, more = evidence_of_added(evidence, of_persons=of_persons)
            statement, values = f"WITH added AS ({ADD}){kept}{proven}", (*values, *more)
        entry_id: int = self._value(statement, values)
        return entry_id

    def entry(self, digest: bytes) -> StoredEntry | None:
        """Return an entry by its digest."""
        row = self._row(BY_DIGEST, (digest,))
        return None if row is None else stored_entry(row)

    def entry_by_id(self, entry_id: int) -> StoredEntry | None:
        """Return an entry by its row."""
        row = self._row(BY_ID, (entry_id,))
        return None if row is None else stored_entry(row)

    def entries_by_id(self, entry_ids: Sequence[int]) -> Sequence[StoredEntry]:
        """Return the entries of these rows, in no order."""
        return [stored_entry(row) for row in self._rows(BY_IDS, (list(entry_ids),))]

    def entries_after(self, sequence: int, limit: int) -> Sequence[StoredEntry]:
        """Return anchored entries with a greater sequence, in order."""
        return [stored_entry(row) for row in self._rows(AFTER, (sequence, limit))]

    def evidence(self, entry_ids: Sequence[int]) -> Mapping[int, LookEvidence]:
        """Return what proves these looks, by entry id."""
        return {
            entry_id: LookEvidence(base, signature, unpacked(openings))
            for entry_id, base, signature, openings in self._rows(EVIDENCE, (list(entry_ids),))
        }
