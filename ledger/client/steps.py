"""Steps of a process: records of the item `transition`, published by the agency that takes the step (domain page)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.client.gongzhi import GongzhiClient
from ledger.client.publishing import Accepted
from ledger.client.submissions import new_record
from ledger.core.canonical import JsonValue
from ledger.core.hexadecimal import to_hex
from ledger.domain.process_table import shipped_process_table

TRANSITION_ITEM: Final = 4
RIGHTS_ITEM: Final = 5


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
            "/table": to_hex(shipped_process_table().hash),
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


def _hex(value: bytes | None) -> str | None:
    return None if value is None else to_hex(value)


def take_step(client: GongzhiClient, step: NewStep, wait_seconds: int = 0) -> Accepted:
    """Publish a step; returns its acceptance. Raises what `GongzhiClient.publish` raises."""
    return publish_one(client, TRANSITION_ITEM, step.values(client.desk.transport.now()), wait_seconds)[1]


def publish_one(
    client: GongzhiClient, item: int, values: Mapping[str, JsonValue], wait_seconds: int = 0
) -> tuple[bytes, Accepted]:
    """Publish one record of an item; returns its id and its acceptance."""
    schema, version = client.schema_of(item)
    record = new_record(values)
    accepted: Sequence[Accepted] = client.publish(schema, item, version, [record], wait_seconds)
    return record.record_id, accepted[-1]
