"""Which RecordAnchors takes the entries that wait, and which of them: a stream is sealed in one before it goes on.

An entry is anchored in the contract in whose domain it was signed, and a stream never goes back. With the contracts of
the line in order, of which `current` took the newest batch (the first one where there is none), `next_batch` says:

1. Entries for `current` wait: they are next, in `current`. While it is not the last of the line they are its seal.
2. None wait, and `current` is the last of the line: nothing is next.
3. The change-over is not settled, or a batch is not confirmed on chain yet: nothing is next, for the time being.
4. Else the earliest later contract for which entries wait is next.

*Settled*: nobody signs for an earlier contract any more. A request reads the chain, then writes its nonce, then signs.
`ChangeOver` waits from when this process first saw the line as it is: for `seconds`, in which each request that read it
differently has begun to write, and then until every transaction that wrote by then is over. So each entry for an
earlier contract is there for step 1 to see before step 4, and what is stored later is for the last contract. For all
that, entries are compared with every contract for some minutes more: one in the wrong batch would spoil the batch.

All entries without a number are looked through, page by page: what cannot be anchored holds up nothing. That is an
entry for a contract before `current` (left out, a broken promise), and one for no contract of the line: the chain that
named its contract was replaced, and it is held until the directory names that contract again.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field

from ledger.core.codes import EntryType
from ledger.core.entry import entry_digest
from ledger.core.history import History
from ledger.core.statements import ENTRY_STATEMENTS, StatementDomain, message_from_json, statement_digest
from ledger.core.succession import AnchorsLine
from ledger.ports import Transaction
from ledger.rows import StoredBatch, StoredEntry

SETTLE_SECONDS = 30.0
"""Longer than a request takes from reading the chain to writing its nonce."""
COMPARED_SECONDS = 600.0
"""Entries that are stored until then, from when the line was first seen, are compared with each of its contracts."""
PAGE = 5_000
"""Entries that are compared at a time, and the most of a batch while all are."""
Waiting = tuple[int, int, bytes, int]
"""Entry id, entry type, entry digest, time when it was made, as `Transaction.unnumbered` has them."""


@dataclass(frozen=True)
class NextBatch:
    """Entries for one batch, and the contract that takes it (None: the only one); `is_seal`: nothing is waited for."""

    address: str | None
    entries: Sequence[Waiting]
    is_seal: bool = False


@dataclass
class ChangeOver:
    """What one process knows of a change-over; another line, or another chain, begins another one."""

    seconds: float = SETTLE_SECONDS
    _line: Hashable = field(default=None, init=False)
    _seen_at: float = field(default=0.0, init=False)
    _over: int | None = field(default=None, init=False)
    """Number of the first transaction that may write after the wait."""
    is_settled: bool = field(default=False, init=False)
    """Whether nobody signs for an earlier contract any more."""
    compared_through: int | None = field(default=None, init=False)
    """Entries with a greater id are for the last contract; None while all are compared."""
    _places: dict[int, int | None] = field(default_factory=dict, init=False)
    """Place in the line of the contract for which an entry was signed, by entry id."""

    def look(self, transaction: Transaction, line: Hashable, now: float) -> None:
        """Note what the line is now; raises StoreError."""
        if line != self._line:
            self._line, self._seen_at, self._over = line, now, None
            self.is_settled, self.compared_through = False, None
            self._places.clear()
        if not self.is_settled and now >= self._seen_at + self.seconds:
            if self._over is None:
                self._over = transaction.transaction_number()
            self.is_settled = transaction.oldest_writer() >= self._over
        if self.is_settled and self.compared_through is None and now >= self._seen_at + COMPARED_SECONDS:
            self.compared_through = transaction.newest_entry_id()

    def places(
        self, transaction: Transaction, domains: Sequence[StatementDomain], rows: Sequence[Waiting]
    ) -> Sequence[int | None]:
        """Return for each row the place in the line of its contract, None if it is for none; raises StoreError."""
        through = self.compared_through
        compared = [row[0] for row in rows if through is None or row[0] <= through]
        unknown = [entry_id for entry_id in compared if entry_id not in self._places]
        for stored in transaction.entries_by_id(unknown) if unknown else ():
            self._places[stored.entry_id] = signed_for(domains, stored)
        return [self._places.get(row[0], len(domains) - 1) for row in rows]


def next_batch(
    transaction: Transaction,
    line: AnchorsLine,
    history: History,
    newest: StoredBatch | None,
    most: int,
    now: float,
    change_over: ChangeOver,
) -> NextBatch | None:
    """Return what is to be anchored next, at most `most` entries; None for nothing. Raises StoreError."""
    contracts, generation = line.contracts(history), transaction.generation()
    if len(contracts) == 1 and generation == 0:
        return NextBatch(line.first, transaction.unnumbered(most))
    change_over.look(transaction, (generation, tuple(contracts)), now)
    addresses = [contract.address for contract in contracts]
    current = addresses[0] if newest is None else address_of(transaction, line, history, newest)
    if current not in addresses:
        return None
    place, last = addresses.index(current), len(addresses) - 1
    limit = min(most, PAGE) if change_over.compared_through is None else most
    domains = list(line.domains(history).values())
    waiting: list[list[Waiting]] = [[] for _ in domains]
    for row, its_place in _waiting(transaction, domains, change_over):
        if its_place is not None and len(waiting[its_place]) < limit:
            waiting[its_place].append(row)
        if len(waiting[place]) == limit:
            break
    if waiting[place]:
        return NextBatch(current, waiting[place], is_seal=place < last)
    if not change_over.is_settled or (newest and transaction.unanchored_batches(newest.gateway)):
        return None
    following = [NextBatch(addresses[later], waiting[later], later < last) for later in range(place + 1, last + 1)]
    return next((batch for batch in following if batch.entries), None)


def _waiting(
    transaction: Transaction, domains: Sequence[StatementDomain], change_over: ChangeOver
) -> Iterator[tuple[Waiting, int | None]]:
    """Yield all entries without a number, oldest first, with the place of their contract."""
    after = 0
    while rows := transaction.unnumbered(PAGE, after):
        yield from zip(rows, change_over.places(transaction, domains, rows), strict=True)
        after = rows[-1][0]


def left_out(
    transaction: Transaction, line: AnchorsLine, history: History, newest: StoredBatch | None
) -> tuple[int, int]:
    """Return how many of the PAGE oldest entries without a number no batch can hold, and the earliest promise of the
    others (Unix seconds, 0 if there is none); raises StoreError.
    """
    rows = [row[0] for row in transaction.unnumbered(PAGE)]
    domains = list(line.domains(history).values())
    addresses = [domain.record_anchors for domain in domains]
    current = addresses[0] if newest is None else address_of(transaction, line, history, newest)
    earlier = range(addresses.index(current)) if current in addresses else range(0)
    promises = [
        one.entry.anchor_by for one in transaction.entries_by_id(rows) if signed_for(domains, one) not in earlier
    ]
    return len(rows) - len(promises), min(promises, default=0)


def address_of(transaction: Transaction, line: AnchorsLine, history: History, batch: StoredBatch) -> str:
    """Return the address of the contract that has taken a batch, or to which it was sent last."""
    anchor = history.anchor(batch.gateway, batch.batch)
    if anchor is not None:
        return line.domain_of(history, anchor).record_anchors
    sent = transaction.transaction(batch.intent)
    return line.newest(history).record_anchors if sent is None or sent.to is None else sent.to


def signed_for(domains: Sequence[StatementDomain], stored: StoredEntry) -> int | None:
    """Return the place of the domain in which an entry's statement was signed, the one in which it has its digest.

    None if it is none of them.
    """
    entry = stored.entry
    statement = ENTRY_STATEMENTS[EntryType(entry.entry_type)]
    message = message_from_json(statement, dict(entry.message))
    for place, domain in enumerate(domains):
        digest = statement_digest(domain, statement, message)
        if entry_digest(digest, entry.signer, entry.signature, entry.annex) == entry.digest:
            return place
    return None
