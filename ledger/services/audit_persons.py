"""Hold a key-holder's answer about persons against chain, sample and export, before a ledger is verified with it."""

import re
from collections.abc import Mapping
from pathlib import Path

from ledger.core.audit.ground import Ground
from ledger.core.audit.persons import ComparedPersons, RecordKey, check_digests
from ledger.core.eip712 import ZERO32
from ledger.core.export import (
    ENTRIES_FILE,
    RECORDS_FILE,
    ExportedRecord,
    ExportedTombstone,
    parse_entry,
    parse_members,
    parse_record_line,
)
from ledger.core.hexadecimal import to_hex
from ledger.core.person_answer import verify_answer
from ledger.core.schema import ORIGINAL, SUBJECT_PATH
from ledger.errors import FormatError
from ledger.person_errors import PersonsSampleDiffers
from ledger.services.audit_files import LineFile
from ledger.services.consented_looks import require_drawn

_RECORD_ID = re.compile(rb'"recordId"\s*:\s*"(0x[0-9a-f]{64})"')


def judged_persons(ground: Ground, folder: Path, persons: ComparedPersons) -> Mapping[RecordKey, bytes | None]:
    """Return the commitments of `/subject` in an export of the records of a sample, as `subject_digests` does.

    Raises PersonsSampleDiffers unless the sample is drawn from this export, PersonsAnswerRefused for an answer that is
    not whole, not of this sample, not signed by this gateway, or of other commitments.
    """
    if persons.sample.domain not in (ground.domain, *ground.later_domains.values()):
        raise PersonsSampleDiffers("the sample is of another chain or contract")
    require_drawn(persons.sample, folder, ground.history)
    verify_answer(persons.answer, persons.sample, ground.history)
    digests = subject_digests(ground, folder, frozenset((one.record_id, one.version) for one in persons.answer.looks))
    check_digests(persons.answer, digests)
    return digests


def subject_digests(ground: Ground, folder: Path, wanted: frozenset[RecordKey]) -> Mapping[RecordKey, bytes | None]:
    """Return the commitment of `/subject` of those records of an export that are wanted, None of a tombstone.

    Zero stands for a record without `/subject`. What is not there, or does not parse, is left out: that the records of
    the export are those of the ledger is checked by its verification.
    """
    ids = {to_hex(record_id).encode() for record_id, _ in wanted}
    records, entries = LineFile(folder / RECORDS_FILE), LineFile(folder / ENTRIES_FILE)
    found: dict[RecordKey, bytes | None] = {}
    for line in records.lines(0, records.size):
        named = _RECORD_ID.search(line)
        if named is None or named[1] not in ids:
            continue
        try:
            record = parse_record_line(parse_members(line))
            key = record.record_id, record.version
            if key in wanted and isinstance(record, ExportedTombstone):
                found[key] = None
            elif key in wanted and isinstance(record, ExportedRecord):
                found[key] = _subject_digest(ground, entries, record)
        except FormatError:
            continue
    return found


def _subject_digest(ground: Ground, entries: LineFile, record: ExportedRecord) -> bytes:
    """Return the digest in the place of `/subject`; raises FormatError where its submission or schema is not here."""
    begin = entries.offset_of(record.sequence)
    entry = next((parse_entry(parse_members(one)) for one in entries.lines(begin, begin + 1)), None)
    plan = None if entry is None or "schemaHash" not in entry.message else ground.plan(entry.message["schemaHash"])
    if plan is None or not plan.has_shape(record):
        raise FormatError("record: its schema is not here, or it is not of its shape")
    if not plan.schema.has_subject:
        return ZERO32
    place = plan.schema.closed_places.index(plan.schema.index[SUBJECT_PATH, ORIGINAL])
    return record.digests[32 * place : 32 * (place + 1)]
