"""Duties at the gateway: who sees which, and what a published step changes."""

import json
import os
from collections.abc import Mapping
from typing import Any

import pytest
from httpx import Response

from ledger.core.audit.whole import item_args
from ledger.core.calendar import Calendar, parse_calendar
from ledger.core.canonical import encode
from ledger.core.codes import AgencyKind, Mark, Role
from ledger.core.commitment import RecordContent, commit
from ledger.core.hexadecimal import to_hex
from ledger.core.merkle import MerkleTree, record_leaf
from ledger.services.catalogue_documents import ItemDocuments, item_documents
from tests.api.consortium import Consortium, bound
from tests.api.members import (
    AUDIT_KEY,
    COMMUNITY,
    DATA,
    FIRE,
    FIRE_READER,
    GATEWAY,
    READER_OF_COMMUNITY,
    STRANGER,
    Draft,
    Key,
    draft,
    key,
    record_content,
    record_json,
)
from tests.api.test_erasure import mine_mark

pytestmark = pytest.mark.api

REQUEST, NOTHING = "0x" + "ab" * 32, "0x" + "00" * 32
DAY = 86_400
COORDINATION = key("coordination", 62, Role.READ)


def load(path: str) -> Any:
    return json.loads((DATA / path).read_text("utf-8"))


CALENDAR: Calendar = parse_calendar(load("calendar/cn-1.json"))


def item(name: str) -> ItemDocuments:
    return item_documents(load(f"catalogue/{name}.json"), GATEWAY, load)


TRANSITION, RIGHTS = item("transition"), item("rights-request")


@pytest.fixture
def asked(consortium: Consortium) -> Consortium:
    """A consortium with a coordination centre, a calendar, two more items, and a request to the community."""
    with consortium.store.begin() as opened:
        opened.add_document(CALENDAR.hash, "application/json", encode(CALENDAR.document), consortium.now)
        for documents in (TRANSITION, RIGHTS):
            for document_hash, content in documents.documents.items():
                opened.add_document(document_hash, "application/json", content, consortium.now)
    kind = int(AgencyKind.COORDINATION)
    centre = {"agency": COORDINATION.agency, "kind": kind, "region": 990101, "allowedRoles": 8191}
    parties = {"request": REQUEST, "reader": FIRE, "holder": COMMUNITY, "key": FIRE_READER.address}
    what = {"item": 1, "itemVersion": 1, "purpose": 2, "basis": 3, "until": consortium.now + 90 * DAY}
    consortium.add_block(
        [
            ("AgencyRegistry", "AgencyRegistered", centre),
            ("AgencyRegistry", "KeyBound", bound(COORDINATION)),
            ("Catalogue", "CalendarSet", {"version": 1, "documentHash": to_hex(CALENDAR.hash)}),
            *(("Catalogue", "ItemPublished", item_args(documents.item)) for documents in (TRANSITION, RIGHTS)),
            (
                "AccessLedger",
                "AccessRequested",
                {**parties, **what, "basisRef": NOTHING, "scopeHash": NOTHING, "profile": NOTHING},
            ),
        ]
    )
    return consortium


def said(consortium: Consortium, documents: ItemDocuments, values: Mapping[str, Any]) -> str:
    """Publish a record of the community; returns its id."""
    record, answer = sent(consortium, documents, values)
    assert answer.status_code == 202, answer.text
    return record


def sent(consortium: Consortium, documents: ItemDocuments, values: Mapping[str, Any]) -> tuple[str, Response]:
    """Send a record of the community; returns its id and the answer."""
    common = {"/region": "990101001003", "/occurredAt": consortium.now, "/synthetic": True}
    given = {slot.path: None for slot in documents.schema.slots if slot.is_original} | common | dict(values)
    content = RecordContent(os.urandom(32), 1, bytes(32), os.urandom(32), given)
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
    return str(to_hex(content.record_id)), consortium.publish(Draft([record_json(content)], message, [made]))


def step(
    consortium: Consortium,
    to_step: str,
    subject: str = REQUEST,
    process: str = "request",
    before: str = "requested",
) -> None:
    values = {"/subjectRecordId": subject, "/process": process, "/from": before, "/to": to_step}
    said(consortium, TRANSITION, {**values, "/at": consortium.now})


def duties(consortium: Consortium, caller: Key, **query: Any) -> list[tuple[str, int, int]]:
    answer = consortium.send(caller, "GET", "/v1/duties", query=query)
    assert answer.status_code == 200, answer.text
    return [(duty["kind"], duty["agency"], duty["escalation"]) for duty in answer.json()["duties"]]


def test_an_open_duty_is_seen_by_who_owes_it_and_by_auditors(asked: Consortium) -> None:
    owed = [("request.check", COMMUNITY, 0), ("request.answer", COMMUNITY, 0)]
    assert duties(asked, READER_OF_COMMUNITY) == duties(asked, AUDIT_KEY) == owed
    assert duties(asked, FIRE_READER) == duties(asked, COORDINATION) == []
    assert duties(asked, READER_OF_COMMUNITY, overdue="true") == []


def test_an_overdue_duty_is_seen_by_coordination_and_escalates(asked: Consortium) -> None:
    asked.advance(15 * DAY)
    overdue = [("request.check", COMMUNITY, 2), ("request.answer", COMMUNITY, 1)]
    assert duties(asked, COORDINATION) == duties(asked, AUDIT_KEY, overdue="true") == overdue
    assert duties(asked, COORDINATION, agency=FIRE) == []
    assert duties(asked, COORDINATION, agency=COMMUNITY) == overdue
    assert duties(asked, FIRE_READER, agency=COMMUNITY) == []


def test_the_answer_says_as_of_when_and_by_which_calendar_it_counts(asked: Consortium) -> None:
    asked.advance(15 * DAY)
    told = asked.send(READER_OF_COMMUNITY, "GET", "/v1/duties").json()
    assert told["asOf"] == asked.now
    assert told["calendar"] == {"version": 1, "hash": to_hex(CALENDAR.hash), "knownUntil": "2028-12-31"}
    assert (told["notices"], told["leftOut"]) == ([], 0)
    # Asked on Friday 15 January 2027; ten working days later is Friday 29, and the Saturday after it is free.
    assert told["duties"][1] == {
        "kind": "request.answer",
        "subject": REQUEST,
        "agency": COMMUNITY,
        "dueAt": CALENDAR.deadline(asked.now - 15 * DAY, 10),
        "doneAt": None,
        "overdueWorkingDays": 0,
        "escalation": 1,
    }


def test_a_published_step_ends_a_duty(asked: Consortium) -> None:
    step(asked, "checked")
    assert duties(asked, READER_OF_COMMUNITY) == [("request.answer", COMMUNITY, 0)]


def test_a_step_that_is_not_in_the_table_is_refused_with_the_accepted_ones(asked: Consortium) -> None:
    for process, before, after, accepted in (
        ("incident", "reported", "closed", "reported → received, reported → merged"),
        ("request", "requested", "answered", "requested → checked, requested → returned"),
        ("grant", "active", "revoked", "none, its steps stand on chain"),
    ):
        values = {"/subjectRecordId": REQUEST, "/process": process, "/from": before, "/to": after, "/at": asked.now}
        _, answer = sent(asked, TRANSITION, values)
        assert (answer.status_code, answer.json()["code"]) == (422, "step_not_listed")
        assert accepted in answer.json()["detail"]
    with asked.store.begin() as opened:
        assert opened.steps_about([bytes.fromhex(REQUEST[2:])]) == []


def test_a_request_is_shown_as_checked_once_its_holder_says_so(asked: Consortium) -> None:
    def shown() -> tuple[str, int | None]:
        told = asked.send(FIRE_READER, "GET", f"/v1/requests/{REQUEST}").json()
        assert [told] == asked.send(FIRE_READER, "GET", "/v1/requests", query={"state": told["state"]}).json()[
            "requests"
        ]
        return told["state"], told["checkedAt"]

    assert shown() == ("requested", None)
    asked.advance(60)
    step(asked, "checked")
    at = asked.now
    asked.advance(60)
    assert shown() == ("checked", at)
    assert asked.send(FIRE_READER, "GET", "/v1/requests", query={"state": "requested"}).json()["requests"] == []


def test_a_rights_request_is_owed_until_a_step_ends_it(asked: Consortium) -> None:
    subject = to_hex(os.urandom(32))
    values = {"/recordedAt": asked.now, "/subject": subject, "/right": "correct", "/aboutRecordId": None}
    filed = said(asked, RIGHTS, values)
    assert ("rights.answer", COMMUNITY, 0) in duties(asked, READER_OF_COMMUNITY)
    assert ("rights.answer", COMMUNITY, 0) in duties(asked, AUDIT_KEY)
    assert ("rights.answer", COMMUNITY, 0) not in duties(asked, FIRE_READER)
    step(asked, "done", filed, "rights", "verified")
    assert ("rights.answer", COMMUNITY, 0) not in duties(asked, AUDIT_KEY)


def test_a_disputed_record_is_corrected_by_its_publisher_in_working_days(asked: Consortium) -> None:
    given = draft([record_content()], asked.now)
    assert asked.publish(given).status_code == 202
    record = to_hex(given.committed[0].record_id)
    mine_mark(asked, given.committed[0].record_id, Mark.DISPUTED, agency=FIRE)
    assert ("record.correct", COMMUNITY, 0) in duties(asked, READER_OF_COMMUNITY)
    assert ("record.correct", COMMUNITY, 0) not in duties(asked, FIRE_READER)
    asked.advance(17 * DAY)
    assert ("record.correct", COMMUNITY, 1) in duties(asked, COORDINATION, overdue="true")
    step(asked, "refused", record, "rights", "verified")
    assert "record.correct" not in [kind for kind, _, _ in duties(asked, AUDIT_KEY)]


def test_a_gateway_without_a_calendar_says_so(consortium: Consortium) -> None:
    told = consortium.send(FIRE_READER, "GET", "/v1/duties").json()
    assert told["calendar"] == {"version": 0, "hash": None, "knownUntil": None}
    assert told["notices"] == ["no calendar of working days is in force: only weekends count as free"]
    consortium.add_block([("Catalogue", "CalendarSet", {"version": 1, "documentHash": to_hex(CALENDAR.hash)})])
    told = consortium.send(FIRE_READER, "GET", "/v1/duties").json()
    assert told["notices"] == ["the document of calendar version 1 is not here: only weekends count as free"]


def test_duties_are_for_members(consortium: Consortium) -> None:
    assert consortium.send(None, "GET", "/v1/duties").status_code == 401
    assert consortium.send(STRANGER, "GET", "/v1/duties").status_code == 403
