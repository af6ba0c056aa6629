"""The manifest of a backup: written and read back, and what is refused."""

from typing import Any

import pytest

from ledger.core.backup import (
    BackupBlock,
    BackupFile,
    BackupHead,
    BackupManifest,
    BackupTable,
    TableShape,
    parse_backup,
)
from ledger.core.canonical import decode, encode
from ledger.errors import FormatError, UnsupportedFormat

pytestmark = pytest.mark.unit

MANIFEST = BackupManifest(
    20_265_801,
    3,
    1_800_000_000,
    "0007",
    BackupBlock(96, "0x" + "ab" * 32, 1_799_999_990),
    BackupHead(5, 45, bytes(range(32))),
    (BackupTable(TableShape("entries", ("entry_id", "digest")), 45),),
    (BackupFile("database/entries.copy", 1_234, b"\x11" * 32), BackupFile("trust.json", 77, b"\x22" * 32)),
)
EMPTY = BackupManifest(1, 1, 0, "0001", None, None, (), ())


def changed(**members: Any) -> bytes:
    document = decode(MANIFEST.data)
    assert isinstance(document, dict)
    return encode(document | members)


@pytest.mark.parametrize("manifest", [MANIFEST, EMPTY])
def test_a_manifest_is_read_as_it_was_written(manifest: BackupManifest) -> None:
    assert parse_backup(manifest.data) == manifest


def test_the_rows_of_a_table_are_in_a_file_of_its_name() -> None:
    assert MANIFEST.tables[0].path == "database/entries.copy"


def test_another_format_is_not_read() -> None:
    with pytest.raises(UnsupportedFormat):
        parse_backup(changed(format="gongzhi-backup/2"))


def file(path: str) -> dict[str, Any]:
    return {"path": path, "bytes": 1, "sha256": "0x" + "00" * 32}


TABLE = {"name": "entries", "columns": ["entry_id"], "rows": 1}
COPY = file("database/entries.copy")


@pytest.mark.parametrize(
    "members",
    [
        {"owner": "somebody"},
        {"chainId": -1},
        {"revision": 7},
        {"block": {"number": 1}},
        {"head": {"batch": 1, "lastSequence": 2, "head": "0x00"}},
        {"tables": [TABLE, TABLE]},
        {"tables": [{**TABLE, "name": "entries; DROP TABLE entries"}]},
        {"tables": [{**TABLE, "columns": ['"']}]},
        {"tables": [{**TABLE, "name": "records"}]},
        {"files": [COPY, COPY]},
        {"files": [COPY, file("manifest.json")]},
        {"files": [COPY, file("/etc/passwd")]},
        {"files": [COPY, file("../settings.json")]},
        {"files": [COPY, file("keys/../../settings.json")]},
        {"files": [COPY, file("keys//x")]},
        {"files": [COPY, file("")]},
    ],
)
def test_a_manifest_of_another_shape_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        parse_backup(changed(**members))
