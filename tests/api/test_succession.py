"""A gateway when RecordAnchors is succeeded: it signs and takes what is signed for the contract in force."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.client.submissions import new_record
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.history import Block, ChainEvent, History
from ledger.core.keccak import keccak256
from ledger.core.signature import recover
from ledger.core.statements import StatementDomain, message_from_json, statement_digest
from ledger.errors import NotEntitled
from ledger.rows import NewBatch, NewTransaction
from ledger.services.facts import HistoryCache
from tests.api.consortium import Consortium
from tests.api.members import (
    ANCHORS,
    API_KEY,
    CHAIN_ID,
    DOMAIN,
    FIRE_READER,
    GATEWAY,
    LINE,
    PUBLISHER,
    Draft,
    draft,
    originals,
    record_content,
)
from tests.api.test_client_at_the_api import Desks

pytestmark = pytest.mark.api

SUCCESSOR = StatementDomain(CHAIN_ID, "0x" + "5c" * 20)
NOBODY = "0x" + "00" * 20


def named(at: str, code_hash: str | None, previous: str) -> tuple[str, str, dict[str, Any]]:
    args = {"name": "RecordAnchors", "at": at, "codeHash": code_hash, "previous": previous, "since": 1}
    return "SystemDirectory", "ContractSet", args


def succeed(consortium: Consortium) -> None:
    """Let the directory name a successor."""
    successor = SUCCESSOR.record_anchors
    consortium.add_block([named(ANCHORS, to_hex(keccak256(b"first")), NOBODY)])
    consortium.add_block([named(successor, LINE.successor_hash(successor, ANCHORS), ANCHORS)])


def history_of(consortium: Consortium) -> History:
    """Return a fold of the consortium's chain of its own."""
    with consortium.store.begin() as opened:
        return HistoryCache().history(opened)


def following(history: History, time: int) -> Block:
    """Return a block that follows the newest one."""
    before = history.newest_block
    assert before is not None
    return Block(before.number + 1, to_hex(keccak256(before.hash.encode())), before.hash, time)


@pytest.fixture
def succeeded(consortium: Consortium) -> Consortium:
    """A consortium whose directory names a successor; one record was published and anchored before."""
    consortium.published()
    consortium.anchor_all()
    succeed(consortium)
    return consortium


def publish(consortium: Consortium, given: Draft, domain: StatementDomain) -> Any:
    return consortium.send(PUBLISHER, "POST", "/v1/submissions", body=given.body(PUBLISHER, domain))


def test_what_is_signed_for_the_successor_is_promised_for_it(succeeded: Consortium) -> None:
    answer = publish(succeeded, draft([record_content()], succeeded.now), SUCCESSOR)
    assert answer.status_code == 202, answer.text
    told = answer.json()["acceptance"]
    digest = statement_digest(SUCCESSOR, "Acceptance", message_from_json("Acceptance", told["message"]))
    assert recover(digest, from_hex(told["signature"], 65)) == API_KEY.address


def test_what_is_signed_for_the_old_contract_is_not_taken_any_more(succeeded: Consortium) -> None:
    before = succeeded.rows()
    answer = publish(succeeded, draft([record_content()], succeeded.now), DOMAIN)
    assert answer.status_code == 403, answer.text
    assert succeeded.rows() == before


def test_what_was_taken_before_is_answered_as_it_was(consortium: Consortium) -> None:
    given = draft([record_content()], consortium.now)
    first = publish(consortium, given, DOMAIN)
    succeed(consortium)
    before = consortium.rows()
    for domain in (DOMAIN, SUCCESSOR):
        again = publish(consortium, given, domain)
        assert (again.status_code, again.json()) == (202, first.json())
    assert consortium.rows() == before
    given.message["signedAt"] += 1
    assert publish(consortium, given, SUCCESSOR).status_code == 409


def test_a_client_that_was_open_before_signs_anew(consortium: Consortium, tmp_path: Path) -> None:
    with ExitStack() as stack:
        publisher = Desks(consortium, tmp_path, stack).open(PUBLISHER)
        schema, version = publisher.schema_of(1)
        publisher.publish(schema, 1, version, [new_record(originals())])
        succeed(consortium)
        (accepted,) = publisher.publish(schema, 1, version, [new_record(originals())])
        assert publisher.desk.facts.domain == SUCCESSOR
        assert accepted.accepted_at == consortium.now


def test_a_client_that_hears_of_a_successor_before_its_gateway_signs_for_the_one_that_the_gateway_knows(
    consortium: Consortium, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        desks = Desks(consortium, tmp_path, stack)
        publisher = desks.open(PUBLISHER)
        schema, version = publisher.schema_of(1)
        ahead = history_of(consortium)
        first = named(ANCHORS, to_hex(keccak256(b"first")), NOBODY)
        code = LINE.successor_hash(SUCCESSOR.record_anchors, ANCHORS)
        for event in (first, named(SUCCESSOR.record_anchors, code, ANCHORS)):
            block = following(ahead, consortium.now)
            ahead.append(block, [ChainEvent(block.number, 0, block.hash, *event)])
        believed = publisher.desk.facts
        assert believed.chain is not None
        newer = replace(believed, domain=SUCCESSOR, chain=replace(believed.chain, history=ahead))
        publisher.desk.facts, publisher.desk.newer_facts = newer, lambda: newer
        (accepted,) = publisher.publish(schema, 1, version, [new_record(originals())])
        assert accepted.accepted_at == consortium.now
        assert [receipt.domain for receipt in publisher.desk.receipts.receipts()] == [DOMAIN]
        consortium.advance(301)
        with pytest.raises(NotEntitled):
            publisher.publish(schema, 1, version, [new_record(originals())])


def test_the_chain_page_lists_the_successor(succeeded: Consortium) -> None:
    contracts = succeeded.send(FIRE_READER, "GET", "/v1/chain").json()["contracts"]
    assert contracts["RecordAnchors"]["address"] == ANCHORS
    assert contracts["RecordAnchors-2"]["address"] == SUCCESSOR.record_anchors


def test_a_gateway_promises_nothing_beside_a_contract_that_nobody_knows(succeeded: Consortium) -> None:
    unknown = StatementDomain(CHAIN_ID, "0x" + "5d" * 20)
    other = to_hex(keccak256(b"unknown code"))
    succeeded.add_block([named(unknown.record_anchors, other, SUCCESSOR.record_anchors)])
    before = succeeded.rows()
    for domain in (DOMAIN, SUCCESSOR, unknown):
        answer = publish(succeeded, draft([record_content()], succeeded.now), domain)
        assert (answer.status_code, answer.json()["code"]) == (503, "directory_differs"), answer.text
    assert succeeded.look(FIRE_READER, "/v1/records").status_code == 503
    assert succeeded.rows() == before


def test_health_names_entries_that_no_batch_can_hold(consortium: Consortium) -> None:
    publish(consortium, draft([record_content()], consortium.now), DOMAIN)
    succeed(consortium)
    consortium.advance(3_600)

    def told() -> tuple[str, list[str]]:
        health = consortium.client.get("/v1/health/ready").json()
        promises = health["checks"]["promises"]["found"]
        return promises, [warned["found"] for warned in health["warnings"] if warned["code"] == "left_out"]

    assert told() == ("1 entries wait; earliest anchorBy -3300 s ahead", [])
    sent = NewTransaction("batch:1", API_KEY.address, SUCCESSOR.record_anchors, b"")
    with consortium.store.begin() as opened:
        opened.add_transaction(sent, consortium.now)
        opened.add_batch(NewBatch(GATEWAY, 1, bytes(32), 1, [], consortium.now, sent.intent))
    promises, lost = told()
    assert promises.startswith("0 entries wait")
    assert lost == ["1 entries were signed for a RecordAnchors that this stream has left; no batch can hold them"]
