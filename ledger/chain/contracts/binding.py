"""What the classes of all contracts share: call data for writes, and views at an explicit block."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from eth_utils.address import to_checksum_address
from web3 import Web3
from web3.exceptions import ContractCustomError, Web3Exception
from web3.types import BlockIdentifier

from ledger.chain.artifacts import load
from ledger.chain.custom_errors import decode
from ledger.core.hexadecimal import from_hex
from ledger.core.typed_messages import MESSAGES
from ledger.errors import ChainError, FormatError, TransactionFailed
from ledger.types import Address


@dataclass(frozen=True, slots=True)
class Call:
    """A write that is not sent yet: the contract's address and the data. It goes through the outbox."""

    to: Address
    data: bytes


def node(rpc_url: str | None = None) -> Web3:
    """Return what bindings ask for views: the node at `rpc_url`, or none (a binding then makes call data only)."""
    return Web3(Web3.HTTPProvider(rpc_url)) if rpc_url is not None else Web3()


class ContractBinding:
    """One deployed contract, by its committed ABI.

    Writes return a `Call`; views ask one block and raise ChainError when the node does not answer, TransactionFailed
    (with the decoded error) when the contract refuses.
    """

    NAME: ClassVar[str]

    def __init__(self, web3: Web3, address: str) -> None:
        """`web3` is what `node` returns; `address` is the contract's, as `0x` hex."""
        self.address = Address(address.lower())
        self._contract = web3.eth.contract(
            address=to_checksum_address(address), abi=[dict(entry) for entry in load(self.NAME).abi]
        )

    def domain(self, *, block: BlockIdentifier) -> tuple[str, str, int, str]:
        """Return the EIP-712 domain: name, version, chain id, contract address (ERC-5267)."""
        _, name, version, chain_id, contract, _, _ = self._view("eip712Domain", block=block)
        return name, version, chain_id, contract.lower()

    def version(self, *, block: BlockIdentifier) -> str:
        """Return the version of the contract's code."""
        version: str = self._view("version", block=block)
        return version

    def _write(self, function: str, *arguments: Any) -> Call:
        try:
            encoded = self._contract.encode_abi(function, args=arguments)
        except (Web3Exception, TypeError, ValueError) as failure:
            raise FormatError(
                f"{self.NAME}.{function}: an argument does not fit its type ({type(failure).__name__})"
            ) from None
        return Call(self.address, from_hex(encoded, what="call data"))

    def _relay(self, name: str, message: Mapping[str, Any], signatures: Sequence[bytes]) -> Call:
        kind = MESSAGES[name]
        try:
            values = tuple(message[member] for member, _ in kind.members)
        except KeyError as missing:
            raise FormatError(f"{name}: member {missing} is missing") from None
        plain = tuple(
            to_checksum_address(value) if type_name == "address" else value
            for (_, type_name), value in zip(kind.members, values, strict=True)
        )
        return self._write(kind.function, plain, *signatures)

    def _view(self, function: str, *arguments: Any, block: BlockIdentifier) -> Any:
        try:
            return self._contract.functions[function](*arguments).call(block_identifier=block)
        except ContractCustomError as refusal:
            raise TransactionFailed(decode(from_hex(refusal.data))) from None
        except (Web3Exception, OSError) as failure:
            raise ChainError(f"{self.NAME}.{function} was not answered: {type(failure).__name__}") from failure


class TypedMessagesBinding(ContractBinding):
    """A contract that takes signed, relayed messages."""

    def nonce(self, signer: str, lane: int, *, block: BlockIdentifier) -> int:
        """Return the next unused keyed nonce of `signer` in a lane (0 … 2^192−1), as a message carries it."""
        nonce: int = self._view("nonces(address,uint192)", to_checksum_address(signer), lane, block=block)
        return nonce


class GovernedBinding(ContractBinding):
    """A contract that has a governor."""

    def governor(self, *, block: BlockIdentifier) -> Address:
        """Return the governor's address."""
        return Address(self._view("governor", block=block).lower())


class PausableBinding(TypedMessagesBinding, GovernedBinding):
    """A contract that guardians and the governor pause for a short time."""

    def pause(self, message: Mapping[str, Any], signature: bytes) -> Call:
        """Pause for 72 hours (`Pause<Contract>`), signed by a GUARDIAN key; anybody relays it."""
        return self._relay(f"Pause{self.NAME}", message, (signature,))

    def pause_as_governor(self, until: int) -> Call:
        """Pause until a time (Unix seconds, at most 30 days ahead), or lift the pause with 0; sent by the governor."""
        return self._write("pauseAsGovernor", until)

    def paused_until(self, *, block: BlockIdentifier) -> int:
        """Return the first second at which it is not paused (Unix seconds), 0 if it never was or was lifted."""
        until: int = self._view("pausedUntil", block=block)
        return until

    def last_pause_of(self, agency: int, *, block: BlockIdentifier) -> int:
        """Return when an agency's guardian last paused it (Unix seconds), 0 if never; once in 30 days it may."""
        time: int = self._view("lastPauseOf", agency, block=block)
        return time
