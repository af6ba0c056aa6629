"""The manifest of a backup, `gongzhi-backup/1`: what a gateway's backup folder holds, each file with its digest.

PERMANENT: backups outlive the program that wrote them. Canonical JSON in `manifest.json`, which is written last.

    {"format","chainId","gateway","createdAt","revision","block","head","tables":[{"name","columns","rows"}…],
     "files":[{"path","bytes","sha256"}…]}

| member | what it is |
|---|---|
| chainId, gateway | chain and agency number of the gateway whose backup it is |
| createdAt | Unix seconds by the gateway's clock, when the database was looked at |
| revision | the shape of the database, as its migrations name it |
| block | `{"number","hash","time"}` of the newest followed block, null if none was followed |
| head | `{"batch","lastSequence","head"}` of the newest batch of the gateway anchored by that block, null if none |
| tables | table by table in the order in which they are restored: columns in file order, rows |
| files | every other file of the folder, by path; a table's rows are in `database/<name>.copy` |
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ledger.core.canonical import decode, encode
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.shapes import array, format_members, members_of, text, unsigned
from ledger.errors import FormatError

BACKUP_FORMAT: Final = "gongzhi-backup/1"
MANIFEST_FILE: Final = "manifest.json"
DATABASE_FOLDER: Final = "database"
_MEMBERS: Final = ("format", "chainId", "gateway", "createdAt", "revision", "block", "head", "tables", "files")
_BLOCK_MEMBERS: Final = ("number", "hash", "time")
_HEAD_MEMBERS: Final = ("batch", "lastSequence", "head")
_TABLE_MEMBERS: Final = ("name", "columns", "rows")
_FILE_MEMBERS: Final = ("path", "bytes", "sha256")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
_PATH: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}(/[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}){0,3}")
"""No part begins with a dot, so no path leads out of its folder."""


@dataclass(frozen=True, slots=True)
class BackupBlock:
    """The newest followed block: its number, hash (0x hex) and time (Unix seconds)."""

    number: int
    hash: str
    time: int


@dataclass(frozen=True, slots=True)
class BackupHead:
    """The newest anchored batch of the gateway, its last sequence, and the stream's head after it (32 bytes)."""

    batch: int
    last_sequence: int
    head: bytes


@dataclass(frozen=True, slots=True)
class TableShape:
    """A table and its columns, in the order in which a copy of its rows holds them."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BackupTable:
    """A table of a backup with the number of its rows."""

    shape: TableShape
    rows: int

    @property
    def path(self) -> str:
        """Path of the file with its rows."""
        return table_path(self.shape.name)


@dataclass(frozen=True, slots=True)
class BackupFile:
    """A file of a backup: relative path, length in bytes, SHA-256 (32 bytes)."""

    path: str
    length: int
    sha256: bytes


@dataclass(frozen=True)
class BackupManifest:
    """What a backup holds; see the members above."""

    chain_id: int
    gateway: int
    created_at: int
    revision: str
    block: BackupBlock | None
    head: BackupHead | None
    tables: tuple[BackupTable, ...]
    files: tuple[BackupFile, ...]

    @property
    def data(self) -> bytes:
        """The bytes of manifest.json."""
        block, head = self.block, self.head
        return encode(
            {
                "format": BACKUP_FORMAT,
                "chainId": self.chain_id,
                "gateway": self.gateway,
                "createdAt": self.created_at,
                "revision": self.revision,
                "block": None if block is None else {"number": block.number, "hash": block.hash, "time": block.time},
                "head": None
                if head is None
                else {"batch": head.batch, "lastSequence": head.last_sequence, "head": to_hex(head.head)},
                "tables": [
                    {"name": table.shape.name, "columns": list(table.shape.columns), "rows": table.rows}
                    for table in self.tables
                ],
                "files": [
                    {"path": file.path, "bytes": file.length, "sha256": to_hex(file.sha256)} for file in self.files
                ],
            }
        )


def table_path(name: str) -> str:
    """Return the path of the file with a table's rows."""
    return f"{DATABASE_FOLDER}/{name}.copy"


def parse_backup(data: bytes) -> BackupManifest:
    """Return the manifest of a backup; raises FormatError, or UnsupportedFormat for another format."""
    members = format_members(decode(data), BACKUP_FORMAT, _MEMBERS, what="backup")
    manifest = BackupManifest(
        unsigned(members["chainId"], 53, what="backup chainId"),
        unsigned(members["gateway"], 32, what="backup gateway"),
        unsigned(members["createdAt"], 53, what="backup createdAt"),
        text(members["revision"], what="backup revision"),
        _block(members["block"]),
        _head(members["head"]),
        tuple(_table(table) for table in array(members["tables"], what="backup tables")),
        tuple(_file(file) for file in array(members["files"], what="backup files")),
    )
    names = _distinct((table.shape.name for table in manifest.tables), what="table")
    paths = _distinct((file.path for file in manifest.files), what="file")
    if missing := sorted({table_path(name) for name in names} - paths):
        raise FormatError(f"backup: a table without its file {missing[0]}")
    return manifest


def _distinct(names: Iterable[str], *, what: str) -> set[str]:
    found: set[str] = set()
    for name in names:
        if name in found:
            raise FormatError(f"backup: {what} {name} stands there twice")
        found.add(name)
    return found


def _block(value: Any) -> BackupBlock | None:
    if value is None:
        return None
    members: Mapping[str, Any] = members_of(value, _BLOCK_MEMBERS, what="backup block")
    return BackupBlock(
        unsigned(members["number"], 53, what="backup block number"),
        to_hex(from_hex(members["hash"], 32, what="backup block hash")),
        unsigned(members["time"], 53, what="backup block time"),
    )


def _head(value: Any) -> BackupHead | None:
    if value is None:
        return None
    members: Mapping[str, Any] = members_of(value, _HEAD_MEMBERS, what="backup head")
    return BackupHead(
        unsigned(members["batch"], 53, what="backup batch"),
        unsigned(members["lastSequence"], 53, what="backup lastSequence"),
        from_hex(members["head"], 32, what="backup head"),
    )


def _table(value: Any) -> BackupTable:
    members = members_of(value, _TABLE_MEMBERS, what="backup table")
    columns = tuple(_name(column) for column in array(members["columns"], what="backup columns"))
    return BackupTable(TableShape(_name(members["name"]), columns), unsigned(members["rows"], 53, what="backup rows"))


def _name(value: Any) -> str:
    name = text(value, what="backup table")
    if not _NAME.fullmatch(name):
        raise FormatError("backup: a name that no table or column of ours has")
    return name


def _file(value: Any) -> BackupFile:
    members = members_of(value, _FILE_MEMBERS, what="backup file")
    path = text(members["path"], what="backup path")
    if not _PATH.fullmatch(path) or path == MANIFEST_FILE:
        raise FormatError("backup: a path that no backup has")
    return BackupFile(
        path,
        unsigned(members["bytes"], 53, what="backup bytes"),
        from_hex(members["sha256"], 32, what="backup sha256"),
    )
