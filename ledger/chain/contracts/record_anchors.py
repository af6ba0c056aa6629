"""RecordAnchors: the anchored streams of the gateways, and marks on records."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from web3.types import BlockIdentifier

from ledger.chain.contracts.binding import Call, GovernedBinding, TypedMessagesBinding
from ledger.types import Address


@dataclass(frozen=True, slots=True)
class StreamHead:
    """Where a gateway's stream stands: head, number of its newest batch, first sequence of its next one."""

    head: bytes
    batch_count: int
    next_sequence: int


class RecordAnchors(TypedMessagesBinding, GovernedBinding):
    """Calls and views of RecordAnchors."""

    NAME: ClassVar[str] = "RecordAnchors"

    def anchor(self, root: bytes, leaf_count: int, first_sequence: int) -> Call:
        """Anchor the next batch (1 to 65,536 leaves); sent by an ANCHOR key of the gateway."""
        return self._write("anchor", root, leaf_count, first_sequence)

    def mark(self, message: Mapping[str, Any], signature: bytes) -> Call:
        """Mark a record; anybody relays it. The message is `Mark` of `ledger.core.typed_messages`."""
        return self._relay("Mark", message, (signature,))

    def repudiate(self, message: Mapping[str, Any], signature: bytes) -> Call:
        """Repudiate a batch (`Repudiate`), signed by an ADMIN key of the gateway; sent by the governor."""
        return self._relay("Repudiate", message, (signature,))

    def is_repudiated(self, gateway: int, batch: int, *, block: BlockIdentifier) -> bool:
        """Say whether a batch was repudiated."""
        repudiated: bool = self._view("isRepudiated", gateway, batch, block=block)
        return repudiated

    def head(self, gateway: int, *, block: BlockIdentifier) -> StreamHead:
        """Return where a gateway's stream stands."""
        return StreamHead(*self._view("head", gateway, block=block))

    def word(self, gateway: int, batch: int, *, block: BlockIdentifier) -> bytes:
        """Return the storage word (32 bytes) of a batch, zero if there is no such batch."""
        word: bytes = self._view("word", gateway, batch, block=block)
        return word

    def predecessor(self, *, block: BlockIdentifier) -> Address | None:
        """Return the RecordAnchors whose streams this one continues, None for the first."""
        address: str = self._view("predecessor", block=block)
        return Address(address.lower()) if int(address, 16) else None

    def marks(self, agency: int, record_id: bytes, version: int, *, block: BlockIdentifier) -> int:
        """Return the marks (bit i = mark i) that an agency has set on exactly this version (0 = all versions)."""
        marks: int = self._view("marks", agency, record_id, version, block=block)
        return marks
