"""Bundles: what is built verifies, and a change of any member that a file-level step binds fails."""

import copy
import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.bundle import AnchorClaim, Bundle, SignedSubmission, bundle_document, parse_bundle
from ledger.core.canonical import encode
from ledger.core.chainfile import ChainFile
from ledger.core.merkle import MerkleTree, entry_leaf, record_leaf
from ledger.core.stored import stored_slots, view_of
from ledger.core.verify import CHAIN_STEPS, FILE_STEPS, ChainFacts, verify_bundle
from ledger.errors import VerificationError
from tests.simulated_consortium import CONTRACTS, GATEWAY
from tests.simulated_ledger import SimulatedLedger

pytestmark = pytest.mark.unit
UNBOUND_BY_THE_FILE = {
    ("anchor", "batch"),
    ("anchor", "block"),
    ("anchor", "transaction"),
    ("anchor", "firstSequence"),
    ("anchor", "leafCount"),
}
"""Members that only the chain can judge (steps 10), or that a file binds to a range."""


@lru_cache(maxsize=8)
def simulated(records: int, others: int) -> SimulatedLedger:
    ledger = SimulatedLedger()
    ledger.submit(*range(records))
    for _ in range(others):
        ledger.refuse()
    ledger.anchor()
    return ledger


def built(records: int, others: int, place: int, opened: int) -> Bundle:
    """Build the proof of one record of a submission, as a gateway does."""
    ledger = simulated(records, others)
    entry = ledger.entries[0]
    submitted = entry.submitted
    assert submitted is not None
    schema, record = ledger.items[1][0], submitted.records[place]
    leaves = [record_leaf(r.record_id, r.version, r.record_root) for r in submitted.records]
    anchor = ledger.history().anchors[GATEWAY][0]
    entries = [entry_leaf(e.entry_type, e.sequence, ledger.digest(e)) for e in ledger.entries]
    return Bundle(
        view=view_of(schema, record.record_id, record.version, record.previous, stored_slots(schema, record), opened),
        schema_document=schema.document,
        submission=SignedSubmission(submitted.message, submitted.signer, submitted.signature, submitted.sealed_hash),
        record_proof=tuple(MerkleTree(leaves).proof(leaves[place])),
        anchor=AnchorClaim(
            ledger.chain_id,
            CONTRACTS["RecordAnchors"].address,
            GATEWAY,
            1,
            anchor.root,
            anchor.leaf_count,
            1,
            anchor.transaction,
            anchor.point.block,
        ),
        sequence=1,
        entry_proof=tuple(MerkleTree(entries).proof(entries[0])),
    )


BUNDLES = st.integers(1, 9).flatmap(
    lambda records: st.builds(
        built, st.just(records), st.integers(0, 4), st.integers(0, records - 1), st.integers(0, 511)
    )
)


@given(BUNDLES)
def test_what_is_built_verifies_at_both_levels(bundle: Bundle) -> None:
    data = encode(bundle_document(bundle))
    assert parse_bundle(data) == bundle
    assert verify_bundle(data).steps == FILE_STEPS
    ledger = simulated(bundle.submission.message["recordCount"], bundle.anchor.leaf_count - 1)
    chain: ChainFile = ledger.chain
    verified = verify_bundle(data, ChainFacts(ledger.trust, chain, chain.history()))
    assert verified.steps == CHAIN_STEPS
    assert verified.notices == ("latest version not established",)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every member and array element."""
    if path:
        yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in children:
        yield from places(child, (*path, name))


def changed(value: Any, how: int) -> Any:
    """Return another value of the same sort, as a forger would write it."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1 + how
    if isinstance(value, str):
        if value.startswith("0x"):
            place = 2 + how % (len(value) - 2)
            return value[:place] + ("0" if value[place] != "0" else "1") + value[place + 1 :]
        return value + "x" if how % 2 else value[:-1]
    if isinstance(value, list):
        return value[:-1] if value and how % 2 else [*value, "0x" + "11" * 32]
    return {**value, "remark": how}


@given(BUNDLES, st.data())
def test_a_change_of_any_bound_member_fails(bundle: Bundle, data: st.DataObject) -> None:
    document = json.loads(encode(bundle_document(bundle)))
    paths = [path for path in places(document) if path not in UNBOUND_BY_THE_FILE]
    path = data.draw(st.sampled_from(paths))
    how, is_dropped = data.draw(st.integers(0, 200)), data.draw(st.booleans())
    forged = copy.deepcopy(document)
    parent = forged
    for name in path[:-1]:
        parent = parent[name]
    if is_dropped:
        del parent[path[-1]]
    else:
        parent[path[-1]] = changed(parent[path[-1]], how)
    if forged == document:
        return
    with pytest.raises(VerificationError) as failure:
        verify_bundle(json.dumps(forged))
    assert failure.value.step in FILE_STEPS


@given(BUNDLES, st.sampled_from(sorted(UNBOUND_BY_THE_FILE)))
def test_what_the_file_cannot_bind_the_chain_does(bundle: Bundle, path: tuple[str, str]) -> None:
    document = json.loads(encode(bundle_document(bundle)))
    document[path[0]][path[1]] = changed(document[path[0]][path[1]], 0)
    ledger = simulated(bundle.submission.message["recordCount"], bundle.anchor.leaf_count - 1)
    chain = ledger.chain
    with pytest.raises(VerificationError) as failure:
        verify_bundle(json.dumps(document), ChainFacts(ledger.trust, chain, chain.history()))
    assert failure.value.step in (9, 10)
