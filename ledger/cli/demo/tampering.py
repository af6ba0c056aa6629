"""What a lying operator might do to the database, and what the auditor must find.

Each case alters a copy by one SQL statement, exports it as the gateway would, and verifies the export. The operator
holds the database and no key of anybody else.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tampering:
    """One lie: its name, what it does in plain words, and the statement that does it."""

    name: str
    words: str
    statement: str


_A_SUBMISSION = "(SELECT entry_id FROM entries WHERE entry_type = 1 AND sequence IS NOT NULL ORDER BY sequence LIMIT 1)"
_A_LOOK = (
    "(SELECT e.entry_id FROM entries e JOIN evidence v USING (entry_id) WHERE e.entry_type = 2 AND e.sequence IS NOT NULL"
    " AND length(v.openings) > 0 ORDER BY e.sequence LIMIT 1)"
)
_NEWEST = "(SELECT entry_id, position FROM records ORDER BY entry_id DESC, position DESC LIMIT 1)"

TAMPERINGS = (
    Tampering(
        "masked-value-edited",
        "a masked phone number in one record is overwritten",
        # 138****8000 → 138****8001 and the like: the last digit of the first masked phone is changed.
        "UPDATE records SET open_values = convert_to(regexp_replace(convert_from(open_values, 'UTF8'),"
        r" '(\*\*\*\*\d{3})(\d)', '\1' || CASE WHEN substring(convert_from(open_values, 'UTF8') FROM '\*\*\*\*\d{3}(\d)')"
        f" = '0' THEN '1' ELSE '0' END), 'UTF8') WHERE entry_id = {_A_SUBMISSION} AND position = 0",
    ),
    Tampering(
        "newest-record-deleted",
        "the newest record is deleted",
        f"DELETE FROM records WHERE (entry_id, position) = {_NEWEST}",
    ),
    Tampering(
        "disclosure-removed",
        "the entry of a look is deleted, as if nobody had looked",
        f"DELETE FROM entries WHERE entry_id = {_A_LOOK}",
    ),
    Tampering(
        "profile-widened",
        "a look is said to have been under a wider profile",
        "UPDATE entries SET message = (jsonb_set(message::jsonb, '{profile}', to_jsonb('0x' || repeat('ab', 32))))::json"
        f" WHERE entry_id = {_A_LOOK}",
    ),
)
