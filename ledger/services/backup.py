"""Write a backup of a gateway while it works: a folder with a manifest, there whole or not at all.

Files are written below a name that ends in `.unfinished`, each is flushed to disk, the manifest last; then the folder
gets its name. What is in it: the database as of one moment (sealed originals as ciphertext, daily keys as they are
wrapped), and the files that the caller hands over, among them the endpoints of the trust file and the URLs of remote
signers. What is never in it: the master key, a password, a private key that is not encrypted, the addresses of the
gateway's own database and node.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ledger.core.backup import (
    DATABASE_FOLDER,
    MANIFEST_FILE,
    BackupBlock,
    BackupFile,
    BackupHead,
    BackupManifest,
    BackupTable,
    TableShape,
    table_path,
)
from ledger.errors import UsageError

UNFINISHED = ".unfinished"


class DatabaseCopy(Protocol):
    """A gateway's database as of one moment; each method raises StoreError when it does not answer."""

    def revision(self) -> str:
        """Return the shape of the database, as its migrations name it."""

    def block(self) -> BackupBlock | None:
        """Return the newest followed block."""

    def head(self, gateway: int) -> BackupHead | None:
        """Return the newest followed batch of a gateway."""

    def tables(self) -> Sequence[TableShape]:
        """Return every table with its columns."""

    def rows(self, table: TableShape) -> Iterator[bytes]:
        """Yield a table's rows in pieces, in the database's own binary form."""

    def count(self, table: TableShape) -> int:
        """Return how many rows a table has."""


@dataclass(frozen=True)
class BackupOf:
    """Whose backup it is: chain id, agency number of the gateway, and when (Unix seconds)."""

    chain_id: int
    gateway: int
    created_at: int


def write_backup(
    out: Path, of: BackupOf, database: DatabaseCopy, files: Mapping[str, bytes], say: Callable[[str], None]
) -> BackupManifest:
    """Write a backup to the folder `out`, which must not be there yet; returns its manifest.

    `files` are written beside the database, by relative path; `say` is told of each table in a line. A run that was
    killed leaves `out` with `.unfinished` behind its name, and the next one begins anew there. Raises UsageError when
    `out` is there or another backup is being written to it, StoreError.
    """
    if out.exists():
        raise UsageError(f"{out} is there already; a backup is never overwritten")
    unfinished = out.with_name(out.name + UNFINISHED)
    with _claimed(unfinished):
        (unfinished / DATABASE_FOLDER).mkdir(mode=0o700)
        tables, written = [], []
        for shape in database.tables():
            table = BackupTable(shape, database.count(shape))
            written.append(_write(unfinished, table_path(shape.name), database.rows(shape)))
            tables.append(table)
            say(f"{shape.name}: {table.rows:,} rows, {written[-1].length:,} bytes")
        written += [_write(unfinished, path, [content]) for path, content in sorted(files.items())]
        manifest = BackupManifest(
            of.chain_id,
            of.gateway,
            of.created_at,
            database.revision(),
            database.block(),
            database.head(of.gateway),
            tuple(tables),
            tuple(written),
        )
        _write(unfinished, MANIFEST_FILE, [manifest.data])
        for folder in [path for path in unfinished.rglob("*") if path.is_dir()]:
            _sync_folder(folder)
        _sync_folder(unfinished)
        unfinished.rename(out)
        _sync_folder(out.parent)
    return manifest


@contextmanager
def _claimed(unfinished: Path) -> Iterator[None]:
    """Make the folder, empty, and keep others out of it; the claim ends with this process at the latest."""
    unfinished.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(unfinished, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"another backup is being written to {unfinished}") from None
        for remains in unfinished.iterdir():
            if remains.is_dir():
                shutil.rmtree(remains)
            else:
                remains.unlink()
        yield
    finally:
        os.close(descriptor)


def _write(folder: Path, path: str, pieces: Iterable[bytes]) -> BackupFile:
    file = folder / path
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest, length = hashlib.sha256(), 0
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        for piece in pieces:
            opened.write(piece)
            digest.update(piece)
            length += len(piece)
        opened.flush()
        os.fsync(opened.fileno())
    return BackupFile(path, length, digest.digest())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
