"""`gongzhi worker`: the service that follows the chain, anchors the stream and sends what the outbox holds."""

import signal
import threading
import time
from pathlib import Path
from typing import Annotated

import structlog
import typer

from ledger import wiring, wiring_council
from ledger.config import Settings, load_settings
from ledger.council_errors import DirectoryDiffers
from ledger.embedded import chain
from ledger.embedded.data_folder import DataFolder
from ledger.errors import ChainError, EngineError
from ledger.logs import configure_logs

log = structlog.get_logger("worker")


LATEST_SECONDS = 30
"""A worker looks at the chain several times a second; gateways refuse looks when nobody has for twice this long."""


def worker(
    data_folder: Annotated[Path | None, typer.Option(help="where settings and keys are")] = None,
    check: Annotated[bool, typer.Option("--check", help="only say whether one is at work; exit code 1 if not")] = False,
) -> None:
    """Run until SIGTERM or SIGINT; a kill at any moment loses nothing, the next worker goes on."""
    settings = load_settings(data_folder)
    if check:
        check_worker(settings)
        return
    configure_logs(settings.log_level)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if settings.rpc_url is None:
        threading.Thread(target=keep_snapshots, args=(settings, stop), daemon=True).start()
    refuse_another_directory(settings)
    wiring.open_worker(settings).run(stop)


def refuse_another_directory(settings: Settings) -> None:
    """Raise DirectoryDiffers where the directory on chain names contracts that the trust file does not pin.

    A node that does not answer yet is no reason to stop: whatever it shows later is followed by pinned addresses only.
    """
    try:
        wiring_council.check_directory(wiring.load_trust(settings), wiring.rpc_url(settings))
    except DirectoryDiffers:
        raise
    except (ChainError, EngineError) as failure:
        log.warning("directory not compared", code=failure.code, detail=failure.detail)


def check_worker(settings: Settings) -> None:
    """Say when a worker last looked at the chain; raises typer.Exit if that is too long ago, StoreError."""
    store = wiring.open_store(settings, connections=1)
    try:
        with store.begin() as transaction:
            seconds = int(time.time()) - transaction.seen_state().checked_at
    finally:
        store.close()
    late = seconds > LATEST_SECONDS
    typer.echo(f"{'no worker' if late else 'a worker'} looked at the chain in the last {LATEST_SECONDS} seconds")
    if late:
        raise typer.Exit(1)


def keep_snapshots(settings: Settings, stop: threading.Event) -> None:
    """Snapshot the embedded chain now and then, so that bringing it back after a kill is quick."""
    folder = DataFolder.at(settings.data_folder)
    while not stop.wait(settings.snapshot_seconds):
        try:
            chain.take_snapshot_if_due(folder)
        except EngineError as failure:
            # Only a convenience: without it the whole chain is replayed from the database.
            log.warning("no snapshot", code=failure.code, detail=failure.detail)
