"""Logs of our contracts as events of a chain file: numbers as integers, bytes and addresses as lowercase `0x` hex.

Our events hold static values, so a log is words of 32 bytes; a thousand are decoded in a few milliseconds. Those of the
Council hold lists besides, which stand after the words, each behind its length.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ledger.chain.artifacts import abi_types, load
from ledger.core.keccak import keccak256
from ledger.core.points import contract_kind
from ledger.errors import ChainError

_WORD = 32
_TEXT_MEMBERS = frozenset({("ParameterSet", "name"), ("ContractSet", "name")})
"""bytes32 that hold ASCII text, padded with zeros."""

Decoder = Callable[[bytes], Any]


class EventLayout:
    """Where the members of one event stand: in which topic, or at which word of the data."""

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self.name: str = entry["name"]
        self.topic = keccak256(f"{self.name}({','.join(abi_types(entry['inputs']))})".encode("ascii"))
        self._places: list[tuple[str, bool, int, Decoder]] = []
        self._lists: dict[str, Decoder] = {}
        indexed, plain = 0, 0
        for member in entry["inputs"]:
            name, type_name = member["name"], member["type"]
            decoder: Decoder = _integer
            if type_name.endswith("[]"):
                self._lists[name] = _decoder(self.name, name, type_name.removesuffix("[]"))
            else:
                decoder = _decoder(self.name, name, type_name)
            if member["indexed"]:
                indexed += 1
                self._places.append((name, True, indexed, decoder))
            else:
                self._places.append((name, False, plain * _WORD, decoder))
                plain += 1
        self._topic_count, self._data_bytes = indexed + 1, plain * _WORD

    def decode(self, topics: list[bytes], data: bytes) -> dict[str, Any]:
        """Return the members in the order of the event's declaration; raises ChainError for a log of other lengths."""
        if len(topics) != self._topic_count or not self._fits(data):
            raise ChainError(f"a log of event {self.name} has an impossible length")
        members = {
            name: decoder(topics[place] if indexed else data[place : place + _WORD])
            for name, indexed, place, decoder in self._places
        }
        return members | {name: self._items(data, members[name], item) for name, item in self._lists.items()}

    def _fits(self, data: bytes) -> bool:
        if not self._lists:
            return len(data) == self._data_bytes
        return len(data) >= self._data_bytes and len(data) % _WORD == 0

    def _items(self, data: bytes, start: int, decoder: Decoder) -> list[Any]:
        """Return the list that stands at byte `start` of the data."""
        first = start + _WORD
        count = _integer(data[start:first])
        if first > len(data) or count > (len(data) - first) // _WORD:
            raise ChainError(f"a log of event {self.name} has a list beyond its end")
        return [decoder(data[place : place + _WORD]) for place in range(first, first + count * _WORD, _WORD)]


class EventDecoder:
    """Decodes logs of the contracts of one deployment, known by their addresses."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        """`addresses`: contract name (a successor's with its number) to address.

        Raises ChainError for a name without artifact.
        """
        layouts = {name: event_layouts(contract_kind(name)) for name in addresses}
        self._contracts = {address.lower(): (name, layouts[name]) for name, address in addresses.items()}

    def decode(self, log: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]]:
        """Return (contract, event, args) of a log as JSON-RPC or web3 gives it (`address`, `topics`, `data`).

        Raises ChainError for a log of another address, of an unknown event, or of an impossible length.
        """
        known = self._contracts.get(log["address"].lower())
        if known is None:
            raise ChainError("a log of an address that is none of this deployment's contracts")
        contract, layouts = known
        topics = [_bytes(topic) for topic in log["topics"]]
        layout = layouts.get(topics[0]) if topics else None
        if layout is None:
            raise ChainError(f"contract {contract} has emitted an event that its ABI does not know")
        return contract, layout.name, layout.decode(topics, _bytes(log["data"]))


def event_layouts(contract: str) -> dict[bytes, EventLayout]:
    """Return the events of a contract by their first topic."""
    layouts = [EventLayout(entry) for entry in load(contract).abi if entry["type"] == "event" and entry["inputs"]]
    return {bytes(layout.topic): layout for layout in layouts}


def _bytes(value: str | bytes) -> bytes:
    return bytes.fromhex(value[2:]) if isinstance(value, str) else bytes(value)


def _integer(word: bytes) -> int:
    return int.from_bytes(word, "big")


def _hex(word: bytes) -> str:
    return "0x" + word.hex()


def _address(word: bytes) -> str:
    return "0x" + word[12:].hex()


def _selector(word: bytes) -> str:
    return "0x" + word[:4].hex()


def _text(word: bytes) -> str:
    try:
        return word.rstrip(b"\0").decode("ascii")
    except UnicodeDecodeError:
        raise ChainError("a name on chain is not ASCII text") from None


def _decoder(event: str, member: str, type_name: str) -> Decoder:
    if (event, member) in _TEXT_MEMBERS:
        return _text
    if type_name.startswith("uint"):
        return _integer
    return {"bytes32": _hex, "address": _address, "bytes4": _selector}[type_name]
