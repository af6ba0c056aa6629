"""The four things that may be exchanged: Store, Chain, KeyProvider, Signer. Nothing else is abstract."""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from ledger.core.history import Block
from ledger.look_rows import ForeseenLook
from ledger.rows import (
    DailyKey,
    FollowedBlock,
    NewTransaction,
    Receipt,
)
from ledger.transaction import Transaction

__all__ = ["Chain", "KeyProvider", "LooksTogether", "Signer", "Store", "Transaction"]


class Signer(Protocol):
    """A key that signs; where it lives is its own business (keystore file, remote signer)."""

    @property
    def address(self) -> str:
        """Lowercase 0x address."""

    def sign_preimage(self, preimage: bytes) -> bytes:
        """Return the strict 65-byte signature of the Keccak-256 of `preimage`; raises KeyProviderError.

        It takes what is hashed, not the digest: a remote signer hashes for itself, and so knows what it signs.
        """


class KeyProvider(Protocol):
    """Keeps the master key and never shows it; ingest asks once a day."""

    def new_daily_key(self, key_id: str) -> DailyKey:
        """Make and wrap a fresh daily key; raises KeyProviderError."""

    def open_daily_key(self, key_id: str, wrapped: bytes) -> DailyKey:
        """Unwrap a daily key; raises KeyProviderError if it was not wrapped by this master."""

    def subject_hmac(self, name: str, message: bytes) -> bytes:
        """Return HMAC-SHA256 (32 bytes) of `message` by the subject key `name`, which never leaves the provider.

        Names: `token`, `tag`, `agency/<agency>/<purpose>/<epoch>` (formats page, section 9), `counts` (who joins the
        rest of a table of counts). Raises KeyProviderError.
        """


class Chain(Protocol):
    """JSON-RPC of one node, with our contracts' ABIs known. Raises ChainError when it does not answer."""

    def chain_id(self) -> int:
        """Return the chain id that the node reports."""

    def block(self, number: int) -> Block | None:
        """Return a block's header, or None if the node does not have it."""

    def head(self) -> Block:
        """Return the newest block's header."""

    def followed_blocks(self, first: int, last: int) -> Sequence[FollowedBlock]:
        """Return the blocks first … last with their events, oldest first."""

    def code_hash(self, address: str) -> bytes:
        """Return Keccak-256 of the runtime code at `address` now."""

    def simulate(self, transaction: NewTransaction) -> int:
        """Return the gas that the call would use; raises TransactionFailed with the decoded error, or ChainError."""

    def next_tx_nonce(self, sender: str) -> int:
        """Return the number of transactions of `sender` that are mined."""

    def build_raw(self, transaction: NewTransaction, tx_nonce: int, gas: int, signer: Signer) -> tuple[bytes, str]:
        """Return the signed bytes and their 0x hash; the price is zero or the node's setting."""

    def broadcast(self, raw: bytes) -> None:
        """Send signed bytes; knowing them already is no error. Raises ChainError (retryable) or TransactionFailed."""

    def receipt(self, tx_hash: str) -> Receipt | None:
        """Return the receipt of our own transaction, or None while it is not mined."""


class LooksTogether(Protocol):
    """Looks that are answered together: each reads in its own transaction, and their entries are written at once."""

    @property
    def transactions(self) -> Sequence[Transaction]:
        """Give one for each look, in their order, which takes one entry with its evidence (and has no id for it yet).

        It raises NotTogether for whatever was not foreseen, and writes nothing by itself.
        """

    def write(self, places: Collection[int]) -> Collection[int]:
        """Write the entries of the looks at these places, each with its nonce; returns the places that are written.

        One is left out if its nonce was consumed before, or if somebody acts, or has acted since it was read, on what
        it rests on; all are if the database refuses them. Raises StoreError where the connection is lost: then nobody
        knows.
        """


class Store(Protocol):
    """The gateway's database."""

    def begin(self) -> AbstractContextManager[Transaction]:
        """Open a transaction; raises StoreError when the database does not answer."""

    def looks(self, foreseen: Sequence[ForeseenLook]) -> AbstractContextManager[LooksTogether]:
        """Read at once what looks at one record each will read; their requests have different nonces.

        Raises StoreError as `begin` does; nothing was written then.
        """

    def close(self) -> None:
        """Give connections back."""
