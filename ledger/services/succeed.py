"""Which RecordAnchors takes the entries that wait, and which of them: a stream is sealed in one before it goes on.

An entry is anchored in the contract for which it was signed. When the directory names a successor, the gateway signs
for it at once; what was signed before goes into the old contract first, and the last batch there seals the stream. The
successor takes its first batch when every request that may still sign for the old contract is over and the seal is
mined, since it continues what stands in the old one then.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.core.codes import EntryType
from ledger.core.entry import entry_digest
from ledger.core.history import History
from ledger.core.statements import ENTRY_STATEMENTS, StatementDomain, message_from_json, statement_digest
from ledger.core.succession import AnchorsLine
from ledger.ports import Transaction
from ledger.rows import StoredBatch, StoredEntry

SETTLE_SECONDS = 30
"""After a successor was named: longer than any request of the gateway takes."""
LATE_SECONDS = 300
"""Entries made this long after a successor was named are all signed for it: a gateway that has not heard of it by then
has not seen the chain for so long that it signs nothing."""
MOST_COMPARED = 5_000
"""Entries of a batch while the stream changes over: each is compared with both contracts."""
Waiting = tuple[int, int, bytes, int]
"""Entry id, entry type, entry digest, time when it was made, as `Transaction.unnumbered` has them."""


@dataclass(frozen=True)
class NextBatch:
    """Entries for one batch, and the contract that takes it (None: the only one); `is_seal`: nothing is waited for."""

    address: str | None
    entries: Sequence[Waiting]
    is_seal: bool = False


def next_batch(
    transaction: Transaction,
    line: AnchorsLine,
    history: History,
    newest: StoredBatch | None,
    waiting: Sequence[Waiting],
    now: float,
    settle_seconds: float = SETTLE_SECONDS,
) -> NextBatch | None:
    """Return what is to be anchored next, None while the stream changes over; `waiting` are the oldest entries.

    Raises StoreError.
    """
    domains, since = list(line.domains(history).values()), line.contracts(history)[-1].since
    if since is None:
        return NextBatch(line.first, waiting)
    in_force = domains[-1]
    if newest is not None and address_of(transaction, line, history, newest) == in_force.record_anchors:
        return NextBatch(in_force.record_anchors, _signed_in(transaction, domains, waiting, since.time))
    for domain in domains[:-1]:
        signed = [row for row in waiting[:MOST_COMPARED] if _domain_of(transaction, domains, row[0]) == domain]
        if signed:
            return NextBatch(domain.record_anchors, signed, is_seal=True)
    if now < since.time + settle_seconds or (newest and transaction.unanchored_batches(newest.gateway)):
        return None
    return NextBatch(in_force.record_anchors, waiting[:MOST_COMPARED])


def address_of(transaction: Transaction, line: AnchorsLine, history: History, batch: StoredBatch) -> str:
    """Return the address of the contract that has taken a batch, or to which it was sent last."""
    anchor = history.anchor(batch.gateway, batch.batch)
    if anchor is not None:
        return line.domain_of(history, anchor).record_anchors
    sent = transaction.transaction(batch.intent)
    return line.newest(history).record_anchors if sent is None or sent.to is None else sent.to


def _signed_in(
    transaction: Transaction, domains: Sequence[StatementDomain], waiting: Sequence[Waiting], since: int
) -> Sequence[Waiting]:
    """Return the entries without those for a contract that is sealed: no batch could hold them any more."""
    return [
        row
        for row in waiting
        if row[3] >= since + LATE_SECONDS or _domain_of(transaction, domains, row[0]) == domains[-1]
    ]


def _domain_of(transaction: Transaction, domains: Sequence[StatementDomain], entry_id: int) -> StatementDomain:
    stored = transaction.entry_by_id(entry_id)
    return domains[-1] if stored is None else signed_for(domains, stored)


def signed_for(domains: Sequence[StatementDomain], stored: StoredEntry) -> StatementDomain:
    """Return the domain in which an entry's statement was signed: the one in which it has its digest."""
    entry = stored.entry
    statement = ENTRY_STATEMENTS[EntryType(entry.entry_type)]
    message = message_from_json(statement, dict(entry.message))
    for domain in reversed(domains):
        digest = statement_digest(domain, statement, message)
        if entry_digest(digest, entry.signer, entry.signature, entry.annex) == entry.digest:
            return domain
    return domains[-1]
