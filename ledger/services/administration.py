"""What the administrator's verbs (deploy, enrol, publish an item) have in common."""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from ledger.core.eip712 import ZERO32
from ledger.core.typed_messages import LANE_BITS, MESSAGES, keyed_nonce, message_preimage
from ledger.errors import TransactionFailed
from ledger.ports import Chain, Signer, Store
from ledger.rows import NewTransaction, OutboxTransaction
from ledger.services.send import send_and_wait

DEADLINE_SECONDS = 3_600
"""Life of a signed administrative message: long enough for a slow chain, short enough to be forgotten."""
ZERO_ADDRESS = "0x" + "00" * 20
SETTLE_TIMEOUT_SECONDS = 60.0

EncodeMessage = Callable[[str, Mapping[str, Any], Sequence[bytes]], tuple[str, bytes]]
"""(message name, message, signatures in the order of its signers) → (contract address, call data)."""


@dataclass(frozen=True)
class Administration:
    """An administrator's means: database, chain, the key that sends, and the contracts' addresses."""

    store: Store
    chain: Chain
    sender: Signer
    chain_id: int
    contracts: Mapping[str, str]
    encode_message: EncodeMessage

    def send(self, intent: str, to: str | None, data: bytes) -> OutboxTransaction:
        """Send a call once, by its intent, and wait until it is mined; raises TransactionFailed or ChainError.

        The same intent again answers with the first row, so every verb is safe to repeat.
        """
        transaction = NewTransaction(intent, self.sender.address, to, data)
        row = send_and_wait(self.store, self.chain, self.sender, transaction, SETTLE_TIMEOUT_SECONDS)
        if row.state == "failed":
            raise TransactionFailed(f"{intent}: {row.error}")
        return row

    def is_done(self, intent: str) -> bool:
        """Say whether an intent was mined with success before."""
        return self.state_of(intent) == "final"

    def state_of(self, intent: str) -> str | None:
        """Return the state of an intent's row in the outbox, None where it was never sent."""
        with self.store.begin() as transaction:
            row = transaction.transaction(intent)
        return None if row is None else row.state

    def fresh_intent(self, intent: str) -> str:
        """Return the first numbering of an intent that has not failed: what was refused before may be tried anew."""
        numbered = (intent if attempt == 1 else f"{intent}/{attempt}" for attempt in count(1))
        return next(one for one in numbered if self.state_of(one) != "failed")

    def finish(self, intent: str) -> None:
        """Wait for what an earlier run left in the outbox under an intent; where it left nothing, do nothing.

        Raises TransactionFailed or ChainError.
        """
        with self.store.begin() as transaction:
            row = transaction.transaction(intent)
        if row is not None and row.state not in ("final", "failed"):
            self.send(intent, row.to, row.data)

    def send_message(self, intent: str, name: str, message: Mapping[str, Any], signers: Mapping[str, Signer]) -> None:
        """Sign a typed message by each of its signers, relay it and wait; raises as `send`.

        `signers` holds the keys by address. `nonce` and `deadline` are added: a random lane, so that messages do not
        wait for one another.
        """
        complete = {
            **message,
            "nonce": keyed_nonce(secrets.randbits(LANE_BITS), 0),
            "deadline": int(time.time()) + DEADLINE_SECONDS,
        }
        preimage = message_preimage(name, complete, self.chain_id, self.contracts[MESSAGES[name].contract])
        signatures = [
            b"" if complete[member] == ZERO_ADDRESS else signers[complete[member]].sign_preimage(preimage)
            for member in MESSAGES[name].signers
        ]
        self.send(intent, *self.encode_message(name, complete, signatures))


def or_zero(digest: bytes | None) -> bytes:
    """Return a digest, 32 zero bytes for None."""
    return ZERO32 if digest is None else digest
