"""SystemDirectory: where the contracts of the consortium are, and since when."""

from dataclasses import dataclass
from typing import ClassVar

from eth_utils.address import to_checksum_address
from web3.types import BlockIdentifier

from ledger.chain.contracts.binding import Call, GovernedBinding
from ledger.errors import FormatError
from ledger.types import Address

_NAME_BYTES = 32


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """A contract: its address, the block in which it was entered, the Keccak-256 of its runtime code."""

    address: Address
    since: int
    code_hash: bytes


class SystemDirectory(GovernedBinding):
    """Calls and views of SystemDirectory; a contract is found by its name, such as `RecordAnchors`."""

    NAME: ClassVar[str] = "SystemDirectory"

    def set_contract(self, name: str, address: str, code_hash: bytes) -> Call:
        """Enter a contract, or the successor of one; sent by the governor."""
        return self._write("setContract", _name(name), to_checksum_address(address), code_hash)

    def contract_of(self, name: str, *, block: BlockIdentifier) -> DirectoryEntry | None:
        """Return the contract that stands under a name, None if there is none."""
        address, since, code_hash = self._view("contractOf", _name(name), block=block)
        return DirectoryEntry(Address(address.lower()), since, code_hash) if since else None

    def names(self, *, block: BlockIdentifier) -> tuple[str, ...]:
        """Return all names, in the order in which they were first entered."""
        return tuple(name.rstrip(b"\0").decode("ascii") for name in self._view("names", block=block))


def _name(name: str) -> bytes:
    if not name.isascii() or not 0 < len(name) <= _NAME_BYTES:
        raise FormatError("a contract's name is ASCII text of 1 to 32 characters")
    return name.encode("ascii").ljust(_NAME_BYTES, b"\0")
