"""Whether a consent bears what is opened by it: who took it, the words that were shown, its evidence and its witness.

The contract takes hashes and cannot read what they stand for. So nobody lets a request, a grant or a look rest on a
consent before these were read: neither a gateway, nor an auditor who decides again (policy page, row 8).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.core.access_facts import ConsentFacts
from ledger.core.codes import CaptureMode, DataCategory, Role
from ledger.core.consent_documents import ConsentText, Evidence, why_not_evidence
from ledger.core.entitlement import why_not_witness
from ledger.core.history import AsOf, History

TAKEN_BY_RECIPIENT = "the agency that took the consent is its recipient"


@dataclass(frozen=True, slots=True)
class ConsentProof:
    """What is held of a consent: text and evidence, None where the document is not there or is none.

    `was_received`: its message came here to be relayed, so that its signer is known and its witness was judged then.
    """

    text: ConsentText | None
    evidence: Evidence | None
    was_received: bool


def why_not_bearing(history: History, text: ConsentText, message: Mapping[str, Any]) -> str | None:
    """Return why a consent (message of RecordConsent) is none to what it says, by who took it and the text; else None.

    Who receives by a consent takes none to itself, and the text speaks of purpose, categories and kind of recipient; of
    nothing else, where the data is sensitive.
    """
    if message["capturedBy"] == message["recipient"]:
        return TAKEN_BY_RECIPIENT
    if not text.allows(message["purpose"], message["categories"]):
        return "the consent's text does not speak of this purpose and these categories"
    recipient = history.agencies.get(message["recipient"])
    if recipient is None or not text.names(recipient.kind):
        return "the consent's text does not speak of recipients of this kind"
    if message["categories"] & DataCategory.SENSITIVE.bit and not text.is_separate:
        return "sensitive data takes a separate consent: its text names one purpose and one kind of recipients"
    return None


def why_not_sound(history: History, consent: ConsentFacts, proof: ConsentProof) -> str | None:
    """Return why nothing may rest on a consent on chain, None if it is sound; whether it is live is asked elsewhere."""
    if consent.capture_mode == CaptureMode.STATUTORY_NOTICE:
        return "a statutory notice is no consent"
    if proof.text is None or proof.evidence is None:
        return f"its {'text' if proof.text is None else 'evidence'} is not here"
    message = _members_of(consent)
    fault = why_not_bearing(history, proof.text, message) or why_not_evidence(proof.evidence, message)
    if fault is not None or proof.was_received or proof.evidence.witness is None:
        return fault
    as_of = AsOf(consent.recorded.time, consent.recorded)
    witness = proof.evidence.witness
    # Who signed shows in no event. Where the message was not seen, it may have been any key that could sign.
    if history.why_not_entitled(witness.key, Role.SUBMIT, consent.captured_by, as_of) is None:
        return "the second witness may be the one who signed"
    return why_not_witness(history, witness, message, as_of)


def _members_of(consent: ConsentFacts) -> Mapping[str, Any]:
    """Return what an event tells of the message; `key` is the controller, or nobody's."""
    return {
        "key": consent.controller,
        "controller": consent.controller,
        "capturedBy": consent.captured_by,
        "captureMode": consent.capture_mode,
        "recipient": consent.recipient,
        "purpose": consent.purpose,
        "categories": consent.categories,
        "subjectTag": consent.subject_tag,
        "textHash": consent.text_hash,
        "evidenceHash": consent.evidence_hash,
    }
