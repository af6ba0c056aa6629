"""Steps of a process: records of the item `transition`, published by the agency that takes the step (domain page)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ledger.client.gongzhi import GongzhiClient
from ledger.client.publishing import Accepted
from ledger.client.submissions import new_record
from ledger.core.canonical import JsonValue
from ledger.core.hexadecimal import to_hex
from ledger.core.schema import Schema
from ledger.domain.process_table import shipped_process_table
from ledger.errors import SchemaError

TRANSITION_ITEM: Final = 4
RIGHTS_ITEM: Final = 5
_TABLE: Final = "/table"


@dataclass(frozen=True, slots=True)
class NewStep:
    """A step of `process` about `subject` (32 bytes: request, grant or record), `before` and `after` as codes.

    `region`: where it belongs, digits. `reason`: code of the set `step-reason`. `evidence`: a digest, 32 bytes.
    `previous`: the transition before; `subject_root`: the record root that was acted upon; `evidence_record` and
    `merged_into`: records (32 bytes each). `note`: free text, sealed; class S.
    """

    subject: bytes
    process: str
    before: str
    after: str
    region: str
    reason: str | None = None
    evidence: bytes | None = None
    synthetic: bool = False
    previous: bytes | None = None
    subject_root: bytes | None = None
    evidence_record: bytes | None = None
    merged_into: bytes | None = None
    note: str | None = None

    def values(self, at: int) -> Mapping[str, JsonValue]:
        """Return the values of the transition record of a step taken at `at` (Unix seconds)."""
        return {
            "/region": self.region,
            "/occurredAt": at,
            "/subjectRecordId": to_hex(self.subject),
            "/subjectRoot": _hex(self.subject_root),
            _TABLE: to_hex(shipped_process_table().hash),
            "/process": self.process,
            "/from": self.before,
            "/to": self.after,
            "/at": at,
            "/previousTransition": _hex(self.previous),
            "/reason": self.reason,
            "/evidence": _hex(self.evidence),
            "/evidenceRecordId": _hex(self.evidence_record),
            "/mergedInto": _hex(self.merged_into),
            "/note": self.note,
            "/synthetic": self.synthetic,
        }

    def values_in(self, schema: Schema, at: int) -> Mapping[str, JsonValue]:
        """Return the values that a schema has a place for, of a step taken at `at` (Unix seconds).

        What is not said is left out where there is no place for it, and so is the table: a schema from before tables
        names none. Raises SchemaError for anything else that has no place.
        """
        values, places = self.values(at), {slot.path for slot in schema.slots}
        lacking = [path for path, value in values.items() if path not in places | {_TABLE} and value is not None]
        if lacking:
            said = ", ".join(lacking)
            raise SchemaError(
                f"the item at this gateway has no place for {said}: leave it out, or load its newer version"
            )
        return {path: value for path, value in values.items() if path in places}


def _hex(value: bytes | None) -> str | None:
    return None if value is None else to_hex(value)


def take_step(client: GongzhiClient, step: NewStep, wait_seconds: int = 0) -> Accepted:
    """Publish a step; returns its acceptance.

    Raises SchemaError where the item has no place for what it says, and what `GongzhiClient.publish` raises.
    """
    schema, version = client.schema_of(TRANSITION_ITEM)
    record = new_record(step.values_in(schema, client.desk.transport.now()))
    return client.publish(schema, TRANSITION_ITEM, version, [record], wait_seconds)[-1]


def publish_one(
    client: GongzhiClient, item: int, values: Mapping[str, JsonValue], wait_seconds: int = 0
) -> tuple[bytes, Accepted]:
    """Publish one record of an item; returns its id and its acceptance."""
    schema, version = client.schema_of(item)
    record = new_record(values)
    return record.record_id, client.publish(schema, item, version, [record], wait_seconds)[-1]
