"""The chain of the simulated ledger: blocks and events that were mined, and the files that tell of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ledger.core.canonical import encode
from ledger.core.chainfile import ChainFile, Trust, chain_document, parse_trust, trust_document
from ledger.core.eip712 import ZERO32
from ledger.core.hexadecimal import to_hex
from ledger.core.history import Block, ChainEvent, History
from tests.simulated_consortium import CONTRACTS, FOREVER, KINDS, ROLES, START, address, number32


@dataclass
class SimulatedChain:
    """Blocks with their events. Time moves by `now`."""

    chain_id: int = 990_001
    now: int = START
    blocks: list[Block] = field(default_factory=list)
    events: list[ChainEvent] = field(default_factory=list)

    def mine(self, events: Sequence[tuple[str, str, Mapping[str, Any]]], seconds: int = 2) -> Block:
        """Mine a block `seconds` later with these events (contract, name, args)."""
        self.now += seconds
        number = len(self.blocks)
        parent = self.blocks[-1].hash if self.blocks else to_hex(ZERO32)
        block = Block(number, to_hex(number32("block", number)), parent, self.now)
        self.blocks.append(block)
        for place, (contract, name, args) in enumerate(events):
            transaction = to_hex(number32("transaction", number))
            self.events.append(ChainEvent(number, place, transaction, contract, name, args))
        return block

    def history(self) -> History:
        """Return the fold of the chain."""
        return self.chain.history()

    @property
    def chain(self) -> ChainFile:
        """The chain file."""
        return ChainFile(self.chain_id, self.blocks[0].hash, CONTRACTS, tuple(self.blocks), tuple(self.events))

    @property
    def trust(self) -> Trust:
        """The trust file."""
        document = trust_document(self.chain_id, self.blocks[0].hash, CONTRACTS, "simulated")
        return parse_trust(encode(document))

    def chain_bytes(self) -> bytes:
        """Return the chain file's bytes."""
        chain = self.chain
        return encode(chain_document(chain.chain_id, chain.genesis, chain.contracts, chain.blocks, chain.events))


def agency_args(number: int) -> dict[str, Any]:
    """Return the arguments of the event that registers an agency."""
    kind = int(KINDS[number])
    return {"agency": number, "kind": kind, "region": 990101, "allowedRoles": 8191, "documentHash": to_hex(ZERO32)}


def binding_args(name: str) -> dict[str, Any]:
    """Return the arguments of the event that binds the simulated key of that name."""
    agency, role = ROLES[name]
    return {"key": address(name), "agency": agency, "roles": 1 << role, "validFrom": 0, "validUntil": FOREVER}
