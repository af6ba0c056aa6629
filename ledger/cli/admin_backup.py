"""`gongzhi admin backup | restore | void | drill`: a gateway's data kept elsewhere, brought back, and what was lost."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger import wiring
from ledger.cli.admin_options import DryRunOption, FolderOption, JsonOption, say
from ledger.cli.backup_files import gather_files, place_files, require_free, restored_files, secrets_to_bring
from ledger.cli.code_names import parse_void_reason
from ledger.cli.output import print_result, progress_bar
from ledger.config import Settings, load_settings
from ledger.core.backup import BackupManifest
from ledger.core.hexadecimal import to_hex
from ledger.core.history import AnchorFacts
from ledger.core.verdict import Verdict
from ledger.embedded import chain as embedded_chain
from ledger.embedded import postgres
from ledger.embedded.data_folder import DataFolder
from ledger.errors import DatabaseInUse, UsageError
from ledger.services.backup import BackupOf, write_backup
from ledger.services.restore import CaughtUp, ReadBackup, catch_up, read_backup
from ledger.services.void import declare_void, lost_now
from ledger.store.backup import load, require_empty, restored_from, snapshot

BackupArgument = Annotated[Path, typer.Argument(help="folder of a backup")]
OWN_NODE = "the gateway's own node"
"""What the node of the settings is called in results: never its URL, which may hold a password or an API key."""


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """Give the libpq URL of the settings' database; an embedded server is started, and left as it was found."""
    if settings.database_url is not None:
        yield wiring.database_url(settings)
        return
    folder = DataFolder.at(settings.data_folder)
    with folder.locked():
        runs = postgres.status(folder) is not None
        endpoint = postgres.start(folder)
    try:
        yield endpoint.dsn
    finally:
        if not runs:
            with folder.locked():
                postgres.stop(folder)


def backup(
    out: Annotated[Path, typer.Argument(help="folder to write; never overwritten")],
    data_folder: FolderOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Back up this gateway while it runs: database, documents, settings, trust file, deployments, encrypted keystores.

    The master key and passwords are never in it: keep them elsewhere. The folder appears when it is whole.
    """
    settings = load_settings(data_folder)
    if out.exists():
        raise UsageError(f"{out} is there already; a backup is never overwritten")
    files = gather_files(settings)
    if dry_run:
        with database(settings) as dsn, snapshot(dsn) as copied:
            rows = {table.name: copied.count(table) for table in copied.tables()}
        print_result({"dryRun": True, "backup": str(out), "rows": rows, "files": sorted(files)}, as_json=as_json)
        return
    manifest = make_backup(settings, out, files)
    print_result({"backup": str(out), **described(manifest)}, as_json=as_json)


def make_backup(settings: Settings, out: Path, files: dict[str, bytes]) -> BackupManifest:
    """Write a backup of these settings' gateway; raises as `write_backup`."""
    of = BackupOf(wiring.load_trust(settings).chain_id, settings.gateway, int(time.time()))
    with database(settings) as dsn, snapshot(dsn) as copied:
        return write_backup(out, of, copied, files, say)


def described(manifest: BackupManifest) -> dict[str, Any]:
    """Return what a backup holds, for its result."""
    return {
        "chainId": manifest.chain_id,
        "gateway": manifest.gateway,
        "createdAt": manifest.created_at,
        "block": None if manifest.block is None else manifest.block.number,
        "batch": 0 if manifest.head is None else manifest.head.batch,
        "lastSequence": 0 if manifest.head is None else manifest.head.last_sequence,
        "rows": sum(table.rows for table in manifest.tables),
        "bytes": sum(file.length for file in manifest.files),
    }


def restore(
    folder: BackupArgument,
    data_folder: FolderOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Restore a backup into an empty data folder and an empty database, and erase again what was erased since.

    Every digest is verified before anything is written. With a node (`GONGZHI_RPC_URL`) the chain is followed to its
    head; entries that it numbers and the backup lacks are named, and the exit code is 3 then. A restore that was cut
    off is run again.
    """
    with progress_bar("bytes") as advance:
        read = read_backup(folder, advance)
    settings = load_settings(data_folder)
    if dry_run:
        would_restore(read, settings)
        print_result({"dryRun": True, "backup": str(folder), **described(read.manifest)}, as_json=as_json)
        return
    settings, caught_up = restore_into(read, settings.data_folder)
    result = {
        "backup": str(folder),
        "dataFolder": str(settings.data_folder),
        **described(read.manifest),
        **told(caught_up),
        "bring": secrets_to_bring(settings),
    }
    print_result(result, as_json=as_json)
    if caught_up is not None and caught_up.lost:
        raise typer.Exit(Verdict.INCOMPLETE.exit_code)


def would_restore(read: ReadBackup, settings: Settings) -> None:
    """Raise what a restore would raise, without changing anything."""
    folder = DataFolder.at(settings.data_folder)
    require_free(folder, dict(restored_files(read, folder)))
    if settings.database_url is not None:
        dsn = wiring.database_url(settings)
        if restored_from(dsn) != read.digest:
            require_empty(dsn, read.manifest.tables)


def restore_into(read: ReadBackup, data_folder: Path, **overrides: Any) -> tuple[Settings, CaughtUp | None]:
    """Restore into a data folder; returns the settings in force there, and what catching up did (None: no node).

    `overrides` are settings that count whatever environment and file say.
    Raises DatabaseInUse, BackupInvalid, UsageError, StoreError, EngineError, ChainError.
    """
    place_files(read, DataFolder.at(data_folder))
    settings = load_settings(data_folder, **overrides)
    with database(settings) as dsn:
        before = restored_from(dsn)
        if before is None:
            say("filling the database")
            load(dsn, read.manifest.revision, read.tables(), read.digest)
        elif before != read.digest:
            raise DatabaseInUse("the database was restored from another backup")
        else:
            say("the database was filled from this backup before")
        rpc = node_of(settings)
        if rpc is None:
            say("no node: erasures that are newer than the backup are carried out before the gateway serves")
            return settings, None
        return settings, follow_and_erase(settings, rpc)


def node_of(settings: Settings) -> str | None:
    """Return the node that settings name, that of a running embedded chain, or None."""
    if settings.rpc_url is not None:
        return settings.rpc_url
    endpoint = embedded_chain.status(DataFolder.at(settings.data_folder))
    return None if endpoint is None else endpoint.rpc_url


def follow_and_erase(settings: Settings, rpc: str) -> CaughtUp:
    """Bring a restored database up to the chain's head; raises ChainError, StoreError."""
    trust = wiring.load_trust(settings)
    store = wiring.open_store(settings, connections=2)
    try:
        chain = wiring.open_trusted_chain(rpc, trust)
        done = catch_up(store, chain, trust.chain_id, settings.gateway, settings.confirmations, int(time.time()), say)
    finally:
        store.close()
    if done.lost:
        say(f"{done.lost_entries:,} numbered entries are lost: see `gongzhi admin refetch` and `void`")
    return done


def told(caught_up: CaughtUp | None) -> dict[str, Any]:
    """Return what catching up did, for the result."""
    if caught_up is None:
        return {"caughtUp": False}
    return {
        "caughtUp": True,
        "followed": caught_up.followed,
        "erased": caught_up.erased,
        "held": caught_up.held,
        "adoptedBatches": list(caught_up.adopted),
        "lostEntries": caught_up.lost_entries,
        "lost": [lost_document(anchor) for anchor in caught_up.lost],
    }


def lost_document(anchor: AnchorFacts) -> dict[str, Any]:
    """Return a lost batch for a result."""
    return {
        "batch": anchor.batch,
        "firstSequence": anchor.first_sequence,
        "count": anchor.leaf_count,
        "block": anchor.point.block,
    }


def void(
    batch: Annotated[list[int] | None, typer.Option("--batch", min=1, help="batch to declare VOID; repeatable")] = None,
    reason: Annotated[str, typer.Option(help="lost_in_restore, gateway_fault or key_compromise")] = "lost_in_restore",
    data_folder: FolderOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Declare batches VOID whose entries this gateway lacks and nobody can give back; it cannot be undone.

    Without --batch, or with --dry-run, the lost batches are listed. Name the oldest first; the worker anchors the
    declarations and goes on numbering behind them. Auditors then get the result `incomplete`.
    """
    code = parse_void_reason(reason)
    gateway = wiring.open_gateway(load_settings(data_folder), connections=1)
    try:
        if not batch or dry_run:
            lost = [lost_document(anchor) for anchor in lost_now(gateway)]
            print_result({"dryRun": True, "lost": lost} if dry_run else {"lost": lost}, as_json=as_json)
            return
        declared = declare_void(gateway, batch, code)
    finally:
        gateway.store.close()
    voided = [
        {"batch": one.batch, "firstSequence": one.first_sequence, "count": one.count, "entry": to_hex(one.entry)}
        for one in declared
    ]
    print_result({"void": voided, "reason": code.name.lower()}, as_json=as_json)


def add_backup_commands(app: typer.Typer) -> None:
    """Add the verbs of this file to `gongzhi admin`."""
    for name, verb in (("backup", backup), ("restore", restore), ("void", void)):
        app.command(name)(verb)
