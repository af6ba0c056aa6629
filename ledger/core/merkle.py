"""OpenZeppelin `standard-v1` Merkle trees with sorted leaves (formats page, section 4).

PERMANENT. leaf = keccak256(keccak256(abi.encode(values))), node = keccak256(min ‖ max); the tree is the complete binary
heap of `@openzeppelin/merkle-tree`, leaves in ascending order of their hashes, filled from the end.
"""

from collections.abc import Sequence

from ledger.core.eip712 import word
from ledger.core.keccak import keccak256
from ledger.errors import FormatError

LARGEST_TREE = 65_536


def record_leaf(record_id: bytes, version: int, record_root: bytes) -> bytes:
    """Return the leaf (bytes32, uint32, bytes32) of a record in its submission."""
    return keccak256(keccak256(record_id + word(version) + record_root))


def entry_leaf(entry_type: int, sequence: int, entry_digest: bytes) -> bytes:
    """Return the leaf (uint8, uint64, bytes32) of an entry in its batch."""
    return keccak256(keccak256(word(entry_type) + word(sequence) + entry_digest))


def opening_leaf(record_id: bytes, version: int, record_root: bytes, opened: int) -> bytes:
    """Return the leaf (bytes32, uint32, bytes32, uint256) of an opening; bit i of `opened` is slot i."""
    return keccak256(keccak256(record_id + word(version) + record_root + word(opened)))


class MerkleTree:
    """A tree over 1 to 65,536 distinct leaf hashes (32 bytes each); raises FormatError for others."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        if not 1 <= len(leaves) <= LARGEST_TREE:
            raise FormatError(f"a tree has 1 to {LARGEST_TREE} leaves, not {len(leaves)}")
        count = len(leaves)
        order = sorted(leaves)
        if any(order[index] == order[index + 1] for index in range(count - 1)):
            raise FormatError("two leaves of one tree are equal")
        nodes = [b""] * (count - 1) + order[::-1]
        for index in range(count - 2, -1, -1):
            left, right = nodes[2 * index + 1], nodes[2 * index + 2]
            nodes[index] = keccak256(left + right if left < right else right + left)
        self._nodes = nodes
        self._place = {leaf: place for place, leaf in enumerate(nodes[count - 1 :], count - 1)}

    @property
    def root(self) -> bytes:
        """The 32-byte root."""
        return self._nodes[0]

    def proof(self, leaf: bytes) -> list[bytes]:
        """Return the sibling hashes from `leaf` up to the root; raises FormatError if it is not in the tree."""
        place = self._place.get(leaf)
        if place is None:
            raise FormatError("the leaf is not in the tree")
        siblings = []
        while place:
            siblings.append(self._nodes[place + 1 if place % 2 else place - 1])
            place = (place - 1) // 2
        return siblings


def root_from_proof(leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """Return the root that `proof` leads to from `leaf`."""
    for sibling in proof:
        leaf = keccak256(leaf + sibling if leaf < sibling else sibling + leaf)
    return leaf


def proof_lengths(count: int) -> tuple[int, int]:
    """Return the two lengths that a proof in a tree of `count` ≥ 1 leaves may have: floor and ceil of log2."""
    return count.bit_length() - 1, (count - 1).bit_length()


def leads_to(leaf: bytes, proof: Sequence[bytes], root: bytes, count: int) -> bool:
    """Say whether `proof` has a length allowed for `count` leaves and leads from `leaf` to the non-zero `root`."""
    return count >= 1 and len(proof) in proof_lengths(count) and any(root) and root_from_proof(leaf, proof) == root
