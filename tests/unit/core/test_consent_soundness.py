"""Whether a consent on chain bears what is opened by it."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.core.access_facts import ConsentFacts
from ledger.core.codes import AgencyKind, CaptureMode, DataCategory, Purpose
from ledger.core.consent_documents import ConsentText, Evidence
from ledger.core.consent_soundness import ConsentProof, why_not_sound
from ledger.core.history import History
from tests.simulated_authorities import NOBODY, TEXT, AuthorityLedger, evidence_of
from tests.simulated_consortium import PUBLISHER, READER, RIVAL, address, number32

pytestmark = pytest.mark.unit
PAPER = CaptureMode.WITNESSED_PAPER


def recorded(**changes: Any) -> tuple[History, ConsentFacts]:
    ledger = AuthorityLedger()
    consent = ledger.consent(**changes)
    history = ledger.history()
    return history, history.consents[consent]


def why(
    evidence: Evidence | None = None, text: ConsentText | None = TEXT, *, was_received: bool = False, **changes: Any
) -> str | None:
    history, consent = recorded(**changes)
    if evidence is not None:
        consent = replace(consent, evidence_hash=evidence.hash)
    mode = CaptureMode(consent.capture_mode)
    return why_not_sound(history, consent, ConsentProof(text, evidence or evidence_of("consent", mode), was_received))


def test_a_consent_with_its_text_evidence_and_witness_is_sound() -> None:
    assert why() is None
    assert why(captureMode=int(CaptureMode.ASSISTED)) is None
    assert why(captureMode=int(CaptureMode.OWN_KEY), capturedBy=0, controller=address("person")) is None


def test_nothing_rests_on_a_statutory_notice() -> None:
    assert why(captureMode=int(CaptureMode.STATUTORY_NOTICE)) == "a statutory notice is no consent"


def test_nothing_rests_on_a_consent_whose_documents_are_not_here() -> None:
    history, consent = recorded()
    evidence = evidence_of("consent", PAPER)
    assert why_not_sound(history, consent, ConsentProof(None, evidence, True)) == "its text is not here"
    assert why_not_sound(history, consent, ConsentProof(TEXT, None, True)) == "its evidence is not here"


def test_nothing_rests_on_a_consent_that_its_recipient_took() -> None:
    assert why(capturedBy=READER, was_received=True) == "the agency that took the consent is its recipient"


@pytest.mark.parametrize(
    ("text", "changes", "words"),
    [
        (TEXT, {"purpose": int(Purpose.CARE)}, "this purpose"),
        (replace(TEXT, categories=TEXT.categories[:1]), {}, "these categories"),
        (replace(TEXT, recipient_kinds=(AgencyKind.HOSPITAL,)), {}, "recipients of this kind"),
        (TEXT, {"recipient": RIVAL}, "recipients of this kind"),
        (TEXT, {"recipient": 4_000}, "recipients of this kind"),
        (replace(TEXT, purposes=(Purpose.INCIDENT_RESPONSE, Purpose.CARE)), {}, "separate consent"),
        (replace(TEXT, recipient_kinds=(AgencyKind.FIRE, AgencyKind.HOSPITAL)), {}, "separate consent"),
    ],
)
def test_nothing_rests_on_a_text_that_does_not_speak_of_the_consent(
    text: ConsentText, changes: dict[str, Any], words: str
) -> None:
    assert words in str(why(text=text, **changes))


def test_a_text_of_several_purposes_bears_a_consent_to_what_is_not_sensitive() -> None:
    wide = replace(TEXT, purposes=(Purpose.INCIDENT_RESPONSE, Purpose.CARE))
    history, consent = recorded(categories=DataCategory.GENERAL.bit)
    own = replace(evidence_of("consent", PAPER), text_hash=consent.text_hash)
    assert why_not_sound(history, consent, ConsentProof(wide, own, True)) is None


def test_nothing_rests_on_evidence_of_another_consent() -> None:
    assert why(evidence_of("another", PAPER)) == "evidence: subjectTag is not the consent's"


def test_who_might_have_signed_is_no_second_witness_of_what_was_not_seen() -> None:
    by_signer = evidence_of("consent", PAPER, witness="publisher")
    assert why(by_signer) == "the second witness may be the one who signed"
    assert why(by_signer, was_received=True) is None


def test_a_second_witness_is_of_the_agency_that_the_evidence_names() -> None:
    assert f"the second witness: the key is bound to agency {READER}" in str(
        why(evidence_of("consent", PAPER, witness="reader"))
    )
    assert why(evidence_of("consent", PAPER, witness="reader"), was_received=True) is None


def test_the_simulated_consent_is_one_of_the_publisher() -> None:
    _, consent = recorded()
    assert (consent.captured_by, consent.controller, consent.subject_tag) == (
        PUBLISHER,
        NOBODY,
        number32("tag of", "consent"),
    )
