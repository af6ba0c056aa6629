"""Consents in the audit: their evidence and its second witness, and which are drawn for a recheck."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.core.audit.consents import drawn_for_recheck
from ledger.core.audit.looks import CONSENT_UNREAD
from ledger.core.codes import AgencyKind, CaptureMode
from ledger.core.consent_documents import Evidence, SecondWitness
from ledger.core.hexadecimal import to_hex
from ledger.core.history import History
from ledger.core.keccak import keccak256
from ledger.core.received import consent_id
from ledger.core.signature import sign_digest
from ledger.core.typed_messages import message_to_json
from ledger.core.verdict import Verdict
from tests.simulated_authorities import NOBODY, SCOPE, SHARED, TEXT, AuthorityLedger, evidence_of
from tests.simulated_chain import binding_args
from tests.simulated_consortium import FOREVER, PUBLISHER, READER, address, number32, private_key
from tests.unit.audit.auditing import Audited, audit
from tests.unit.audit.authorities import GATEWAY_1, audited
from tests.unit.audit.test_queries import by_consent

pytestmark = pytest.mark.unit
WITNESS = "publisher-reads"
CAPTURED = f"agency {PUBLISHER}"


def said_of(mode: CaptureMode, evidence_hash: bytes, **changes: Any) -> dict[str, Any]:
    captured = mode >= CaptureMode.WITNESSED_PAPER
    return {
        "subjectTag": number32("tag"),
        "recipient": READER,
        "holder": PUBLISHER,
        "categories": 0b110,
        "purpose": 2,
        "scopeHash": SCOPE.hash,
        "textHash": number32("text"),
        "evidenceHash": evidence_hash,
        "controller": NOBODY if captured else address("person"),
        "capturedBy": PUBLISHER if captured else 0,
        "captureMode": int(mode),
        "validFrom": 0,
        "validUntil": FOREVER,
        "salt": number32("salt"),
        **changes,
    }


def evidence_by(witness: str, agency: int = PUBLISHER, **changes: Any) -> Evidence:
    bare = Evidence(number32("salt"), CaptureMode.ASSISTED, number32("tag"), number32("text"))
    bare = replace(bare, **changes)
    signature = sign_digest(bare.witnessed_digest, private_key(witness))
    return replace(bare, witness=SecondWitness(agency, address(witness), signature))


def taken(
    ledger: AuthorityLedger, mode: CaptureMode, evidence_hash: bytes, signer: str = "publisher", **changes: Any
) -> bytes:
    """Let the gateway take a consent, and the chain record it; returns its id."""
    entry = ledger.receive("RecordConsent", said_of(mode, evidence_hash, **changes), signer)
    assert entry.action is not None
    message = entry.action.message
    args = {"consent": to_hex(consent_id(message)), **message_to_json("RecordConsent", message)}
    ledger.mine([("ConsentRegistry", "ConsentRecorded", args)])
    return consent_id(message)


def judged(folder: Path, evidence: Evidence, before: Callable[[AuthorityLedger], None] = lambda _: None) -> Audited:
    ledger = AuthorityLedger()
    before(ledger)
    ledger.keep(evidence.document)
    taken(ledger, evidence.capture_mode, evidence.hash)
    return audited(ledger, folder)


def test_a_consent_that_another_person_witnessed_passes(tmp_path: Path) -> None:
    found = judged(tmp_path, evidence_by(WITNESS))
    assert found.report.verdict is Verdict.VERIFIED
    assert found.passed("consent.evidence") == 1


@pytest.mark.parametrize(
    ("witness", "agency", "actual"),
    [
        ("publisher", PUBLISHER, "not the signer"),
        ("stranger", PUBLISHER, "not bound to any agency"),
        ("reader", PUBLISHER, f"bound to agency {READER}"),
    ],
)
def test_an_agency_answers_for_a_second_witness_who_was_none(
    tmp_path: Path, witness: str, agency: int, actual: str
) -> None:
    found = judged(tmp_path, evidence_by(witness, agency))
    found.require("consent.evidence", CAPTURED, actual)
    assert found.failed == {"consent.evidence"}


def test_a_witness_whose_key_had_ended_was_none_and_one_whose_key_ends_later_was(tmp_path: Path) -> None:
    def retire(ledger: AuthorityLedger) -> None:
        ledger.mine([("AgencyRegistry", "KeyRetired", {"key": address(WITNESS), "agency": PUBLISHER})])

    judged(tmp_path / "before", evidence_by(WITNESS), retire).require("consent.evidence", CAPTURED, "retired")
    ledger, evidence = AuthorityLedger(), evidence_by(WITNESS)
    ledger.keep(evidence.document)
    taken(ledger, CaptureMode.ASSISTED, evidence.hash)
    retire(ledger)
    assert audited(ledger, tmp_path / "after").report.verdict is Verdict.VERIFIED


def test_an_agency_answers_for_evidence_of_another_consent(tmp_path: Path) -> None:
    found = judged(tmp_path, evidence_by(WITNESS, subject_tag=number32("another tag")))
    found.require("consent.evidence", CAPTURED, "subjectTag is not the consent's")


def test_an_agency_answers_for_a_witness_who_did_not_sign(tmp_path: Path) -> None:
    honest = evidence_by(WITNESS)
    assert honest.witness is not None
    forged = replace(honest, witness=replace(honest.witness, key=address("publisher-decides")))
    judged(tmp_path, forged).require("consent.evidence", CAPTURED, "another key")


def test_a_gateway_answers_for_evidence_that_is_not_there_or_is_none(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    taken(ledger, CaptureMode.ASSISTED, number32("no document"))
    audited(ledger, tmp_path / "missing").require("consent.evidence", GATEWAY_1, "not in the export")
    ledger = AuthorityLedger()
    taken(ledger, CaptureMode.OWN_KEY, SCOPE.hash, "person")
    audited(ledger, tmp_path / "another").require("consent.evidence", GATEWAY_1)


def test_evidence_that_is_no_json_is_a_fault(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    wrong = "no json"
    ledger.documents[to_hex(keccak256(wrong.encode()))] = wrong
    taken(ledger, CaptureMode.ASSISTED, keccak256(wrong.encode()))
    audited(ledger, tmp_path).require("consent.evidence", CAPTURED, "another document")


def test_evidence_of_a_persons_own_consent_needs_no_witness(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    own = Evidence(number32("salt"), CaptureMode.OWN_KEY, number32("tag"), number32("text"))
    ledger.keep(own.document)
    taken(ledger, CaptureMode.OWN_KEY, own.hash, "person")
    found = audited(ledger, tmp_path)
    assert found.report.verdict is Verdict.VERIFIED
    assert found.report.recheck == []


# --- consents on which looks rest, and which this gateway never took ---


def without_a_text(ledger: AuthorityLedger) -> bytes:
    return ledger.consent(textHash=to_hex(number32("no text")))


def without_evidence(ledger: AuthorityLedger) -> bytes:
    return ledger.consent(evidenceHash=to_hex(number32("no evidence")))


def taken_by_its_recipient(ledger: AuthorityLedger) -> bytes:
    return ledger.consent(capturedBy=READER)


def only_a_notice(ledger: AuthorityLedger) -> bytes:
    return ledger.consent(captureMode=int(CaptureMode.STATUTORY_NOTICE))


def shown_for_hospitals(ledger: AuthorityLedger) -> bytes:
    text = replace(TEXT, recipient_kinds=(AgencyKind.HOSPITAL,))
    ledger.keep(text.document)
    return ledger.consent(textHash=to_hex(text.hash))


def witnessed_by_one_who_may_have_signed(ledger: AuthorityLedger) -> bytes:
    evidence = evidence_of("consent", CaptureMode.WITNESSED_PAPER, witness="publisher")
    ledger.keep(evidence.document)
    return ledger.consent(evidenceHash=to_hex(evidence.hash))


@pytest.mark.parametrize(
    ("recorded", "why"),
    [
        (without_a_text, "its text is not here"),
        (without_evidence, "its evidence is not here"),
        (taken_by_its_recipient, "is its recipient"),
        (only_a_notice, "a statutory notice is no consent"),
        (shown_for_hospitals, "recipients of this kind"),
        (witnessed_by_one_who_may_have_signed, "may be the one who signed"),
    ],
)
def test_a_gateway_answers_for_a_look_on_a_consent_that_does_not_bear_it(
    recorded: Callable[[AuthorityLedger], bytes], why: str, tmp_path: Path
) -> None:
    ledger = AuthorityLedger()
    ledger.consented_look(ledger.grant_by_consent(recorded(ledger)), 2)
    found = audited(ledger, tmp_path)
    found.require("consent.evidence", GATEWAY_1, why)
    found.require("look.decision", GATEWAY_1, "basis_incomplete")
    assert found.blamed == {GATEWAY_1}


@pytest.mark.parametrize("is_before", [True, False])
def test_in_an_export_that_continues_another_a_consent_recorded_since_may_have_been_received_before(
    is_before: bool, tmp_path: Path
) -> None:
    ledger = AuthorityLedger()
    consent = witnessed_by_one_who_may_have_signed(ledger) if is_before else None
    ledger.submit(4, item=SHARED)
    first = audited(ledger, tmp_path / "first")
    assert first.state is not None
    consent = consent or witnessed_by_one_who_may_have_signed(ledger)
    ledger.submit(5, item=SHARED)
    ledger.consented_look(ledger.grant_by_consent(consent), 5)
    by_consent(ledger, consent)
    ledger.anchor()
    export = ledger.export()
    for lines in (export.entries, export.records, export.looks, export.actions):
        lines[:] = [line for line in lines if line["sequence"] > first.state.sequence]
    found = audit(ledger, tmp_path / "second", export, since=first.state)
    assert found.failed == set()
    assert (f"{CONSENT_UNREAD} (2)" in found.report.notices) is not is_before


def test_who_signed_a_consent_that_was_received_is_known_and_another_signing_key_may_witness(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    ledger.mine([("AgencyRegistry", "KeyBound", binding_args("publisher") | {"key": address("second publisher")})])
    evidence = replace(evidence_by("second publisher"), text_hash=TEXT.hash, witness=None)
    signature = sign_digest(evidence.witnessed_digest, private_key("second publisher"))
    evidence = replace(evidence, witness=SecondWitness(PUBLISHER, address("second publisher"), signature))
    ledger.keep(evidence.document, TEXT.document)
    consent = taken(ledger, CaptureMode.ASSISTED, evidence.hash, textHash=TEXT.hash)
    ledger.consented_look(ledger.grant_by_consent(consent), 2)
    found = audited(ledger, tmp_path)
    assert (found.report.verdict, found.failed) == (Verdict.VERIFIED, set())


def test_one_witnessed_consent_in_twenty_is_drawn_by_the_newest_block(tmp_path: Path) -> None:
    assert drawn_for_recheck(History()) == []
    ledger = AuthorityLedger()
    ledger.consent("own", captureMode=1)
    assert drawn_for_recheck(ledger.history()) == []
    ledger.consent("first")
    assert drawn_for_recheck(ledger.history()) == [number32("first")]
    for number in range(20):
        ledger.consent(f"consent {number}")
    drawn = drawn_for_recheck(ledger.history())
    assert len(drawn) == 2
    assert audited(ledger, tmp_path).report.members()["recheck"] != []
    draws = set()
    for _ in range(9):
        ledger.mine([])
        draws.add(tuple(drawn_for_recheck(ledger.history())))
        assert number32("own") not in drawn_for_recheck(ledger.history())
    assert len(draws) > 1
