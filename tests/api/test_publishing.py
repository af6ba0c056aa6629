"""Publishing: what is accepted, and that it is accepted once."""

import pytest

from ledger.core.canonical import encode
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.signature import recover
from ledger.core.statements import message_from_json, statement_digest
from tests.api.consortium import Consortium
from tests.api.members import API_KEY, COMMUNITY, DOMAIN, FIRE_READER, PUBLISHER, draft, record_content

pytestmark = pytest.mark.api


def test_a_submission_is_answered_with_a_signed_promise(shared: Consortium) -> None:
    given = draft([record_content() for _ in range(3)], shared.now - 5)
    answer = shared.publish(given)
    assert answer.status_code == 202, answer.text
    told = answer.json()
    message = message_from_json("Acceptance", told["acceptance"]["message"])
    signature = from_hex(told["acceptance"]["signature"], 65)
    assert recover(statement_digest(DOMAIN, "Acceptance", message), signature) == API_KEY.address
    assert to_hex(message["entry"]) == told["entry"]
    assert told["state"] == "accepted"
    assert told["anchorBy"] == message["anchorBy"] == shared.now - 5 + 300
    assert told["times"] == {"accepted": shared.now, "submitted": None, "anchored": None}
    assert told["sequence"] is None


def test_the_same_submission_gets_its_first_answer_again(shared: Consortium) -> None:
    given = draft([record_content()], shared.now)
    first = shared.publish(given)
    before = shared.rows()
    again = shared.publish(given)
    assert (again.status_code, again.json()) == (202, first.json())
    assert shared.rows() == before


def test_a_submission_shows_when_it_was_anchored(consortium: Consortium) -> None:
    given = consortium.published()
    path = f"/v1/submissions/{to_hex(given.message['submissionId'])}"
    assert consortium.send(PUBLISHER, "GET", path).json()["state"] == "accepted"
    consortium.advance(3)
    block = consortium.anchor_all()
    told = consortium.send(PUBLISHER, "GET", path).json()
    assert told["state"] == "anchored"
    assert told["times"]["anchored"] == block.time
    assert (told["sequence"], told["batch"]) == (1, 1)


def test_a_promise_that_passed_is_called_overdue(consortium: Consortium) -> None:
    given = consortium.published()
    consortium.advance(301)
    path = f"/v1/submissions/{to_hex(given.message['submissionId'])}"
    assert consortium.send(PUBLISHER, "GET", path).json()["state"] == "overdue"


def test_another_agency_does_not_see_a_submission(shared: Consortium) -> None:
    given = shared.published()
    path = f"/v1/submissions/{to_hex(given.message['submissionId'])}"
    assert shared.send(FIRE_READER, "GET", path).status_code == 404
    answer = shared.send(FIRE_READER, "GET", path, query={"publisher": COMMUNITY})
    assert (answer.status_code, answer.json()["code"]) == (403, "role_missing")


def test_a_next_version_is_taken_on_top_of_the_one_before(shared: Consortium) -> None:
    given = shared.published()
    made = given.committed[0]
    content = record_content(2, made.record_root, made.record_id, level=3)
    assert shared.publish(draft([content], shared.now)).status_code == 202


def test_derived_values_that_agree_are_welcome(shared: Consortium) -> None:
    given = draft([record_content()], shared.now)
    given.records[0]["derived"] = {
        "/reporter/name g:surname@1": "欧阳**",
        "/reporter/phone g:phone-3-4@1": "138****8000",
    }
    assert shared.publish(given).status_code == 202


def test_commit_computes_what_a_client_must_sign_and_stores_nothing(shared: Consortium) -> None:
    given = draft([record_content() for _ in range(2)], shared.now)
    before = shared.rows()

    body = encode({"schemaHash": to_hex(given.message["schemaHash"]), "records": given.records})
    told = shared.send(PUBLISHER, "POST", "/v1/commit", body=body).json()
    assert told["recordsRoot"] == to_hex(given.message["recordsRoot"])
    assert [made["recordRoot"] for made in told["records"]] == [to_hex(made.record_root) for made in given.committed]
    assert [len(made["digests"]) for made in told["records"]] == [20, 20]
    assert shared.rows() == before


def test_nothing_is_promised_while_the_chain_is_not_seen(consortium: Consortium) -> None:
    consortium.clock.now += 150
    consortium.published()
    consortium.clock.now += 1
    before = consortium.rows()
    answer = consortium.publish(draft([record_content()], consortium.now))
    assert (answer.status_code, answer.json()["code"]) == (503, "chain_unavailable")
    assert consortium.rows() == before
