"""Records of an older schema stay readable, provable and verifiable after a version of the item with a newer one."""

import json
import os
from itertools import islice
from typing import Any

import pytest

from ledger.core.bundle import parse_view
from ledger.core.canonical import encode
from ledger.core.commitment import RecordContent, commit
from ledger.core.hexadecimal import to_hex
from ledger.core.merkle import MerkleTree, record_leaf
from ledger.core.schema import Schema
from ledger.core.verify import check_slots, check_values, recompute_root, verify_bundle
from ledger.domain import load_document
from ledger.services.catalogue_documents import ItemDocuments, item_documents
from ledger.services.sample_records import record_type, sample_records
from tests.api.consortium import Consortium, published_args
from tests.api.members import FIRE_READER, GATEWAY, SCHEMA, Draft, draft, record_content, record_json
from tests.api.test_bundles import facts

pytestmark = pytest.mark.api


def second_version() -> ItemDocuments:
    """The incident item's second version: another schema, and the profile that is made for it."""
    newer = {"schema": "schemas/incident-2.json", "class1Profile": "profiles/incident-report-class1.json"}
    return item_documents(load_document("catalogue/incident.json") | newer | {"version": 2}, GATEWAY, load_document)


def publish_second_version(consortium: Consortium, newer: ItemDocuments) -> None:
    with consortium.store.begin() as opened:
        for document_hash, content in newer.documents.items():
            opened.add_document(document_hash, "application/json", content, consortium.now)
    args = {
        "version": 2,
        "schemaHash": to_hex(newer.schema.hash),
        "class1Profile": to_hex(newer.item.class1_profile or b""),
        "maskPolicyHash": to_hex(newer.item.mask_policy_hash or b""),
        "documentHash": to_hex(newer.item.hash),
    }
    consortium.add_block([("Catalogue", "ItemPublished", published_args(**args))])


def newer_draft(schema: Schema, contents: list[RecordContent], signed_at: int) -> Draft:
    """A submission under the second version, as `draft` makes one under the first."""
    committed = [commit(schema, content) for content in contents]
    root = MerkleTree([record_leaf(one.record_id, one.version, one.record_root) for one in committed]).root
    message = draft([record_content()], signed_at).message | {
        "itemVersion": 2,
        "schemaHash": schema.hash,
        "recordCount": len(contents),
        "recordsRoot": root,
    }
    return Draft([record_json(content) for content in contents], message, committed)


def checked_view(told: dict[str, Any], schema: Schema, root: bytes) -> None:
    view = parse_view(told["views"][0])
    check_slots(schema, view)
    check_values(schema, view)
    assert recompute_root(schema, view) == root


def test_a_record_of_the_older_schema_is_read_proved_and_verified_beside_the_newer(consortium: Consortium) -> None:
    older = consortium.published().committed[0]
    path = f"/v1/records/{to_hex(older.record_id)}"
    newer = second_version()
    publish_second_version(consortium, newer)
    originals = next(sample_records(record_type("incident-2", load_document), seed=2, files=False))
    fresh = RecordContent(os.urandom(32), 1, bytes(32), os.urandom(32), originals)
    given = newer_draft(newer.schema, [fresh], consortium.now)
    assert consortium.publish(given).status_code == 202
    consortium.anchor_all()

    checked_view(consortium.look(FIRE_READER, path).json(), SCHEMA, older.record_root)
    new_path = f"/v1/records/{to_hex(fresh.record_id)}"
    checked_view(consortium.look(FIRE_READER, new_path).json(), newer.schema, given.committed[0].record_root)
    for at, schema in ((path, SCHEMA), (new_path, newer.schema)):
        bundle = consortium.look(FIRE_READER, f"{at}/bundle").json()["bundle"]
        assert bundle["schema"] == json.loads(encode(schema.document))
        assert verify_bundle(encode(bundle), facts(consortium)).version == 1


def test_the_next_version_of_an_old_record_may_follow_the_newer_schema_and_both_are_read(
    consortium: Consortium,
) -> None:
    older = consortium.published().committed[0]
    newer = second_version()
    publish_second_version(consortium, newer)
    originals = next(islice(sample_records(record_type("incident-2", load_document), seed=3, files=False), 1, None))
    content = RecordContent(older.record_id, 2, older.record_root, os.urandom(32), originals)
    given = newer_draft(newer.schema, [content], consortium.now)
    assert consortium.publish(given).status_code == 202
    path = f"/v1/records/{to_hex(older.record_id)}"
    checked_view(consortium.look(FIRE_READER, path).json(), newer.schema, given.committed[0].record_root)
    first = consortium.look(FIRE_READER, path, {"version": 1}).json()
    checked_view(first, SCHEMA, older.record_root)
