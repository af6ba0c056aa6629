"""Parameters: numbers that the consortium may change within hard bounds."""

from typing import ClassVar

from web3.types import BlockIdentifier

from ledger.chain.contracts.binding import Call, GovernedBinding
from ledger.errors import FormatError

_NAME_BYTES = 32


def parameter_name(name: str) -> bytes:
    """Return a parameter's name as it stands on chain: ASCII, padded with zeros to 32 bytes; raises FormatError."""
    if not name.isascii() or not 0 < len(name) <= _NAME_BYTES:
        raise FormatError("a parameter's name is ASCII text of 1 to 32 characters")
    return name.encode("ascii").ljust(_NAME_BYTES, b"\0")


class Parameters(GovernedBinding):
    """Calls and views of Parameters; values are seconds, numbers of agencies or counts (contracts page)."""

    NAME: ClassVar[str] = "Parameters"

    def set(self, name: str, value: int) -> Call:
        """Set a parameter; sent by the governor."""
        return self._write("set", parameter_name(name), value)

    def parameter(self, name: str, *, block: BlockIdentifier) -> int:
        """Return a parameter's value; raises TransactionFailed if there is none of this name."""
        value: int = self._view("parameter", parameter_name(name), block=block)
        return value

    def bounds(self, name: str, *, block: BlockIdentifier) -> tuple[int, int]:
        """Return the hard bounds (both included); raises TransactionFailed as `parameter` does."""
        lowest, highest = self._view("bounds", parameter_name(name), block=block)
        return lowest, highest
