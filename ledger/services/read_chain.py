"""Read a chain from a node into what a chain file holds, so that it can be kept, exported and judged by."""

from collections.abc import Callable

from ledger.core.chainfile import ChainFile, ContractPin, Trust
from ledger.core.hexadecimal import to_hex
from ledger.core.history import Block, ChainEvent
from ledger.core.verify import ChainFacts
from ledger.errors import ChainError
from ledger.ports import Chain

PAGE_BLOCKS = 500


def read_chain(
    chain: Chain, trust: Trust, confirmations: int = 0, advance: Callable[[int], None] = lambda _: None
) -> ChainFile:
    """Return every block and event of our contracts up to the head less `confirmations`.

    `advance` is told of blocks as they come. The contracts' code is what the node shows now. Raises ChainError where the
    node is of another chain than the trust file's.
    """
    genesis = chain.block(0)
    if chain.chain_id() != trust.chain_id or genesis is None or genesis.hash != trust.genesis:
        raise ChainError("the node is of another chain than the trust file's")
    last = chain.head().number - confirmations
    blocks: list[Block] = [genesis]
    events: list[ChainEvent] = []
    for first in range(1, last + 1, PAGE_BLOCKS):
        page = chain.followed_blocks(first, min(last, first + PAGE_BLOCKS - 1))
        for followed in page:
            blocks.append(followed.block)
            events += followed.events
        advance(len(page))
    contracts = {
        name: ContractPin(pin.address, to_hex(chain.code_hash(pin.address))) for name, pin in trust.contracts.items()
    }
    return ChainFile(trust.chain_id, genesis.hash, contracts, tuple(blocks), tuple(events))


def chain_facts(chain: Chain, trust: Trust, confirmations: int = 0) -> ChainFacts:
    """Return what bundles and promises are judged by, read from a node; raises ChainError, HistoryError."""
    read = read_chain(chain, trust, confirmations)
    return ChainFacts(trust, read, read.history())
