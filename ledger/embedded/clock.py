"""The time of the embedded chain's next blocks."""

import time

from ledger.embedded.rpc import Rpc


def turn_clock_back(rpc: Rpc) -> None:
    """Let the next block be as old as the newest one: anvil refuses one that is older than its clock."""
    rpc.call("evm_setTime", newest_block_time(rpc))


def set_clock(rpc: Rpc) -> None:
    """Let the next blocks have the time of day: after a start or a replay anvil counts on from an old time.

    Never behind the newest block: anvil would mine blocks that are older than their parents.
    """
    rpc.call("evm_setTime", max(int(time.time()), newest_block_time(rpc)))


def newest_block_time(rpc: Rpc) -> int:
    """The time of the newest block in Unix seconds."""
    return int(rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
