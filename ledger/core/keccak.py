"""Keccak-256 as Ethereum uses it (padding byte `0x01`), not the later SHA3-256 (formats.md §1)."""

from sha3 import keccak_256

from ledger.types import Bytes32


def keccak256(data: bytes) -> Bytes32:
    """Return the 32-byte Keccak-256 digest of `data` (formats.md §1; the back end is safe-pysha3)."""
    digest: Bytes32 = keccak_256(data).digest()
    return digest
