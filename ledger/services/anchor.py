"""Anchor the stream: number entries, fix a batch once, see that a transaction carries it (formats page, section 6).

A batch (root, count, first sequence) never changes once it is fixed. If its transaction can never succeed, because the
key was revoked for instance, another ANCHOR key sends the same batch in a new one; the contract takes a batch once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ledger.core.anchor import MOST_ENTRIES
from ledger.core.history import History
from ledger.core.merkle import MerkleTree, entry_leaf
from ledger.core.succession import AnchorsLine
from ledger.errors import StreamDiverged
from ledger.ports import Store, Transaction
from ledger.rows import NewBatch, NewTransaction, OutboxTransaction, StoredBatch
from ledger.services.succeed import ChangeOver, NextBatch, address_of, next_batch

EncodeAnchor = Callable[[bytes, int, int], tuple[str, bytes]]
"""(root, leaf count, first sequence) → (contract address, call data)."""
NEXT_ROUND_SECONDS = 30
"""Pause before the first key is tried again when every key was refused: an agency may be suspended for a while."""


@dataclass(frozen=True)
class Anchoring:
    """How a gateway anchors: its agency, its ANCHOR keys' addresses (the preferred one first), when a batch is full."""

    gateway: int
    senders: Sequence[str]
    encode: EncodeAnchor
    most_entries: int = MOST_ENTRIES
    oldest_seconds: float = 2.0
    line: AnchorsLine | None = None
    """What may succeed the RecordAnchors that `encode` names; without it nothing does."""
    change_over: ChangeOver = field(default_factory=ChangeOver)
    """What this process knows of a change-over that is under way."""

    def encoded(self, root: bytes, leaf_count: int, first_sequence: int, address: str | None) -> tuple[str, bytes]:
        """Return (contract address, call data); `address` if it is another contract than `encode` names."""
        to, data = self.encode(root, leaf_count, first_sequence)
        return address or to, data


def anchor_pending(store: Store, anchoring: Anchoring, history: History, now: float) -> int | None:
    """Fix a batch if enough entries wait or one waits long enough; returns its number, None if none was fixed.

    Numbers, root and outbox row are one transaction, so a crash leaves all or nothing; of several workers one does it.
    No batch is fixed while one is not sent yet: so batches grow while the chain is slow. Where the directory names a
    successor of RecordAnchors, the stream is sealed and goes on there (`ledger.services.succeed`). Raises
    StreamDiverged when the chain holds batches of this gateway that the database lacks, StoreError when the database
    does not answer.
    """
    with store.begin() as transaction:
        if not transaction.lock_stream(anchoring.gateway):
            return None
        newest = transaction.newest_batch(anchoring.gateway)
        _refuse_diverged(history, anchoring.gateway, newest)
        if not _all_sent(transaction, anchoring, history, int(now)):
            return None
        following = _next_batch(transaction, anchoring, history, newest, now)
        if following is None:
            return None
        entries = following.entries
        number = 1 if newest is None else newest.batch + 1
        first = 1 if newest is None else newest.first_sequence + newest.leaf_count
        leaves = [entry_leaf(row[1], first + place, row[2]) for place, row in enumerate(entries)]
        root = MerkleTree(leaves).root
        intent = f"anchor/{anchoring.gateway}/{number}"
        ids = [row[0] for row in entries]
        transaction.add_batch(NewBatch(anchoring.gateway, number, root, first, ids, int(now), intent))
        to, data = anchoring.encoded(root, len(leaves), first, following.address)
        sender = _usual_sender(transaction, anchoring, newest)
        transaction.add_transaction(NewTransaction(intent, sender, to, data), int(now))
        return number


def _next_batch(
    transaction: Transaction, anchoring: Anchoring, history: History, newest: StoredBatch | None, now: float
) -> NextBatch | None:
    """Return what is to be anchored now, None if nothing is, or not yet."""
    most, line = anchoring.most_entries, anchoring.line
    if line is None:
        following: NextBatch | None = NextBatch(None, transaction.unnumbered(most))
    else:
        following = next_batch(transaction, line, history, newest, most, now, anchoring.change_over)
    if following is None or not following.entries:
        return None
    is_due = following.is_seal or len(following.entries) >= most
    return following if is_due or now - following.entries[0][3] >= anchoring.oldest_seconds else None


def _refuse_diverged(history: History, gateway: int, newest: StoredBatch | None) -> None:
    on_chain = history.anchors.get(gateway)
    if on_chain and (newest is None or on_chain[-1].batch > newest.batch):
        here = 0 if newest is None else newest.batch
        raise StreamDiverged(f"the chain holds batch {on_chain[-1].batch}, the database ends with batch {here}")


def _all_sent(transaction: Transaction, anchoring: Anchoring, history: History, now: int) -> bool:
    """Say whether every fixed batch is at least broadcast; give one that can never succeed to another key."""
    for batch in transaction.unanchored_batches(anchoring.gateway):
        row = transaction.transaction(batch.intent)
        if row is None or row.state == "failed":
            _carry_again(transaction, anchoring, history, batch, row, now)
            return False
        if row.state == "received":
            return False
    return True


def _carry_again(
    transaction: Transaction,
    anchoring: Anchoring,
    history: History,
    batch: StoredBatch,
    failed: OutboxTransaction | None,
    now: int,
) -> None:
    first, _, tries = batch.intent.partition("#")
    attempt = int(tries or 1) + 1
    sender = _next_sender(anchoring, failed)
    if failed is not None and attempt > len(anchoring.senders) and now - (failed.settled_at or 0) < NEXT_ROUND_SECONDS:
        return
    intent = f"{first}#{attempt}"
    address = None if anchoring.line is None else address_of(transaction, anchoring.line, history, batch)
    to, data = anchoring.encoded(batch.root, batch.leaf_count, batch.first_sequence, address)
    transaction.add_transaction(NewTransaction(intent, sender, to, data), now)
    transaction.carry_batch(anchoring.gateway, batch.batch, intent)


def _next_sender(anchoring: Anchoring, failed: OutboxTransaction | None) -> str:
    if failed is None or failed.sender not in anchoring.senders:
        return anchoring.senders[0]
    return anchoring.senders[(list(anchoring.senders).index(failed.sender) + 1) % len(anchoring.senders)]


def _usual_sender(transaction: Transaction, anchoring: Anchoring, newest: StoredBatch | None) -> str:
    """Return the key that carried the newest batch, if it is still one of ours; else the first one."""
    row = None if newest is None else transaction.transaction(newest.intent)
    return row.sender if row is not None and row.sender in anchoring.senders else anchoring.senders[0]
