"""Snapshots of the embedded chain: written completely or not at all, three kept, a broken one passed over."""

import gzip
import zlib
from pathlib import Path

from ledger.embedded.data_folder import DataFolder, write_durably
from ledger.embedded.rpc import Rpc

KEPT = 3
"""The newest, one in case it is broken, one more in case the second is."""


def snapshot_folder(folder: DataFolder) -> Path:
    """Where the snapshots of this folder's chain are."""
    return folder.chain / "snapshots"


def newest_first(folder: DataFolder) -> list[Path]:
    """The finished snapshots, the one of the highest block first."""
    return sorted(snapshot_folder(folder).glob("block-*.json.gz"), reverse=True)


def block_number(snapshot: Path) -> int:
    """The last block that `snapshot` holds."""
    return int(snapshot.name.removeprefix("block-").removesuffix(".json.gz"))


def take(folder: DataFolder, rpc: Rpc) -> Path:
    """Write a snapshot of the running chain, durable when this returns, and drop all but the newest KEPT.

    Raises EngineError when the chain does not answer.
    """
    # The number first: blocks that are mined meanwhile make the snapshot newer than its name, which is harmless.
    number = int(rpc.call("eth_blockNumber"), 16)
    state = bytes.fromhex(rpc.call("anvil_dumpState").removeprefix("0x"))
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
