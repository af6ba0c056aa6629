"""Steps that come back with a member's export, though another record of their submission was erased meanwhile."""

import os
from pathlib import Path
from typing import Any

import pytest

from ledger.core.anchor import GENESIS_HEAD, next_head
from ledger.core.canonical import encode
from ledger.core.codes import EntryType
from ledger.core.commitment import CommittedRecord, RecordContent, commit
from ledger.core.entry import entry_digest
from ledger.core.export import (
    DOCUMENTS_FOLDER,
    ENTRIES_FILE,
    RECORDS_FILE,
    ExportedEntry,
    ExportedRecord,
    ExportedTombstone,
)
from ledger.core.hexadecimal import to_hex
from ledger.core.merkle import MerkleTree, entry_leaf
from ledger.core.statements import statement_digest
from ledger.core.stored import stored_slots
from ledger.services.refetch import Refetched, refetch
from ledger.services.relay import Relay
from tests.api.consortium import Consortium, encoded
from tests.api.members import COMMUNITY, CONTRACT_ADDRESSES, GATEWAY, RELAY_ADDRESS
from tests.api.test_duties import TRANSITION

pytestmark = pytest.mark.api

SCHEMA = TRANSITION.schema


def step(subject: bytes, at: int) -> CommittedRecord:
    """A record that states that a request was checked."""
    values = {"/subjectRecordId": to_hex(subject), "/process": "request", "/from": "requested", "/to": "checked"}
    common = {"/region": "990101001003", "/occurredAt": at, "/synthetic": True, "/at": at}
    given: dict[str, Any] = {slot.path: None for slot in SCHEMA.slots if slot.is_original} | common | values
    return commit(SCHEMA, RecordContent(os.urandom(32), 1, bytes(32), os.urandom(32), given))


def kept(position: int, record: CommittedRecord) -> ExportedRecord:
    slots = stored_slots(SCHEMA, record)
    place = 1, position, record.record_id, 1, bytes(32)
    values = slots.open_values.decode("utf-8").split("\n")
    return ExportedRecord(*place, values, slots.open_salts, slots.closed_digests, os.urandom(32))


def erased(position: int, record: CommittedRecord) -> ExportedTombstone:
    return ExportedTombstone(1, position, record.record_id, 1, bytes(32), record.record_root, os.urandom(32))


def submission(records: list[CommittedRecord], at: int) -> ExportedEntry:
    message = {
        "submissionId": os.urandom(32),
        "gateway": GATEWAY,
        "publisher": COMMUNITY,
        "item": TRANSITION.item.item,
        "itemVersion": 1,
        "schemaHash": SCHEMA.hash,
        "recordCount": len(records),
        "recordsRoot": MerkleTree([record.record_root for record in records]).root,
        "signedAt": at,
    }
    return ExportedEntry(1, EntryType.SUBMISSION, message, RELAY_ADDRESS, os.urandom(65), bytes(32))


def anchor(consortium: Consortium, entry: ExportedEntry) -> None:
    """Let the chain hold a batch of one entry that this gateway lacks."""
    statement = statement_digest(consortium.gateway.domain, entry.statement, entry.message)
    digest = entry_digest(statement, entry.signer, entry.signature, entry.annex)
    root = MerkleTree([entry_leaf(int(entry.entry_type), 1, digest)]).root
    numbers = {"gateway": GATEWAY, "batch": 1, "leafCount": 1, "firstSequence": 1}
    head = next_head(GENESIS_HEAD, GATEWAY, 1, root, 1, 1)
    consortium.add_block([("RecordAnchors", "Anchored", {**numbers, "root": to_hex(root), "head": to_hex(head)})])


def test_the_steps_of_records_that_stand_come_back_beside_one_that_was_erased(
    consortium: Consortium, tmp_path: Path
) -> None:
    at, subjects = consortium.now, [os.urandom(32) for _ in range(3)]
    records = [step(subject, at) for subject in subjects]
    entry = submission(records, at)
    anchor(consortium, entry)
    export = tmp_path / "export"
    (export / DOCUMENTS_FOLDER).mkdir(parents=True)
    for document_hash, content in TRANSITION.documents.items():
        (export / DOCUMENTS_FOLDER / f"{to_hex(document_hash)}.json").write_bytes(content)
    lines: list[ExportedRecord | ExportedTombstone] = [kept(0, records[0]), erased(1, records[1]), kept(2, records[2])]
    (export / ENTRIES_FILE).write_bytes(encode(entry.members()) + b"\n")
    (export / RECORDS_FILE).write_bytes(b"".join(encode(line.members()) + b"\n" for line in lines))
    relay = Relay(RELAY_ADDRESS, encoded, CONTRACT_ADDRESSES)
    assert refetch(consortium.gateway, relay, export) == [Refetched(1, 1)]
    with consortium.store.begin() as opened:
        back = opened.steps_about(subjects)
    assert {(found.subject, found.record_id, found.to_step) for found in back} == {
        (subjects[place], records[place].record_id, "checked") for place in (0, 2)
    }
