"""Make a record's proof bundle, and verify it before it is handed out (architecture, way of a record)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.core.bundle import AnchorClaim, Bundle, SignedSubmission, View, bundle_document, parse_view
from ledger.core.canonical import decode, encode
from ledger.core.chainfile import ChainFile, ContractPin, Trust
from ledger.core.merkle import MerkleTree, entry_leaf, record_leaf
from ledger.core.statements import message_from_json
from ledger.core.verify import ChainFacts, verify_bundle
from ledger.errors import LookRefused, NotAnchoredYet, StoreError
from ledger.ports import Transaction
from ledger.rows import StoredBatch, StoredEntry, StoredRecord
from ledger.services.asked import Asked
from ledger.services.authenticate import Call
from ledger.services.find_document import schema_of
from ledger.services.read import Page, open_page, permitted_record
from ledger.services.seal import DailyKeys

MOST_TREES = 4
"""Trees of batches that a process keeps; the largest has about 20 MB."""
_TREES: dict[bytes, MerkleTree] = {}


@dataclass(frozen=True, slots=True)
class ProvenRecord:
    """A look at one record with its verified bundle, as a JSON value."""

    page: Page
    bundle: Mapping[str, Any]


def prove_record(
    call: Call, asked: Asked, keys: DailyKeys, record_id: bytes, version: int | None = None
) -> ProvenRecord | LookRefused:
    """Answer a look at one record with its proof bundle; a refusal is returned, so that it is committed.

    Raises NotAnchoredYet before the record's entry is anchored and confirmed (nothing is disclosed then), and
    VerificationError if the bundle does not verify against this gateway's own view of the chain.
    """
    found = permitted_record(call, asked, record_id, version)
    if isinstance(found, LookRefused):
        return found
    rules, record = found
    entry, batch = _anchored(call, record)
    page = open_page(rules, keys, [record])
    bundle = bundle_document(_bundle(call, record, parse_view(decode(page.views[0])), entry, batch))
    verify_bundle(encode(bundle), own_facts(call))
    return ProvenRecord(page, bundle)


def own_facts(call: Call) -> ChainFacts:
    """Return what a gateway judges its own bundles by: the chain as it is configured and followed."""
    chain, line = call.transaction.setting("chain"), call.gateway.line
    if chain is None:
        raise StoreError("the deployment's chain is not recorded in the database")
    pins = {name: ContractPin(pin["address"], pin["codeHash"]) for name, pin in chain["contracts"].items()}
    code = None if line is None else line.code
    identity = chain["chainId"], chain["genesis"], pins
    trust = Trust(*identity, engine="", rpc_quorum=1, block=None, document={}, anchors_code=code)
    return ChainFacts(trust, ChainFile(*identity, (), ()), call.history)


def _anchored(call: Call, record: StoredRecord) -> tuple[StoredEntry, StoredBatch]:
    stored = call.transaction.entry_by_id(record.entry_id)
    if stored is None:
        raise StoreError("a record without its entry")
    batch = None if stored.batch is None else call.transaction.batch(call.gateway.agency, stored.batch)
    if batch is None or batch.anchored_transaction is None or stored.sequence is None:
        raise NotAnchoredYet("the record's entry is accepted, and not anchored and confirmed yet")
    return stored, batch


def _bundle(call: Call, record: StoredRecord, view: View, stored: StoredEntry, batch: StoredBatch) -> Bundle:
    entry, sequence = stored.entry, stored.sequence or 0
    records = MerkleTree([record_leaf(*leaf) for leaf in call.transaction.leaves_of_submission(record.entry_id)])
    entries = _tree_of_batch(call.transaction, batch)
    return Bundle(
        view=view,
        schema_document=schema_of(call.transaction, record.schema_hash).document,
        submission=SignedSubmission(
            message_from_json("Submission", dict(entry.message)), entry.signer, entry.signature, entry.annex
        ),
        record_proof=tuple(records.proof(record_leaf(record.record_id, record.version, record.record_root))),
        anchor=AnchorClaim(
            chain_id=call.gateway.domain.chain_id,
            contract=_contract(call, batch),
            gateway=batch.gateway,
            batch=batch.batch,
            root=batch.root,
            leaf_count=batch.leaf_count,
            first_sequence=batch.first_sequence,
            transaction=batch.anchored_transaction or "",
            block=batch.anchored_block or 0,
        ),
        sequence=sequence,
        entry_proof=tuple(entries.proof(entry_leaf(entry.entry_type, sequence, entry.digest))),
    )


def _contract(call: Call, batch: StoredBatch) -> str:
    """Return the address of the RecordAnchors that a batch stands in."""
    anchor = call.history.anchor(batch.gateway, batch.batch)
    if anchor is None:
        raise NotAnchoredYet("the record's entry is accepted, and not anchored and confirmed yet")
    return call.gateway.domain_at(call.history, anchor).record_anchors


def _tree_of_batch(transaction: Transaction, batch: StoredBatch) -> MerkleTree:
    # A batch has up to 65,536 entries and its root names them all, so the trees asked for last are kept.
    tree = _TREES.get(batch.root)
    if tree is None:
        if len(_TREES) >= MOST_TREES:
            _TREES.clear()
        leaves = transaction.leaves_of_batch(batch.gateway, batch.batch)
        tree = _TREES[batch.root] = MerkleTree([entry_leaf(*leaf) for leaf in leaves])
    return tree
