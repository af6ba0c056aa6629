"""Brings back the blocks that a killed chain forgot: the same numbers, times and hashes.

The database knows which transactions each followed block held and when it was mined; the outbox keeps the signed bytes.
anvil computes a block from its parent, its time and its transactions alone, so the same come out again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.embedded.clock import set_clock, turn_clock_back
from ledger.embedded.rpc import Rpc
from ledger.errors import EngineError


@dataclass(frozen=True)
class ReplayBlock:
    """A followed block: number, `0x` hash, time, and the signed bytes of its transactions in index order.

    `foreign` counts transactions that were not sent from here, so that their bytes are not known.
    """

    number: int
    hash: str
    time: int
    raw_transactions: Sequence[bytes]
    foreign: int = 0


def replay(rpc_url: str, blocks: Iterable[ReplayBlock]) -> int:
    """Mine what the chain at `rpc_url` lacks of `blocks`, given in rising order; how many it mined.

    The sender of transactions must be silent meanwhile. Blocks that the chain has are not touched; of those the last
    is compared. After an error automine stays off, so that nothing is built upon a wrong block; such a chain is thrown
    away.
    Raises EngineError, naming the block, when it is missing from `blocks`, is refused or comes back with another hash.
    """
    mined = 0
    with Rpc(rpc_url) as rpc:
        rpc.call("evm_setAutomine", False)
        # What waits in the pool would slip into a replayed block; the outbox sends it again afterwards.
        rpc.call("anvil_dropAllTransactions")
        turn_clock_back(rpc)
        head = int(rpc.call("eth_blockNumber"), 16)
        known: ReplayBlock | None = None
        for block in blocks:
            if block.number <= head:
                known = block
                continue
            if known is not None:
                compare_known(rpc, known)
                known = None
            if block.number != head + mined + 1:
                raise EngineError(
                    f"block {head + mined + 1} is missing from the followed blocks: next is {block.number}"
                )
            mine(rpc, block)
            mined += 1
        if known is not None:
            compare_known(rpc, known)
        set_clock(rpc)
        rpc.call("evm_setAutomine", True)
    return mined


def compare_known(rpc: Rpc, block: ReplayBlock) -> None:
    """Check a block that the chain has; its hash stands for all before it.

    Raises EngineError when it is another one than the one that was followed.
    """
    compare(block, rpc.call("eth_getBlockByNumber", hex(block.number), False))


def mine(rpc: Rpc, block: ReplayBlock) -> None:
    """Mine `block` on top of the chain.

    Raises EngineError when a transaction is refused or the block comes out with another hash.
    """
    if block.foreign:
        raise EngineError(
            f"block {block.number} cannot be replayed: {block.foreign} of its transactions were not sent from here"
        )
    try:
        for raw in block.raw_transactions:
            rpc.call("eth_sendRawTransaction", f"0x{raw.hex()}")
        (found,) = rpc.call("evm_mine_detailed", {"timestamp": hex(block.time)})
    except EngineError as error:
        raise EngineError(f"block {block.number} cannot be replayed: {error.detail}") from error
    compare(block, found)


def compare(block: ReplayBlock, found: dict[str, Any]) -> None:
    """Raises EngineError when the chain's block `found` is not `block`."""
    if found["hash"] != block.hash:
        raise EngineError(f"block {block.number} is {found['hash']} on the chain, but {block.hash} was followed")
