"""Check whether this process can serve: database, followed chain, outbox, disk (operations page, health)."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import HistoryError, StoreError
from ledger.ports import Transaction
from ledger.services.gateway import Gateway

LEAST_FREE_BYTES = 256 * 1024 * 1024
"""Below this a database stops within minutes of ingest."""


@dataclass(frozen=True, slots=True)
class Check:
    """One condition: its name, whether it holds, and what was found, with units."""

    name: str
    ok: bool
    found: str


def check_health(gateway: Gateway, data_folder: Path) -> list[Check]:
    """Return every condition of being ready; never raises for one that does not hold."""
    disk = _disk(data_folder)
    try:
        with gateway.store.begin() as transaction:
            return [Check("database", True, "answers"), *_followed(gateway, transaction), disk]
    except (StoreError, HistoryError) as failure:
        return [Check("database", False, failure.detail), disk]


def _followed(gateway: Gateway, transaction: Transaction) -> list[Check]:
    now = gateway.clock()
    history = gateway.facts.history(transaction)
    newest = history.newest_block
    if newest is None:
        return [Check("chain", False, "no block of the chain was followed yet")]
    as_of = history.at_block(newest.number)
    facts_age, anchor_delay = history.parameter("factsAge", as_of), history.parameter("anchorDelay", as_of)
    seen = now - transaction.checked_at()
    figures = transaction.figures()
    promise, unsettled = figures["earliest_open_anchor_by"], figures["oldest_unsettled_at"]
    late = now - promise if promise else 0
    unsent = now - unsettled if unsettled else 0
    asked = figures["oldest_erasure_marked_at"]
    unerased = now - asked if asked else 0
    return [
        Check("chain", seen <= facts_age / 2, f"head seen {seen} s ago, newest block {newest.number}"),
        Check("promises", late <= 0, f"{figures['unnumbered']} entries wait; earliest anchorBy {-late} s ahead"),
        Check(
            "erasures_pending",
            unerased <= facts_age,
            f"{figures['erasures_pending']} marked records wait to be erased, the oldest {unerased} s",
        ),
        Check("outbox", unsent <= anchor_delay / 2, f"oldest unsettled transaction waits {unsent} s"),
    ]


def _disk(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    return Check("disk", free >= LEAST_FREE_BYTES, f"{free // 2**20} MiB free")
