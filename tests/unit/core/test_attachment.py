"""Attachments: the value that names a file, and what it takes to be that file."""

import os

import pytest

from ledger.attachment_errors import AttachmentMedia, AttachmentMismatch, AttachmentTooMany
from ledger.core.attachment import (
    FileValue,
    attached_files,
    attachment_associated_data,
    attachment_digest,
    file_place,
    file_places,
    file_value,
    media_of,
    parse_file_value,
    require_content,
)
from ledger.core.audit.requests import KeptRequest
from ledger.core.commitment import CommittedRecord, RecordContent, commit
from ledger.core.keccak import keccak256
from ledger.core.schema import parse_schema
from ledger.errors import FormatError

pytestmark = pytest.mark.unit

SALT, CONTENT = bytes(range(32)), b"%PDF-1.7 content"
PDF = "application/pdf"


def slot(path: str, slot_type: str) -> dict[str, object]:
    return {"path": path, "kind": "o", "type": slot_type, "nullable": True, "class": "G"}


SCHEMA = parse_schema(
    {
        "format": "gongzhi-schema/1",
        "schema": "test",
        "version": 1,
        "title": {"zh": "试", "en": "test"},
        "slots": [slot("/name", "string"), *[slot(f"/evidence/{number}", "file") for number in range(9)]],
    }
)


def committed(files: int, media: str = PDF) -> CommittedRecord:
    value = FileValue(bytes(32), 3, media).json
    originals = {f"/evidence/{number}": value for number in range(files)}
    return commit(SCHEMA, RecordContent(os.urandom(32), 1, bytes(32), os.urandom(32), originals))


def test_the_digest_is_of_the_salt_and_the_content() -> None:
    value = file_value(SALT, CONTENT, PDF)
    assert value.digest == attachment_digest(SALT, CONTENT) == keccak256(SALT + CONTENT)
    assert value.json == {"digest": "0x" + value.digest.hex(), "bytes": len(CONTENT), "media": PDF}
    assert parse_file_value(value.json) == value


@pytest.mark.parametrize(
    "value",
    [None, {}, {"digest": "0x00", "bytes": 1, "media": PDF}, {"digest": "0x" + "00" * 32, "bytes": -1, "media": PDF}],
)
def test_a_value_of_another_shape_is_refused(value: object) -> None:
    with pytest.raises(FormatError):
        parse_file_value(value)  # type: ignore[arg-type]


def test_files_stand_where_the_schema_says() -> None:
    assert list(file_places(SCHEMA)) == list(range(1, 10))
    assert (file_place(SCHEMA, "/evidence/0"), file_place(SCHEMA, "/name"), file_place(SCHEMA, "/x")) == (1, None, None)


def test_a_record_names_at_most_eight_files_of_known_types() -> None:
    assert [place for place, _ in attached_files(SCHEMA, committed(8))] == list(range(1, 9))
    assert attached_files(SCHEMA, committed(0)) == []
    with pytest.raises(AttachmentTooMany):
        attached_files(SCHEMA, committed(9))
    with pytest.raises(AttachmentMedia):
        attached_files(SCHEMA, committed(1, "image/gif"))


def test_only_the_content_that_was_named_fits() -> None:
    value = file_value(SALT, CONTENT, PDF)
    require_content(value, SALT, CONTENT, PDF)
    other_salt, other_content = bytes(32), CONTENT[:-1] + b"T"
    for salt, content, media in (
        (SALT, CONTENT, "image/png"),
        (SALT, CONTENT + b"x", PDF),
        (SALT, other_content, PDF),
        (other_salt, CONTENT, PDF),
    ):
        with pytest.raises(AttachmentMismatch):
            require_content(value, salt, content, media)


def test_the_first_bytes_say_the_media_type() -> None:
    assert media_of(b"\xff\xd8\xff\xe0") == "image/jpeg"
    assert media_of(b"\x89PNG\r\n\x1a\n") == "image/png"
    assert media_of(b"%PDF-2.0") == PDF
    assert media_of(b"GIF89a") is None
    assert media_of(b"") is None


def test_a_sealed_attachment_is_bound_to_its_publisher_and_its_digest() -> None:
    found = {attachment_associated_data(publisher, digest) for publisher in (1, 2) for digest in (SALT, bytes(32))}
    assert len(found) == 4
    assert all(one.startswith(b"gongzhi-attachment/1") and len(one) == 84 for one in found)


@pytest.mark.parametrize("way", ["", "/bundle", "/attachment"])
def test_an_auditor_knows_which_record_a_look_named(way: str) -> None:
    record = "0x" + "ab" * 32
    request = KeptRequest("", {"@path": f"/v1/records/{record}{way}", "@query": "?path=%2Fa&version=3"}, {})
    assert (request.record_id, request.version) == (bytes.fromhex("ab" * 32), 3)
