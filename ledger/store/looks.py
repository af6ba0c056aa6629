"""One statement for a record and what a look at it rests on: each look makes it, and every round trip counts."""

from collections.abc import Sequence
from itertools import chain

from ledger.look_rows import LookRest
from ledger.rows import RecordOfLook
from ledger.store.actions import LOCK_SHARED, Actions, lock_of
from ledger.store.records import RECORD_COLUMNS, Records, stored_record
from ledger.store.session import Row

OF_TAG = """EXISTS (
        SELECT FROM subjects JOIN subject_tags USING (token)
        WHERE subjects.record_id = records.record_id AND since_version <= records.version
            AND subject_tag = {tag} AND subject_tags.recipient = {recipient} AND subject_tags.purpose = {purpose})"""
OF_ONE_TAG = OF_TAG.format(tag="%s", recipient="%s", purpose="%s")
DOCUMENT = ", (SELECT content FROM documents WHERE document_hash = %s)"
THIS_VERSION = "AND version = %s"
NEWEST_VERSION = "ORDER BY version DESC LIMIT 1"
ABOUT = len(RECORD_COLUMNS.split(","))


def record_of_columns(columns: Row, contents: Sequence[bytes | None], rest: LookRest) -> RecordOfLook:
    """Return the record of RECORD_COLUMNS and whether it is about the person, with what the documents hold."""
    return stored_record(columns[:ABOUT]), columns[ABOUT], dict(zip(rest.documents, contents, strict=True))


class Looks(Records, Actions):
    """See `ledger.ports.Transaction`, records."""

    def record_of_look(self, record_id: bytes, version: int | None, rest: LookRest) -> RecordOfLook | None:
        """Return what `record` returns with the rest of it; where it is here, `rest.abouts` are shared by then."""
        tag = () if rest.tag is None else (rest.tag.tag, rest.tag.recipient, rest.tag.purpose)
        about = "false" if rest.tag is None else OF_ONE_TAG
        locks = f", {LOCK_SHARED}" * len(rest.abouts)
        which, named = (NEWEST_VERSION, ()) if version is None else (THIS_VERSION, (version,))
        row = self._row(
            f"SELECT {RECORD_COLUMNS}, {about}{DOCUMENT * len(rest.documents)}{locks}"
            f" FROM records WHERE record_id = %s {which}",
            (*tag, *rest.documents, *chain.from_iterable(map(lock_of, rest.abouts)), record_id, *named),
        )
        if row is None:
            return None
        self._shared = self._shared.union(rest.abouts)
        return record_of_columns(row, row[ABOUT + 1 : ABOUT + 1 + len(rest.documents)], rest)
