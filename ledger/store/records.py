"""Record versions as they are served and searched, and sealed content."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ledger.core.scope import EVERYWHERE, Scope
from ledger.core.stored import SearchKeys, StoredSlots
from ledger.rows import RecordHead, SealedContent, SearchBounds, SearchQuery, StoredRecord
from ledger.store.session import Row, Session

RECORD_COLUMNS = """
    record_id, version, previous, record_root, publisher, item, item_version, schema_hash, entry_id, position,
    open_values, open_salts, closed_digests, region, occurred_at, recorded_at, record_class, level, ciphertext_digest,
    hidden, erased_at"""
VERSION = f"SELECT {RECORD_COLUMNS} FROM records WHERE record_id = %s AND version = %s"
NEWEST = f"SELECT {RECORD_COLUMNS} FROM records WHERE record_id = %s ORDER BY version DESC LIMIT 1"
HEADS = """
    SELECT DISTINCT ON (record_id) record_id, version, record_root, publisher
    FROM records WHERE record_id = ANY(%b) ORDER BY record_id, version DESC"""
OF_ENTRIES = f"SELECT {RECORD_COLUMNS} FROM records WHERE entry_id = ANY(%s) ORDER BY entry_id, position"
SEALED = """
    SELECT ciphertext, wrapped_key, daily_key_id FROM sealed JOIN records USING (entry_id, position)
    WHERE record_id = %s AND version = %s"""
DAILY_KEY = "SELECT wrapped FROM daily_keys WHERE key_id = %s"
ADD_DAILY_KEY = "INSERT INTO daily_keys (key_id, wrapped, created_at) VALUES (%s, %s, %s)"
NEWEST_FIRST = "ORDER BY COALESCE(occurred_at, 0) DESC, record_id DESC LIMIT %s"

LAST_CHARACTER = "\U0010ffff"
SUBMISSIONS_AT_ONCE = 4
"""At most 20,000 records in memory while an export runs."""


def stored_record(row: Row) -> StoredRecord:
    """Return the record of a row of RECORD_COLUMNS."""
    slots, keys = StoredSlots(*row[10:13]), SearchKeys(*row[13:18])
    return StoredRecord(*(*row[:10], slots, keys, *row[18:]))


def search_statement(query: SearchQuery) -> tuple[str, list[Any]]:
    """Return the statement of a search and its values. Prefixes are ranges, so that they use the indexes."""
    conditions, values = ["item = %s", "NOT superseded", "NOT hidden"], [query.item]

    def add(condition: str, *more: Any) -> None:
        conditions.append(condition)
        values.extend(more)

    if query.region_prefix:
        add("region >= %s AND region < %s", query.region_prefix, query.region_prefix + LAST_CHARACTER)
    if query.record_class is not None and query.record_class.endswith("/"):
        add("record_class >= %s AND record_class < %s", query.record_class, query.record_class + LAST_CHARACTER)
    elif query.record_class is not None:
        add("record_class = %s", query.record_class)
    if query.occurred_from is not None:
        add("COALESCE(occurred_at, 0) >= %s", query.occurred_from)
    if query.occurred_until is not None:
        add("COALESCE(occurred_at, 0) < %s", query.occurred_until)
    if query.after is not None:
        add("(COALESCE(occurred_at, 0), record_id) < (%s, %s)", *query.after)
    for condition, *more in bound_conditions(query.bounds):
        add(condition, *more)
    values.append(query.limit)
    return f"SELECT {RECORD_COLUMNS} FROM records WHERE {' AND '.join(conditions)} {NEWEST_FIRST}", values


def bound_conditions(bounds: SearchBounds) -> Iterator[tuple[Any, ...]]:
    """Yield the conditions of what a search may find, each with its values."""
    for publisher in bounds.publishers:
        yield "publisher = %s", publisher
    if bounds.region_prefix:
        yield "region >= %s AND region < %s", bounds.region_prefix, bounds.region_prefix + LAST_CHARACTER
    if bounds.subject is not None:
        yield "record_id IN (SELECT record_id FROM subjects WHERE token = %s)", bounds.subject
    for scope in bounds.scopes:
        yield from scope_conditions(scope)


def scope_conditions(scope: Scope) -> Iterator[tuple[Any, ...]]:
    """Yield the conditions that the records of a scope fulfil, each with its values."""
    if EVERYWHERE not in scope.regions:
        yield _any_of("region", scope.regions, scope.regions)
    if scope.classes is not None:
        prefixes = [one for one in scope.classes if one.endswith("/")]
        yield _any_of("record_class", scope.classes, prefixes)
    if scope.records is not None:
        yield "record_id = ANY(%s)", list(scope.records)
    if scope.from_at is not None:
        yield "occurred_at >= %s", scope.from_at
    if scope.until_at is not None:
        yield "occurred_at < %s", scope.until_at


def _any_of(column: str, exact: Sequence[str], prefixes: Sequence[str]) -> tuple[Any, ...]:
    ranges = [value for prefix in prefixes for value in (prefix, prefix + LAST_CHARACTER)]
    conditions = [f"{column} = ANY(%s)", *[f"({column} >= %s AND {column} < %s)" for _ in prefixes]]
    return f"({' OR '.join(conditions)})", list(exact), *ranges


class Records(Session):
    """See `ledger.ports.Transaction`, records."""

    def record_heads(self, record_ids: Sequence[bytes]) -> Mapping[bytes, RecordHead]:
        """Return the newest version of each record that is here."""
        return {row[0]: RecordHead(*row) for row in self._rows(HEADS, (list(record_ids),))}

    def record(self, record_id: bytes, version: int | None = None) -> StoredRecord | None:
        """Return a record version, the newest if None; hidden ones too."""
        row = self._row(NEWEST, (record_id,)) if version is None else self._row(VERSION, (record_id, version))
        return None if row is None else stored_record(row)

    def search(self, query: SearchQuery) -> Sequence[StoredRecord]:
        """Return at most `query.limit` newest versions, newest `occurredAt` first (none counts as 0), then by id.

        Records that their publisher has marked withdrawn or erased are left out.
        """
        statement, values = search_statement(query)
        return [stored_record(row) for row in self._rows(statement, values, prepare=False)]

    def records_of_entries(self, entry_ids: Sequence[int]) -> Iterator[StoredRecord]:
        """Yield the records of submissions, by entry id and position."""
        ordered = sorted(entry_ids)
        for start in range(0, len(ordered), SUBMISSIONS_AT_ONCE):
            for row in self._rows(OF_ENTRIES, (ordered[start : start + SUBMISSIONS_AT_ONCE],)):
                yield stored_record(row)

    def sealed(self, record_id: bytes, version: int) -> SealedContent | None:
        """Return a version's sealed content."""
        row = self._row(SEALED, (record_id, version))
        return None if row is None else SealedContent(*row)

    def daily_key(self, key_id: str) -> bytes | None:
        """Return a daily key's wrapped bytes."""
        wrapped: bytes | None = self._value(DAILY_KEY, (key_id,))
        return wrapped

    def add_daily_key(self, key_id: str, wrapped: bytes, created_at: int) -> None:
        """Keep a wrapped daily key; raises Conflict if the id is there."""
        self._run(ADD_DAILY_KEY, (key_id, wrapped, created_at))
