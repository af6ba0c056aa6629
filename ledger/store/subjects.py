"""Which records are about whom (by internal token), tags of consents, and counted queries."""

from collections.abc import Mapping, Sequence, Set

from ledger.look_rows import LookAtPerson, ShownRecord
from ledger.rows import RecordSubject, SubjectRecords
from ledger.store.session import Session, any_of
from ledger.tag_rows import SubjectTag, TagUse

ADD = """
    INSERT INTO subjects (record_id, token, item, publisher, since_version)
    SELECT * FROM unnest(%b::bytea[], %b::bytea[], %b::int4[], %b::int4[], %b::int4[])
    ON CONFLICT (record_id) DO UPDATE SET token = excluded.token, since_version = CASE
        WHEN subjects.token = excluded.token THEN subjects.since_version ELSE excluded.since_version END"""
# An earlier version that named somebody else is nobody's to see: not this person's, and not that one's any more.
LOOKS = """
    WITH told AS (
        SELECT entry_id, record_id, version, opened, row_number() OVER (ORDER BY entry_id, record_id) AS place
        FROM subjects JOIN opened_records USING (record_id)
        WHERE token = %s AND subjects.item = ANY(%s) AND version >= since_version)
    SELECT told.entry_id, record_id, version, opened, records.publisher, schema_hash,
        entries.message, entries.digest, anchored_at, place
    FROM told JOIN records USING (record_id, version) JOIN entries ON entries.entry_id = told.entry_id
        LEFT JOIN batches ON batches.batch = entries.batch
    WHERE place <= %s ORDER BY place DESC LIMIT %s"""
FORGET = "DELETE FROM subjects WHERE record_id = ANY(%s)"
OF_RECORDS = "SELECT record_id, since_version FROM subjects WHERE token = %s AND record_id "
OF_RECORDS_BY_TAG = """
    SELECT record_id, since_version FROM subjects JOIN subject_tags USING (token)
    WHERE subject_tag = %s AND recipient = %s AND purpose = %s AND record_id """
# The limit bounds both the work and what an answer tells.
ABOUT = """
    SELECT COALESCE(recorded_at, accepted_at), records.publisher
    FROM subjects JOIN records USING (record_id) JOIN submissions USING (entry_id)
    WHERE token = %s AND subjects.item = %s AND NOT superseded AND NOT hidden
    ORDER BY 1 DESC, record_id LIMIT %s"""
TAG = "SELECT subject_tag, token, recipient, purpose, period, of_child FROM subject_tags WHERE subject_tag = %s"
TAGS_OF_PERSON = "SELECT subject_tag, token, recipient, purpose, period, of_child FROM subject_tags WHERE token = %s"
RENEW_TAG = """
    UPDATE subject_tags SET created_at = GREATEST(created_at, %s) WHERE subject_tag = %s
    RETURNING subject_tag, token, recipient, purpose, period, of_child"""
NEWEST_PERIOD = "SELECT max(period) FROM subject_tags WHERE token = %s AND recipient = %s AND purpose = %s"
ADD_TAG = """
    INSERT INTO subject_tags (subject_tag, token, recipient, purpose, period, of_child, created_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"""
FORGET_TAGS = """
    DELETE FROM subject_tags WHERE created_at < %s AND NOT subject_tag = ANY(%s)
        AND NOT EXISTS (SELECT FROM subjects WHERE subjects.token = subject_tags.token)"""
COUNT = """
    INSERT INTO query_counts (agency, day, asked) VALUES (%s, %s, 1)
    ON CONFLICT (agency, day) DO UPDATE SET asked = query_counts.asked + 1 WHERE query_counts.asked < %s"""
COUNT_SEVERAL = """
    INSERT INTO query_counts (agency, day, asked) VALUES (%s, %s, %s)
    ON CONFLICT (agency, day) DO UPDATE SET asked = query_counts.asked + excluded.asked
        WHERE query_counts.asked + excluded.asked <= %s"""
USE_UP = """
    INSERT INTO query_counts (agency, day, asked) VALUES (%s, %s, %s)
    ON CONFLICT (agency, day) DO UPDATE SET asked = GREATEST(query_counts.asked, excluded.asked)"""
ASKED = "SELECT asked FROM query_counts WHERE agency = %s AND day = %s"
COUNT_LISTED = """
    INSERT INTO query_counts (agency, day, asked, listed) VALUES (%s, %s, 0, %s)
    ON CONFLICT (agency, day) DO UPDATE SET listed = query_counts.listed + excluded.listed
        WHERE query_counts.listed + excluded.listed <= %s"""


EVERY = 2**63 - 1
"""More looks than there are."""


class Subjects(Session):
    """See `ledger.ports.Transaction`, subjects."""

    def add_subjects(self, rows: Sequence[RecordSubject]) -> None:
        """Note whom records are about; a later version's subject replaces the earlier one, None forgets it."""
        named = [
            (row.record_id, row.token, row.item, row.publisher, row.version) for row in rows if row.token is not None
        ]
        nobody = [row.record_id for row in rows if row.token is None]
        if named:
            self._run(ADD, [list(column) for column in zip(*named, strict=True)])
        if nobody:
            self._run(FORGET, (nobody,))

    def subject_records(self, token: bytes, item: int, most: int) -> SubjectRecords:
        """Return how many newest versions of an item are about a person (at most `most` are counted), and the newest.

        Records that their publisher has marked withdrawn or erased do not count.
        """
        found = self._rows(ABOUT, (token, item, most))
        return SubjectRecords(len(found), *found[0]) if found else SubjectRecords(0, 0, 0)

    def records_about(self, token: bytes, versions: Mapping[bytes, int]) -> Set[bytes]:
        """Return those of these records, by id, whose version is about a person; see `ledger.ports.Transaction`."""
        return self._about(OF_RECORDS, (token,), versions)

    def records_about_tag(self, tag: TagUse, versions: Mapping[bytes, int]) -> Set[bytes]:
        """Return those of these records, by id, whose version is about the person for whom a tag was made here."""
        return self._about(OF_RECORDS_BY_TAG, (tag.tag, tag.recipient, tag.purpose), versions)

    def _about(self, statement: str, person: Sequence[bytes | int], versions: Mapping[bytes, int]) -> Set[bytes]:
        if not versions:
            return set()
        rows = self._rows(statement + any_of(len(versions)), (*person, *versions))
        return {record_id for record_id, since in rows if since <= versions[record_id]}

    def looks_at_person(
        self, token: bytes, items: Sequence[int], left: int | None, limit: int
    ) -> Sequence[LookAtPerson]:
        """Return at most `limit` disclosures of records of these items that are about a person, newest first.

        `left`: how many of them are left to be told, the oldest; all if None. Versions from before the record
        named this person are left out.
        """
        rows = self._rows(LOOKS, (token, list(items), EVERY if left is None else left, limit))
        return [
            LookAtPerson(row[0], ShownRecord(row[1], row[2], int.from_bytes(row[3], "big")), *row[4:]) for row in rows
        ]

    def forget_tags(self, kept: Sequence[bytes], before: int) -> int:
        """Forget tags of persons without a record that were made before a time, but `kept`; returns how many."""
        return self._run(FORGET_TAGS, (before, list(kept)))

    def tags_of_person(self, token: bytes) -> Sequence[SubjectTag]:
        """Return the tags that were made here for a person and are not forgotten."""
        return [SubjectTag(*row) for row in self._rows(TAGS_OF_PERSON, (token,))]

    def subject_tag(self, tag: bytes) -> SubjectTag | None:
        """Return whom a tag was made for, None if it was not made here."""
        row = self._row(TAG, (tag,))
        return None if row is None else SubjectTag(*row)

    def renew_tag(self, tag: bytes, now: int) -> SubjectTag | None:
        """Return what `subject_tag` returns, and let the tag wait anew: whoever forgets tags waits for the outcome."""
        row = self._row(RENEW_TAG, (now, tag))
        return None if row is None else SubjectTag(*row)

    def newest_period(self, token: bytes, recipient: int, purpose: int) -> int | None:
        """Return the greatest period of a person's tags for a recipient and purpose, None if there is none."""
        period: int | None = self._value(NEWEST_PERIOD, (token, recipient, purpose))
        return period

    def add_subject_tag(self, tag: SubjectTag, created_at: int) -> bool:
        """Keep a tag; False if it, or its period, is there already. Waits for a concurrent transaction's outcome."""
        values = (tag.tag, tag.token, tag.recipient, tag.purpose, tag.period, tag.of_child, created_at)
        return self._run(ADD_TAG, values) == 1

    def count_query(self, agency: int, day: int, most: int) -> bool:
        """Count one query of an agency on a day (Unix seconds / 86,400); False if it had `most` already."""
        return most > 0 and self._run(COUNT, (agency, day, most)) == 1

    def count_queries(self, agency: int, day: int, queries: int, most: int) -> bool:
        """Count so many queries at once; False if that would exceed `most`, and then none is left of the day.

        With 0 queries it says whether any is left.
        """
        if queries == 0:
            return int(self._value(ASKED, (agency, day)) or 0) < most
        if queries <= most and self._run(COUNT_SEVERAL, (agency, day, queries, most)) == 1:
            return True
        self._run(USE_UP, (agency, day, most))
        return False

    def count_listed(self, agency: int, day: int, persons: int, most: int) -> bool:
        """Count the persons of a list that an agency asks for on a day; False if that would exceed `most`."""
        return persons <= most and self._run(COUNT_LISTED, (agency, day, persons, most)) == 1
