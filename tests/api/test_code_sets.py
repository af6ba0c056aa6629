"""Code sets at the gateway: served like schemas, asked at intake, and nothing passes where one is not there."""

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest

from ledger.core.audit.whole import item_args
from ledger.core.canonical import document_hash, encode
from ledger.core.chainfile import Trust
from ledger.core.commitment import RecordContent, commit
from ledger.core.documents import parse_item
from ledger.core.hexadecimal import to_hex
from ledger.core.merkle import MerkleTree, record_leaf
from ledger.core.schema import parse_schema
from ledger.domain import load_document
from ledger.services.catalogue_documents import ItemDocuments, item_documents
from ledger.services.join import adopt_documents
from ledger.store.postgres import PostgresStore
from tests import engines
from tests.api.consortium import Consortium
from tests.api.members import CHAIN, CHAIN_ID, COMMUNITY, GATEWAY, PUBLISHER, Draft, record_json

pytestmark = pytest.mark.api
PLANTED = "8675309-planted"
TITLE = {"zh": "甲", "en": "a"}


def slot(path: str, type_name: str, code_set: str) -> dict[str, Any]:
    return {"path": path, "kind": "o", "type": type_name, "nullable": True, "class": "O", "code_set": code_set}


SLOTS = [
    slot("/region", "region", "region/1"),
    slot("/class", "code", "incident-class/2"),
    slot("/level", "integer", "incident-level/1"),
    slot("/several", "list", "sex/1"),
    slot("/idNumber", "string", "identity-number/1"),
    slot("/creditCode", "string", "credit-code/1"),
]
FITTING = {
    "/region": "990101001003",
    "/class": "accident/lift",
    "/level": 2,
    "/several": ["1", "2"],
    "/idNumber": "11010519491231002X",
    "/creditCode": "91110000600037341X",
}
"""The credit code has a wrong check character: that only warns."""


def item(number: int, **files: Any) -> ItemDocuments:
    """An item of class 2 that nothing opens, with a schema of its own; `files` stand for those of that name."""
    schema = {"format": "gongzhi-schema/1", "schema": f"s{number}", "version": 1, "title": TITLE, "slots": SLOTS}
    entry = load_document("catalogue/care-record.json") | {"item": number, "schema": "s", "maskPolicy": None}
    files["s"] = schema
    return item_documents(entry, GATEWAY, lambda name: files[name] if name in files else load_document(name))


def unpinned(number: int) -> ItemDocuments:
    """An item whose schema names its code sets without their hashes."""
    made = item(number)
    schema = parse_schema({**made.schema.document, "slots": SLOTS})
    changed = parse_item({**made.item.document, "schemaHash": to_hex(schema.hash)})
    return replace(made, item=changed, schema=schema)


ELSEWHERE = {**load_document("code_sets/credit-code-1.json"), "source": "of another gateway"}
MISSING = document_hash(ELSEWHERE)
HELD, UNHELD, UNPINNED = item(901), item(902, **{"code_sets/credit-code-1.json": ELSEWHERE}), unpinned(903)


@pytest.fixture(scope="module")
def coded(shared: Consortium) -> Consortium:
    """The shared consortium with three more items; of one a code set is kept from the gateway."""
    shared.add_block([("Catalogue", "ItemPublished", item_args(one.item)) for one in (HELD, UNHELD, UNPINNED)])
    with shared.store.begin() as opened:
        for documents in (HELD, UNHELD, UNPINNED):
            for digest, content in documents.documents.items():
                if digest != MISSING:
                    opened.add_document(digest, "application/json", content, shared.now)
    return shared


def publish(consortium: Consortium, documents: ItemDocuments, values: Mapping[str, Any]) -> httpx.Response:
    content = RecordContent(os.urandom(32), 1, bytes(32), os.urandom(32), values)
    made = commit(documents.schema, content)
    message = {
        "submissionId": os.urandom(32),
        "gateway": GATEWAY,
        "publisher": COMMUNITY,
        "item": documents.item.item,
        "itemVersion": 1,
        "schemaHash": documents.schema.hash,
        "recordCount": 1,
        "recordsRoot": MerkleTree([record_leaf(made.record_id, 1, made.record_root)]).root,
        "signedAt": consortium.now,
    }
    return consortium.publish(Draft([record_json(content)], message, [made]))


def test_a_record_of_codes_is_taken_and_a_credit_code_that_fails_only_warns(coded: Consortium) -> None:
    assert publish(coded, HELD, FITTING).status_code == 202
    assert publish(coded, HELD, dict.fromkeys(FITTING)).status_code == 202


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("/region", "8675309", "region/1; accepted: what check region"),
        ("/class", PLANTED, "incident-class/2; accepted: natural, natural/flood, "),
        ("/level", 8675309, "incident-level/1; accepted: 1, 2, 3, 4"),
        ("/several", ["1", PLANTED], "sex/1; accepted: 0, 1, 2, 9"),
        ("/idNumber", "110105194912310028", "identity-number/1; accepted: what check gb-11643"),
    ],
)
def test_a_value_outside_its_set_is_refused_unsaid_and_nothing_is_stored(
    coded: Consortium, path: str, value: Any, said: str
) -> None:
    before = coded.rows()
    answer = publish(coded, HELD, {**FITTING, path: value})
    told = answer.json()
    assert (answer.status_code, told["code"]) == (422, "code_unknown"), told
    assert told["detail"].startswith(f"record 0: {path}: not in code set {said}")
    assert not any(trace in answer.text for trace in ("8675309", PLANTED, "110105194912310028"))
    assert coded.rows() == before


def test_nothing_passes_where_the_gateway_does_not_hold_a_code_set(coded: Consortium) -> None:
    before = coded.rows()
    answer = publish(coded, UNHELD, FITTING)
    assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable"), answer.text
    assert coded.rows() == before


def test_nothing_passes_where_a_schema_names_a_code_set_without_its_hash(coded: Consortium) -> None:
    before = coded.rows()
    answer = publish(coded, UNPINNED, FITTING)
    assert (answer.status_code, answer.json()["code"]) == (422, "schema_mismatch"), answer.text
    assert "without its hash" in answer.json()["detail"]
    assert coded.rows() == before


def test_code_sets_are_served_by_their_hash_like_schemas(coded: Consortium) -> None:
    for digest, one in HELD.code_sets.items():
        answer = coded.send(PUBLISHER, "GET", f"/v1/documents/{to_hex(digest)}")
        assert answer.content == encode(one.document)
        assert document_hash(one.document) == digest


def test_a_gateway_that_joins_takes_the_code_sets_of_every_schema_along(
    coded: Consortium, postgres: str, migrated: str
) -> None:
    dsn = engines.fresh_database(postgres, migrated)
    joining = PostgresStore(dsn, connections=1)

    def fetch(digest: bytes) -> bytes | None:
        answer = coded.send(None, "GET", f"/v1/documents/{to_hex(digest)}")
        return answer.content if answer.status_code == 200 else None

    trust = Trust(CHAIN_ID, str(CHAIN["genesis"]), {}, "test", 1, None, {})
    kept, missing = adopt_documents(joining, coded.gateway_history(), trust, fetch, coded.now)
    with joining.begin() as opened:
        held = {digest: content for digest, _, content in opened.documents()}
    joining.close()
    engines.drop_database(dsn)
    assert missing == [to_hex(MISSING)]
    assert len(held) == kept
    for digest, one in HELD.code_sets.items():
        assert held[digest] == encode(one.document)
