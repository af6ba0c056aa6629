"""Steps that agencies publish as records: transitions of requests, obligations and rights requests (domain page).

A step is an ordinary record of a schema named `transition`; a rights request is one of a schema named
`rights_request`, and its first version is the step `filed`. A step counts from when its submission was signed, not from
the time that the record claims: the signature's time is bound by the anchoring block. Steps of several agencies never
disturb one another: whose step counts is said by the duty.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.core.canonical import decode
from ledger.core.hexadecimal import from_hex
from ledger.core.schema import Schema
from ledger.core.shapes import members_of, unsigned
from ledger.errors import FormatError, UnsupportedFormat

TRANSITION = "transition"
RIGHTS_REQUEST = "rights_request"
STEP_SCHEMAS = (TRANSITION, RIGHTS_REQUEST)
"""Names of the schemas whose records are steps."""

CHECKED, DELIVERED = "checked", "delivered"
DESTROYED, RETURNED, NOTIFIED = "destroyed", "returned", "notified"
FILED, VERIFIED, DONE, REFUSED = "filed", "verified", "done", "refused"

RIGHTS_FORMAT = "gongzhi-rights/1"
_RIGHTS_MEMBERS = ("format", "version", "workingDays", "otherWorkingDays")
_SUBJECT, _PROCESS, _FROM, _TO, _RIGHT = "/subjectRecordId", "/process", "/from", "/to", "/right"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of `publisher` about `subject` (32 bytes: request, grant or record). `at` in Unix seconds.

    The filing of a rights request has the right that is claimed as its `process`.
    """

    subject: bytes
    publisher: int
    process: str
    from_step: str
    to_step: str
    at: int
    record_id: bytes


Steps = Mapping[bytes, Sequence[Step]]
"""Steps by their subject, in order of time."""


def step_of(
    schema: Schema, values: Sequence[str], record_id: bytes, version: int, publisher: int, at: int
) -> Step | None:
    """Return the step that a record states, or None if it states none.

    `values` are the canonical texts of the stored-open slots in schema order; `at` is when the submission was signed.
    """
    if schema.name not in STEP_SCHEMAS:
        return None
    said = _said(schema, values)
    if schema.name == RIGHTS_REQUEST:
        right = said.get(_RIGHT)
        return Step(record_id, publisher, right, "", FILED, at, record_id) if right and version == 1 else None
    process, before, after = said.get(_PROCESS), said.get(_FROM, ""), said.get(_TO)
    try:
        subject = from_hex(said.get(_SUBJECT), 32)
    except FormatError:
        return None
    return Step(subject, publisher, process, before, after, at, record_id) if process and after else None


def _said(schema: Schema, values: Sequence[str]) -> Mapping[str, str]:
    """Return the texts among the original slots that are stored open, by path; others are left out."""
    open_slots = [slot for slot in schema.slots if slot.is_stored_open]
    if len(open_slots) != len(values):
        return {}
    said = {}
    for slot, text in zip(open_slots, values, strict=True):
        value = _value(text) if slot.is_original else None
        if isinstance(value, str):
            said[slot.path] = value
    return said


def _value(text: str) -> Any:
    try:
        return decode(text)
    except FormatError:
        return None


def by_subject(steps: Iterable[Step]) -> Steps:
    """Return steps by their subject, in order of time; steps of one second in the order given."""
    found: dict[bytes, list[Step]] = defaultdict(list)
    for step in sorted(steps, key=lambda step: step.at):
        found[step.subject].append(step)
    return found


@dataclass(frozen=True, slots=True)
class RightsClocks:
    """How many working days an agency has to answer a right that is claimed."""

    working_days: Mapping[str, int]
    other_working_days: int

    def days(self, right: str) -> int:
        """Return the working days of a right."""
        return self.working_days.get(right, self.other_working_days)


def parse_rights(document: object) -> RightsClocks:
    """Return the clocks of a `gongzhi-rights/1` document; raises UnsupportedFormat or FormatError."""
    if isinstance(document, dict) and document.get("format", RIGHTS_FORMAT) != RIGHTS_FORMAT:
        raise UnsupportedFormat(f"rights: expected format {RIGHTS_FORMAT}")
    members = members_of(document, _RIGHTS_MEMBERS, what="rights")
    unsigned(members["version"], 32, what="rights version")
    days = members["workingDays"]
    if not isinstance(days, dict):
        raise FormatError("rights workingDays: expected an object")
    working_days = {right: unsigned(count, 16, what="rights workingDays") for right, count in days.items()}
    return RightsClocks(working_days, unsigned(members["otherWorkingDays"], 16, what="rights otherWorkingDays"))
