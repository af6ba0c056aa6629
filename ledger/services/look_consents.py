"""Who gave the consent that a look rested on: the person, a guardian, or an agency that witnessed; never a name."""

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.core.access_facts import ConsentFacts
from ledger.core.audit.requests import parse_base
from ledger.core.canonical import decode
from ledger.core.consent_documents import Evidence, parse_evidence
from ledger.core.hexadecimal import to_hex
from ledger.core.look_consents import consent_of, states_consent
from ledger.errors import FormatError, SignatureError
from ledger.look_rows import LookAtPerson
from ledger.ports import Transaction
from ledger.services.authenticate import Call

Given = Mapping[str, Any]


def consents_of_looks(call: Call, looks: Sequence[LookAtPerson]) -> Mapping[int, Given]:
    """Return how the consent of each look that rested on one was given, by the look's entry id.

    `guardian` is a relation (`GuardianRelation`), `capturedBy` the agency that witnessed (0 if none), `secondWitness`
    the agency of the second witness; null where the evidence has none or is not here.
    """
    stating = [look.entry_id for look in looks if states_consent(look.message)]
    bases = call.transaction.evidence(stating) if stating else {}
    stated = {entry: _stated(kept.request_base) for entry, kept in bases.items()}
    found = {
        look.entry_id: consent
        for look in looks
        if (consent := consent_of(call.history, look.message, stated.get(look.entry_id, bytes(32)))) is not None
    }
    proofs = _evidence_of(call.transaction, {consent.evidence_hash for consent in found.values()})
    return {entry: _given(consent, proofs.get(consent.evidence_hash)) for entry, consent in found.items()}


def _stated(base: bytes) -> bytes:
    return parse_base(base.decode("ascii")).commitment("gongzhi-basis-ref")


def _evidence_of(transaction: Transaction, hashes: set[bytes]) -> Mapping[bytes, Evidence]:
    found = transaction.documents_named(list(hashes)) if hashes else {}
    parsed = {one: _parsed(content) for one, (_, content) in found.items()}
    return {one: evidence for one, evidence in parsed.items() if evidence is not None}


def _parsed(content: bytes) -> Evidence | None:
    try:
        return parse_evidence(decode(content))
    except (FormatError, SignatureError):
        return None


def _given(consent: ConsentFacts, evidence: Evidence | None) -> Given:
    relation = None if evidence is None else evidence.relation
    witness = None if evidence is None else evidence.witness
    return {
        "consent": to_hex(consent.id),
        "captureMode": consent.capture_mode,
        "guardian": None if relation is None else int(relation),
        "capturedBy": consent.captured_by,
        "secondWitness": None if witness is None else witness.agency,
    }
