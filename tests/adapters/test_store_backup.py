"""Backups of a real PostgreSQL: of one moment, whole or not there at all, and back again after a kill anywhere."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger.core.backup import BackupBlock, BackupHead, BackupManifest, BackupTable, TableShape
from ledger.errors import BackupInvalid, DatabaseInUse, UsageError
from ledger.services.backup import BackupOf, write_backup
from ledger.services.restore import ReadBackup, read_backup
from ledger.store.backup import Snapshot, load, require_empty, restored_from, snapshot
from ledger.store.migrate import migrate, newest_revision
from ledger.store.postgres import PostgresStore
from tests.adapters.stored_things import new_attachment, new_record, new_submission
from tests.adapters.test_store_following import followed
from tests.engines import drop_database, fresh_database

pytestmark = pytest.mark.adapters

OF = BackupOf(20_265_801, 1, 1_800_000_000)
FILES = {"trust.json": b"{}", "keys/api.json": b"{}"}


@pytest.fixture
def filled(database: str) -> str:
    """A database in which some submissions and blocks stand."""
    migrate(database)
    fill(database, 3)
    with closing(PostgresStore(database)) as store, store.begin() as tx:
        tx.add_followed([followed(0), followed(1)], 1_700_000_000)
    return database


@pytest.fixture
def empty(postgres: str) -> Iterator[str]:
    """Another database, on which nothing was done."""
    dsn = fresh_database(postgres)
    yield dsn
    drop_database(dsn)


def fill(dsn: str, submissions: int) -> None:
    with closing(PostgresStore(dsn, connections=1)) as store:
        for _ in range(submissions):
            with store.begin() as tx:
                records, files = [new_record(), new_record()], [new_attachment(), new_attachment()]
                for file in files:
                    tx.stage_attachment(file, 1_000)
                tx.bind_attachment(7, files[0].digest, records[0].record_id, 1, 3)
                tx.add_submission(new_submission(records))


def checked_at(dsn: str) -> int:
    with closing(PostgresStore(dsn, connections=1)) as store, store.begin() as tx:
        return tx.seen_state().checked_at


def backed_up(dsn: str, out: Path) -> ReadBackup:
    with snapshot(dsn) as copied:
        write_backup(out, OF, copied, FILES, lambda _: None)
    return read_backup(out)


def restored(dsn: str, read: ReadBackup) -> None:
    load(dsn, read.manifest.revision, read.tables(), read.digest)


def content(dsn: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every table's rows as text, in order, but what a restore itself notes."""
    with psycopg.connect(dsn) as connection, snapshot(dsn) as copied:
        found = {}
        for table in copied.tables():
            rows = connection.execute(f"SELECT {table.name}::text FROM {table.name} ORDER BY 1").fetchall()
            found[table.name] = [row for row in rows if "restored" not in row[0] and table.name != "following"]
        return found


def killed(work: Callable[[], None]) -> bool:
    """Run `work` in a process of its own; whether it was killed in the middle."""
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    process.join(60)
    return process.exitcode == -signal.SIGKILL


def dying(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces, and `kill -9` of this process behind them."""
    yield from pieces
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class DyingCopy:
    """A database's copy whose process is killed when the rows of one table were written."""

    copied: Snapshot
    table: str

    def revision(self) -> str:
        return self.copied.revision()

    def block(self) -> BackupBlock | None:
        return self.copied.block()

    def head(self, gateway: int) -> BackupHead | None:
        return self.copied.head(gateway)

    def tables(self) -> Sequence[TableShape]:
        return self.copied.tables()

    def count(self, table: TableShape) -> int:
        return self.copied.count(table)

    def rows(self, table: TableShape) -> Iterator[bytes]:
        rows = self.copied.rows(table)
        return dying(rows) if table.name == self.table else rows


def test_what_was_backed_up_comes_back_row_by_row(filled: str, empty: str, tmp_path: Path) -> None:
    read = backed_up(filled, tmp_path / "backup")
    restored(empty, read)
    assert content(empty) == content(filled)
    assert len(content(empty)["records"]) == 6
    assert restored_from(empty) == read.digest
    assert read.content("trust.json") == b"{}"
    assert read.manifest.block is not None
    assert (read.manifest.block.number, read.manifest.revision) == (1, newest_revision())


def test_a_restored_database_goes_on_numbering_its_rows(filled: str, empty: str, tmp_path: Path) -> None:
    restored(empty, backed_up(filled, tmp_path / "backup"))
    fill(empty, 1)
    assert len(content(empty)["entries"]) == 4


def test_a_restored_database_knows_no_chain_s_head_until_it_has_followed(
    filled: str, empty: str, tmp_path: Path
) -> None:
    restored(empty, backed_up(filled, tmp_path / "backup"))
    assert (checked_at(filled), checked_at(empty)) == (1_700_000_000, 0)


def test_a_backup_is_of_one_moment_whatever_is_written_meanwhile(filled: str, tmp_path: Path) -> None:
    written: list[str] = []

    def write_on(line: str) -> None:
        written.append(line)
        fill(filled, 1)

    with snapshot(filled) as copied:
        manifest = write_backup(tmp_path / "backup", OF, copied, FILES, write_on)
    rows = {table.shape.name: table.rows for table in manifest.tables}
    assert (rows["entries"], rows["submissions"], rows["records"], rows["sealed"]) == (3, 3, 6, 6)
    assert len(content(filled)["entries"]) == 3 + len(written)


@pytest.mark.parametrize("table", ["actions", "records", "transitions"])
def test_a_backup_that_is_killed_has_no_name_and_the_next_one_is_whole(filled: str, tmp_path: Path, table: str) -> None:
    out = tmp_path / "backup"

    def work() -> None:
        with snapshot(filled) as copied:
            write_backup(out, OF, DyingCopy(copied, table), FILES, lambda _: None)

    assert killed(work)
    assert [path.name for path in tmp_path.iterdir()] == ["backup.unfinished"]
    with pytest.raises(UsageError):
        read_backup(tmp_path / "backup.unfinished")
    read = backed_up(filled, out)
    assert [path.name for path in tmp_path.iterdir()] == ["backup"]
    assert len(read.manifest.tables) == len(content(filled))


def test_two_backups_are_not_written_to_one_place_and_none_is_overwritten(filled: str, tmp_path: Path) -> None:
    out = tmp_path / "backup"
    with snapshot(filled) as copied:

        def second(_: str) -> None:
            with snapshot(filled) as other, pytest.raises(UsageError, match="another backup"):
                write_backup(out, OF, other, {}, lambda _: None)

        write_backup(out, OF, copied, {}, second)
        with pytest.raises(UsageError, match="never overwritten"):
            write_backup(out, OF, copied, {}, lambda _: None)
    read_backup(out)


@pytest.mark.parametrize("table", ["actions", "records", "transitions"])
def test_a_restore_that_is_killed_leaves_the_database_empty_and_is_run_again(
    filled: str, empty: str, tmp_path: Path, table: str
) -> None:
    read = backed_up(filled, tmp_path / "backup")

    def work() -> None:
        tables = [(one, dying(pieces) if one.shape.name == table else pieces) for one, pieces in read.tables()]
        load(empty, read.manifest.revision, tables, read.digest)

    assert killed(work)
    assert restored_from(empty) is None
    require_empty(empty, read.manifest.tables)
    restored(empty, read)
    assert content(empty) == content(filled)


def test_a_database_that_holds_something_is_not_filled(filled: str, tmp_path: Path) -> None:
    read = backed_up(filled, tmp_path / "backup")
    before = content(filled)
    with pytest.raises(DatabaseInUse):
        restored(filled, read)
    assert content(filled) == before


def test_rows_that_are_not_as_many_as_the_manifest_says_are_not_kept(filled: str, empty: str, tmp_path: Path) -> None:
    read = backed_up(filled, tmp_path / "backup")
    tables = [
        (BackupTable(one.shape, one.rows + (one.shape.name == "records")), pieces) for one, pieces in read.tables()
    ]
    with pytest.raises(BackupInvalid, match="records"):
        load(empty, read.manifest.revision, tables, read.digest)
    require_empty(empty, read.manifest.tables)


def test_a_backup_of_a_newer_program_is_left_alone(filled: str, empty: str, tmp_path: Path) -> None:
    read = backed_up(filled, tmp_path / "backup")
    with pytest.raises(UsageError, match="9999"):
        load(empty, "9999", read.tables(), read.digest)
    assert restored_from(empty) is None


def with_manifest(folder: Path, change: Callable[[BackupManifest], BackupManifest]) -> None:
    read = read_backup(folder)
    (folder / "manifest.json").write_bytes(change(read.manifest).data)


def test_a_backup_with_another_byte_a_file_less_or_a_file_more_is_refused(filled: str, tmp_path: Path) -> None:
    out = tmp_path / "backup"
    backed_up(filled, out)
    records = out / "database" / "records.copy"
    good = records.read_bytes()
    records.write_bytes(good[:-1] + b"\x00")
    with pytest.raises(BackupInvalid, match=r"records\.copy"):
        read_backup(out)
    records.unlink()
    with pytest.raises(BackupInvalid, match="cannot be read"):
        read_backup(out)
    records.write_bytes(good)
    (out / "keys" / "more.json").write_bytes(b"{}")
    with pytest.raises(BackupInvalid, match="1 files"):
        read_backup(out)
    (out / "keys" / "more.json").unlink()
    with_manifest(out, lambda manifest: replace(manifest, files=manifest.files[:-1]))
    with pytest.raises(BackupInvalid, match="1 files"):
        read_backup(out)
