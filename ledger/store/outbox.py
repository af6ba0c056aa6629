"""The outbox: what was sent to the chain, byte for byte."""

from collections.abc import Mapping, Sequence

from ledger.core.hexadecimal import from_hex, to_hex
from ledger.errors import Conflict
from ledger.rows import NewTransaction, OutboxTransaction, Receipt
from ledger.store.locks import SENDER_LOCK
from ledger.store.session import Row, Session

LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, %s))"
ADD = """
    INSERT INTO outbox (intent, sender, recipient, data, gas, state, received_at)
    VALUES (%s, %s, %s, %s, %s, 'received', %s) ON CONFLICT (intent) DO NOTHING"""
COLUMNS = """
    outbox_id, intent, sender, recipient, data, gas, state, tx_nonce, raw, tx_hash, received_at, submitted_at,
    settled_at, block, tx_index, contract_address, error, attempts, retry_at"""
BY_INTENT = f"SELECT {COLUMNS} FROM outbox WHERE intent = %s"
OPEN = "state IN ('received', 'submitted')"
UNSETTLED = f"SELECT {COLUMNS} FROM outbox WHERE {OPEN} ORDER BY sender, tx_nonce, outbox_id"
UNSETTLED_OF = f"SELECT {COLUMNS} FROM outbox WHERE {OPEN} AND sender = %s ORDER BY sender, tx_nonce, outbox_id"
ANY_SENT = "SELECT EXISTS (SELECT FROM outbox WHERE state IN ('received', 'submitted') AND tx_nonce IS NOT NULL)"
SIGN = """
    UPDATE outbox SET tx_nonce = %s, gas = %s, raw = %s, tx_hash = %s
    WHERE outbox_id = %s AND state = 'received' AND raw IS NULL"""
SUBMITTED = """
    UPDATE outbox SET state = 'submitted', submitted_at = COALESCE(submitted_at, %s), attempts = attempts + 1,
        retry_at = %s, error = NULL
    WHERE outbox_id = %s AND state IN ('received', 'submitted')"""
POSTPONE = """
    UPDATE outbox SET attempts = attempts + 1, retry_at = %s, error = %s
    WHERE outbox_id = %s AND state IN ('received', 'submitted')"""
SETTLE = """
    UPDATE outbox SET state = %s, submitted_at = COALESCE(submitted_at, %s), settled_at = %s, block = %s,
        tx_index = %s, contract_address = %s, error = %s
    WHERE outbox_id = %s AND tx_hash = %s"""
QUARANTINE = """
    UPDATE outbox SET state = 'failed', settled_at = %s, error = %s
    WHERE outbox_id = %s AND state IN ('received', 'submitted')"""
REOPEN = """
    UPDATE outbox SET state = 'submitted', settled_at = NULL, block = NULL, tx_index = NULL, error = NULL, retry_at = 0
    WHERE """
REOPEN_AFTER = REOPEN + "block > %s"
REOPEN_FROM = REOPEN + "sender = %s AND tx_nonce >= %s AND block > COALESCE((SELECT max(number) FROM blocks), -1)"
REOPEN_MISSING = (
    REOPEN
    + """block BETWEEN %s AND %s
    AND NOT EXISTS (SELECT FROM blocks WHERE number = outbox.block AND tx_hash = ANY (transactions))"""
)
HIGHEST = "SELECT max(tx_nonce) FROM outbox WHERE sender = %s"
SENDERS = "SELECT sender, max(tx_nonce) FROM outbox WHERE tx_nonce IS NOT NULL GROUP BY sender ORDER BY sender"
RAW = "SELECT tx_hash, raw FROM outbox WHERE tx_hash = ANY(%s)"

REVERTED = "the transaction was mined and reverted"


def outbox_transaction(row: Row) -> OutboxTransaction:
    """Return the transaction of a row of COLUMNS."""
    columns = list(row)
    columns[9] = None if row[9] is None else to_hex(row[9])
    return OutboxTransaction(*columns)


class Outbox(Session):
    """See `ledger.ports.Transaction`, outbox."""

    def lock_sender(self, sender: str) -> bool:
        """Take the advisory lock of a sending key until this transaction ends; False if another process has it."""
        return bool(self._value(LOCK, (sender, SENDER_LOCK)))

    def add_transaction(self, transaction: NewTransaction, received_at: int) -> OutboxTransaction:
        """Store an intent, or return the row that the same intent has already."""
        new = transaction
        self._run(ADD, (new.intent, new.sender, new.to, new.data, new.gas, received_at))
        return outbox_transaction(self._one(BY_INTENT, (new.intent,)))

    def transaction(self, intent: str) -> OutboxTransaction | None:
        """Return a row of the outbox."""
        row = self._row(BY_INTENT, (intent,))
        return None if row is None else outbox_transaction(row)

    def unsettled(self, sender: str | None = None) -> Sequence[OutboxTransaction]:
        """Return rows in state received or submitted, by (sender, tx_nonce, id); those without a nonce come last."""
        rows = self._rows(UNSETTLED) if sender is None else self._rows(UNSETTLED_OF, (sender,))
        return [outbox_transaction(row) for row in rows]

    def any_sent(self) -> bool:
        """Say whether a signed transaction of any sender is not settled: the chain's state may be about to change."""
        return bool(self._value(ANY_SENT))

    def sign_transaction(self, outbox_id: int, tx_nonce: int, gas: int, raw: bytes, tx_hash: str) -> None:
        """Store nonce and signed bytes, in one transaction, before the first broadcast.

        Raises Conflict if the row is signed already or the nonce is taken: nothing is ever signed twice.
        """
        if self._run(SIGN, (tx_nonce, gas, raw, from_hex(tx_hash, 32), outbox_id)) != 1:
            raise Conflict("this transaction is signed already")

    def mark_submitted(self, outbox_id: int, submitted_at: int, retry_at: int) -> None:
        """Note a broadcast (the time of the first one stays), and when to send the same bytes again."""
        self._run(SUBMITTED, (submitted_at, retry_at, outbox_id))

    def postpone(self, outbox_id: int, retry_at: int, error: str) -> None:
        """Note why a row cannot go on now, and when to try again."""
        self._run(POSTPONE, (retry_at, error, outbox_id))

    def settle(self, outbox_id: int, receipt: Receipt, settled_at: int) -> None:
        """Note a mined transaction: final, or failed if it reverted."""
        state, error = ("final", None) if receipt.succeeded else ("failed", REVERTED)
        place = (receipt.block, receipt.tx_index, receipt.contract_address)
        tx_hash = from_hex(receipt.tx_hash, 32)
        self._run(SETTLE, (state, settled_at, settled_at, *place, error, outbox_id, tx_hash))

    def quarantine(self, outbox_id: int, error: str, settled_at: int) -> None:
        """Note a permanent error; the row is shown and never retried."""
        self._run(QUARANTINE, (settled_at, error, outbox_id))

    def unsettle_after(self, block: int) -> None:
        """Put rows that were mined after `block` back to submitted (a reorganization)."""
        self._run(REOPEN_AFTER, (block,))

    def unsettle_from(self, sender: str, tx_nonce: int) -> int:
        """Put mined rows of a sender from this nonce on back to submitted: the chain lost them; returns how many.

        Rows in followed blocks stay: whether those stand is the follower's to find out.
        """
        return self._run(REOPEN_FROM, (sender, tx_nonce))

    def _unsettle_missing(self, first: int, last: int) -> None:
        """Put rows that were seen mined in a block first … last, but do not stand in the followed one, to submitted."""
        self._run(REOPEN_MISSING, (first, last))

    def highest_tx_nonce(self, sender: str) -> int | None:
        """Return the greatest nonce that was ever stored for a sender."""
        nonce: int | None = self._value(HIGHEST, (sender,))
        return nonce

    def highest_tx_nonces(self) -> Mapping[str, int]:
        """Return the greatest nonce of every sender that has one."""
        return {row[0]: row[1] for row in self._rows(SENDERS)}

    def raw_transactions(self, tx_hashes: Sequence[str]) -> Mapping[str, bytes]:
        """Return the outbox's signed bytes by transaction hash: what a replay sends."""
        wanted = [from_hex(tx_hash, 32) for tx_hash in tx_hashes]
        return {to_hex(row[0]): row[1] for row in self._rows(RAW, (wanted,))}
