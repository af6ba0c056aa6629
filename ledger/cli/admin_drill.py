"""`gongzhi admin drill`: a backup is restored into an empty folder and its ledger verified, while the gateway works.

Nothing is signed, sent or served: the copy follows the chain, erases what was erased since, and is judged by the chain
as every auditor judges. What was anchored after the backup is counted as pending.
"""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger import wiring
from ledger.cli.admin_backup import OWN_NODE, database, described, make_backup, node_of, restore_into, told
from ledger.cli.admin_options import FolderOption, JsonOption, say
from ledger.cli.backup_files import gather_files
from ledger.cli.chain_reading import read_chain
from ledger.cli.output import print_members, print_result
from ledger.cli.verify_output import print_report
from ledger.client.durable import write_durably
from ledger.client.exporting import write_lines
from ledger.config import Settings, load_settings
from ledger.core.canonical import encode
from ledger.core.export import MANIFEST_FILE, ExportManifest, manifest_document
from ledger.core.verdict import Report
from ledger.embedded import postgres
from ledger.embedded.data_folder import DataFolder
from ledger.errors import UsageError
from ledger.ports import Transaction
from ledger.rows import StoredBatch
from ledger.services.audit_ledger import AuditRequest, audit_ledger
from ledger.services.export import Export, export_lines
from ledger.services.restore import CaughtUp, read_backup


def drill(
    backup: Annotated[Path | None, typer.Option(help="backup to restore; else one is made for the drill")] = None,
    folder: Annotated[
        Path | None, typer.Option(help="folder to work in, made and deleted; else a temporary one")
    ] = None,
    data_folder: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Restore a backup beside the running gateway and verify its ledger; exit codes as of `gongzhi verify ledger`.

    It takes as much disk as backup, database and export need, and everything is deleted at the end.
    """
    started = time.monotonic()
    settings = load_settings(data_folder)
    rpc = node_of(settings)
    if rpc is None:
        raise UsageError("no node: a drill follows the chain; start the gateway, or set GONGZHI_RPC_URL")
    with working_folder(folder) as work:
        if backup is None:
            backup = work / "backup"
            make_backup(settings, backup, gather_files(settings))
        read = read_backup(backup)
        restored, caught_up = restore_into(read, work / "data", database_url=None, rpc_url=rpc)
        if caught_up is None:
            raise UsageError("the node went away meanwhile")
        say("verifying the restored ledger")
        report = verify(restored, rpc, caught_up, work / "export")
    result: dict[str, Any] = {
        **described(read.manifest),
        **told(caught_up),
        "seconds": round(time.monotonic() - started, 2),
    }
    print_result(result | {"verification": report.members()}, as_json=as_json, show=lambda: show(result, report))
    raise typer.Exit(report.verdict.exit_code)


def show(result: dict[str, Any], report: Report) -> None:
    """Print a drill for people."""
    print_members(result)
    print_report(report)


@contextmanager
def working_folder(folder: Path | None) -> Iterator[Path]:
    """Make a folder to work in; at the end its database is stopped and the folder deleted."""
    if folder is not None and folder.exists():
        raise UsageError(f"{folder} is there already")
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix="gongzhi-drill-"))
    else:
        folder.mkdir(mode=0o700, parents=True)
    try:
        yield folder
    finally:
        data = DataFolder.at(folder / "data")
        if data.exists():
            postgres.stop(data)
            postgres.remove_outside(data)
        shutil.rmtree(folder)


def verify(settings: Settings, rpc: str, caught_up: CaughtUp, folder: Path) -> Report:
    """Export a restored gateway's ledger as it would for an auditor, and judge it by the chain.

    Raises StoreError, ChainError, EngineError.
    """
    trust = wiring.load_trust(settings)
    chain = read_chain(wiring.open_trusted_chain(rpc, trust), trust)
    with database(settings):
        store = wiring.open_store(settings, connections=2)
        try:
            with store.begin() as transaction:
                newest = newest_anchored(transaction, settings.gateway)
            manifest = ExportManifest(
                chain_id=trust.chain_id,
                contract=trust.contracts["RecordAnchors"].address,
                gateway=settings.gateway,
                last_batch=0 if newest is None else newest.batch,
                last_sequence=0 if newest is None else newest.first_sequence + newest.leaf_count - 1,
                # What is lost was anchored later: it is no fault of the copy.
                exported_at=caught_up.lost[0].point.time - 1 if caught_up.lost else int(time.time()),
            )
            folder.mkdir(mode=0o700)
            _, counts = write_lines(iter(export_lines(store, Export(manifest, 0))), folder)
        finally:
            store.close()
    write_durably(folder / MANIFEST_FILE, encode(manifest_document(manifest, counts)))
    return audit_ledger(AuditRequest(folder, trust, chain, OWN_NODE, workers=1))[0]


def newest_anchored(transaction: Transaction, gateway: int) -> StoredBatch | None:
    """Return the newest batch of a gateway that stands in a followed block, None if there is none."""
    waiting = transaction.unanchored_batches(gateway)
    return transaction.batch(gateway, waiting[0].batch - 1) if waiting else transaction.newest_batch(gateway)
