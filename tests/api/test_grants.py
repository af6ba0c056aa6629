"""Looks under grants and consents at the gateway: what opens, what is counted, and what is refused at once."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx
import psycopg
import pytest

from ledger.core.codes import Authority, DataCategory, Purpose, Role, Tier
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.scope import Scope
from tests.api.consortium import Consortium, bound
from tests.api.members import (
    BEGINNING,
    COMMUNITY,
    FIRE,
    FIRE_READER,
    OTHER,
    OTHER_PUBLISHER,
    PUBLISHER,
    Draft,
    Key,
    draft,
    key,
    record_content,
)
from tests.api.offices import (
    ASSESSMENT,
    DAY,
    DECIDER,
    DOCUMENTS,
    ITEM,
    PROFILE,
    REQUESTER,
    SHUT_ITEM,
    TEXT,
    WORDS,
    Act,
    Offices,
    fresh_evidence,
    fresh_scope,
    text_of,
)
from tests.api.persons import CARE, CARE_DOCUMENTS, OTHER_ID, args_of, ask, opening, publish_care
from tests.api.test_looks import checked_disclosure, open_slots, path_of, refused

pytestmark = pytest.mark.api

ELSEWHERE = Scope(bytes(32), ("990102",))
BOUNDS = next(one for one in DOCUMENTS.profiles if one.hash == PROFILE)
NARROWER = replace(BOUNDS, open=BOUNDS.open[:3])
BOTH_CATEGORIES = (DataCategory.GENERAL, DataCategory.SENSITIVE)
CARE_TEXT = replace(TEXT, purposes=(Purpose.CARE,), categories=BOTH_CATEGORIES, necessity=WORDS)
CARE_PROFILE = next(one.profile for one in CARE_DOCUMENTS.policy.profiles if one.serves(7) and one.tier == Tier.T5)
READER_OF_OTHERS = key("reader of the others", OTHER, Role.READ)


@pytest.fixture
def offices(consortium: Consortium) -> Offices:
    return Offices(consortium)


def published(offices: Offices, publisher: Key = PUBLISHER, **values: Any) -> bytes:
    """Publish one record of the conditional item; returns its id."""
    made: Draft = draft([record_content(**values)], offices.consortium.now, item=ITEM, publisher=publisher.agency)
    answer = offices.consortium.publish(made, publisher)
    assert answer.status_code == 202, answer.text
    return made.committed[0].record_id


def look(offices: Offices, grant: bytes, path: str = "/v1/records", caller: Key = FIRE_READER, **said: str) -> Any:
    """Send a look under a grant."""
    headers = {"item": str(ITEM), "authority": "grant", "grant": to_hex(grant), **said}
    return offices.consortium.look(caller, path, **headers)


def ids(answer: httpx.Response) -> set[str]:
    assert answer.status_code == 200, answer.text
    return {view["recordId"] for view in answer.json()["views"]}


def test_a_grant_opens_what_its_profile_opens_and_the_disclosure_names_it(offices: Offices) -> None:
    record = published(offices)
    grant = offices.granted()
    told = look(offices, grant, path_of(record)).json()
    message = checked_disclosure(told)
    assert (message["authority"], message["authorityId"], message["profile"]) == (Authority.GRANT, grant, PROFILE)
    assert (message["item"], message["basis"], message["purpose"]) == (ITEM, 3, 2)
    assert open_slots(told["views"][0]) == set(BOUNDS.open)
    assert look(offices, grant, path_of(record), basis_ref="").status_code == 200


def test_a_grant_is_used_as_often_as_it_says_whichever_way(offices: Offices) -> None:
    record = published(offices)
    grant = offices.mine(offices.decide(offices.mine(offices.request()), uses=2))
    assert look(offices, grant, path_of(record)).status_code == 200
    refused(look(offices, grant, path_of(os.urandom(32))), 2, "item_unknown")
    assert ids(look(offices, grant)) == {to_hex(record)}
    refused(look(offices, grant, path_of(record)), 13, "quota_exhausted")
    refused(look(offices, grant), 13, "quota_exhausted")


def test_looks_at_once_do_not_use_a_grant_more_often_than_it_says(offices: Offices) -> None:
    record = published(offices)
    grant = offices.mine(offices.decide(offices.mine(offices.request()), uses=3))
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: look(offices, grant, path_of(record)).status_code, range(8)))
    assert (answers.count(200), answers.count(403)) == (3, 5)


def test_a_look_that_the_grant_does_not_speak_of_is_refused(offices: Offices) -> None:
    record, of_others = published(offices), published(offices, OTHER_PUBLISHER)
    offices.consortium.add_block([("AgencyRegistry", "KeyBound", bound(READER_OF_OTHERS))])
    grant = offices.granted()
    path = path_of(record)
    refused(look(offices, grant, path, READER_OF_OTHERS), 6, "grant_mismatch")
    refused(look(offices, grant, path, purpose="5"), 6, "grant_mismatch")
    refused(look(offices, grant, path, basis="7"), 6, "grant_mismatch")
    refused(look(offices, grant, path_of(of_others)), 6, "grant_mismatch")
    refused(look(offices, grant, item="1"), 5, "no_authority")
    refused(look(offices, grant, item=str(SHUT_ITEM)), 4, "item_not_shared")
    refused(look(offices, os.urandom(32), path), 5, "no_authority")
    assert ids(look(offices, grant)) == {to_hex(record)}


def test_a_request_is_no_grant_until_it_is_given_on_chain(offices: Offices) -> None:
    record = published(offices)
    request = offices.mine(offices.request())
    refused(look(offices, request, path_of(record)), 7, "grant_not_usable")
    granting = offices.decide(request)
    refused(look(offices, request, path_of(record)), 7, "grant_not_usable")
    offices.mine(granting)
    assert look(offices, request, path_of(record)).status_code == 200


@pytest.mark.parametrize("name", ["RevokeGrant", "CloseGrant"])
def test_a_received_end_cuts_the_next_look(offices: Offices, name: str) -> None:
    record, grant = published(offices), offices.granted()
    assert look(offices, grant, path_of(record)).status_code == 200
    said, signer = ({"reason": 1}, DECIDER) if name == "RevokeGrant" else ({"outcome": 1}, REQUESTER)
    end = offices.act(name, {"grant": grant, **said}, signer)
    refused(look(offices, grant, path_of(record)), 7, "grant_not_usable")
    refused(look(offices, grant), 7, "grant_not_usable")
    offices.mine(end)
    refused(look(offices, grant, path_of(record)), 7, "grant_not_usable")


def test_a_grant_ends_at_its_time(offices: Offices) -> None:
    record, grant = published(offices), offices.granted()
    ends_at = offices.consortium.gateway_history().accesses[grant].grant.expires_at
    offices.consortium.advance(ends_at - 1 - offices.consortium.now)
    offices.consortium.add_block()
    assert look(offices, grant, path_of(record)).status_code == 200
    offices.consortium.advance(1)
    refused(look(offices, grant, path_of(record)), 7, "grant_not_usable")


def test_a_grant_is_shown_as_delivered_from_its_first_look_on(offices: Offices) -> None:
    record, grant = published(offices), offices.granted()

    def shown() -> tuple[str, int | None]:
        told = offices.consortium.send(FIRE_READER, "GET", f"/v1/requests/{to_hex(grant)}").json()
        return told["state"], told["deliveredAt"]

    assert shown() == ("granted", None)
    assert look(offices, grant, path_of(record)).status_code == 200
    assert shown() == ("delivered", offices.consortium.now)
    closed = offices.act("CloseGrant", {"grant": grant, "outcome": 1}, REQUESTER)
    offices.mine(closed)
    assert shown()[0] == "accepted"


def test_records_outside_of_the_scope_are_refused_and_left_out(offices: Offices) -> None:
    inside, outside = published(offices), published(offices, region="990102001001")
    grant = offices.granted()
    assert look(offices, grant, path_of(inside)).status_code == 200
    refused(look(offices, grant, path_of(outside)), 9, "out_of_scope")
    assert ids(look(offices, grant)) == {to_hex(inside)}


def test_a_narrower_profile_may_be_asked_for_and_a_wider_one_may_not(offices: Offices) -> None:
    record, grant = published(offices), offices.granted()
    wider = next(one for one in DOCUMENTS.profiles if set(one.open) - set(BOUNDS.open))
    with offices.consortium.store.begin() as opened:
        opened.add_document(NARROWER.hash, "application/json", text_of(NARROWER.document).encode(), BEGINNING)
    told = look(offices, grant, path_of(record), profile=to_hex(NARROWER.hash)).json()
    assert checked_disclosure(told)["profile"] == NARROWER.hash
    assert open_slots(told["views"][0]) == set(NARROWER.open)
    for profile in (wider.hash, os.urandom(32)):
        refused(look(offices, grant, path_of(record), profile=to_hex(profile)), 12, "profile_too_wide")


def granted_elsewhere(offices: Offices, **changes: Any) -> bytes:
    """Let the chain show a grant that came by another relay; returns its id."""
    grant = os.urandom(32)
    asked = {
        "request": to_hex(grant),
        "reader": FIRE,
        "holder": COMMUNITY,
        "key": REQUESTER.address,
        "item": ITEM,
        "itemVersion": 1,
        "purpose": 2,
        "basis": 3,
        "basisRef": to_hex(os.urandom(32)),
        "until": BEGINNING + 30 * DAY,
        "scopeHash": to_hex(os.urandom(32)),
        "profile": to_hex(PROFILE),
    }
    terms = {"expiresAt": BEGINNING + 30 * DAY, "uses": 0, "terms": 0, "destroyBy": 0, "assessment": to_hex(ASSESSMENT)}
    given = {"request": to_hex(grant), "key": DECIDER.address, "itemVersion": 1, "profile": to_hex(PROFILE), **terms}
    known = {name: value for name, value in changes.items() if name in given}
    events = (("AccessRequested", asked | changes), ("AccessGranted", given | known))
    offices.consortium.add_block([("AccessLedger", name, args) for name, args in events])
    return grant


def test_a_grant_whose_scope_nobody_told_this_gateway_opens_nothing(offices: Offices) -> None:
    record, grant = published(offices), granted_elsewhere(offices)
    refused(look(offices, grant, path_of(record)), 9, "out_of_scope")
    refused(look(offices, grant), 9, "out_of_scope")


def test_a_granted_profile_that_the_item_does_not_list_opens_nothing(offices: Offices) -> None:
    record, scope = published(offices), fresh_scope()
    everything = replace(BOUNDS, open=tuple(DOCUMENTS.schema.index))
    with offices.consortium.store.begin() as opened:
        for document in (scope, everything):
            opened.add_document(document.hash, "application/json", text_of(document.document).encode(), BEGINNING)
    grant = granted_elsewhere(offices, scopeHash=to_hex(scope.hash), profile=to_hex(everything.hash))
    refused(look(offices, grant, path_of(record)), 12, "profile_too_wide")
    refused(look(offices, grant), 12, "profile_too_wide")


# --- consents ---


@pytest.fixture
def caring(offices: Offices) -> Offices:
    """Offices of a consortium that shares care records too."""
    with offices.consortium.store.begin() as opened:
        for document_hash, content in CARE_DOCUMENTS.documents.items():
            opened.add_document(document_hash, "application/json", content, BEGINNING)
    offices.consortium.add_block([("Catalogue", "ItemPublished", args_of(CARE_DOCUMENTS))])
    return offices


def care_consent(
    caring: Offices, person: Key, scope: Scope | None = None, tag: str | None = None, **changes: Any
) -> Act:
    """Record a person's consent to care records; `changes` replaces members of the message, `text` and `evidence`."""
    if tag is None:
        made = ask(caring.consortium, PUBLISHER, "/v1/subject-tags", more={"recipient": FIRE}, item="")
        tag = str(made.json()["subjectTag"])
    text, evidence = changes.pop("text", CARE_TEXT), changes.pop("evidence", None)
    scope = scope or fresh_scope()
    said = {
        "subjectTag": from_hex(tag, 32),
        "recipient": FIRE,
        "holder": COMMUNITY,
        "categories": 6,
        "purpose": 7,
        "scopeHash": scope.hash,
        "textHash": text.hash,
        "capturedBy": 0,
        "controller": person.address,
        "captureMode": 1,
        "validFrom": BEGINNING,
        "validUntil": BEGINNING + 60 * DAY,
        "salt": os.urandom(32),
        "nonce": 0,
        **changes,
    }
    evidence = evidence or fresh_evidence(said)
    said["evidenceHash"] = evidence.hash
    documents = [text_of(one.document) for one in (scope, text, evidence)]
    return caring.act("RecordConsent", said, person, documents=documents, caller=REQUESTER)


def granted_by_consent(caring: Offices, person: Key, scope: Scope | None = None) -> tuple[bytes, bytes]:
    """Record a person's consent to care records, and give a grant that rests on it; returns consent and grant."""
    consent = caring.mine(care_consent(caring, person, scope))
    request = caring.mine(caring.request(item=CARE, purpose=7, basis=1, basisRef=consent, profile=CARE_PROFILE))
    return consent, caring.mine(caring.decide(request, profile=CARE_PROFILE, uses=0))


def care_look(caring: Offices, grant: bytes, path: str = "/v1/records", **said: str) -> Any:
    return look(caring, grant, path, **{"item": str(CARE), "purpose": "7", "basis": "1", "basis_ref": "", **said})


def test_a_consent_opens_the_records_of_its_person_and_of_nobody_else(caring: Offices) -> None:
    subject, other = (
        ask(caring.consortium, PUBLISHER, "/v1/subjects", about).json()["subject"]
        for about in (opening(), opening(OTHER_ID))
    )
    own, of_another = publish_care(caring.consortium, subject), publish_care(caring.consortium, other)
    _, grant = granted_by_consent(caring, key("a resident", 0))
    assert care_look(caring, grant, path_of(own)).status_code == 200
    refused(care_look(caring, grant, path_of(of_another)), 8, "basis_incomplete")
    assert ids(care_look(caring, grant)) == {to_hex(own)}


def test_a_search_by_consent_tells_nothing_of_what_the_consent_does_not_open(caring: Offices) -> None:
    subject, other = (
        ask(caring.consortium, PUBLISHER, "/v1/subjects", about).json()["subject"]
        for about in (opening(), opening(OTHER_ID))
    )
    inside = publish_care(caring.consortium, subject, BEGINNING - 9_000)
    publish_care(caring.consortium, subject, BEGINNING - 3_000, region="990101001001")
    publish_care(caring.consortium, other)
    _, grant = granted_by_consent(caring, key("a resident", 0), Scope(os.urandom(32), ("990101001003",)))
    page = caring.consortium.look(FIRE_READER, "/v1/records", {"limit": 1}, **by_consent(grant)).json()
    assert [view["recordId"] for view in page["views"]] == [to_hex(inside)]
    # Whom a tag is about that a restored database lacks nobody can say: a page finds nobody, and says nowhere to go on.
    _, of_nobody = granted_by_consent(caring, key("nobody", 0))
    with psycopg.connect(caring.consortium.dsn) as connection:
        connection.execute("DELETE FROM subject_tags")
    page = caring.consortium.look(FIRE_READER, "/v1/records", {"limit": 1}, **by_consent(of_nobody)).json()
    assert (page["views"], page["next"]) == ([], None)


def by_consent(grant: bytes) -> dict[str, str]:
    grounds = {"item": str(CARE), "purpose": "7", "basis": "1", "basis_ref": ""}
    return grounds | {"authority": "grant", "grant": to_hex(grant)}


def test_a_received_withdrawal_cuts_the_next_look(caring: Offices) -> None:
    subject = ask(caring.consortium, PUBLISHER, "/v1/subjects").json()["subject"]
    record, person = publish_care(caring.consortium, subject), key("a resident", 0)
    consent, grant = granted_by_consent(caring, person)
    assert care_look(caring, grant, path_of(record)).status_code == 200
    withdrawal = caring.act("WithdrawConsent", {"consent": consent, "reason": 1}, person, caller=REQUESTER)
    assert withdrawal.code == "taken"
    refused(care_look(caring, grant, path_of(record)), 8, "basis_incomplete")
    refused(care_look(caring, grant), 8, "basis_incomplete")
    caring.mine(withdrawal)
    refused(care_look(caring, grant, path_of(record)), 8, "basis_incomplete")
