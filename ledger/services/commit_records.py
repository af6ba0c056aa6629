"""Commit the records of a submission: what the gateway recomputes, and what it computes for a thin client."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.core.canonical import JsonValue, encode
from ledger.core.commitment import CommittedRecord, RecordContent, commit
from ledger.core.hexadecimal import from_hex
from ledger.core.merkle import MerkleTree, record_leaf
from ledger.core.open_text import refuse_personal
from ledger.core.schema import Schema
from ledger.core.shapes import array, members_of, unsigned
from ledger.domain.process_table import refuse_unlisted_step
from ledger.errors import DerivedMismatch, FormatError, TooLarge, VersionConflict

MOST_RECORDS = 5_000
"""Records of one submission (formats page, section 5)."""
_MEMBERS = ("recordId", "version", "previous", "saltSecret", "originals")


@dataclass(frozen=True, slots=True)
class GivenRecord:
    """A record as it was sent: its content, and derived values (by path and kind) if the sender wants them compared."""

    content: RecordContent
    derived: Mapping[str, JsonValue]


def parse_records(value: object) -> list[GivenRecord]:
    """Return the records of a request body; raises FormatError, TooLarge, or VersionConflict if one stands twice."""
    given = array(value, what="records")
    if len(given) > MOST_RECORDS:
        raise TooLarge(f"{len(given)} records; one submission has at most {MOST_RECORDS}")
    if not given:
        raise FormatError("records: expected at least one")
    records = [_parse_record(record) for record in given]
    if len({record.content.record_id for record in records}) != len(records):
        raise VersionConflict("a record stands twice in one submission")
    return records


def commit_records(schema: Schema, records: Sequence[GivenRecord]) -> list[CommittedRecord]:
    """Commit every record, whose codes must all be in the sets of `schema` (with its code sets).

    Raises SchemaError, PersonalInOpen, CodeUnknown, StepNotListed, RuleError or DerivedMismatch, naming the place and
    never a value.
    """
    committed = []
    for place, record in enumerate(records):
        try:
            made = commit(schema, record.content)
            schema.refuse_unknown_codes(record.content.originals)
            refuse_personal(schema, record.content.originals)
            refuse_unlisted_step(schema, record.content.originals)
            if record.derived:
                _compare_derived(schema, made, record.derived)
        except (FormatError, DerivedMismatch) as error:
            raise type(error)(f"record {place}: {error.detail}") from error
        committed.append(made)
    return committed


def tree_of(committed: Sequence[CommittedRecord]) -> MerkleTree:
    """Return the tree of a submission's records."""
    return MerkleTree([record_leaf(made.record_id, made.version, made.record_root) for made in committed])


def _parse_record(value: object) -> GivenRecord:
    members = members_of(value, _MEMBERS, what="record", optional=("derived",))
    originals, derived = members["originals"], members.get("derived", {})
    if not isinstance(originals, dict) or not isinstance(derived, dict):
        raise FormatError("record: originals and derived are objects")
    content = RecordContent(
        from_hex(members["recordId"], 32, what="recordId"),
        unsigned(members["version"], 32, what="version"),
        from_hex(members["previous"], 32, what="previous"),
        from_hex(members["saltSecret"], 32, what="saltSecret"),
        originals,
    )
    return GivenRecord(content, derived)


def _compare_derived(schema: Schema, made: CommittedRecord, derived: Mapping[str, Any]) -> None:
    known = 0
    for slot, value in zip(schema.slots, made.values, strict=True):
        name = f"{slot.path} {slot.kind}"
        if not slot.is_original and name in derived:
            known += 1
            if encode(derived[name]) != value:
                raise DerivedMismatch(f"{slot.path} ({slot.kind}): the rule gives another value")
    if known != len(derived):
        raise DerivedMismatch("derived: a slot that is not a derived one of this schema")
