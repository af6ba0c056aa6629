"""What a call to one of our contracts says: function and arguments in words, read from target and data."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from eth_abi.abi import decode as abi_decode
from eth_abi.abi import encode as abi_encode
from eth_abi.exceptions import DecodingError

from ledger.chain.artifacts import abi_types, load
from ledger.chain.custom_errors import selector, word

_SELECTOR_BYTES = 4
_LONGEST_SHOWN_BYTES = 32


@cache
def functions(contract: str) -> Mapping[bytes, Mapping[str, Any]]:
    """Return the ABI entry of every function of a contract by its selector (4 bytes)."""
    return {selector(entry): entry for entry in load(contract).abi if entry["type"] == "function"}


class CallReader:
    """Reads calls to the contracts of one deployment, known by their addresses."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        """`addresses`: contract name to address."""
        self._names = {address.lower(): name for name, address in addresses.items()}

    def function(self, target: str, selector: bytes) -> str:
        """Return the function that a selector (4 bytes) means at a target, such as `Parameters.set`; never raises."""
        contract = self._names.get(target)
        entry = None if contract is None else functions(contract).get(selector)
        if entry is None:
            return f"{contract or 'an unknown contract'}: 0x{selector.hex()}"
        return f"{contract}.{entry['name']}"

    def read(self, target: str, data: bytes) -> str:
        """Return one line such as `Parameters.set(name=factsAge, value=60)`.

        Never raises: a call that is not ours is called unknown, with its selector and length, and so is one whose data
        is not exactly what the encoding of its arguments gives.
        """
        contract = self._names.get(target)
        head, body = data[:_SELECTOR_BYTES], data[_SELECTOR_BYTES:]
        if contract is None:
            return f"an unknown contract: 0x{head.hex()} with {len(data)} bytes"
        entry = functions(contract).get(head)
        arguments = None if entry is None else _arguments(entry, body)
        if entry is None or arguments is None:
            return f"{contract}: an unknown call, 0x{head.hex()} with {len(data)} bytes"
        return f"{contract}.{entry['name']}({arguments})"


def _arguments(entry: Mapping[str, Any], body: bytes) -> str | None:
    types = abi_types(entry["inputs"])
    try:
        values = abi_decode(types, body)
    except (DecodingError, UnicodeDecodeError, OverflowError):
        return None
    # Data may hold more than its arguments, or point at them in odd ways: what is not plain is not vouched for.
    return _listed(entry["inputs"], values) if abi_encode(types, values) == body else None


def _listed(parameters: list[Mapping[str, Any]], values: Any) -> str:
    return ", ".join(
        f"{parameter['name']}={_spoken(parameter, value)}" for parameter, value in zip(parameters, values, strict=True)
    )


def _spoken(parameter: Mapping[str, Any], value: Any) -> str:
    if "components" in parameter:
        return f"({_listed(parameter['components'], value)})"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(word(parameter["name"], one) for one in value) + "]"
    if isinstance(value, bytes) and len(value) > _LONGEST_SHOWN_BYTES:
        return f"{len(value)} bytes"
    return word(parameter["name"], value)
