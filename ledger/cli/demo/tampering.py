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


# The statements are made of constants only, and psql runs them on a throw-away copy.
_A_SUBMISSION = "(SELECT min(entry_id) FROM entries WHERE entry_type = 1 AND sequence IS NOT NULL)"
_A_LOOK = (
    "(SELECT min(e.entry_id) FROM entries e JOIN evidence v USING (entry_id)"
    " WHERE e.entry_type = 2 AND e.sequence IS NOT NULL AND length(v.openings) > 0)"
)
_NEWEST = "(SELECT entry_id, position FROM records ORDER BY entry_id DESC, position DESC LIMIT 1)"
_TEXT = "convert_from(open_values, 'UTF8')"
_LAST_DIGIT = f"CASE WHEN substring({_TEXT} FROM '[*]{{4}}[0-9]{{3}}([0-9])') = '0' THEN '1' ELSE '0' END"
_OTHER_PHONE = f"regexp_replace({_TEXT}, '([*]{{4}}[0-9]{{3}})[0-9]', '\\1' || {_LAST_DIGIT})"
_WIDER = "jsonb_set(message::jsonb, '{profile}', to_jsonb('0x' || repeat('ab', 32)))::json"

TAMPERINGS = (
    Tampering(
        "masked-value-edited",
        "the last digit of a masked phone is overwritten in one record",
        f"UPDATE records SET open_values = convert_to({_OTHER_PHONE}, 'UTF8')"  # noqa: S608
        f" WHERE entry_id = {_A_SUBMISSION} AND position = 0",
    ),
    Tampering(
        "newest-record-deleted",
        "the newest record is deleted",
        f"DELETE FROM records WHERE (entry_id, position) = {_NEWEST}",  # noqa: S608
    ),
    Tampering(
        "disclosure-removed",
        "the entry of a look is deleted, as if nobody had looked",
        f"DELETE FROM entries WHERE entry_id = {_A_LOOK}",  # noqa: S608
    ),
    Tampering(
        "profile-widened",
        "a look is said to have been under a wider profile than it was",
        f"UPDATE entries SET message = {_WIDER} WHERE entry_id = {_A_LOOK}",  # noqa: S608
    ),
)
