"""What members and the public read of the ledger itself: entries, anchors, documents, explanations, the export."""

import json
from typing import Any

import pytest

from api.routes import ROUTERS
from ledger.core.eip712 import ZERO32
from ledger.core.entry import entry_digest
from ledger.core.export import (
    parse_counts,
    parse_entry,
    parse_look,
    parse_manifest_line,
    parse_record,
    parse_tagged_line,
)
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.history import DEFAULT_PARAMETERS
from ledger.core.keccak import keccak256
from ledger.core.statements import message_from_json, statement_digest
from tests.api.consortium import Consortium
from tests.api.members import AUDIT_KEY, COMMUNITY, DOCUMENTS, DOMAIN, FIRE_READER, KEYS, PUBLISHER, SCHEMA, STRANGER

pytestmark = pytest.mark.api


@pytest.fixture
def anchored(consortium: Consortium) -> Consortium:
    """Three submissions, a look and a refusal, anchored; a fourth submission that is not."""
    given = [consortium.published(2) for _ in range(3)]
    path = f"/v1/records/{to_hex(given[0].committed[0].record_id)}"
    assert consortium.look(FIRE_READER, path).status_code == 200
    assert consortium.look(PUBLISHER, path).status_code == 403
    consortium.anchor_all()
    consortium.published()
    return consortium


def test_members_read_anchored_entries_in_order(anchored: Consortium) -> None:
    first = anchored.send(FIRE_READER, "GET", "/v1/entries", query={"limit": 3}).json()
    rest = anchored.send(FIRE_READER, "GET", "/v1/entries", query={"after": first["next"], "limit": 3}).json()
    entries = first["entries"] + rest["entries"]
    assert [entry["sequence"] for entry in entries] == [1, 2, 3, 4, 5]
    assert [entry["entryType"] for entry in entries] == [1, 1, 1, 2, 3]
    assert rest["next"] is None
    for entry in entries:
        name = {1: "Submission", 2: "Disclosure", 3: "Refusal"}[entry["entryType"]]
        digest = statement_digest(DOMAIN, name, message_from_json(name, entry["message"]))
        remade = entry_digest(digest, entry["signer"], from_hex(entry["signature"]), from_hex(entry["annex"]))
        assert to_hex(remade) == entry["entry"]
    one = anchored.send(FIRE_READER, "GET", f"/v1/entries/{entries[0]['entry']}").json()
    assert one == entries[0]


def test_entries_are_for_members(anchored: Consortium) -> None:
    assert anchored.send(None, "GET", "/v1/entries").status_code == 401
    assert anchored.send(STRANGER, "GET", "/v1/entries").status_code == 403
    args = {"agency": FIRE_READER.agency, "status": 2}
    anchored.add_block([("AgencyRegistry", "AgencyStatusSet", args)])
    answer = anchored.send(FIRE_READER, "GET", "/v1/entries")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_entitled")


def test_anybody_reads_what_is_on_chain(anchored: Consortium) -> None:
    def get(path: str, **query: Any) -> Any:
        answer = anchored.send(None, "GET", path, query=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    anchors = get("/v1/anchors")["anchors"]
    assert [(anchor["batch"], anchor["leafCount"], anchor["firstSequence"]) for anchor in anchors] == [(1, 5, 1)]
    assert get("/v1/anchors", after=1) == {"anchors": [], "next": None}
    assert len(get("/v1/agencies")["agencies"]) == 6
    community = get(f"/v1/agencies/{COMMUNITY}")
    assert {held["key"] for held in community["keys"]} == {held.address for held in KEYS if held.agency == COMMUNITY}
    item = get("/v1/catalogue/1")
    assert item["retired"] is None
    assert item["versions"][0]["documentHash"] == to_hex(DOCUMENTS.item.hash)
    assert get("/v1/catalogue")["items"] == [item]
    assert get("/v1/parameters") == dict(DEFAULT_PARAMETERS)
    chain = get("/v1/chain")
    assert (chain["chainId"], chain["gateway"], chain["batches"]) == (DOMAIN.chain_id, 1, 1)
    assert chain["block"]["number"] == anchored.blocks[-1].number


def test_what_is_not_there_is_not_found(shared: Consortium) -> None:
    for path in (f"/v1/documents/0x{'00' * 32}", "/v1/agencies/99", "/v1/catalogue/99", "/v1/nowhere"):
        answer = shared.send(None, "GET", path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
    answer = shared.send(None, "DELETE", "/v1/chain")
    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")


def test_documents_are_served_byte_for_byte(shared: Consortium) -> None:
    answer = shared.send(None, "GET", f"/v1/documents/{to_hex(SCHEMA.hash)}")
    assert keccak256(answer.content) == SCHEMA.hash
    assert answer.headers["content-type"] == "application/json"


def test_an_export_holds_everything_anchored_and_nothing_else(anchored: Consortium) -> None:
    answer = anchored.look(AUDIT_KEY, "/v1/export", item="", purpose="12")
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = [parse_tagged_line(line) for line in answer.text.splitlines()]
    assert lines[0][0] == "manifest"
    manifest = parse_manifest_line(lines[0][1])
    assert (manifest.last_batch, manifest.last_sequence, manifest.exported_at) == (1, 5, anchored.now)
    tags = [tag for tag, _ in lines]
    assert tags[1:] == [
        *["document"] * len(DOCUMENTS.documents),
        *["entry", "record", "record"] * 3,
        *["entry", "look"] * 2,
        "end",
    ]
    counts = parse_counts(lines[-1][1])
    assert (counts.entries, counts.records, counts.looks, counts.actions) == (5, 6, 2, 0)
    for tag, members in lines:
        if tag == "entry":
            parse_entry(members)
        elif tag == "record":
            assert len(parse_record(members).values) == sum(slot.is_stored_open for slot in SCHEMA.slots)
        elif tag == "look":
            assert b"gongzhi-purpose" in parse_look(members).base.encode()


def test_an_export_is_a_query_entry_first(anchored: Consortium) -> None:
    before = anchored.rows()["entries"]
    anchored.look(AUDIT_KEY, "/v1/export", {"after": 2}, item="", purpose="12")
    with anchored.store.begin() as transaction:
        entry = transaction.entry_by_id(max(row[0] for row in transaction.unnumbered(100)))
    assert entry is not None
    assert anchored.rows()["entries"] == before + 1
    message = entry.entry.message
    assert (entry.entry.entry_type, message["queryType"], message["resultCount"], message["purpose"]) == (4, 5, 3, 12)


@pytest.mark.parametrize(
    ("caller", "headers", "reason"),
    [
        (FIRE_READER, {"purpose": "12"}, 1),
        (AUDIT_KEY, {"purpose": "2"}, 3),
        (AUDIT_KEY, {"purpose": "12", "basis": "1"}, 8),
        (AUDIT_KEY, {"purpose": "12", "basis_ref": to_hex(ZERO32)}, 8),
        (AUDIT_KEY, {"purpose": "12", "basis": "4", "case": to_hex(ZERO32)}, 8),
    ],
)
def test_an_export_is_refused_with_an_entry(
    shared: Consortium, caller: Any, headers: dict[str, str], reason: int
) -> None:
    before = shared.rows()["entries"]
    answer = shared.look(caller, "/v1/export", item="", **headers)
    assert (answer.status_code, answer.json()["reason"]) == (403, reason)
    assert shared.rows()["entries"] == before + 1


def test_an_explanation_says_what_a_submission_waits_for(consortium: Consortium) -> None:
    given = consortium.published()
    path = f"/v1/explanations/{to_hex(given.message['submissionId'])}"
    told = consortium.send(PUBLISHER, "GET", path).json()
    assert (told["what"], told["anchor"]) == ("submission", None)
    assert told["waitsFor"].startswith("the worker")
    consortium.anchor_all()
    told = consortium.send(PUBLISHER, "GET", path).json()
    assert told["waitsFor"] is None
    assert told["anchor"]["block"] == consortium.blocks[-1].number


def test_an_explanation_tells_others_only_what_the_chain_shows(anchored: Consortium) -> None:
    with anchored.store.begin() as transaction:
        stored = transaction.entries_after(0, 1)[0]
    path = f"/v1/explanations/{to_hex(stored.entry.digest)}"
    told = anchored.send(FIRE_READER, "GET", path).json()
    assert set(told) == {"id", "what", "entry", "entryType", "sequence", "batch", "anchor"}
    full = anchored.send(AUDIT_KEY, "GET", path).json()
    assert full["times"]["accepted"] == anchored.now
    assert anchored.send(AUDIT_KEY, "GET", f"/v1/explanations/0x{'09' * 32}").status_code == 404


def test_an_explanation_of_a_record_names_its_entry_and_marks(consortium: Consortium) -> None:
    record_id = consortium.published().committed[0].record_id
    args = {"agency": COMMUNITY, "recordId": to_hex(record_id), "version": 0, "mark": 2, "reason": 1}
    consortium.add_block([("RecordAnchors", "Marked", args)])
    told = consortium.send(PUBLISHER, "GET", f"/v1/explanations/{to_hex(record_id)}").json()
    assert (told["what"], told["publisher"], [mark["mark"] for mark in told["marks"]]) == ("record", COMMUNITY, [2])
    others = consortium.send(FIRE_READER, "GET", f"/v1/explanations/{to_hex(record_id)}").json()
    assert "publisher" not in others


def test_the_openapi_document_names_every_route(shared: Consortium) -> None:
    document = json.loads(shared.send(None, "GET", "/v1/openapi.json").text)
    assert "/v1/records/{record_id}/bundle" in document["paths"]
    assert set(document["paths"]) == {route.path for router in ROUTERS for route in router.routes}
