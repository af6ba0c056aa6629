"""Lines of an export: what is built parses back, and nothing unknown is ignored."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from ledger.core.canonical import encode
from ledger.core.export import (
    ExportCounts,
    ExportedDocument,
    manifest_document,
    parse_action,
    parse_counts,
    parse_document,
    parse_entry,
    parse_look,
    parse_manifest,
    parse_manifest_line,
    parse_members,
    parse_record,
    parse_record_line,
    parse_tagged_line,
    parse_tombstone,
    tagged_line,
)
from ledger.core.keccak import keccak256
from ledger.errors import CanonicalJsonError, FormatError, UnsupportedFormat
from tests.simulated_consortium import number32
from tests.simulated_ledger import honest_ledger
from tests.simulated_stream import tombstone_line

pytestmark = pytest.mark.unit
EXPORT = honest_ledger().export()
ENTRY, RECORD, LOOK = EXPORT.entries[0], EXPORT.records[0], EXPORT.looks[0]
ACTION = EXPORT.actions[0]
TOMBSTONE = tombstone_line(RECORD, number32("root"))
COUNTS = {"entries": 1, "records": 2, "looks": 3, "actions": 4}


def test_what_is_built_parses_back() -> None:
    for line in EXPORT.entries:
        assert parse_entry(line).members() == line
    for line in EXPORT.records:
        assert parse_record(line).members() == line
    assert parse_record_line(RECORD) == parse_record(RECORD)
    assert parse_record_line(TOMBSTONE).members() == TOMBSTONE
    for line in EXPORT.looks:
        assert parse_look(line).members() == line
    assert parse_action(ACTION).members() == ACTION
    assert parse_manifest_line(EXPORT.manifest.members()) == EXPORT.manifest
    assert parse_counts(COUNTS).members() == COUNTS
    document = ExportedDocument(bytes(keccak256(b"{}")), "application/json", "{}")
    assert parse_document(document.members()) == document


def test_a_line_of_the_stream_is_tagged_and_canonical() -> None:
    line = tagged_line("record", RECORD)
    assert encode(json.loads(line)).decode() == line
    tag, members = parse_tagged_line(line)
    assert (tag, members) == ("record", RECORD)
    assert parse_members(encode(RECORD)) == RECORD


def test_the_manifest_on_disk_joins_first_and_last_line() -> None:
    counts = ExportCounts(1, 2, 3, 4)
    data = encode(manifest_document(EXPORT.manifest, counts))
    assert parse_manifest(data) == (EXPORT.manifest, counts)


@pytest.mark.parametrize(
    ("parse", "value"),
    [
        (parse_tagged_line, "[]"),
        (parse_tagged_line, "{}"),
        (parse_tagged_line, '{"line":5}'),
        (parse_members, "[]"),
        (parse_entry, {**ENTRY, "remark": 1}),
        (parse_entry, {**ENTRY, "sequence": -1}),
        (parse_entry, {**ENTRY, "signature": "0x00"}),
        (parse_entry, {**ENTRY, "message": {}}),
        (parse_record, {**RECORD, "remark": 1}),
        (parse_tombstone, {**TOMBSTONE, "values": []}),
        (parse_tombstone, RECORD),
        (parse_tombstone, {**TOMBSTONE, "recordRoot": "0x00"}),
        (parse_record, {**RECORD, "values": "text"}),
        (parse_record, {**RECORD, "values": [1]}),
        (parse_record, {**RECORD, "values": RECORD["values"][1:]}),
        (parse_record, {**RECORD, "digests": "0x00"}),
        (parse_record, {**RECORD, "salts": RECORD["salts"].upper()}),
        (parse_look, {**LOOK, "openings": [[]]}),
        (parse_look, {**LOOK, "base": 5}),
        (parse_look, {**LOOK, "openings": [LOOK["openings"][0]] * 201}),
        (parse_document, {"hash": "0x" + "00" * 32, "media": "a", "content": "{}"}),
        (parse_action, {**ACTION, "action": "RemoveKey"}),
        (parse_action, {**ACTION, "signatures": "0x"}),
        (parse_action, {**ACTION, "message": {}}),
        (parse_counts, {"entries": 1}),
        (parse_manifest, encode({**EXPORT.manifest.members(), "entries": 1})),
        (parse_manifest_line, {**EXPORT.manifest.members(), "chainId": "1"}),
    ],
    ids=range(27),
)
def test_other_shapes_are_refused(parse: Callable[[Any], object], value: Any) -> None:
    with pytest.raises(FormatError):
        parse(value)


@pytest.mark.parametrize("line", [b'{"a":1,"a":2}', b'{"a":1.5}', b'{"a":"e\xcc\x81"}', b"{", b'{"a":"\xff"}'])
def test_lines_are_read_as_strictly_as_documents(line: bytes) -> None:
    with pytest.raises(CanonicalJsonError):
        parse_members(line)


def test_unknown_formats_and_entry_types_are_unsupported() -> None:
    with pytest.raises(UnsupportedFormat):
        parse_manifest(b"{}")
    with pytest.raises(UnsupportedFormat):
        parse_manifest_line({"format": "gongzhi-export/2"})
    with pytest.raises(UnsupportedFormat):
        parse_entry({**ENTRY, "entryType": 99})
