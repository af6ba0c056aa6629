"""Erasing content: what is left of a record is its tombstone, in the row that it had.

`erase_marked_at` says that a followed mark asks for it and it is not carried out; a partial index holds only those,
so that asking costs nothing while there are none.
"""

from collections.abc import Sequence

from ledger.core.codes import Mark
from ledger.rows import DueErasure, OwnRecord
from ledger.store.session import Session

WITHHOLD = """
    UPDATE records SET hidden = true, withheld = true
    WHERE record_id = %s AND publisher = %s AND %s IN (0, version) AND NOT withheld"""
DUE = """
    SELECT record_id, version, publisher, erase_marked_at FROM records
    WHERE erase_marked_at IS NOT NULL ORDER BY erase_marked_at, record_id, version LIMIT %s"""
NOT_DUE = "UPDATE records SET erase_marked_at = NULL WHERE record_id = %s AND version = %s"
ERASE = """
    UPDATE records SET erased_at = %s, erase_marked_at = NULL, hidden = true, withheld = true,
        open_values = '', open_salts = '', closed_digests = '',
        region = NULL, occurred_at = NULL, recorded_at = NULL, record_class = NULL, level = NULL
    WHERE record_id = %s AND version = %s AND erased_at IS NULL RETURNING entry_id, position"""
ERASE_SEALED = "DELETE FROM sealed WHERE entry_id = %s AND position = %s"
ERASE_ATTACHMENTS = "DELETE FROM attachments WHERE record_id = %s AND version = %s"
ERASE_STEP = "DELETE FROM transitions WHERE entry_id = %s AND position = %s"
# Whom a record is about stays known as long as any version of it has content.
FORGET_SUBJECT = """
    DELETE FROM subjects WHERE record_id = %s
        AND NOT EXISTS (SELECT FROM records WHERE records.record_id = subjects.record_id AND erased_at IS NULL)"""
REPLAY_MARKS = f"""
    UPDATE records SET hidden = true, erase_marked_at = marks.time FROM (
        SELECT record_id, agency, hiding_marks.version, blocks.time
        FROM hiding_marks JOIN blocks ON number = block WHERE mark = {int(Mark.ERASED)}) AS marks
    WHERE records.record_id = marks.record_id AND publisher = agency AND marks.version IN (0, records.version)
        AND erased_at IS NULL AND erase_marked_at IS NULL"""
REPLAY_SEALED = """
    DELETE FROM sealed USING records
    WHERE sealed.entry_id = records.entry_id AND sealed.position = records.position AND erased_at IS NOT NULL"""
REPLAY_ATTACHMENTS = """
    DELETE FROM attachments USING records
    WHERE attachments.record_id = records.record_id AND attachments.version = records.version
        AND erased_at IS NOT NULL"""
REPLAY_STEPS = """
    DELETE FROM transitions USING records
    WHERE transitions.entry_id = records.entry_id AND transitions.position = records.position
        AND erased_at IS NOT NULL"""
REPLAY_SUBJECTS = """
    DELETE FROM subjects WHERE record_id IN (SELECT record_id FROM records WHERE erased_at IS NOT NULL)
        AND NOT EXISTS (SELECT FROM records WHERE records.record_id = subjects.record_id AND erased_at IS NULL)"""
OWN_RECORDS = """
    SELECT record_id, version, accepted_at, entry_id FROM submissions JOIN records USING (entry_id)
    WHERE submissions.publisher = %s AND submissions.item = %s AND accepted_at < %s
        AND NOT superseded AND NOT hidden AND (entry_id, record_id) > (%s, %s)
    ORDER BY entry_id, record_id LIMIT %s"""


class Erasing(Session):
    """See `ledger.ports.Transaction`, erasure."""

    def withhold(self, record_id: bytes, publisher: int, version: int) -> int:
        """Serve a record no more (version 0: none of its versions), since its publisher's mark was received."""
        return self._run(WITHHOLD, (record_id, publisher, version))

    def erasures_due(self, limit: int) -> Sequence[DueErasure]:
        """Return at most `limit` record versions that a followed mark asks to erase, longest marked first."""
        return [DueErasure(*row) for row in self._rows(DUE, (limit,))]

    def keep_content(self, record_id: bytes, version: int) -> None:
        """Note that a version is not to be erased after all: it is held, or its mark was rewound."""
        self._run(NOT_DUE, (record_id, version))

    def erase(self, record_id: bytes, version: int, erased_at: int) -> bool:
        """Leave a tombstone of a record version: no value, salt, digest, ciphertext, key, index row or token stays.

        Its attachments go with it. False if that was done before.
        """
        place = self._row(ERASE, (erased_at, record_id, version))
        if place is None:
            return False
        self._run(ERASE_SEALED, place)
        self._run(ERASE_ATTACHMENTS, (record_id, version))
        self._run(ERASE_STEP, place)
        self._run(FORGET_SUBJECT, (record_id,))
        return True

    def replay_erasures(self) -> int:
        """Ask again for every erasure that a followed mark asks for and that is not carried out here; returns how many.

        Content that came back beside a tombstone, as from an older copy of one table, goes at once.
        """
        self._run(REPLAY_SEALED)
        self._run(REPLAY_ATTACHMENTS)
        self._run(REPLAY_STEPS)
        self._run(REPLAY_SUBJECTS)
        return self._run(REPLAY_MARKS)

    def own_records(
        self, publisher: int, item: int, before: int, after: tuple[int, bytes], limit: int
    ) -> Sequence[OwnRecord]:
        """Return newest versions that a publisher's submissions brought before a time, behind a place, in order.

        Withdrawn and erased records are left out. A place is (entry id, recordId), (0, b"") to begin.
        """
        rows = self._rows(OWN_RECORDS, (publisher, item, before, *after, limit))
        return [OwnRecord(row[0], row[1], row[2], (row[3], row[0])) for row in rows]
