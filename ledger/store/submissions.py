"""Taking a submission: entry, records and sealed content in one transaction, rows by COPY."""

from collections.abc import Sequence

from ledger.core.codes import Mark
from ledger.rows import NewRecord, NewSubmission, StoredSubmission
from ledger.store.entries import ENTRY_COLUMNS, PLACED_ENTRIES, Entries, stored_entry
from ledger.store.locks import MARKS_LOCK
from ledger.store.session import Row

ADD = """
    INSERT INTO submissions (entry_id, submission_id, publisher, item, item_version, schema_hash, record_count,
        statement_digest, accepted_at, acceptance_signature, acceptance_signer, about_persons, duplicates)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::int4[])"""
COPY_RECORDS = """
    COPY records (entry_id, position, publisher, item, item_version, schema_hash, record_id, version, previous,
        record_root, open_values, open_salts, closed_digests, region, occurred_at, recorded_at, record_class, level,
        ciphertext_digest) FROM STDIN (FORMAT BINARY)"""
RECORD_TYPES = (
    *("int8", "int4", "int4", "int4", "int4", "bytea", "bytea", "int4", "bytea", "bytea", "bytea", "bytea", "bytea"),
    *("text", "int8", "int8", "text", "int2", "bytea"),
)
COPY_SEALED = """
    COPY sealed (entry_id, position, ciphertext, wrapped_key, daily_key_id) FROM STDIN (FORMAT BINARY)"""
SEALED_TYPES = ("int8", "int4", "bytea", "bytea", "text")
SUPERSEDE = """
    UPDATE records SET superseded = true
    FROM unnest(%b::bytea[], %b::int4[]) AS older (record_id, version)
    WHERE records.record_id = older.record_id AND records.version = older.version"""
# A mark may be on chain before the record that it hides is here.
ANY_MARK = f"SELECT pg_advisory_xact_lock_shared({MARKS_LOCK}), EXISTS (SELECT FROM hiding_marks)"
HIDE = """
    UPDATE records SET hidden = true FROM hiding_marks
    WHERE entry_id = %s AND hiding_marks.record_id = records.record_id AND agency = publisher
      AND hiding_marks.version IN (0, records.version)"""
DUE = f"""
    UPDATE records SET erase_marked_at = blocks.time FROM hiding_marks JOIN blocks ON number = block
    WHERE entry_id = %s AND hiding_marks.record_id = records.record_id AND agency = publisher
      AND hiding_marks.version IN (0, records.version) AND mark = {int(Mark.ERASED)}"""
SUBMISSION_COLUMNS = f"""{ENTRY_COLUMNS},
    submission_id, publisher, statement_digest, accepted_at, acceptance_signature, acceptance_signer, duplicates"""
BY_ID = f"""
    SELECT {SUBMISSION_COLUMNS} FROM {PLACED_ENTRIES} JOIN submissions ON submissions.entry_id = entries.entry_id
    WHERE publisher = %s AND submission_id = %s"""
BY_ENTRY = f"""
    SELECT {SUBMISSION_COLUMNS} FROM {PLACED_ENTRIES} JOIN submissions ON submissions.entry_id = entries.entry_id
    WHERE entries.entry_id = %s"""
LEAVES = "SELECT record_id, version, record_root FROM records WHERE entry_id = %s ORDER BY position"


def stored_submission(row: Row) -> StoredSubmission:
    """Return the submission of a row of SUBMISSION_COLUMNS."""
    return StoredSubmission(stored_entry(row), *row[14:])


class Submissions(Entries):
    """See `ledger.ports.Transaction`, submissions."""

    def add_submission(self, submission: NewSubmission) -> int:
        """Store entry, submission, records and sealed content; returns the entry id.

        Raises Conflict (submissionId used) or VersionConflict (a record version is there already).
        """
        entry_id = self.add_entry(submission.entry)
        self._run(
            ADD,
            (
                entry_id,
                submission.submission_id,
                submission.publisher,
                submission.item,
                submission.item_version,
                submission.schema_hash,
                len(submission.records),
                submission.statement_digest,
                submission.accepted_at,
                submission.acceptance_signature,
                submission.acceptance_signer,
                submission.about_persons,
                [*submission.duplicates],
            ),
        )
        self._add_records(entry_id, submission)
        self._supersede(submission.records)
        if self._one(ANY_MARK)[1]:
            self._run(HIDE, (entry_id,))
            self._run(DUE, (entry_id,))
        return entry_id

    def _add_records(self, entry_id: int, submission: NewSubmission) -> None:
        head = (submission.publisher, submission.item, submission.item_version, submission.schema_hash)
        rows = []
        for position, new in enumerate(submission.records):
            slots, keys = new.slots, new.keys
            content = (slots.open_values, slots.open_salts, slots.closed_digests)
            searched = (keys.region, keys.occurred_at, keys.recorded_at, keys.record_class, keys.level)
            identity = (new.record_id, new.version, new.previous, new.record_root)
            rows.append((entry_id, position, *head, *identity, *content, *searched, new.ciphertext_digest))
        self._copy(COPY_RECORDS, RECORD_TYPES, rows)
        contents = [
            (entry_id, position, new.ciphertext, new.wrapped_key, new.daily_key_id)
            for position, new in enumerate(submission.records)
            if new.wrapped_key
        ]
        self._copy(COPY_SEALED, SEALED_TYPES, contents)

    def _supersede(self, records: Sequence[NewRecord]) -> None:
        later = [(new.record_id, new.version - 1) for new in records if new.version > 1]
        if later:
            self._run(SUPERSEDE, ([record_id for record_id, _ in later], [version for _, version in later]))

    def submission(self, publisher: int, submission_id: bytes) -> StoredSubmission | None:
        """Return a submission by its id."""
        row = self._row(BY_ID, (publisher, submission_id))
        return None if row is None else stored_submission(row)

    def submission_of_entry(self, entry_id: int) -> StoredSubmission | None:
        """Return a submission by its entry."""
        row = self._row(BY_ENTRY, (entry_id,))
        return None if row is None else stored_submission(row)

    def leaves_of_submission(self, entry_id: int) -> Sequence[tuple[bytes, int, bytes]]:
        """Return (recordId, version, record root) of a submission's records, in its order."""
        return [(row[0], row[1], row[2]) for row in self._rows(LEAVES, (entry_id,))]
