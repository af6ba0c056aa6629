"""Snapshots of the embedded chain: written completely or not at all, three kept, a broken one passed over."""

import gzip
import time
import zlib
from pathlib import Path

from ledger.embedded.data_folder import DataFolder, write_durably
from ledger.embedded.rpc import Rpc

KEPT = 3
"""The newest, one in case it is broken, one more in case the second is."""
DUE_BLOCKS = 100
DUE_FRACTION = 100
"""A snapshot is cheap and replay is not: writing one takes 0.05 seconds per 1,000 blocks, while anvil mines a block in
1 to 2 milliseconds on a small state and in 20 where contracts hold 8,000 words. So after 100 blocks, or a hundredth."""
ATTEMPTS = 5
PAUSE_SECONDS = 0.05
"""The anchoring worker sends one transaction in 2 seconds, so a chain of ordinary size rests at the first attempt."""


def snapshot_folder(folder: DataFolder) -> Path:
    """Where the snapshots of this folder's chain are."""
    return folder.chain / "snapshots"


def newest_first(folder: DataFolder) -> list[Path]:
    """The finished snapshots, the one of the highest block first."""
    return sorted(snapshot_folder(folder).glob("block-*.json.gz"), reverse=True)


def block_number(snapshot: Path) -> int:
    """The last block that `snapshot` holds."""
    return int(snapshot.name.removeprefix("block-").removesuffix(".json.gz"))


def is_due(folder: DataFolder, head_number: int) -> bool:
    """Whether a chain of `head_number` blocks has grown enough: a snapshot holds all blocks, so not after each few."""
    last = max((block_number(path) for path in newest_first(folder)), default=0)
    return head_number - last >= max(DUE_BLOCKS, last // DUE_FRACTION)


def take(folder: DataFolder, rpc: Rpc) -> Path | None:
    """Write a snapshot of the running chain, durable when this returns, and drop all but the newest KEPT.

    None when the chain mined at each attempt: anvil's dump is not one moment's, so only a resting chain's is taken.
    Raises EngineError when the chain does not answer.
    """
    for attempt in range(ATTEMPTS):
        time.sleep(attempt * PAUSE_SECONDS)
        before = resting_head(rpc)
        if before is None:
            continue
        state = bytes.fromhex(rpc.call("anvil_dumpState").removeprefix("0x"))
        if resting_head(rpc) == before:
            return keep(folder, before, state)
    return None


def resting_head(rpc: Rpc) -> int | None:
    """The number of the newest block; None while transactions wait to be mined."""
    if int(rpc.call("txpool_status")["pending"], 16) > 0:
        return None
    return int(rpc.call("eth_blockNumber"), 16)


def keep(folder: DataFolder, number: int, state: bytes) -> Path:
    """Write `state` (gzip) as the snapshot of block `number` and drop all but the newest KEPT."""
    path = snapshot_folder(folder) / f"block-{number:012d}.json.gz"
    path.parent.mkdir(exist_ok=True)
    write_durably(path, state)
    for old in newest_first(folder)[KEPT:]:
        old.unlink()
    return path


def unpack(snapshot: Path, target: Path) -> bool:
    """Write the state in `snapshot` to `target` as plain JSON; False when the snapshot is cut off or damaged."""
    try:
        state = gzip.decompress(snapshot.read_bytes())
    except (OSError, EOFError, zlib.error):
        return False
    if not state:
        return False
    target.write_bytes(state)
    return True
