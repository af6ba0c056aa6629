"""What every service of a gateway works with. `ledger.wiring` makes one per process."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ledger.core.history import History
from ledger.core.statements import StatementDomain
from ledger.ports import KeyProvider, Signer, Store, Transaction


class Facts(Protocol):
    """The folded chain history of this process, brought up to date from the store."""

    def history(self, transaction: Transaction) -> History:
        """Return the history as of the newest followed block; cheap when nothing is new."""


@dataclass(frozen=True)
class Gateway:
    """A gateway's identity, its adapters and its clock.

    `clock` gives Unix seconds (the system clock outside of tests).
    """

    agency: int
    domain: StatementDomain
    store: Store
    facts: Facts
    api_signer: Signer
    key_provider: KeyProvider
    clock: Callable[[], int]
