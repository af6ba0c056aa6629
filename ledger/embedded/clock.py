"""The time of the embedded chain's next blocks."""

import time

from ledger.embedded.rpc import Rpc


def set_clock(rpc: Rpc) -> None:
    """Let the next blocks have the time of day: after a start or a replay anvil counts on from an old time.

    Never behind the newest block: anvil would mine blocks that are older than their parents.
    """
    newest = int(rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    rpc.call("evm_setTime", max(int(time.time()), newest))
