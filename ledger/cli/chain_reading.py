"""Read the chain that a trust file names from one node, page by page, and check that it is that chain."""

from collections.abc import Callable
from pathlib import Path

from ledger.core.chainfile import ChainFile, ContractPin, Trust, parse_trust
from ledger.core.hexadecimal import to_hex
from ledger.core.history import Block, ChainEvent
from ledger.core.verify import ChainFacts
from ledger.errors import ChainError, UsageError
from ledger.ports import Chain

BLOCKS_AT_ONCE = 500


def load_trust_file(path: Path) -> Trust:
    """Return a trust file; raises UsageError if it is not there, FormatError, UnsupportedFormat."""
    try:
        return parse_trust(path.read_bytes())
    except FileNotFoundError:
        raise UsageError(f"no trust file at {path}") from None


def open_node(rpc: str, trust: Trust) -> Chain:
    """Return a client of a node that knows the trusted contracts' events."""
    from ledger.wiring import open_chain

    return open_chain(rpc, {name: pin.address for name, pin in trust.contracts.items()})


def read_chain(node: Chain, trust: Trust, advance: Callable[[int], None] = lambda _: None) -> ChainFile:
    """Return all blocks and events up to the node's head; `advance` is told the blocks read.

    Raises ChainError if the node is of another chain or genesis than the trust file, or does not answer. Code hashes
    are those of the node; a verifier compares them with the trust file.
    """
    if node.chain_id() != trust.chain_id:
        raise ChainError(f"the node is of chain {node.chain_id()}, the trust file of {trust.chain_id}")
    head = node.head()
    blocks: list[Block] = []
    events: list[ChainEvent] = []
    for first in range(0, head.number + 1, BLOCKS_AT_ONCE):
        page = node.followed_blocks(first, min(first + BLOCKS_AT_ONCE - 1, head.number))
        for followed in page:
            blocks.append(followed.block)
            events.extend(followed.events)
        advance(len(page))
    if not blocks or blocks[0].hash != trust.genesis:
        raise ChainError("the node's first block is not the genesis of the trust file")
    pins = {
        name: ContractPin(pin.address, to_hex(node.code_hash(pin.address))) for name, pin in trust.contracts.items()
    }
    return ChainFile(trust.chain_id, trust.genesis, pins, tuple(blocks), tuple(events))


def read_facts(rpc: str, trust: Trust) -> ChainFacts:
    """Return what promises are judged by: the chain as one node tells it, with the contracts' code as pinned.

    Raises ChainError, HistoryError.
    """
    chain = read_chain(open_node(rpc, trust), trust)
    for name, pin in trust.contracts.items():
        if chain.contracts[name] != pin:
            raise ChainError(f"{name} on chain has other code than the trust file pins")
    return ChainFacts(trust, chain, chain.history())
