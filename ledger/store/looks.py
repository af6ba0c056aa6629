"""One statement for a record and what a look at it rests on: each look makes it, and every round trip counts."""

from ledger.look_rows import LookRest
from ledger.rows import RecordOfLook
from ledger.store.actions import LOCK_SHARED, Actions, lock_of
from ledger.store.records import RECORD_COLUMNS, Records, stored_record

OF_LOOK = f"""
    SELECT {RECORD_COLUMNS}, EXISTS (
        SELECT FROM subjects JOIN subject_tags USING (token)
        WHERE subjects.record_id = records.record_id AND since_version <= records.version
            AND subject_tag = %s AND recipient = %s AND purpose = %s){{more}}
    FROM records WHERE record_id = %s """
DOCUMENT = ", (SELECT content FROM documents WHERE document_hash = %s)"
THIS_VERSION = "AND version = %s"
NEWEST_VERSION = "ORDER BY version DESC LIMIT 1"
ABOUT = len(RECORD_COLUMNS.split(","))


class Looks(Records, Actions):
    """See `ledger.ports.Transaction`, records."""

    def record_of_look(self, record_id: bytes, version: int | None, rest: LookRest) -> RecordOfLook | None:
        """Return what `record` returns with the rest of it; where it is here, `rest.abouts` are shared by then."""
        statement = OF_LOOK.format(more=DOCUMENT * len(rest.documents) + f", {LOCK_SHARED}" * len(rest.abouts))
        statement += NEWEST_VERSION if version is None else THIS_VERSION
        use = (None,) * 3 if rest.tag is None else (rest.tag.tag, rest.tag.recipient, rest.tag.purpose)
        named = () if version is None else (version,)
        numbers = [number for about in rest.abouts for number in lock_of(about)]
        row = self._row(statement, (*use, *rest.documents, *numbers, record_id, *named))
        if row is None:
            return None
        self._shared = self._shared.union(rest.abouts)
        found = row[ABOUT + 1 : ABOUT + 1 + len(rest.documents)]
        return stored_record(row[:ABOUT]), row[ABOUT], dict(zip(rest.documents, found, strict=True))
