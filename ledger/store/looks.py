"""One statement for a record and what a look at it rests on: each look makes it, and every round trip counts."""

from collections.abc import Sequence
from typing import Any

from ledger.look_rows import LookRest
from ledger.rows import RecordOfLook
from ledger.store.actions import LOCK_SHARED, Actions, lock_of
from ledger.store.records import RECORD_COLUMNS, Records, stored_record
from ledger.store.session import Row

OF_TAG = """EXISTS (
        SELECT FROM subjects JOIN subject_tags USING (token)
        WHERE subjects.record_id = records.record_id AND since_version <= records.version
            AND subject_tag = %s AND recipient = %s AND purpose = %s)"""
DOCUMENT = ", (SELECT content FROM documents WHERE document_hash = %s)"
THIS_VERSION = "AND version = %s"
NEWEST_VERSION = "ORDER BY version DESC LIMIT 1"
ABOUT = len(RECORD_COLUMNS.split(","))


def select_of_look(
    record_id: bytes, version: int | None, rest: LookRest, locks: str = "", numbers: Sequence[int] = ()
) -> tuple[str, tuple[Any, ...]]:
    """Return the SELECT of a record with the rest of a look (and `locks`, with their numbers), and its values."""
    about = "false" if rest.tag is None else OF_TAG
    which = NEWEST_VERSION if version is None else THIS_VERSION
    documents = DOCUMENT * len(rest.documents)
    statement = f"SELECT {RECORD_COLUMNS}, {about}{documents}{locks} FROM records WHERE record_id = %s {which}"
    tag = () if rest.tag is None else (rest.tag.tag, rest.tag.recipient, rest.tag.purpose)
    named = () if version is None else (version,)
    return statement, (*tag, *rest.documents, *numbers, record_id, *named)


def record_of_row(row: Row, rest: LookRest) -> RecordOfLook:
    """Return the record of a row of such a SELECT with its rest."""
    found = row[ABOUT + 1 : ABOUT + 1 + len(rest.documents)]
    return stored_record(row[:ABOUT]), row[ABOUT], dict(zip(rest.documents, found, strict=True))


class Looks(Records, Actions):
    """See `ledger.ports.Transaction`, records."""

    def record_of_look(self, record_id: bytes, version: int | None, rest: LookRest) -> RecordOfLook | None:
        """Return what `record` returns with the rest of it; where it is here, `rest.abouts` are shared by then."""
        numbers = [number for about in rest.abouts for number in lock_of(about)]
        locks = f", {LOCK_SHARED}" * len(rest.abouts)
        row = self._row(*select_of_look(record_id, version, rest, locks, numbers))
        if row is None:
            return None
        self._shared = self._shared.union(rest.abouts)
        return record_of_row(row, rest)
