"""Attacks on consents at the gateway: what somebody tries who wants to see a person without that person's consent."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.core.codes import AgencyKind, CaptureMode, Purpose, Role
from ledger.core.consent_documents import ConsentText, SecondWitness
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.scope import Scope
from ledger.core.verdict import Verdict
from ledger.services.erase import TAG_SECONDS, forget_tags
from tests.api.consortium import Consortium, bound
from tests.api.members import BEGINNING, COMMUNITY, FIRE, FIRE_READER, OTHER, PUBLISHER, Key, key
from tests.api.offices import DAY, NOBODY, Act, Offices, fresh_evidence, fresh_scope, text_of
from tests.api.persons import CARE, OTHER_ID, ask, care_content, care_draft, opening, publish_care
from tests.api.test_audited import audited
from tests.api.test_grants import (
    CARE_PROFILE,
    CARE_TEXT,
    by_consent,
    care_consent,
    care_look,
    caring,
    granted_by_consent,
    granted_elsewhere,
    offices,
)
from tests.api.test_looks import path_of, refused
from tests.api.test_who_looked import as_resident, subject_of

pytestmark = pytest.mark.api
__all__ = ["caring", "offices"]
FIRE_SUBMIT, WITNESS = key("fire submit", FIRE, Role.SUBMIT), key("community witness", COMMUNITY, Role.READ)
CHILD_ID, FOURTEEN_ID = "990101201301160019", "990101201301150013"
"""Born a day less than 14 years, and 14 years, before the tests begin."""
SAID_BY_FIRE = {"controller": NOBODY, "capturedBy": FIRE, "captureMode": 5, "nonce": 1 << 90}


def corrected_to_another_person(consortium: Consortium) -> bytes:
    """Publish a record about one person, then its correction, which is about the person of consents; returns its id."""
    mine, of_another = (subject_of(consortium, about) for about in (opening(), opening(OTHER_ID)))
    wrong = care_content(of_another)
    made = care_draft(consortium, wrong)
    assert consortium.publish(made).status_code == 202
    right = replace(
        wrong,
        version=2,
        previous=made.committed[0].record_root,
        salt_secret=os.urandom(32),
        originals=dict(wrong.originals) | {"/subject": mine},
    )
    assert consortium.publish(care_draft(consortium, right)).status_code == 202
    return wrong.record_id


@pytest.mark.parametrize("path", ["", "/bundle"])
def test_a_consent_opens_no_earlier_version_that_named_another_person(caring: Offices, path: str) -> None:
    consortium = caring.consortium
    record = corrected_to_another_person(consortium)
    _, grant = granted_by_consent(caring, key("a resident", 0))
    consortium.anchor_all()
    said = by_consent(grant)
    where = path_of(record) + path
    assert consortium.look(FIRE_READER, where, {"version": 2}, **said).status_code == 200
    refused(consortium.look(FIRE_READER, where, {"version": 1}, **said), 8, "basis_incomplete")
    assert care_look(caring, grant, where).status_code == 200


@pytest.mark.parametrize("path", ["", "/bundle"])
def test_a_resident_sees_no_earlier_version_that_named_another_person(caring: Offices, path: str) -> None:
    consortium = caring.consortium
    record = corrected_to_another_person(consortium)
    consortium.anchor_all()
    where = path_of(record) + path
    assert as_resident(consortium, where, opening(), query={"version": 2}, item=str(CARE)).status_code == 200
    # The one whom the wrong version named has no part in the record any more.
    for identity, version in ((opening(), 1), (opening(OTHER_ID), 1), (opening(OTHER_ID), 2)):
        answer = as_resident(consortium, where, identity, query={"version": version}, item=str(CARE))
        refused(answer, 5, "no_authority")
    page = as_resident(consortium, "/v1/records", opening(), item=str(CARE)).json()
    assert [(view["recordId"], view["version"]) for view in page["views"]] == [(to_hex(record), 2)]


# --- consents that nobody gave ---


@pytest.fixture
def recipient(caring: Offices) -> Offices:
    """Offices whose fire brigade can publish, and so take consents; the community has somebody who stands by."""
    caring.consortium.add_block([("AgencyRegistry", "KeyBound", bound(held)) for held in (FIRE_SUBMIT, WITNESS)])
    return caring


def tag_for(offices: Offices, recipient: int, purpose: int = 7, caller: Key = FIRE_SUBMIT) -> str:
    more = {"recipient": recipient}
    made = ask(offices.consortium, caller, "/v1/subject-tags", more=more, item="", purpose=str(purpose))
    assert made.status_code == 200, made.text
    return str(made.json()["subjectTag"])


def record_of_a_person(offices: Offices) -> bytes:
    return publish_care(offices.consortium, subject_of(offices.consortium, opening()))


@pytest.mark.parametrize(("recipient_of_tag", "purpose"), [(COMMUNITY, 1), (COMMUNITY, 7)])
def test_a_tag_for_another_recipient_or_purpose_makes_no_consent(
    recipient: Offices, recipient_of_tag: int, purpose: int
) -> None:
    tag = tag_for(recipient, recipient_of_tag, purpose)
    taken = care_consent(recipient, key("not the resident", 0), tag=tag)
    assert taken.code == "terms_refused"
    assert "another recipient or purpose" in taken.answer.json()["detail"]


def test_a_tag_of_the_purpose_that_was_asked_for_serves_no_other(recipient: Offices) -> None:
    tag = tag_for(recipient, FIRE, 1, PUBLISHER)
    assert care_consent(recipient, key("a resident", 0), tag=tag).code == "terms_refused"


def test_a_tag_that_is_not_here_makes_no_consent_and_a_fresh_one_does(recipient: Offices) -> None:
    person, tag = key("a resident", 0), tag_for(recipient, FIRE, caller=PUBLISHER)
    recipient.consortium.advance(TAG_SECONDS + 1)
    with recipient.consortium.store.begin() as opened:
        history = recipient.consortium.gateway.facts.history(opened)
        assert forget_tags(opened, history, recipient.consortium.now) == 1
    for one in (tag, to_hex(os.urandom(32))):
        taken = care_consent(recipient, person, tag=one)
        assert taken.code == "terms_refused"
        assert "ask this gateway for a fresh tag" in taken.answer.json()["detail"]
    assert care_consent(recipient, person).code == "taken"


def test_a_tag_waits_for_a_consent_that_is_witnessed_weeks_later(recipient: Offices) -> None:
    tag = tag_for(recipient, FIRE, caller=PUBLISHER)
    recipient.consortium.advance(TAG_SECONDS)
    with recipient.consortium.store.begin() as opened:
        history = recipient.consortium.gateway.facts.history(opened)
        assert forget_tags(opened, history, recipient.consortium.now) == 0
    assert care_consent(recipient, key("a resident", 0), tag=tag).code == "taken"


def test_no_recipient_takes_a_consent_to_itself(recipient: Offices) -> None:
    tag = tag_for(recipient, FIRE, caller=PUBLISHER)
    assert care_consent(recipient, FIRE_SUBMIT, tag=tag, **SAID_BY_FIRE).code == "self_consent"


def test_a_text_for_other_recipients_makes_no_consent(caring: Offices) -> None:
    text = replace(CARE_TEXT, recipient_kinds=(AgencyKind.HOSPITAL,))
    refusal = care_consent(caring, key("a resident", 0), text=text)
    assert refusal.code == "terms_refused"
    assert "recipients of this kind" in refusal.answer.json()["detail"]


def test_nothing_rests_on_a_statutory_notice(caring: Offices) -> None:
    by_community = {"controller": NOBODY, "capturedBy": COMMUNITY, "captureMode": 5, "nonce": 1 << 90}
    notice = caring.mine(care_consent(caring, PUBLISHER, **by_community))
    request = caring.request(item=CARE, purpose=7, basis=1, basisRef=notice, profile=CARE_PROFILE)
    assert request.code == "consent_unfit"
    assert "statutory notice" in request.answer.json()["detail"]


def test_sensitive_data_takes_a_text_of_its_own(caring: Offices) -> None:
    bundled = replace(CARE_TEXT, purposes=(Purpose.INCIDENT_RESPONSE, Purpose.CARE))
    refusal = care_consent(caring, key("a resident", 0), text=bundled)
    assert refusal.code == "terms_refused"
    assert "separate consent" in refusal.answer.json()["detail"]
    assert care_consent(caring, key("a resident", 0), text=bundled, categories=2).code == "taken"


def test_a_guardian_consents_for_a_child(caring: Offices) -> None:
    def tag(identity: str) -> str:
        more = {"recipient": FIRE}
        made = ask(caring.consortium, PUBLISHER, "/v1/subject-tags", opening(identity), more=more, item="")
        return str(made.json()["subjectTag"])

    own, guardians, grown = tag(CHILD_ID), tag(CHILD_ID), tag(FOURTEEN_ID)
    refusal = care_consent(caring, key("a child", 0), tag=own)
    assert refusal.code == "terms_refused"
    assert "under 14" in refusal.answer.json()["detail"]
    by_desk = {"controller": NOBODY, "capturedBy": COMMUNITY, "captureMode": 5, "nonce": 1 << 90}
    assert care_consent(caring, PUBLISHER, tag=own, **by_desk).code == "terms_refused"
    assert care_consent(caring, key("a mother", 0), tag=guardians, captureMode=2).code == "taken"
    assert care_consent(caring, key("fourteen", 0), tag=grown).code == "taken"


# --- what the gateway never saw: sent straight to the contracts, which read hashes only ---


def on_chain(offices: Offices, tag: str, scope: Scope, **changes: Any) -> bytes:
    """Let the chain show a consent that no gateway took; returns its id."""
    consent = os.urandom(32)
    args = {
        "consent": to_hex(consent),
        "recipient": FIRE,
        "holder": COMMUNITY,
        "subjectTag": tag,
        "categories": 6,
        "purpose": 7,
        "scopeHash": to_hex(scope.hash),
        "textHash": to_hex(CARE_TEXT.hash),
        "evidenceHash": to_hex(os.urandom(32)),
        "controller": NOBODY,
        "capturedBy": COMMUNITY,
        "captureMode": int(CaptureMode.ASSISTED),
        "validFrom": BEGINNING,
        "validUntil": BEGINNING + 60 * DAY,
    }
    offices.consortium.add_block([("ConsentRegistry", "ConsentRecorded", args | changes)])
    return consent


def keep(offices: Offices, *documents: Any) -> None:
    """Let documents be here, however they came."""
    with offices.consortium.store.begin() as opened:
        for one in documents:
            opened.add_document(one.hash, "application/json", text_of(one.document).encode(), BEGINNING)


def assisted(tag: str, witness: Key | None, text: ConsentText) -> Any:
    """Evidence of a consent that the community took, witnessed by a key of it."""
    said = {"captureMode": int(CaptureMode.ASSISTED), "subjectTag": from_hex(tag, 32), "textHash": text.hash}
    bare = fresh_evidence(said)
    if witness is None:
        return bare
    return replace(bare, witness=SecondWitness(COMMUNITY, witness.address, witness.sign_digest(bare.witnessed_digest)))


def without_documents(offices: Offices, tag: str, scope: Scope) -> bytes:
    return on_chain(offices, tag, scope, textHash=to_hex(os.urandom(32)), captureMode=3)


def without_evidence(offices: Offices, tag: str, scope: Scope) -> bytes:
    return on_chain(offices, tag, scope)


def with_a_document_that_is_no_evidence(offices: Offices, tag: str, scope: Scope) -> bytes:
    return on_chain(offices, tag, scope, evidenceHash=to_hex(scope.hash))


def witnessed_by(witness: Key | None) -> Callable[[Offices, str, Scope], bytes]:
    def record(offices: Offices, tag: str, scope: Scope) -> bytes:
        evidence = assisted(tag, witness, CARE_TEXT)
        keep(offices, evidence)
        return on_chain(offices, tag, scope, evidenceHash=to_hex(evidence.hash))

    return record


def taken_by_its_recipient(offices: Offices, tag: str, scope: Scope) -> bytes:
    evidence = assisted(tag, WITNESS, CARE_TEXT)
    keep(offices, evidence)
    return on_chain(offices, tag, scope, evidenceHash=to_hex(evidence.hash), capturedBy=FIRE)


def shown_for_hospitals(offices: Offices, tag: str, scope: Scope) -> bytes:
    text = replace(CARE_TEXT, recipient_kinds=(AgencyKind.HOSPITAL,))
    evidence = assisted(tag, WITNESS, text)
    keep(offices, text, evidence)
    return on_chain(offices, tag, scope, evidenceHash=to_hex(evidence.hash), textHash=to_hex(text.hash))


def only_a_notice(offices: Offices, tag: str, scope: Scope) -> bytes:
    said = {"captureMode": 5, "subjectTag": from_hex(tag, 32), "textHash": CARE_TEXT.hash}
    evidence = fresh_evidence(said)
    keep(offices, evidence)
    return on_chain(offices, tag, scope, evidenceHash=to_hex(evidence.hash), captureMode=5)


def asked_on(offices: Offices, consent: bytes, scope: Scope) -> Act:
    said = {"item": CARE, "purpose": 7, "basis": 1, "basisRef": consent, "profile": CARE_PROFILE}
    return offices.request(scope=scope, **said)


def granted_on_chain(offices: Offices, consent: bytes, scope: Scope) -> bytes:
    said = {"item": CARE, "purpose": 7, "basis": 1, "basisRef": to_hex(consent), "profile": to_hex(CARE_PROFILE)}
    return granted_elsewhere(offices, **said, scopeHash=to_hex(scope.hash))


def question_by(offices: Offices, consent: bytes) -> Any:
    return ask(offices.consortium, FIRE_READER, "/v1/coverage", basis="1", basis_ref=to_hex(consent))


@pytest.mark.parametrize(
    "recorded",
    [
        without_documents,
        without_evidence,
        with_a_document_that_is_no_evidence,
        witnessed_by(None),
        witnessed_by(PUBLISHER),
        witnessed_by(key("nobody known", COMMUNITY, Role.READ)),
        taken_by_its_recipient,
        shown_for_hospitals,
        only_a_notice,
    ],
)
def test_nothing_rests_on_a_consent_whose_evidence_does_not_bear_it(
    recipient: Offices, recorded: Callable[[Offices, str, Scope], bytes]
) -> None:
    record, scope = record_of_a_person(recipient), fresh_scope()
    keep(recipient, scope, CARE_TEXT)
    consent = recorded(recipient, tag_for(recipient, FIRE, caller=PUBLISHER), scope)
    assert asked_on(recipient, consent, scope).code == "consent_unfit"
    grant = granted_on_chain(recipient, consent, scope)
    refused(care_look(recipient, grant, path_of(record)), 8, "basis_incomplete")
    refused(care_look(recipient, grant), 8, "basis_incomplete")
    refused(question_by(recipient, consent), 8, "basis_incomplete")


def test_a_consent_that_another_gateway_took_opens_once_its_evidence_is_here(
    recipient: Offices, tmp_path: Path
) -> None:
    record, scope = record_of_a_person(recipient), fresh_scope()
    tag = tag_for(recipient, FIRE, caller=PUBLISHER)
    evidence = assisted(tag, WITNESS, CARE_TEXT)
    consent = on_chain(recipient, tag, scope, evidenceHash=to_hex(evidence.hash))
    keep(recipient, scope, CARE_TEXT)
    assert asked_on(recipient, consent, scope).code == "consent_unfit"
    keep(recipient, evidence)
    assert asked_on(recipient, consent, scope).code == "taken"
    grant = granted_on_chain(recipient, consent, scope)
    assert care_look(recipient, grant, path_of(record)).status_code == 200
    assert question_by(recipient, consent).status_code == 200
    report = audited(recipient.consortium, tmp_path / "export")
    assert (report.verdict, report.failures) == (Verdict.VERIFIED, ())


@pytest.mark.parametrize(("to", "purpose"), [(OTHER, 7), (FIRE, 1)])
def test_a_tag_opens_nothing_by_a_consent_that_it_was_not_made_for(recipient: Offices, to: int, purpose: int) -> None:
    record, scope = record_of_a_person(recipient), fresh_scope()
    tag = tag_for(recipient, to, purpose, PUBLISHER)
    evidence = assisted(tag, WITNESS, CARE_TEXT)
    keep(recipient, scope, CARE_TEXT, evidence)
    consent = on_chain(recipient, tag, scope, evidenceHash=to_hex(evidence.hash))
    grant = granted_on_chain(recipient, consent, scope)
    refused(care_look(recipient, grant, path_of(record)), 8, "basis_incomplete")
    page = care_look(recipient, grant)
    assert page.json()["views"] == []
