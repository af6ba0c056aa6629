"""Check whether this process can serve: database, followed chain, outbox, key, disk (operations page, health)."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ledger.core.codes import Role
from ledger.core.history import AsOf, History
from ledger.core.key_expiry import now_as_of
from ledger.errors import HistoryError, StoreError
from ledger.ports import Transaction
from ledger.services.gateway import Gateway
from ledger.services.key_watch import Warned, key_warnings
from ledger.services.succeed import left_out

LEAST_FREE_BYTES = 256 * 1024 * 1024
"""Below this a database stops within minutes of ingest."""


@dataclass(frozen=True, slots=True)
class Check:
    """One condition: its name, whether it holds, and what was found, with units."""

    name: str
    ok: bool
    found: str


@dataclass(frozen=True, slots=True)
class Health:
    """The conditions of being ready, and what will not hold soon."""

    checks: Sequence[Check]
    warnings: Sequence[Warned] = ()

    @property
    def is_ready(self) -> bool:
        """Whether every condition holds; warnings change nothing."""
        return all(check.ok for check in self.checks)


def check_health(gateway: Gateway, data_folder: Path) -> Health:
    """Return every condition of being ready; never raises for one that does not hold."""
    disk = _disk(data_folder)
    try:
        with gateway.store.begin() as transaction:
            history = gateway.facts.history(transaction)
            figures = transaction.figures()
            lost, figures = _without_left_out(gateway, transaction, history, figures)
            checks = [Check("database", True, "answers"), *_followed(gateway, transaction, history, figures), disk]
            return Health(checks, [*key_warnings(gateway, history), *lost])
    except (StoreError, HistoryError) as failure:
        return Health([Check("database", False, failure.detail), disk])


def _without_left_out(
    gateway: Gateway, transaction: Transaction, history: History, figures: Mapping[str, int]
) -> tuple[list[Warned], Mapping[str, int]]:
    """Return a warning of entries that no batch can hold any more, and the figures of what can still be anchored.

    They are asked for when a promise is late and RecordAnchors was succeeded. Promises of batches on their way are left
    to the check of the outbox then.
    """
    promise = figures["earliest_open_anchor_by"]
    if gateway.line is None or not 0 < promise < gateway.clock() or len(gateway.line.contracts(history)) == 1:
        return [], figures
    count, earliest = left_out(transaction, gateway.line, history, transaction.newest_batch(gateway.agency))
    if count == 0:
        return [], figures
    told = f"{count} entries were signed for a RecordAnchors that this stream has left; no batch can hold them"
    rest = {"unnumbered": figures["unnumbered"] - count, "earliest_open_anchor_by": earliest}
    return [Warned("left_out", told)], {**figures, **rest}


def _followed(gateway: Gateway, transaction: Transaction, history: History, figures: Mapping[str, int]) -> list[Check]:
    now = gateway.clock()
    newest = history.newest_block
    if newest is None:
        return [Check("chain", False, "no block of the chain was followed yet")]
    as_of = history.at_block(newest.number)
    facts_age, anchor_delay = history.parameter("factsAge", as_of), history.parameter("anchorDelay", as_of)
    seen = now - transaction.seen_state().checked_at
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
        _api_key(gateway, history, now_as_of(newest, now)),
    ]


def _api_key(gateway: Gateway, history: History, as_of: AsOf) -> Check:
    """What an ended key signs proves nothing, so a gateway without a usable one serves nobody."""
    refusal = history.why_not_entitled(gateway.api_signer.address, Role.API_SIGN, gateway.agency, as_of)
    return Check("api_key", refusal is None, refusal or "may sign statements")


def _disk(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    return Check("disk", free >= LEAST_FREE_BYTES, f"{free // 2**20} MiB free")
