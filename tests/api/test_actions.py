"""Signed messages of consents, requests, grants and emergencies: taken with a promise, kept in full, cut at once."""

import os
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting

import pytest

from ledger.core.consent_documents import Reasons
from ledger.core.export import parse_action, parse_counts, parse_tagged_line
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.received import about_of, consent_id, received_facts
from ledger.core.signature import recover
from ledger.core.statements import message_from_json, statement_digest
from ledger.core.typed_messages import MESSAGES, message_digest
from ledger.services.relay import received_action
from tests.api.consortium import Consortium
from tests.api.members import (
    API_KEY,
    AUDIT_KEY,
    AUDITOR,
    CHAIN_ID,
    COMMUNITY,
    CONTRACT_ADDRESSES,
    DOMAIN,
    FIRE_READER,
    OTHER_PUBLISHER,
    PROPERTY_KEY,
    PUBLISHER,
    Key,
    key,
)
from tests.api.offices import (
    DAY,
    DECIDER,
    NOBODY,
    OPENER,
    REQUESTER,
    REVIEWER,
    SUPERVISOR,
    ZERO32,
    Act,
    Offices,
    fresh_scope,
    text_of,
)

pytestmark = pytest.mark.api


@pytest.fixture
def offices(consortium: Consortium) -> Offices:
    return Offices(consortium)


def kept(offices: Offices, act: Act) -> None:
    """Require the signed promise of an action, and the whole of it in the store."""
    told = act.answer.json()
    promise = message_from_json("Received", told["received"]["message"])
    signature = from_hex(told["received"]["signature"], 65)
    assert recover(statement_digest(DOMAIN, "Received", promise), signature) == API_KEY.address
    assert (promise["action"], promise["includeBy"]) == (act.digest, offices.consortium.now + 300)
    with offices.consortium.store.begin() as transaction:
        action = transaction.action(act.digest)
        assert action is not None
        assert transaction.transaction(action.intent) is not None
        assert received_action(action).message == act.message
        about = about_of(act.name, act.message, act.digest)
        assert act.digest in {one.digest for one in transaction.actions_about([about])}
    signers = [act.message[member] for member in MESSAGES[act.name].signers]
    signed = [recover(act.digest, signature) if signature else NOBODY for signature in action.signatures]
    assert signed == signers


def test_what_stands_on_chain_is_final_though_it_was_offered_again_and_refused(offices: Offices) -> None:
    asked = offices.request()
    with offices.consortium.store.begin() as transaction:
        action = transaction.action(asked.digest)
        assert action is not None
        row = transaction.transaction(action.intent)
        assert row is not None
        transaction.quarantine(row.outbox_id, "the contract refused", offices.consortium.now)

    def told() -> tuple[str, str | None]:
        answer = offices.consortium.send(REQUESTER, "GET", f"/v1/actions/{to_hex(asked.digest)}").json()
        return answer["state"], answer["error"]

    assert told() == ("failed", "the contract refused")
    offices.mine(asked)
    assert told() == ("final", None)


def test_a_request_with_its_grant_goes_its_whole_way(offices: Offices) -> None:
    asked = offices.request()
    kept(offices, asked)
    granting = offices.decide(offices.mine(asked))
    kept(offices, granting)
    grant = offices.mine(granting)
    closing = offices.act("CloseGrant", {"grant": grant, "outcome": 1}, REQUESTER)
    kept(offices, closing)
    offices.mine(closing)
    told = offices.consortium.send(FIRE_READER, "GET", f"/v1/requests/{to_hex(grant)}").json()
    assert (told["state"], told["stands"], told["grant"]["uses"]) == ("accepted", "final", 5)


def test_refusals_withdrawals_and_revocations_are_taken(offices: Offices) -> None:
    reasons = Reasons(os.urandom(32), (2,), "out of duty")
    refusal = offices.refuse(offices.mine(offices.request()))
    kept(offices, refusal)
    request = offices.mine(offices.request())
    said = refusal.message | {"request": request, "reasonHash": reasons.hash, "nonce": 1 << 64}
    with_reasons = offices.send("DecideAccess", said, DECIDER, documents=[text_of(reasons.document)])
    kept(offices, with_reasons)
    named = f"/v1/documents/{to_hex(reasons.hash)}/of/{to_hex(request)}"
    assert offices.consortium.send(FIRE_READER, "GET", named).json()["codes"] == [2]
    withdrawn = offices.act("WithdrawRequest", {"request": offices.mine(offices.request())}, REQUESTER)
    kept(offices, withdrawn)
    kept(offices, offices.act("RevokeGrant", {"grant": offices.granted(), "reason": 1}, DECIDER))


def test_a_scope_is_told_to_those_whom_it_concerns_and_to_nobody_by_its_hash(offices: Offices) -> None:
    scope = fresh_scope()
    request = offices.request(scope=scope)
    path = f"/v1/documents/{to_hex(scope.hash)}"
    named = f"{path}/of/{to_hex(request.digest)}"

    def told(caller: Key | None, path: str) -> int:
        return int(offices.consortium.send(caller, "GET", path).status_code)

    for caller in (REQUESTER, DECIDER, AUDIT_KEY):
        assert offices.consortium.send(caller, "GET", named).content == text_of(scope.document).encode()
    assert told(None, path) == told(PROPERTY_KEY, named) == 404
    assert told(REQUESTER, f"{path}/of/{to_hex(offices.request().digest)}") == 404
    assert told(None, named) == 401
    offices.mine(request)
    assert (told(DECIDER, named), told(PROPERTY_KEY, named), told(None, path)) == (200, 404, 404)
    # Who names a document that others brought becomes no party to it.
    said = {member: value for member, value in request.message.items() if member not in ("key", "nonce", "deadline")}
    assert offices.act("RequestAccess", said, REQUESTER).code == "document_missing"


def test_a_person_records_a_consent_and_withdraws_it(offices: Offices) -> None:
    person = key("person", 0)
    recorded = offices.consent(person)
    kept(offices, recorded)
    consent = offices.mine(recorded)
    assert consent == consent_id(recorded.message)
    grant = offices.granted(basis=1, basisRef=consent)
    withdrawal = offices.act("WithdrawConsent", {"consent": consent, "reason": 1}, person, caller=PROPERTY_KEY)
    kept(offices, withdrawal)
    with offices.consortium.store.begin() as transaction:
        actions = transaction.actions_about([consent, grant])
    assert received_facts(map(received_action, actions)).withdrawn == {consent}
    again = offices.act("WithdrawConsent", {"consent": consent, "reason": 1}, person, caller=PROPERTY_KEY)
    assert again.code == "state_mismatch"
    assert offices.decide(offices.mine(offices.request())).code == "taken"


def test_who_handed_an_action_over_and_whose_it_is_see_it(offices: Offices) -> None:
    act = offices.request()
    path = f"/v1/actions/{to_hex(act.digest)}"
    assert offices.consortium.send(FIRE_READER, "GET", path).json()["state"] == "received"
    consent = offices.consent(key("person", 0))
    path = f"/v1/actions/{to_hex(consent.digest)}"
    assert offices.consortium.send(REQUESTER, "GET", path).status_code == 200
    assert offices.consortium.send(AUDIT_KEY, "GET", path).status_code == 200
    assert offices.consortium.send(PUBLISHER, "GET", path).status_code == 404


def test_an_emergency_is_opened_co_signed_ended_and_answered_for(offices: Offices) -> None:
    opening = offices.open()
    kept(offices, opening)
    pending = offices.consortium.send(FIRE_READER, "GET", f"/v1/emergencies/{to_hex(opening.digest)}").json()
    assert (pending["state"], pending["stands"]) == ("open", "received")
    co_signing = offices.on("CoSignEmergency", opening.digest, SUPERVISOR)
    kept(offices, co_signing)
    emergency = offices.mine(opening)
    offices.mine(co_signing)
    offices.mine(offices.on("DeferNotice", emergency, OPENER, until=offices.consortium.now + DAY, reason=1))
    ending = offices.on("EndEmergency", emergency, OPENER)
    kept(offices, ending)
    assert offices.on("ReviewEmergency", emergency, REVIEWER, verdict=1, documentHash=b"\1" * 32).code == (
        "not_on_chain_yet"
    )
    offices.mine(ending)
    for name, signer, said in (
        ("ReviewEmergency", REVIEWER, {"verdict": 1, "documentHash": b"\1" * 32}),
        ("ReviewEmergency", REVIEWER, {"verdict": 3, "documentHash": b"\2" * 32}),
        ("NoteNotified", SUPERVISOR, {"documentHash": b"\3" * 32}),
        ("KeepData", OPENER, {"assessment": b"\4" * 32}),
        ("NoteDestroyed", OPENER, {"documentHash": b"\5" * 32}),
    ):
        done = offices.on(name, emergency, signer, **said)
        kept(offices, done)
        offices.mine(done)
    told = offices.consortium.send(FIRE_READER, "GET", f"/v1/emergencies/{to_hex(emergency)}").json()
    assert told["state"] == "reviewed"
    assert [review["verdict"] for review in told["reviews"]] == [1, 3]


def test_three_persons_may_sign_an_opening(offices: Offices) -> None:
    kept(offices, offices.open(OPENER, SUPERVISOR, key("property supervisor", 4)))


def test_an_action_sent_twice_gets_the_first_answer_again(offices: Offices) -> None:
    scope = fresh_scope()
    first = offices.request(scope=scope)
    before = offices.consortium.rows()
    again = offices.send("RequestAccess", first.message, REQUESTER, documents=[text_of(scope.document)])
    assert again.answer.json() == first.answer.json()
    assert offices.consortium.rows() == before


def test_an_action_waits_for_a_look_at_what_it_ends(offices: Offices) -> None:
    grant = offices.granted()
    with ThreadPoolExecutor(1) as pool:
        with offices.consortium.store.begin() as looking:
            looking.share_about([grant])
            acting = pool.submit(offices.act, "RevokeGrant", {"grant": grant, "reason": 1}, DECIDER)
            with pytest.raises(StillWaiting):
                acting.result(0.5)
            before = [row[0] for row in looking.unnumbered(100)]
        assert acting.result(10).code == "taken"
    with offices.consortium.store.begin() as transaction:
        entries = [row[0] for row in transaction.unnumbered(100)]
    assert entries[:-1] == before


def test_lists_go_page_by_page_and_keep_to_their_filters(offices: Offices) -> None:
    requests = [to_hex(offices.mine(offices.request())) for _ in range(3)]
    offices.mine(offices.refuse(bytes.fromhex(requests[0][2:])))

    def listed(caller: object, path: str, **query: object) -> list[str]:
        name = path.removeprefix("/v1/")
        found: list[str] = []
        while True:
            answer = offices.consortium.send(caller, "GET", path, query=query)  # type: ignore[arg-type]
            assert answer.status_code == 200, answer.text
            found += [
                row[name.removesuffix("s") if name != "emergencies" else "emergency"] for row in answer.json()[name]
            ]
            if answer.json()["next"] is None:
                return found
            query["cursor"] = answer.json()["next"]

    assert listed(FIRE_READER, "/v1/requests", limit=2) == requests[::-1]
    assert listed(DECIDER, "/v1/requests", role="holder", state="requested") == requests[:0:-1]
    assert listed(DECIDER, "/v1/requests", role="reader") == []
    assert listed(DECIDER, "/v1/requests", item=9) == []
    assert listed(PROPERTY_KEY, "/v1/requests", agency=COMMUNITY, state="refused") == requests[:1]
    emergency = to_hex(offices.mine(offices.open()))
    assert listed(AUDIT_KEY, "/v1/emergencies", role="reviewer", item=2) == [emergency]
    assert listed(AUDIT_KEY, "/v1/emergencies", agency=AUDITOR, state="ended") == []
    consent = to_hex(offices.mine(offices.consent(key("person", 0))))
    assert listed(FIRE_READER, "/v1/consents", state="live") == [consent]
    assert listed(AUDIT_KEY, "/v1/consents", agency=COMMUNITY, role="holder") == [consent]
    others = offices.consortium.send(PROPERTY_KEY, "GET", "/v1/consents", query={"agency": COMMUNITY})
    assert others.status_code == 404
    assert offices.consortium.send(PUBLISHER, "GET", "/v1/requests", query={"role": "witness"}).status_code == 400


def test_a_consent_is_shown_to_those_who_have_a_part_in_it(offices: Offices) -> None:
    recorded = offices.consent(key("person", 0))
    path = f"/v1/consents/{to_hex(consent_id(recorded.message))}"
    for stands in ("received", "final"):
        for caller in (FIRE_READER, PUBLISHER, AUDIT_KEY):
            assert offices.consortium.send(caller, "GET", path).json()["stands"] == stands
        for caller in (PROPERTY_KEY, OTHER_PUBLISHER):
            assert offices.consortium.send(caller, "GET", path).status_code == 404
        if stands == "received":
            offices.mine(recorded)


@pytest.mark.parametrize("path", ["requests", "consents", "emergencies"])
def test_what_nobody_made_is_not_found(offices: Offices, path: str) -> None:
    assert offices.consortium.send(FIRE_READER, "GET", f"/v1/{path}/{to_hex(ZERO32)}").status_code == 404


def test_an_export_holds_received_actions_as_they_were_signed(offices: Offices) -> None:
    act = offices.open(OPENER, SUPERVISOR)
    offices.consortium.anchor_all()
    answer = offices.consortium.look(AUDIT_KEY, "/v1/export", item="", purpose="12")
    lines = [parse_tagged_line(line) for line in answer.text.splitlines()]
    (action,) = [parse_action(members) for tag, members in lines if tag == "action"]
    assert parse_counts(lines[-1][1]).actions == 1
    assert (action.action, action.message, len(action.signatures)) == ("OpenEmergency", act.message, 3)
    address = CONTRACT_ADDRESSES["EmergencyAccess"]
    assert message_digest(action.action, action.message, CHAIN_ID, address) == act.digest
