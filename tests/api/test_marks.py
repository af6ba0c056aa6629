"""Marks: taken for relay with a promise, once."""

import os
from typing import Any

import httpx
import pytest

from ledger.core.canonical import encode
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.signature import recover
from ledger.core.statements import message_from_json, statement_digest
from ledger.core.typed_messages import message_digest, message_to_json
from ledger.rows import Receipt
from tests.api.consortium import Consortium
from tests.api.members import (
    ANCHORS,
    API_KEY,
    CHAIN_ID,
    COMMUNITY,
    DOMAIN,
    FIRE_READER,
    PUBLISHER,
    READER_OF_COMMUNITY,
    Key,
)

pytestmark = pytest.mark.api


def message(shared: Consortium, **changes: Any) -> dict[str, Any]:
    made = {
        "key": PUBLISHER.address,
        "recordId": os.urandom(32),
        "version": 0,
        "mark": 1,
        "reason": 1,
        "nonce": int.from_bytes(os.urandom(24), "big") << 64,
        "deadline": shared.now + 600,
    }
    return made | changes


def sent(
    shared: Consortium, mark: dict[str, Any], caller: Key = PUBLISHER, signer: Key | None = None, key: str | None = None
) -> httpx.Response:
    signature = (signer or caller).sign_digest(message_digest("Mark", mark, CHAIN_ID, ANCHORS))
    body = encode({"message": message_to_json("Mark", mark), "signature": to_hex(signature)})
    headers = {} if key is None else {"idempotency-key": key}
    return shared.send(caller, "POST", "/v1/marks", body=body, headers=headers)


def test_a_mark_is_answered_with_a_signed_promise_and_stands_in_the_outbox(consortium: Consortium) -> None:
    mark = message(consortium)
    answer = sent(consortium, mark)
    assert answer.status_code == 202, answer.text
    told = answer.json()
    promise = message_from_json("Received", told["received"]["message"])
    signature = from_hex(told["received"]["signature"], 65)
    assert recover(statement_digest(DOMAIN, "Received", promise), signature) == API_KEY.address
    assert told["action"] == to_hex(promise["action"]) == to_hex(message_digest("Mark", mark, CHAIN_ID, ANCHORS))
    assert (told["state"], told["includeBy"]) == ("received", consortium.now + 300)
    with consortium.store.begin() as transaction:
        row = transaction.unsettled()[0]
    assert row.to == ANCHORS


def test_a_mark_shows_its_states(consortium: Consortium) -> None:
    told = sent(consortium, message(consortium)).json()
    path = f"/v1/actions/{told['action']}"
    assert consortium.send(PUBLISHER, "GET", path).json()["state"] == "received"
    with consortium.store.begin() as transaction:
        row = transaction.unsettled()[0]
        transaction.sign_transaction(row.outbox_id, 0, 100_000, b"\x01", to_hex(b"\x02" * 32))
        transaction.mark_submitted(row.outbox_id, consortium.now + 1, consortium.now + 5)
        receipt = Receipt(to_hex(b"\x02" * 32), 2, consortium.blocks[2].hash, 0, True, None, 50_000)
        transaction.settle(row.outbox_id, receipt, consortium.now + 2)
    told = consortium.send(READER_OF_COMMUNITY, "GET", path).json()
    assert told["state"] == "final"
    assert told["times"] == {
        "received": consortium.now,
        "submitted": consortium.now + 1,
        "final": consortium.now + 2,
    }
    assert consortium.send(FIRE_READER, "GET", path).status_code == 404


def test_the_same_mark_is_taken_once(shared: Consortium) -> None:
    mark = message(shared)
    first = sent(shared, mark, key="one")
    before = shared.rows()
    assert sent(shared, mark, key="one").content == first.content
    assert sent(shared, mark).json()["received"] == first.json()["received"]
    assert shared.rows() == before
    other = sent(shared, message(shared), key="one")
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    assert shared.rows() == before


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"mark": 9}, 400, "format_invalid"),
        ({"reason": 0}, 400, "format_invalid"),
        ({"recordId": bytes(32)}, 400, "format_invalid"),
        ({"deadline": 1}, 422, "statement_stale"),
        ({"key": FIRE_READER.address}, 403, "not_entitled"),
    ],
)
def test_a_mark_that_the_contract_would_refuse_is_refused_at_once(
    shared: Consortium, changes: dict[str, Any], status: int, code: str
) -> None:
    before = shared.rows()
    answer = sent(shared, message(shared, **changes))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert shared.rows() == before


def test_a_mark_needs_a_submitting_key(shared: Consortium) -> None:
    before = shared.rows()
    answer = sent(shared, message(shared, key=FIRE_READER.address), FIRE_READER)
    assert (answer.status_code, answer.json()["code"]) == (403, "role_missing")
    assert shared.rows() == before


def test_a_mark_that_stands_already_is_a_conflict(consortium: Consortium) -> None:
    mark = message(consortium)
    args = {"agency": COMMUNITY, "recordId": to_hex(mark["recordId"]), "version": 0, "mark": 1, "reason": 2}
    consortium.add_block([("RecordAnchors", "Marked", args)])
    answer = sent(consortium, mark)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_an_idempotency_key_has_a_length(shared: Consortium) -> None:
    answer = sent(shared, message(shared), key="x" * 129)
    assert (answer.status_code, answer.json()["code"]) == (400, "format_invalid")
