"""What the chain would refuse is refused at once, with a stable code, and nothing of it is kept."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.core.canonical import encode
from ledger.core.hexadecimal import to_hex
from ledger.core.typed_messages import message_to_json
from ledger.store.migrate import migrate
from tests import engines
from tests.api.consortium import Consortium, running_consortium
from tests.api.members import COMMUNITY, FIRE, FIRE_READER, PROPERTY, PUBLISHER, STRANGER, key
from tests.api.offices import (
    DAY,
    DECIDER,
    ITEM,
    NOBODY,
    OPENER,
    OTHER_REVIEWER,
    OWN_DECIDER,
    OWN_REVIEWER,
    REQUESTER,
    REVIEWER,
    SECOND,
    SHUT_ITEM,
    SUPERVISOR,
    ZERO32,
    Act,
    Offices,
)

pytestmark = pytest.mark.api
Try = Callable[[Offices], Act]
SOME = b"\7" * 32
PERSON = key("person", 0)


@pytest.fixture(scope="module")
def offices(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Offices]:
    """Offices that every case shares: what is refused leaves nothing behind."""
    dsn = engines.fresh_database(postgres)
    migrate(dsn)
    with running_consortium(dsn, Path(tmp_path_factory.mktemp("data"))) as made:
        yield Offices(made)
    engines.drop_database(dsn)


def asked(offices: Offices, **changes: Any) -> bytes:
    return offices.mine(offices.request(**changes))


def given(offices: Offices, **changes: Any) -> bytes:
    return offices.mine(offices.consent(key(os.urandom(4).hex(), 0), **changes))


def opened(offices: Offices, *signers: Any, **changes: Any) -> bytes:
    return offices.mine(offices.open(*signers, **changes))


def ended(offices: Offices) -> bytes:
    emergency = opened(offices)
    return offices.mine(offices.on("EndEmergency", emergency, OPENER))


def twice(act: Callable[[], Act]) -> Act:
    assert act().code == "taken"
    return act()


def revoke(offices: Offices, grant: bytes, signer: Any = DECIDER, **changes: Any) -> Act:
    return offices.act("RevokeGrant", {"grant": grant, "reason": 1, **changes}, signer)


def withdraw(offices: Offices, consent: bytes, signer: Any, **changes: Any) -> Act:
    said = {"consent": consent, "reason": 1, **changes}
    return offices.act("WithdrawConsent", said, signer, caller=PUBLISHER)


def review(offices: Offices, emergency: bytes, signer: Any = REVIEWER, **changes: Any) -> Act:
    return offices.on("ReviewEmergency", emergency, signer, **{"verdict": 1, "documentHash": SOME, **changes})


def witnessed(offices: Offices, signer: Any = PUBLISHER, **changes: Any) -> Act:
    said = {"controller": NOBODY, "capturedBy": COMMUNITY, "captureMode": 5, "nonce": 1 << 90, **changes}
    return offices.consent(signer, **said)


def same_case(offices: Offices) -> Act:
    case = os.urandom(32)
    return twice(lambda: offices.open(caseRef=case))


def same_tag(offices: Offices) -> Act:
    tag = os.urandom(32)
    return twice(lambda: offices.consent(key(os.urandom(4).hex(), 0), subjectTag=tag))


def same_nonce(offices: Offices) -> Act:
    return twice(lambda: offices.request(nonce=77 << 64))


def withdrawn_consent(offices: Offices) -> Act:
    person = key(os.urandom(4).hex(), 0)
    consent = offices.mine(offices.consent(person))
    assert withdraw(offices, consent, person).code == "taken"
    return offices.request(basis=1, basisRef=consent)


def decided_after_withdrawal(offices: Offices) -> Act:
    person = key(os.urandom(4).hex(), 0)
    consent = offices.mine(offices.consent(person))
    request = asked(offices, basis=1, basisRef=consent)
    assert withdraw(offices, consent, person).code == "taken"
    return offices.decide(request)


CASES: dict[str, tuple[Try, str]] = {
    "a signature by another key": (
        lambda o: o.act("WithdrawRequest", {"request": SOME}, REQUESTER, forged=DECIDER),
        "not_entitled",
    ),
    "a deadline before the promised block": (lambda o: o.request(deadline=o.consortium.now + 299), "statement_stale"),
    "a nonce that was used": (same_nonce, "nonce_unusable"),
    "a nonce behind one that is not known": (lambda o: o.request(nonce=(78 << 64) + 1), "nonce_unusable"),
    "a key without the role": (lambda o: o.request(DECIDER), "role_missing"),
    "a request of one's own records": (lambda o: o.request(holder=FIRE), "terms_refused"),
    "a request without scope": (lambda o: o.request(scopeHash=ZERO32), "format_invalid"),
    "a request without profile": (lambda o: o.request(profile=ZERO32), "terms_refused"),
    "a request until now": (lambda o: o.request(until=o.consortium.now), "terms_refused"),
    "a request on no basis": (lambda o: o.request(basis=8), "terms_refused"),
    "a request without reference": (lambda o: o.request(basisRef=ZERO32), "terms_refused"),
    "a request for an unknown item": (lambda o: o.request(item=99), "item_not_open"),
    "a request for an unconditional item": (lambda o: o.request(item=1), "item_not_open"),
    "a request for another purpose": (lambda o: o.request(purpose=3), "terms_refused"),
    "a request to nobody": (lambda o: o.request(holder=77), "terms_refused"),
    "a request to who does not publish": (lambda o: o.request(holder=PROPERTY), "terms_refused"),
    "a request for a profile of one's own": (lambda o: o.request(profile=SOME), "profile_not_listed"),
    "a request on no known consent": (lambda o: o.request(basis=1), "consent_unfit"),
    "a request on a withdrawn consent": (withdrawn_consent, "consent_unfit"),
    "a decision of nothing": (lambda o: o.decide(SOME), "not_found"),
    "a decision before the request is mined": (lambda o: o.decide(o.request().digest), "not_on_chain_yet"),
    "a decision by who asked": (lambda o: o.decide(asked(o), OWN_DECIDER), "self_decision"),
    "a second decision": (lambda o: (lambda r: twice(lambda: o.decide(r)))(asked(o)), "state_mismatch"),
    "a decision that is none": (lambda o: o.decide(asked(o), decision=3), "terms_refused"),
    "a grant with a reason": (lambda o: o.decide(asked(o), reason=1), "terms_refused"),
    "a grant without profile": (lambda o: o.decide(asked(o), profile=ZERO32), "terms_refused"),
    "a grant of another profile": (lambda o: o.decide(asked(o), profile=SOME), "profile_not_listed"),
    "a grant with unknown terms": (lambda o: o.decide(asked(o), terms=16), "terms_refused"),
    "a grant of sensitive data without an assessment": (
        lambda o: o.decide(asked(o), assessment=ZERO32),
        "terms_refused",
    ),
    "a grant for statistics only that opens what is personal": (lambda o: o.decide(asked(o), terms=4), "terms_refused"),
    "a grant whose data had to be destroyed before": (
        lambda o: o.decide(asked(o), destroyBy=o.consortium.now + 9),
        "terms_refused",
    ),
    "a grant of an unknown version": (lambda o: o.decide(asked(o), itemVersion=2), "item_not_open"),
    "a grant for too long": (lambda o: o.decide(asked(o), expiresAt=o.consortium.now + 400 * DAY), "terms_refused"),
    "a grant that has ended": (lambda o: o.decide(asked(o), expiresAt=o.consortium.now + 9), "terms_refused"),
    "a grant beyond its consent": (
        lambda o: o.decide(asked(o, basis=1, basisRef=given(o)), expiresAt=o.consortium.now + 61 * DAY),
        "terms_refused",
    ),
    "a grant on a withdrawn consent": (decided_after_withdrawal, "consent_unfit"),
    "a refusal with terms": (lambda o: o.refuse(asked(o), uses=1), "terms_refused"),
    "a refusal without reason": (lambda o: o.refuse(asked(o), reason=0), "terms_refused"),
    "a revocation by the reader": (lambda o: revoke(o, o.granted(), OWN_DECIDER), "not_party"),
    "a revocation of a request": (lambda o: revoke(o, asked(o)), "state_mismatch"),
    "a second revocation": (lambda o: (lambda g: twice(lambda: revoke(o, g)))(o.granted()), "state_mismatch"),
    "a revocation without reason": (lambda o: revoke(o, o.granted(), reason=0), "terms_refused"),
    "an end with another outcome": (
        lambda o: o.act("CloseGrant", {"grant": o.granted(), "outcome": 3}, REQUESTER),
        "terms_refused",
    ),
    "a consent without controller": (lambda o: o.consent(PERSON, controller=NOBODY), "terms_refused"),
    "a consent by a key that signed before": (lambda o: o.consent(PERSON, nonce=1), "nonce_unusable"),
    "a consent of an unknown mode": (lambda o: o.consent(PERSON, captureMode=6), "terms_refused"),
    "a consent witnessed by another agency": (lambda o: witnessed(o, capturedBy=FIRE), "not_party"),
    "a consent without evidence": (lambda o: witnessed(o, captureMode=3, evidenceHash=SOME), "document_missing"),
    "a witnessed consent without a second witness": (lambda o: witnessed(o, captureMode=3), "format_invalid"),
    "a consent without tag": (lambda o: o.consent(PERSON, subjectTag=ZERO32), "terms_refused"),
    "a consent without evidence hash": (lambda o: o.consent(PERSON, evidenceHash=ZERO32), "terms_refused"),
    "a consent to no categories": (lambda o: o.consent(PERSON, categories=0), "terms_refused"),
    "a consent to what its text does not say": (lambda o: o.consent(PERSON, categories=4), "terms_refused"),
    "a consent that has ended": (lambda o: o.consent(PERSON, validUntil=o.consortium.now), "terms_refused"),
    "a consent for no purpose": (lambda o: o.consent(PERSON, purpose=0), "terms_refused"),
    "a consent to nobody": (lambda o: o.consent(PERSON, recipient=77), "terms_refused"),
    "a consent under a used tag": (same_tag, "state_mismatch"),
    "a withdrawal by another key": (lambda o: withdraw(o, given(o), PERSON), "not_party"),
    "a withdrawal by another agency": (lambda o: withdraw(o, o.mine(witnessed(o)), FIRE_READER), "not_party"),
    "a withdrawal without reason": (
        lambda o: withdraw(o, o.mine(o.consent(p := key("r", 0))), p, reason=0),
        "terms_refused",
    ),
    "an opening without case": (lambda o: o.open(caseRef=ZERO32), "terms_refused"),
    "an opening nowhere": (lambda o: o.open(region=0), "terms_refused"),
    "an opening without reason": (lambda o: o.open(reason=0), "terms_refused"),
    "an opening for too long": (lambda o: o.open(expiresAt=o.consortium.now + 4 * DAY), "terms_refused"),
    "an opening of nothing": (lambda o: o.open(items=()), "terms_refused"),
    "an opening of one item twice": (lambda o: o.open(items=(ITEM, ITEM)), "terms_refused"),
    "an opening of what is never shared": (lambda o: o.open(items=(ITEM, SHUT_ITEM)), "item_not_open"),
    "an opening of the same case again": (same_case, "co_signature_required"),
    "an opening that one key supervises": (lambda o: o.open(OPENER, OPENER), "same_key"),
    "an opening that another agency supervises": (lambda o: o.open(OPENER, SECOND), "not_party"),
    "an opening whose second agency is the first": (
        lambda o: o.open(OPENER, key("fire supervisor", 3), SUPERVISOR),
        "same_key",
    ),
    "an opening by a key without the role": (lambda o: o.open(REQUESTER), "role_missing"),
    "a co-signature by the opener": (lambda o: o.on("CoSignEmergency", opened(o), OPENER), "same_key"),
    "a co-signature by another agency": (lambda o: o.on("CoSignEmergency", opened(o), SECOND), "not_party"),
    "a second co-signature": (
        lambda o: o.on("CoSignEmergency", opened(o, OPENER, SUPERVISOR), SUPERVISOR),
        "state_mismatch",
    ),
    "a co-signature after the end": (lambda o: o.on("CoSignEmergency", ended(o), SUPERVISOR), "state_mismatch"),
    "an end by another agency": (lambda o: o.on("EndEmergency", opened(o), SECOND), "not_party"),
    "a second end": (lambda o: (lambda e: twice(lambda: o.on("EndEmergency", e, OPENER)))(opened(o)), "state_mismatch"),
    "an end of nothing": (lambda o: o.on("EndEmergency", SOME, OPENER), "not_found"),
    "a review by the opener's agency": (lambda o: review(o, ended(o), OWN_REVIEWER), "self_review"),
    "a review by who was not assigned": (lambda o: review(o, ended(o), OTHER_REVIEWER), "not_party"),
    "a review before the end": (lambda o: review(o, opened(o)), "state_mismatch"),
    "a review without verdict": (lambda o: review(o, ended(o), verdict=4), "terms_refused"),
    "a review without document": (lambda o: review(o, ended(o), documentHash=ZERO32), "terms_refused"),
    "a second review that is not adverse": (
        lambda o: (lambda e: twice(lambda: review(o, e)))(ended(o)),
        "state_mismatch",
    ),
    "a notice by another agency": (lambda o: o.on("NoteNotified", ended(o), SECOND, documentHash=SOME), "not_party"),
    "a second notice": (
        lambda o: (lambda e: twice(lambda: o.on("NoteNotified", e, OPENER, documentHash=SOME)))(ended(o)),
        "state_mismatch",
    ),
    "a notice put off for too long": (
        lambda o: o.on("DeferNotice", opened(o), OPENER, until=o.consortium.now + 91 * DAY, reason=1),
        "terms_refused",
    ),
    "a second destruction": (
        lambda o: (lambda e: twice(lambda: o.on("NoteDestroyed", e, OPENER, documentHash=SOME)))(ended(o)),
        "state_mismatch",
    ),
    "data that is kept twice": (
        lambda o: (lambda e: twice(lambda: o.on("KeepData", e, OPENER, assessment=SOME)))(ended(o)),
        "state_mismatch",
    ),
    "data that is kept for no reason": (
        lambda o: o.on("KeepData", ended(o), OPENER, assessment=ZERO32),
        "terms_refused",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_the_chain_would_refuse_is_refused_at_once(offices: Offices, case: str) -> None:
    attempt, code = CASES[case]
    refused = attempt(offices)
    assert refused.code == code, refused.answer.text
    path = f"/v1/actions/{to_hex(refused.digest)}"
    assert offices.consortium.send(FIRE_READER, "GET", path).status_code == 404
    with offices.consortium.store.begin() as transaction:
        assert transaction.action(refused.digest) is None


def test_a_request_needs_its_scope_here(offices: Offices) -> None:
    message = offices.request(nonce=5).message | {"nonce": 6 << 64, "scopeHash": SOME}
    assert offices.send("RequestAccess", message, REQUESTER).code == "document_missing"


def test_documents_that_the_message_does_not_name_are_refused(offices: Offices) -> None:
    message = offices.request(nonce=5).message | {"nonce": 6 << 64}
    assert offices.send("RequestAccess", message, REQUESTER, documents=["{}"]).code == "format_invalid"


def test_an_emergency_is_not_co_signed_once_it_has_run_out(offices: Offices) -> None:
    emergency = opened(offices, expiresAt=offices.consortium.now + 400)
    offices.consortium.advance(401)
    assert offices.on("CoSignEmergency", emergency, SUPERVISOR).code == "state_mismatch"
    assert review(offices, emergency).code == "taken"


def test_more_overdue_reviews_than_allowed_need_a_second_agency(consortium: Consortium) -> None:
    offices = Offices(consortium)
    for _ in range(3):
        opened(offices, expiresAt=consortium.now + 3_600)
    consortium.advance(16 * DAY)
    consortium.add_block()
    assert offices.open().code == "second_agency_required"
    assert offices.open(OPENER, SUPERVISOR, SECOND).code == "taken"
    assert offices.open(OPENER, SUPERVISOR, REVIEWER).code == "role_missing"


def test_a_review_that_falls_due_before_the_promised_block_counts(consortium: Consortium) -> None:
    offices = Offices(consortium)
    for _ in range(3):
        opened(offices, expiresAt=consortium.now + 3_600)
    due = max(one.review_due_at for one in consortium.gateway_history().emergencies.values())
    consortium.advance(due - 301 - consortium.now)
    consortium.add_block()
    assert offices.open().code == "taken"
    consortium.advance(1)
    assert offices.open().code == "second_agency_required"


def test_without_a_reviewer_nothing_opens_and_a_substitute_takes_over(consortium: Consortium) -> None:
    offices = Offices(consortium)
    emergency = ended(offices)
    suspended = {"agency": 5, "status": 2}
    consortium.add_block([("AgencyRegistry", "AgencyStatusSet", suspended)])
    assert offices.open().code == "reviewer_missing"
    assert review(offices, emergency, OTHER_REVIEWER).code == "not_party"
    substitute = {"name": "reviewAgencySubstitute", "value": PROPERTY}
    consortium.add_block([("Parameters", "ParameterSet", substitute)])
    assert review(offices, emergency, OTHER_REVIEWER).code == "taken"
    assert offices.open().code == "taken"


def test_a_suspended_agency_withdraws_what_it_witnessed(consortium: Consortium) -> None:
    offices = Offices(consortium)
    consent = offices.mine(witnessed(offices))
    consortium.add_block([("AgencyRegistry", "AgencyStatusSet", {"agency": COMMUNITY, "status": 2})])
    said = {"consent": consent, "reason": 1}
    assert offices.act("WithdrawConsent", said, PUBLISHER, caller=FIRE_READER).code == "taken"


def test_what_a_paused_contract_would_refuse_is_not_promised_and_endings_are(consortium: Consortium) -> None:
    offices = Offices(consortium)
    request, consent = asked(offices), offices.mine(witnessed(offices))
    until = consortium.now + 3_600
    for contract in ("AccessLedger", "ConsentRegistry"):
        consortium.add_block([(contract, "PauseSet", {"agency": FIRE, "until": until})])
    assert offices.request(nonce=77 << 64).code == "contract_paused"
    assert witnessed(offices).code == "contract_paused"
    ending = offices.act("WithdrawConsent", {"consent": consent, "reason": 1}, PUBLISHER, caller=FIRE_READER)
    assert ending.code == "taken"
    assert offices.act("WithdrawRequest", {"request": request}, REQUESTER).code == "taken"
    consortium.advance(3_601)
    consortium.add_block()
    assert offices.request(nonce=78 << 64).code == "taken"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"action": "RetireKey"}, "format_invalid"),
        ({"action": "BindKey"}, "format_invalid"),
        ({"action": 5}, "format_invalid"),
        ({"signatures": []}, "format_invalid"),
        ({"signatures": ["0x"]}, "format_invalid"),
        ({"documents": ["{}"] * 9}, "format_invalid"),
        ({"documents": [{}]}, "format_invalid"),
        ({"remark": 1}, "format_invalid"),
    ],
)
def test_other_shapes_are_refused(offices: Offices, changes: dict[str, Any], code: str) -> None:
    message = offices.request(REQUESTER, nonce=9).message
    signature = to_hex(REQUESTER.sign_digest(SOME))
    body = {"action": "RequestAccess", "message": message_to_json("RequestAccess", message), "signatures": [signature]}
    answer = offices.consortium.send(FIRE_READER, "POST", "/v1/actions", body=encode(body | changes))
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_message_without_a_first_signer_is_refused(offices: Offices) -> None:
    assert offices.act("WithdrawRequest", {"request": SOME, "key": NOBODY}, REQUESTER).code == "format_invalid"


def test_who_is_no_member_hands_nothing_over(offices: Offices) -> None:
    request = offices.act("WithdrawRequest", {"request": SOME}, REQUESTER, caller=STRANGER)
    assert request.answer.status_code == 403
