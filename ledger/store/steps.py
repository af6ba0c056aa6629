"""Steps that published records state, and first deliveries under grants."""

from collections.abc import Mapping, Sequence

from ledger.core.corrections import DisputedRecord
from ledger.core.erasure import OpenedRecord
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.steps import Step
from ledger.store.session import Session

COPY = """
    COPY transitions (entry_id, position, publisher, at, subject_id, record_id, process, from_step, to_step)
    FROM STDIN (FORMAT BINARY)"""
TYPES = ("int8", "int4", "int4", "int8", "bytea", "bytea", "text", "text", "text")
COLUMNS = "subject_id, publisher, process, from_step, to_step, at, record_id"
ABOUT = f"SELECT {COLUMNS} FROM transitions WHERE subject_id = ANY(%s) ORDER BY at, entry_id, position"
FILED = "SELECT subject_id FROM transitions WHERE to_step = 'filed' AND (publisher = %s OR %s) ORDER BY entry_id"
# Written as the index entries_grant_looks has it, so that one row per grant is read.
DELIVERED = """
    SELECT wanted, first.at FROM unnest(%s::text[]) AS wanted CROSS JOIN LATERAL (
        SELECT (message ->> 'disclosedAt')::bigint AS at FROM entries
        WHERE message ->> 'authorityId' = wanted
          AND entry_type = 2 AND message ->> 'authority' = '2' AND message ->> 'recordCount' <> '0'
        ORDER BY entry_id LIMIT 1) AS first"""

_LOOKS = """
    SELECT entry_id, (message ->> 'disclosedAt')::bigint AS at FROM entries
    WHERE message ->> 'authorityId' = wanted AND entry_type = 2 AND message ->> 'recordCount' <> '0' AND """
# One branch per partial index. An opening is packed in 100 bytes: record id, version, record root, bitmap.
OPENED = f"""
    SELECT wanted, seen.record_id, version, publisher, min(at)
    FROM unnest(%s::text[]) AS wanted
    CROSS JOIN LATERAL (
        {_LOOKS} message ->> 'authority' = '2' UNION ALL {_LOOKS} message ->> 'authority' IN ('3', '4')
    ) AS looks
    JOIN evidence USING (entry_id)
    CROSS JOIN LATERAL (
        SELECT substr(openings, 100 * place + 1, 32) AS record_id,
            ('x' || encode(substr(openings, 100 * place + 33, 4), 'hex'))::bit(32)::int AS version
        FROM generate_series(0, length(openings) / 100 - 1) AS place
    ) AS seen
    JOIN records USING (record_id, version)
    WHERE seen.record_id = ANY(%s)
    GROUP BY wanted, seen.record_id, version, publisher"""

VERSIONS = """
    SELECT record_id, version, publisher, (message ->> 'signedAt')::bigint
    FROM records JOIN entries USING (entry_id)
    WHERE record_id = ANY(%s) ORDER BY record_id, version"""


class KeptSteps(Session):
    """See `ledger.ports.Transaction`, steps."""

    def add_steps(self, entry_id: int, steps: Sequence[tuple[int, Step]]) -> None:
        """Keep the steps of a submission, each with the position of its record."""
        rows = [
            (entry_id, position, s.publisher, s.at, s.subject, s.record_id, s.process, s.from_step, s.to_step)
            for position, s in steps
        ]
        self._copy(COPY, TYPES, rows)

    def steps_about(self, subjects: Sequence[bytes]) -> Sequence[Step]:
        """Return the steps about any of these subjects, in order of time."""
        return [Step(*row) for row in self._rows(ABOUT, (list(subjects),))]

    def filed(self, publisher: int | None = None) -> Sequence[bytes]:
        """Return the ids of the rights requests that an agency (any if None) filed, oldest first."""
        return [row[0] for row in self._rows(FILED, (publisher or 0, publisher is None))]

    def first_deliveries(self, grants: Sequence[bytes]) -> Mapping[bytes, int]:
        """Return when the first look under each of these grants was disclosed (Unix seconds); absent without one."""
        rows = self._rows(DELIVERED, ([to_hex(grant) for grant in grants],))
        return {from_hex(row[0], 32): row[1] for row in rows}

    def first_openings(self, authorities: Sequence[bytes], records: Sequence[bytes]) -> Sequence[OpenedRecord]:
        """Return which versions of these records looks opened under these grants and emergencies, and when first."""
        rows = self._rows(OPENED, ([to_hex(authority) for authority in authorities], list(records)))
        return [OpenedRecord(from_hex(row[0], 32), *row[1:]) for row in rows]

    def versions_signed(self, records: Sequence[bytes]) -> Sequence[DisputedRecord]:
        """Return those of these records that are here, with who published them and when each version was signed."""
        found: dict[bytes, list[tuple[int, int, int]]] = {}
        for record_id, *version in self._rows(VERSIONS, (list(records),)):
            found.setdefault(record_id, []).append((version[0], version[1], version[2]))
        return [
            DisputedRecord(record_id, versions[0][1], [(number, at) for number, _, at in versions])
            for record_id, versions in found.items()
        ]
