"""Generated records of every type, taken through commitment, sealing, masking and verification with the real functions.

One submission holds all records of a type; the views open what the profiles of its catalogue items open, in turn.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import cycle, islice
from pathlib import Path
from random import Random

from ledger.core.anchor import GENESIS_HEAD
from ledger.core.bundle import AnchorClaim, Bundle, SignedSubmission, View, ViewSlot, bundle_document
from ledger.core.canonical import JsonValue, decode, encode
from ledger.core.commitment import CommittedRecord, RecordContent, commit
from ledger.core.documents import MaskProfile
from ledger.core.eip712 import ZERO32
from ledger.core.entry import entry_digest
from ledger.core.keccak import keccak256
from ledger.core.merkle import MerkleTree, entry_leaf, record_leaf
from ledger.core.schema import Schema
from ledger.core.sealing import AEAD_NONCE_BYTES, DATA_KEY_BYTES, associated_data, seal, unseal
from ledger.core.signature import address_of, sign_digest
from ledger.core.statements import StatementDomain, statement_digest
from ledger.core.stored import parse_sealed_content, sealed_content, stored_slots, view_of
from ledger.core.verify import check_slots, check_values, recompute_root, verify_bundle
from ledger.domain import load_document
from ledger.services.catalogue_documents import item_documents
from ledger.services.sample_records import RecordType, record_type, sample_records

DATA = Path(__file__).parents[1] / "ledger" / "domain"
TYPES = tuple(sorted(path.stem for path in (DATA / "schemas").glob("*.json")))
"""Every schema of the domain data, as `resident_profile-1`."""
KEY = bytes(31) + b"\x07"
DOMAIN = StatementDomain(31337, "0x" + "11" * 20)
EVERY_BUNDLE = 25
"""Each 25th record is verified as a whole bundle, signature and all; the others by schema, values and root."""


@lru_cache(maxsize=64)
def type_of(name: str) -> RecordType:
    """Return the record type of a schema file."""
    return record_type(name, load_document)


@lru_cache(maxsize=64)
def profiles_of(name: str) -> tuple[MaskProfile, ...]:
    """Return the profiles of every catalogue item whose records are of this type."""
    entries = [load_document(f"catalogue/{path.name}") for path in sorted((DATA / "catalogue").glob("*.json"))]
    named = [entry for entry in entries if entry.get("schema") == f"schemas/{name}.json"]
    return tuple(profile for entry in named for profile in item_documents(entry, 1, load_document).profiles)


@dataclass(frozen=True)
class Made:
    """A generated record: what was given and its commitment."""

    content: RecordContent
    committed: CommittedRecord


def made(name: str, count: int, seed: int) -> list[Made]:
    """Generate and commit records, after asking their code sets as intake does."""
    of, chance = type_of(name), Random(seed)
    found = []
    for originals in islice(sample_records(of, seed=seed), count):
        of.schema.refuse_unknown_codes(originals)
        content = RecordContent(chance.randbytes(32), 1, ZERO32, chance.randbytes(32), originals)
        found.append(Made(content, commit(of.schema, content)))
    return found


def opened_view(schema: Schema, committed: CommittedRecord, opened: int) -> View:
    """Return the view that opens the slots in a bitmap, originals included: what a look under a grant answers."""
    slots = [
        ViewSlot(slot.path, slot.kind, committed.salts[place], committed.values[place].decode(), None)
        if opened >> place & 1
        else ViewSlot(slot.path, slot.kind, None, None, committed.digests[place])
        for place, slot in enumerate(schema.slots)
    ]
    return View(committed.record_id, committed.version, committed.previous, schema.hash, tuple(slots))


def opened_values(schema: Schema, originals: Mapping[str, JsonValue], opened: int) -> dict[tuple[str, str], JsonValue]:
    """Return what a bitmap opens of a record with these originals, by path and kind."""
    committed = commit(schema, RecordContent(bytes(32), 1, ZERO32, bytes(32), originals))
    return {
        (slot.path, slot.kind): decode(committed.values[place])
        for place, slot in enumerate(schema.slots)
        if opened >> place & 1
    }


def commit_mask_verify(name: str, count: int, seed: int = 5) -> Iterator[View]:
    """Take `count` generated records of a type all the way, and yield each one's masked view; raises what fails."""
    schema, records = type_of(name).schema, made(name, count, seed)
    bitmaps = cycle([profile.bitmap(tuple(schema.index)) for profile in profiles_of(name)] or [0])
    leaves = [record_leaf(one.committed.record_id, 1, one.committed.record_root) for one in records]
    tree, chance = MerkleTree(leaves), Random(seed)
    submission, entry = signed(schema, tree.root, count)
    for place, (one, opened) in enumerate(zip(records, bitmaps, strict=False)):
        sealed_and_opened(schema, one, chance)
        view = opened_view(schema, one.committed, opened)
        stored = view_of(
            schema, view.record_id, 1, ZERO32, stored_slots(schema, one.committed), opened & schema.stored_open
        )
        for answered in (view, stored):
            check_slots(schema, answered)
            check_values(schema, answered)
            assert recompute_root(schema, answered) == one.committed.record_root
        if place % EVERY_BUNDLE == 0:
            anchor = AnchorClaim(31337, DOMAIN.record_anchors, 1, 1, entry, 1, 0, "0x" + "22" * 32, 1)
            proof = tuple(tree.proof(leaves[place]))
            bundle = Bundle(view, schema.document, submission, proof, anchor, 0, ())
            assert verify_bundle(encode(bundle_document(bundle))).record_root == one.committed.record_root
        yield view


def signed(schema: Schema, root: bytes, count: int) -> tuple[SignedSubmission, bytes]:
    """Return a signed submission of a records root, and the root of the batch that holds nothing else."""
    message = {
        "submissionId": keccak256(root),
        "gateway": 1,
        "publisher": 2,
        "item": 1,
        "itemVersion": 1,
        "schemaHash": schema.hash,
        "recordCount": count,
        "recordsRoot": root,
        "signedAt": 1_750_000_000,
    }
    digest, signer = statement_digest(DOMAIN, "Submission", message), address_of(KEY)
    signature, sealed_hash = sign_digest(digest, KEY), keccak256(GENESIS_HEAD)
    submission = SignedSubmission(message, signer, signature, sealed_hash)
    return submission, MerkleTree([entry_leaf(1, 0, entry_digest(digest, signer, signature, sealed_hash))]).root


def sealed_and_opened(schema: Schema, one: Made, chance: Random) -> None:
    """Seal the originals that are not stored open, open them again, and compare."""
    committed = one.committed
    key, nonce = chance.randbytes(DATA_KEY_BYTES), chance.randbytes(AEAD_NONCE_BYTES)
    bound = associated_data(committed.record_id, 1, committed.record_root)
    plaintext = sealed_content(schema, one.content.salt_secret, committed.values)
    secret, values = parse_sealed_content(unseal(key, seal(key, nonce, plaintext, bound), bound))
    closed = {slot.path for slot in schema.slots if not slot.is_stored_open}
    assert secret == one.content.salt_secret
    assert values == {path: one.content.originals.get(path) for path in closed}
