"""Received actions: what each bears on, what they say together, and since when the effect of each stands on chain."""

from typing import Any

import pytest

from ledger.core.codes import HOLD_RELEASED, Mark
from ledger.core.hexadecimal import to_hex
from ledger.core.received import ABOUT, ReceivedAction, about_of, consent_id, received_facts, stands_at
from tests.simulated_authorities import GRANTED, NOBODY, AuthorityLedger
from tests.simulated_consortium import OTHER_GATEWAY, PUBLISHER, READER, address, marked, number32

pytestmark = pytest.mark.unit
DIGEST, GRANT, CONSENT, EMERGENCY = (number32(name) for name in ("digest", "grant", "consent", "emergency"))
NONE32 = bytes(32)
CONSENT_SAID: dict[str, Any] = {
    "subjectTag": number32("tag"),
    "recipient": READER,
    "holder": PUBLISHER,
    "categories": 2,
    "purpose": 2,
    "scopeHash": number32("scope"),
    "textHash": number32("text"),
    "evidenceHash": number32("evidence"),
    "controller": address("person"),
    "capturedBy": 0,
    "salt": number32("salt"),
}


def action(name: str, at: int = 10, digest: bytes = DIGEST, **message: Any) -> ReceivedAction:
    return ReceivedAction(digest, name, message, at, at + 300, 1, READER)


def test_what_cuts_and_opens_is_told_by_what_it_bears_on() -> None:
    facts = received_facts(
        [
            action("RevokeGrant", grant=GRANT),
            action("CloseGrant", grant=DIGEST),
            action("WithdrawConsent", consent=CONSENT),
            action("EndEmergency", 20, emergency=EMERGENCY),
            action("EndEmergency", 15, emergency=EMERGENCY),
            action("CoSignEmergency", 12, emergency=EMERGENCY, key=address("reader-supervises")),
            action("OpenEmergency", 11, EMERGENCY, items=(6,)),
            action("Mark", recordId=GRANT),
        ]
    )
    assert facts.revoked == {GRANT, DIGEST}
    assert facts.withdrawn == {CONSENT}
    assert facts.ended == {EMERGENCY: 15}
    assert [(one.key, one.received_at) for one in facts.co_signed[EMERGENCY]] == [(address("reader-supervises"), 12)]
    opened = facts.opened[EMERGENCY]
    assert (opened.message, opened.digest, opened.agency) == ({"items": (6,)}, EMERGENCY, READER)
    assert (opened.received_at, opened.include_by) == (11, 311)


def test_nothing_received_says_nothing() -> None:
    facts = received_facts([])
    assert not any((facts.revoked, facts.withdrawn, facts.ended, facts.co_signed, facts.opened))


@pytest.mark.parametrize("name", ABOUT)
def test_each_message_bears_on_the_object_that_it_names_or_makes(name: str) -> None:
    member = ABOUT[name]
    expected = {"RecordConsent": consent_id(CONSENT_SAID)}.get(name, DIGEST) if member is None else GRANT
    assert about_of(name, CONSENT_SAID | {member or "other": GRANT}, DIGEST) == expected


@pytest.mark.parametrize("member", CONSENT_SAID)
def test_every_member_of_a_consent_is_in_its_id(member: str) -> None:
    other = {int: 9, bytes: number32("other"), str: NOBODY}[type(CONSENT_SAID[member])]
    assert consent_id(CONSENT_SAID | {member: other}) != consent_id(CONSENT_SAID)


def stood(ledger: AuthorityLedger, name: str, agency: int = READER, digest: bytes = DIGEST, **said: Any) -> int | None:
    return stands_at(ledger.history(), name, said, digest, agency)


def test_a_mark_stands_once_its_agency_has_set_it() -> None:
    ledger, record = AuthorityLedger(), number32("record")
    said = {"recordId": record, "version": 0, "mark": 3, "reason": 1}
    assert stood(ledger, "Mark", PUBLISHER, **said) is None
    ledger.mine([marked(record, 3)])
    assert stood(ledger, "Mark", PUBLISHER, **said) == ledger.now
    assert stood(ledger, "Mark", READER, **said) is None
    assert stood(ledger, "Mark", PUBLISHER, **said | {"reason": 2}) is None


def test_a_hold_that_is_set_again_does_not_stand_by_the_one_before() -> None:
    ledger, record = AuthorityLedger(), number32("record")
    said = {"recordId": record, "version": 0, "mark": int(Mark.HOLD), "reason": 1}
    ledger.mine([marked(record, Mark.HOLD)])
    first = ledger.now
    ledger.mine([marked(record, Mark.HOLD, reason=HOLD_RELEASED)])
    at = stands_at(ledger.history(), "Mark", said, DIGEST, PUBLISHER, first)
    assert (at, stands_at(ledger.history(), "Mark", said, DIGEST, PUBLISHER, first + 1)) == (first, None)
    assert stood(ledger, "Mark", PUBLISHER, **said | {"reason": HOLD_RELEASED}) == ledger.now


def test_a_consent_stands_recorded_and_withdrawn() -> None:
    ledger = AuthorityLedger()
    identifier = consent_id(CONSENT_SAID)
    assert stood(ledger, "RecordConsent", **CONSENT_SAID) is None
    ledger.consent(consent=to_hex(identifier))
    assert stood(ledger, "RecordConsent", **CONSENT_SAID) == ledger.now
    assert stood(ledger, "WithdrawConsent", consent=identifier) is None
    ledger.withdraw_consent(identifier)
    assert stood(ledger, "WithdrawConsent", consent=identifier) == ledger.now


def test_a_request_stands_from_its_event_and_a_decision_with_its_very_terms() -> None:
    ledger = AuthorityLedger()
    assert stood(ledger, "RequestAccess", digest=number32("request")) is None
    request = ledger.ask()
    assert stood(ledger, "RequestAccess", digest=request) == ledger.now
    terms = {
        "request": request,
        "decision": 1,
        "key": address("publisher-decides"),
        "itemVersion": 1,
        "profile": GRANTED.hash,
        "expiresAt": ledger.now + 900,
        "uses": 3,
        "terms": 0,
        "destroyBy": 0,
        "assessment": NONE32,
    }
    assert stood(ledger, "DecideAccess", **terms) is None
    ledger.decide(request, uses=3, expiresAt=terms["expiresAt"])
    assert stood(ledger, "DecideAccess", **terms) == ledger.now
    assert stood(ledger, "DecideAccess", **terms | {"uses": 4}) is None
    ends = {"RevokeGrant": {"grant": request}, "CloseGrant": {"grant": request, "outcome": 1}}
    assert [stood(ledger, name, **said) for name, said in ends.items()] == [None, None]
    ledger.end_grant(request, "GrantClosed")
    assert stood(ledger, "CloseGrant", **ends["CloseGrant"]) == ledger.now
    assert stood(ledger, "CloseGrant", grant=request, outcome=2) is None
    other = ledger.grant("other")
    ledger.end_grant(other)
    assert stood(ledger, "RevokeGrant", grant=other) == ledger.now


def test_a_refusal_stands_by_its_key_and_reasons_and_a_withdrawn_request_by_itself() -> None:
    ledger = AuthorityLedger()
    request, key = ledger.ask(), address("publisher-decides")
    said = {"request": request, "decision": 2, "key": key, "reason": 4, "reasonHash": NONE32}
    assert stood(ledger, "DecideAccess", **said) is None
    refused = {"request": to_hex(request), "key": key, "reason": 4, "reasonHash": to_hex(NONE32)}
    ledger.mine([("AccessLedger", "AccessRefused", refused)])
    assert stood(ledger, "DecideAccess", **said) == ledger.now
    assert stood(ledger, "DecideAccess", **said | {"reason": 5}) is None
    other = ledger.ask("other")
    assert stood(ledger, "WithdrawRequest", request=other) is None
    ledger.mine([("AccessLedger", "RequestWithdrawn", {"request": to_hex(other)})])
    assert stood(ledger, "WithdrawRequest", request=other) == ledger.now


AFTERWARDS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "CoSignEmergency": ("EmergencyCoSigned", {"key": address("reader-supervises")}, {}),
    "EndEmergency": ("EmergencyEnded", {}, {}),
    "ReviewEmergency": (
        "EmergencyReviewed",
        {"reviewer": OTHER_GATEWAY, "verdict": 2, "documentHash": to_hex(NONE32)},
        {"verdict": 2, "documentHash": NONE32},
    ),
    "NoteNotified": ("NoticeGiven", {}, {}),
    "DeferNotice": ("NoticeDeferred", {"until": 9, "reason": 1}, {"until": 9, "reason": 1}),
    "NoteDestroyed": ("DataDestroyed", {}, {}),
    "KeepData": ("DataKept", {}, {}),
}


@pytest.mark.parametrize("name", AFTERWARDS)
def test_what_happens_to_an_emergency_stands_from_its_event(name: str) -> None:
    event, args, said = AFTERWARDS[name]
    ledger = AuthorityLedger()
    emergency = ledger.emergency()
    assert stood(ledger, "OpenEmergency", digest=emergency) == ledger.now
    assert stood(ledger, "OpenEmergency", digest=DIGEST) is None
    assert stood(ledger, name, OTHER_GATEWAY, emergency=emergency, **said) is None
    ledger.mine([("EmergencyAccess", event, {"emergency": to_hex(emergency), **args})])
    assert stood(ledger, name, OTHER_GATEWAY, emergency=emergency, **said) == ledger.now
    if "verdict" in said:
        assert stood(ledger, name, READER, emergency=emergency, **said) is None
