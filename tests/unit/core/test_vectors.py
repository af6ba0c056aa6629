"""The independent vectors (tests/vectors/formats-1.json): made with ethers and OpenZeppelin's library, no Python."""

import json
from pathlib import Path
from typing import Any

import pytest

from ledger.core import anchor, merkle
from ledger.core.canonical import document_hash, encode
from ledger.core.chainfile import parse_chain, parse_trust
from ledger.core.commitment import RecordContent, commit
from ledger.core.entry import entry_digest, sealed_hash
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.keccak import keccak256
from ledger.core.schema import parse_schema
from ledger.core.signature import recover
from ledger.core.statements import (
    TYPES,
    StatementDomain,
    message_from_json,
    message_to_json,
    statement_digest,
)
from ledger.core.verify import ChainFacts, verify_bundle
from ledger.errors import UnsupportedFormat, VerificationError

pytestmark = pytest.mark.unit
VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "formats-1.json").read_text(encoding="utf-8")
)
SCHEMA = parse_schema(VECTORS["schema"])
DOMAIN = StatementDomain(VECTORS["domain"]["chainId"], VECTORS["domain"]["verifyingContract"])
RECORDS = [
    (f"{i}-{j}", submission, record)
    for i, submission in enumerate(VECTORS["submissions"])
    for j, record in enumerate(submission["records"])
]
STATEMENTS = [s["submission"] for s in VECTORS["submissions"]]
STATEMENTS += [s["acceptance"] for s in VECTORS["submissions"]] + VECTORS["statements"]


def chain_facts(name: str) -> ChainFacts:
    trust = parse_trust(json.dumps(VECTORS["trust"]))
    chain = parse_chain(json.dumps(VECTORS["chains"][name]))
    return ChainFacts(trust, chain, chain.history())


def test_the_types_are_those_of_the_vectors() -> None:
    assert dict(TYPES) == VECTORS["types"]


def test_the_schema_hashes_as_in_the_vectors() -> None:
    assert to_hex(SCHEMA.hash) == VECTORS["schemaHash"]


@pytest.mark.parametrize(("submission", "record"), [r[1:] for r in RECORDS], ids=[r[0] for r in RECORDS])
def test_a_record_commits_slot_by_slot_as_in_the_vectors(submission: Any, record: Any) -> None:
    originals = {field["path"]: json.loads(field["value"]) for field in record["fields"] if field["kind"] == "o"}
    content = RecordContent(
        from_hex(record["recordId"]),
        record["version"],
        from_hex(record["previous"]),
        from_hex(record["saltSecret"]),
        originals,
    )
    committed = commit(SCHEMA, content)
    for field, value, salt, digest in zip(
        record["fields"], committed.values, committed.salts, committed.digests, strict=True
    ):
        assert (value.decode(), to_hex(salt), to_hex(digest)) == (field["value"], field["salt"], field["digest"])
    assert to_hex(committed.record_root) == record["recordRoot"]
    leaf = merkle.record_leaf(committed.record_id, committed.version, committed.record_root)
    assert to_hex(leaf) == record["leaf"]
    root = from_hex(submission["submission"]["message"]["recordsRoot"])
    proof = [from_hex(sibling) for sibling in record["proof"]]
    assert merkle.leads_to(leaf, proof, root, len(submission["records"]))
    tree = merkle.MerkleTree([from_hex(r["leaf"]) for r in submission["records"]])
    assert tree.root == root
    assert tree.proof(leaf) == proof


@pytest.mark.parametrize("submission", VECTORS["submissions"])
def test_the_sealed_hash_is_that_of_the_vectors(submission: Any) -> None:
    digests = [keccak256(from_hex(ciphertext)) for ciphertext in submission["ciphertexts"]]
    assert to_hex(sealed_hash(digests)) == submission["sealedHash"]


@pytest.mark.parametrize("vector", STATEMENTS, ids=lambda v: v["statement"])
def test_a_statement_digests_recovers_and_makes_its_entry_as_in_the_vectors(vector: Any) -> None:
    message = message_from_json(vector["statement"], vector["message"])
    assert message_to_json(vector["statement"], message) == vector["message"]
    digest = statement_digest(DOMAIN, vector["statement"], message)
    assert to_hex(digest) == vector["digest"]
    signature = from_hex(vector["signature"])
    assert recover(digest, signature) == vector["signer"]
    if "entryDigest" in vector:
        annex = from_hex(vector["annex"])
        assert to_hex(entry_digest(digest, vector["signer"], signature, annex)) == vector["entryDigest"]


def test_the_two_anchors_chain_as_in_the_vectors() -> None:
    head = anchor.GENESIS_HEAD
    for vector in VECTORS["anchors"]:
        root = from_hex(vector["root"])
        leaves = [
            merkle.entry_leaf(e["entryType"], e["sequence"], from_hex(e["entryDigest"])) for e in vector["entries"]
        ]
        assert merkle.MerkleTree(leaves).root == root
        count, first = vector["leafCount"], vector["firstSequence"]
        head = anchor.next_head(head, vector["gateway"], vector["batch"], root, count, first)
        assert to_hex(head) == vector["head"]
        assert to_hex(anchor.batch_word(root, count, first, vector["blockTime"])) == vector["word"]


@pytest.mark.parametrize("tree", VECTORS["trees"], ids=lambda t: str(len(t["values"])))
def test_a_tree_has_the_root_and_proofs_of_the_vectors(tree: Any) -> None:
    leaves = [merkle.entry_leaf(int(t), int(s), from_hex(d)) for t, s, d in tree["values"]]
    built = merkle.MerkleTree(leaves)
    assert to_hex(built.root) == tree["root"]
    for leaf, proof in zip(leaves, tree["proofs"], strict=True):
        assert [to_hex(sibling) for sibling in built.proof(leaf)] == proof


def test_openings_have_the_root_of_the_vectors() -> None:
    vector = VECTORS["openings"]
    leaves = [merkle.opening_leaf(from_hex(i), int(v), from_hex(r), int(b, 0)) for i, v, r, b in vector["leaves"]]
    assert to_hex(merkle.MerkleTree(leaves).root) == vector["root"]


@pytest.mark.parametrize("vector", VECTORS["bundles"], ids=lambda b: b["name"])
def test_a_bundle_gets_the_verdict_and_step_of_the_vectors(vector: Any) -> None:
    level = vector.get("level", "chain")
    facts = chain_facts(vector["chain"]) if level == "chain" else None
    data = json.dumps(vector["bundle"])
    if vector["expect"] == "valid":
        verified = verify_bundle(data, facts)
        assert verified.record_root
    else:
        with pytest.raises(VerificationError) as failure:
            verify_bundle(data, facts)
        assert failure.value.step == vector["step"], failure.value.detail
        assert (
            isinstance(failure.value.__cause__, UnsupportedFormat) == vector["name"].startswith("unknown-")
            or vector["name"] == "unknown-member"
        )


def test_the_chain_cases_tell_what_happened_besides() -> None:
    notices = {
        vector["name"]: verify_bundle(json.dumps(vector["bundle"]), chain_facts(vector["chain"])).notices
        for vector in VECTORS["bundles"]
        if vector["expect"] == "valid"
    }
    assert any("withdrawn" in notice for notice in notices["marked-withdrawn"])
    assert notices["marked-by-another"] == ("latest version not established",)
    assert any("suspect" in notice for notice in notices["called-suspect-after-anchoring"])
    assert any("promise" in notice for notice in notices["anchored-late-key-still-entitled"])
    assert notices["masked"] == ("latest version not established",)


def test_the_three_fields_made_by_hand() -> None:
    schema = parse_schema(
        {
            "format": "gongzhi-schema/1",
            "schema": "by-hand",
            "version": 1,
            "title": {"zh": "手算", "en": "By hand"},
            "slots": [
                {"path": path, "kind": "o", "type": "string", "nullable": False, "class": "G"}
                for path in ("/birthDate", "/name", "/phone")
            ],
        }
    )
    originals = {"/birthDate": "1990-03-07", "/name": "张三", "/phone": "13800138000"}
    committed = commit(schema, RecordContent(bytes(range(32)), 1, bytes(32), b"\x11" * 32, originals))
    assert [digest.hex() for digest in committed.digests] == [
        "744b333b425c9b4810a99b7a3dea36c22a4340cbfd332696ed9dc8edab4d765d",
        "dc6d4946e2c8db337ad4be53415c18324196fcff33f00eebf613d9c3d9d2ec20",
        "aed66a0e9a37cb754ec9fc8943d5dc6c94cad9e01a7a3e6331f809cbbba6f34a",
    ]


def test_the_schema_document_is_its_canonical_self() -> None:
    assert document_hash(VECTORS["schema"]) == keccak256(encode(VECTORS["schema"]))
