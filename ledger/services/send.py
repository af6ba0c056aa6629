"""Send what the outbox holds (architecture, decision 4): each intent is mined at most once, whatever crashes.

A row goes this way: simulated; nonce and signed bytes stored in one transaction; broadcast; noted; settled by the
receipt of its own hash. The bytes are sent again as often as needed and never signed a second time. A refusal in the
simulation is permanent only when nothing that was sent, or stored for the same sender, before is still open, since the
call may wait for that.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ledger.errors import ChainError, KeyProviderError, TransactionFailed
from ledger.ports import Chain, Signer, Store
from ledger.rows import NewTransaction, OutboxTransaction, Receipt

RESEND_SECONDS = 5
"""After this time without a receipt the same bytes are sent again: a node may have forgotten them."""
SHORTEST_BACK_OFF_SECONDS = 1
LONGEST_BACK_OFF_SECONDS = 60
FOREIGN_NONCE_SECONDS = 60
"""A nonce that is mined while our own hash has no receipt for this long was used by somebody else."""
GAS_MARGIN = 5, 4
"""Estimates are exact for the state they were made on; a fourth more covers what others change until then."""
POLL_SECONDS = 0.05
"""How often `send_and_wait` looks; an automining chain answers within one look."""


@dataclass(frozen=True, slots=True)
class SendReport:
    """What one pass did, by intent."""

    sent: Sequence[str] = ()
    """Broadcast for the first time or again."""
    settled: Sequence[str] = ()
    quarantined: Sequence[str] = ()
    postponed: Sequence[str] = ()

    def did_something(self) -> bool:
        """Say whether anything moved."""
        return bool(self.sent or self.settled or self.quarantined)


@dataclass(frozen=True, slots=True)
class _Signed:
    row: OutboxTransaction
    tx_nonce: int
    tx_hash: str
    raw: bytes


def _signed(row: OutboxTransaction) -> _Signed | None:
    """Return a row with what was stored when it was signed, or None."""
    if row.tx_nonce is None or row.tx_hash is None or row.raw is None:
        return None
    return _Signed(row, row.tx_nonce, row.tx_hash, row.raw)


class _Pass:
    """One pass over the outbox; its methods are the steps of a row, each safe to be cut off before and after."""

    def __init__(self, store: Store, chain: Chain, signers: Mapping[str, Signer], now: int, through: int) -> None:
        self.store, self.chain, self.signers, self.now, self.through = store, chain, signers, now, through
        self.sent: list[str] = []
        self.settled: list[str] = []
        self.quarantined: list[str] = []
        self.postponed: list[str] = []

    def report(self) -> SendReport:
        return SendReport(self.sent, self.settled, self.quarantined, self.postponed)

    def run(self) -> None:
        with self.store.begin() as transaction:
            rows = transaction.unsettled()
        mined: dict[str, int] = {}
        incomplete: set[str] = set()
        for row in rows:
            signed = _signed(row)
            if signed is None:
                continue
            if row.sender not in mined:
                mined[row.sender] = self.chain.next_tx_nonce(row.sender)
                if self.restore(row.sender, mined[row.sender], signed.tx_nonce):
                    incomplete.add(row.sender)
            if row.sender not in incomplete:
                self.carry_on(signed, mined[row.sender])
        for row in rows:
            mine = row.sender in self.signers and row.sender not in incomplete
            if row.tx_nonce is None and mine and row.retry_at <= self.now:
                self.begin(row)

    def restore(self, sender: str, mined: int, lowest: int) -> bool:
        """Reopen settled rows that the chain has lost, if rows wait behind them; the next pass sends all in order."""
        if mined >= lowest:
            return False
        with self.store.begin() as transaction:
            return transaction.unsettle_from(sender, mined) > 0

    def carry_on(self, signed: _Signed, mined: int) -> None:
        """Settle a signed row if it is mined, send it again if it is not."""
        row = signed.row
        if signed.tx_nonce >= mined:
            if row.retry_at <= self.now:
                self.broadcast(signed)
            return
        receipt = self.chain.receipt(signed.tx_hash)
        if receipt is not None:
            self.settle(row, receipt)
        elif self.now - (row.submitted_at or row.received_at) >= FOREIGN_NONCE_SECONDS:
            self.quarantine(row, "another transaction of this sender was mined with this nonce")

    def begin(self, row: OutboxTransaction) -> None:
        """Simulate, take the next nonce, store the signed bytes, and only then send them."""
        transaction = NewTransaction(row.intent, row.sender, row.to, row.data, row.gas)
        try:
            used = self.chain.simulate(transaction)
        except TransactionFailed as refusal:
            self.refused(row, refusal.detail)
            return
        except ChainError as failure:
            self.postpone(row, failure.detail)
            return
        try:
            signed = self.sign(row, transaction, row.gas or used * GAS_MARGIN[0] // GAS_MARGIN[1])
        except KeyProviderError as failure:
            # A remote signer that is away holds up its own key only.
            self.postpone(row, failure.detail)
            return
        if signed is not None:
            self.broadcast(signed)

    def sign(self, row: OutboxTransaction, new: NewTransaction, gas: int) -> _Signed | None:
        """Store nonce and signed bytes under the sender's lock; None if another process is at it or has done it."""
        mined = self.chain.next_tx_nonce(row.sender)
        with self.store.begin() as transaction:
            if not transaction.lock_sender(row.sender):
                return None
            current = transaction.transaction(row.intent)
            if current is None or current.state != "received" or current.tx_nonce is not None:
                return None
            highest = transaction.highest_tx_nonce(row.sender)
            tx_nonce = mined if highest is None else max(mined, highest + 1)
            raw, tx_hash = self.chain.build_raw(new, tx_nonce, gas, self.signers[row.sender])
            transaction.sign_transaction(row.outbox_id, tx_nonce, gas, raw, tx_hash)
        return _Signed(row, tx_nonce, tx_hash, raw)

    def broadcast(self, signed: _Signed) -> None:
        """Send the stored bytes; what became of them is told by the receipt alone."""
        row = signed.row
        try:
            self.chain.broadcast(signed.raw)
        except TransactionFailed as refusal:
            # Its nonce is mined, perhaps by these very bytes: the next pass asks for the receipt.
            self.postpone(row, refusal.detail, soon=True)
            return
        except ChainError as failure:
            self.postpone(row, failure.detail)
            return
        with self.store.begin() as transaction:
            transaction.mark_submitted(row.outbox_id, self.now, self.now + RESEND_SECONDS)
        self.sent.append(row.intent)

    def settle(self, row: OutboxTransaction, receipt: Receipt) -> None:
        """Note a receipt once its block is confirmed."""
        if receipt.block > self.through:
            return
        with self.store.begin() as transaction:
            transaction.settle(row.outbox_id, receipt, self.now)
        self.settled.append(row.intent)

    def refused(self, row: OutboxTransaction, reason: str) -> None:
        """Quarantine a call that the contract refuses, unless something that was sent before may change that."""
        with self.store.begin() as transaction:
            earlier = (waiting.outbox_id < row.outbox_id for waiting in transaction.unsettled(row.sender))
            may_change = transaction.any_sent() or any(earlier)
        if may_change:
            self.postpone(row, reason, soon=True)
        else:
            self.quarantine(row, reason)

    def quarantine(self, row: OutboxTransaction, reason: str) -> None:
        with self.store.begin() as transaction:
            transaction.quarantine(row.outbox_id, reason, self.now)
        self.quarantined.append(row.intent)

    def postpone(self, row: OutboxTransaction, reason: str, *, soon: bool = False) -> None:
        doubled = SHORTEST_BACK_OFF_SECONDS << min(row.attempts, 10)
        wait = 0 if soon else min(doubled, LONGEST_BACK_OFF_SECONDS)
        with self.store.begin() as transaction:
            transaction.postpone(row.outbox_id, self.now + wait, reason)
        self.postponed.append(row.intent)


def send_pending(store: Store, chain: Chain, signers: Mapping[str, Signer], now: int, through: int) -> SendReport:
    """Do one pass: settle what is mined in a block up to `through`, resend what is not, send what is new.

    `signers` holds the keys of this process by address; rows of other senders are resent and settled too, since stored
    bytes need no key. Raises ChainError when the node does not answer, StoreError when the database does not; what was
    done until then stays, and the next pass goes on.
    """
    running = _Pass(store, chain, signers, now, through)
    running.run()
    return running.report()


def restore_lost(store: Store, chain: Chain) -> int:
    """Put mined rows that the chain has lost back to submitted; returns how many.

    A development chain that was restarted from an older state has fewer transactions of a sender than the outbox; the
    next passes send the stored bytes again, in the order of their nonces. Raises ChainError or StoreError.
    """
    with store.begin() as transaction:
        highest = transaction.highest_tx_nonces()
    lost = 0
    for sender, tx_nonce in highest.items():
        mined = chain.next_tx_nonce(sender)
        if mined <= tx_nonce:
            with store.begin() as transaction:
                lost += transaction.unsettle_from(sender, mined)
    return lost


def send_and_wait(
    store: Store,
    chain: Chain,
    signer: Signer,
    transaction: NewTransaction,
    timeout_seconds: float,
    *,
    confirmations: int = 0,
    clock: Callable[[], float] = time.time,
) -> OutboxTransaction:
    """Send a call through the outbox and return its row once it is final or failed.

    The same intent again answers with the row that it has. Raises ChainError if it is not settled in time (it stays in
    the outbox, and asking again goes on waiting), StoreError when the database does not answer.
    """
    with store.begin() as opened:
        row = opened.add_transaction(transaction, int(clock()))
    if row.state not in ("final", "failed"):
        restore_lost(store, chain)
    until = time.monotonic() + timeout_seconds
    while row.state not in ("final", "failed"):
        if time.monotonic() > until:
            raise ChainError(f"{transaction.intent} is not settled yet: {row.error or row.state}")
        through = chain.head().number - confirmations
        report = send_pending(store, chain, {signer.address: signer}, int(clock()), through)
        with store.begin() as opened:
            row = opened.transaction(transaction.intent) or row
        if not report.did_something():
            time.sleep(POLL_SECONDS)
    return row
