"""Merkle trees: every leaf proves itself in its own tree, and nothing else does."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.eip712 import word
from ledger.core.keccak import keccak256
from ledger.core.merkle import (
    LARGEST_TREE,
    MerkleTree,
    entry_leaf,
    leads_to,
    opening_leaf,
    proof_lengths,
    record_leaf,
    root_from_proof,
)
from ledger.errors import FormatError
from tests.simulated_consortium import number32

pytestmark = pytest.mark.unit
HASHES = st.binary(min_size=32, max_size=32).filter(any)
LEAVES = st.lists(HASHES, min_size=1, max_size=40, unique=True)


def numbered(count: int) -> list[bytes]:
    return [word(number + 1) for number in range(count)]


@settings(max_examples=60)
@given(LEAVES)
def test_every_leaf_proves_itself_by_a_proof_of_an_allowed_length(leaves: list[bytes]) -> None:
    tree = MerkleTree(leaves)
    for leaf in leaves:
        proof = tree.proof(leaf)
        assert root_from_proof(leaf, proof) == tree.root
        assert len(proof) in proof_lengths(len(leaves))
        assert leads_to(leaf, proof, tree.root, len(leaves))


@settings(max_examples=40)
@given(LEAVES, st.data())
def test_the_order_of_the_leaves_does_not_matter(leaves: list[bytes], data: st.DataObject) -> None:
    assert MerkleTree(data.draw(st.permutations(leaves))).root == MerkleTree(leaves).root


@settings(max_examples=60)
@given(LEAVES, st.data())
def test_a_changed_leaf_sibling_or_root_leads_nowhere(leaves: list[bytes], data: st.DataObject) -> None:
    tree = MerkleTree(leaves)
    leaf = data.draw(st.sampled_from(leaves))
    parts = [leaf, tree.root, *tree.proof(leaf)]
    place, bit = data.draw(st.integers(0, len(parts) - 1)), data.draw(st.integers(0, 255))
    parts[place] = (int.from_bytes(parts[place], "big") ^ (1 << bit)).to_bytes(32, "big")
    assert not leads_to(parts[0], parts[2:], parts[1], len(leaves))


@settings(max_examples=60)
@given(LEAVES, st.data())
def test_a_proof_of_another_length_leads_nowhere(leaves: list[bytes], data: st.DataObject) -> None:
    tree = MerkleTree(leaves)
    leaf = data.draw(st.sampled_from(leaves))
    proof = tree.proof(leaf)
    assert not leads_to(leaf, proof[:-1], tree.root, len(leaves)) or not proof
    assert not leads_to(leaf, [*proof, tree.root], tree.root, len(leaves))
    claimed = data.draw(st.integers(-2, LARGEST_TREE))
    allowed = claimed >= 1 and len(proof) in proof_lengths(claimed)
    assert leads_to(leaf, proof, tree.root, claimed) == allowed


@pytest.mark.parametrize("count", [0, -1, -2, 1])
def test_a_proof_of_one_hash_needs_a_tree_of_at_least_two_leaves(count: int) -> None:
    tree = MerkleTree([word(1), word(2)])
    assert leads_to(word(1), [word(2)], tree.root, 2)
    assert not leads_to(word(1), [word(2)], tree.root, count)


def test_a_node_is_no_leaf_of_a_tree_of_that_many_leaves() -> None:
    leaves = numbered(4)
    tree = MerkleTree(leaves)
    proof = tree.proof(leaves[0])
    node = root_from_proof(leaves[0], proof[:1])
    assert root_from_proof(node, proof[1:]) == tree.root
    assert not leads_to(node, proof[1:], tree.root, 4)


@pytest.mark.parametrize(
    ("count", "lengths"),
    [(1, (0, 0)), (2, (1, 1)), (3, (1, 2)), (4, (2, 2)), (5, (2, 3)), (8, (3, 3)), (9, (3, 4)), (65_536, (16, 16))],
)
def test_proofs_are_as_long_as_the_logarithm_of_the_count(count: int, lengths: tuple[int, int]) -> None:
    assert proof_lengths(count) == lengths


@pytest.mark.parametrize("count", range(1, 20))
def test_both_lengths_occur_where_there_are_two(count: int) -> None:
    leaves = numbered(count)
    tree = MerkleTree(leaves)
    assert {len(tree.proof(leaf)) for leaf in leaves} == set(proof_lengths(count))


def test_a_tree_of_one_leaf_is_that_leaf() -> None:
    leaf = number32("leaf")
    assert MerkleTree([leaf]).root == leaf
    assert MerkleTree([leaf]).proof(leaf) == []
    assert leads_to(leaf, [], leaf, 1)


def test_a_node_is_the_hash_of_the_smaller_and_the_larger_child() -> None:
    small, large = word(1), word(2)
    assert MerkleTree([large, small]).root == keccak256(small + large)
    assert root_from_proof(small, [large]) == root_from_proof(large, [small]) == keccak256(small + large)


def test_the_zero_root_is_never_led_to() -> None:
    assert not leads_to(bytes(32), [], bytes(32), 1)
    assert leads_to(word(1), [], word(1), 1)


@settings(max_examples=40)
@given(LEAVES, st.data())
def test_equal_leaves_and_leaves_that_are_not_there_are_refused(leaves: list[bytes], data: st.DataObject) -> None:
    with pytest.raises(FormatError, match="two leaves of one tree are equal"):
        MerkleTree([*leaves, data.draw(st.sampled_from(leaves))])
    outside = data.draw(HASHES.filter(lambda leaf: leaf not in leaves))
    with pytest.raises(FormatError, match="not in the tree"):
        MerkleTree(leaves).proof(outside)


def test_a_tree_has_at_least_one_leaf_and_at_most_the_largest_number() -> None:
    with pytest.raises(FormatError, match="not 0"):
        MerkleTree([])
    with pytest.raises(FormatError, match=str(LARGEST_TREE + 1)):
        MerkleTree(numbered(LARGEST_TREE + 1))


def test_the_largest_tree_proves_its_first_and_last_leaf() -> None:
    leaves = numbered(LARGEST_TREE)
    tree = MerkleTree(leaves)
    for leaf in (leaves[0], leaves[-1]):
        assert leads_to(leaf, tree.proof(leaf), tree.root, LARGEST_TREE)


def test_every_value_of_a_leaf_counts() -> None:
    identity, root, other = number32("id"), number32("root"), number32("other")
    leaves = [record_leaf(identity, 1, root), record_leaf(identity, 2, root)]
    leaves += [record_leaf(other, 1, root), record_leaf(identity, 1, other)]
    leaves += [entry_leaf(1, 2, root), entry_leaf(2, 2, root), entry_leaf(1, 3, root), entry_leaf(1, 2, other)]
    leaves += [opening_leaf(identity, 1, root, 5), opening_leaf(identity, 1, root, 4), opening_leaf(other, 1, root, 5)]
    leaves += [opening_leaf(identity, 2, root, 5), opening_leaf(identity, 1, other, 5)]
    assert all(left != right for left, right in pairwise(sorted(leaves)))
    assert opening_leaf(identity, 1, root, (1 << 256) - 1) not in leaves
