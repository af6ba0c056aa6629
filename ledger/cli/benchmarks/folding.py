"""What many grants and consents cost every process: the time to fold them when it starts, and memory for good."""

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil

from ledger import wiring
from ledger.cli.benchmarks.ground import Ground
from ledger.cli.benchmarks.measurement import MEBIBYTE, Measurement
from ledger.cli.benchmarks.publishing import publish_beforehand
from ledger.cli.benchmarks.writing import write_authorities
from ledger.config import load_settings
from ledger.services.facts import HistoryCache


@dataclass(frozen=True)
class Folded:
    """The fold of a followed chain in a process of its own: seconds, resident memory that it took, blocks, objects."""

    seconds: float
    memory_bytes: int
    blocks: int
    authorities: int


def measure_fold(ground: Ground) -> list[Measurement]:
    """Read the followed chain from the database and fold it, as every process does; beside it the chain before."""
    publish_beforehand(ground)
    before = None if ground.written else fold_apart(ground)
    written = write_authorities(ground)
    folded = fold_apart(ground)
    ground.say(f"folded {folded.authorities:,} grants and consents in {folded.seconds:.1f} seconds")
    return [
        Measurement(
            "fold of grants and consents",
            {
                "seconds": folded.seconds,
                "microseconds_per_authority": 1e6 * folded.seconds / folded.authorities,
                "memory_mib": folded.memory_bytes / MEBIBYTE,
                "bytes_per_authority": folded.memory_bytes / folded.authorities,
            },
            (),
            {
                "grants": written.grants,
                "consents": written.consents,
                "blocks": folded.blocks,
                "process": "a fresh one, from the database, as the API and the worker start",
            },
            "the same before they were written" if before else "",
            {"seconds": before.seconds, "memory_mib": before.memory_bytes / MEBIBYTE} if before else {},
        )
    ]


def fold_apart(ground: Ground) -> Folded:
    """Fold in a fresh process, so that its memory is that of the fold."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(fold, ground.settings.data_folder).result()


def fold(data_folder: Path) -> Folded:
    """Fold the followed chain of a data folder."""
    store = wiring.open_store(load_settings(data_folder), connections=1)
    try:
        with store.begin() as transaction:
            transaction.followed_state()
            before = psutil.Process().memory_info().rss
            begun = time.perf_counter()
            history = HistoryCache().history(transaction)
            seconds = time.perf_counter() - begun
    finally:
        store.close()
    memory = psutil.Process().memory_info().rss - before
    return Folded(seconds, memory, len(history.blocks), len(history.accesses) + len(history.consents))
