"""Heads and words of RecordAnchors (formats page, section 6), as the contract computes them.

PERMANENT.
"""

from ledger.core.eip712 import ZERO32, word
from ledger.core.keccak import keccak256

GENESIS_HEAD = ZERO32
MOST_ENTRIES = 65_536


def next_head(head: bytes, gateway: int, batch: int, root: bytes, leaf_count: int, first_sequence: int) -> bytes:
    """Return the stream's head after `batch`; the head before batch 1 is zero."""
    return keccak256(head + word(gateway) + word(batch) + root + word(leaf_count) + word(first_sequence))


def batch_word(root: bytes, leaf_count: int, first_sequence: int, block_time: int) -> bytes:
    """Return the storage word that the contract keeps of a batch; `block_time` in Unix seconds."""
    return keccak256(root + word(leaf_count) + word(first_sequence) + word(block_time))
