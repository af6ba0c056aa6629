"""Consent receipt `gongzhi-consent-receipt/1`: what a person keeps of a consent, with the fields of ISO/IEC TS 27560.

Only digests, codes and public words: the principal is named by the consent's subject tag, which nobody can join with
another consent. The receipt is no proof by itself; the consent's id leads to the ledger.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.core.canonical import JsonValue
from ledger.core.codes import AgencyKind, Basis, CaptureMode, DataCategory, Purpose
from ledger.core.consent_documents import ConsentText
from ledger.core.hexadecimal import to_hex
from ledger.errors import FormatError

CONSENT_RECEIPT_FORMAT = "gongzhi-consent-receipt/1"
SCHEMA_VERSION = "ISO/IEC TS 27560:2023"
JURISDICTION = "CN"
EXPLICIT = "explicit"
NOTICE = "notice"
GIVEN, WITHDRAWN = "given", "withdrawn"
"""States of an event."""


@dataclass(frozen=True)
class Party:
    """An agency as a receipt names it: number, public name, kind, and how to reach it (public words)."""

    agency: int
    name: str
    kind: AgencyKind
    contact: str


@dataclass(frozen=True)
class ConsentEvent:
    """Something that happened to the consent: `GIVEN` or `WITHDRAWN`, when (Unix seconds), and the agency that took it;
    `action` is the digest (32 bytes) of the signed message, None where who makes the receipt does not know it; `block`
    the number of its block, None before it has one.
    """

    state: str
    at: int
    entity: int
    action: bytes | None
    block: int | None = None


def consent_receipt(
    consent_id: bytes,
    message: Mapping[str, Any],
    text: ConsentText,
    parties: Sequence[Party],
    events: Sequence[ConsentEvent],
    language: str,
) -> dict[str, JsonValue]:
    """Return the receipt of a consent, as JSON members.

    `message` is the `RecordConsent` message, `text` what was shown (in `language`, `zh` or `en`), `parties` must hold
    the holder and the recipient, `events` what happened in order, the giving first. Raises `FormatError` for a text
    that is not the message's, a language without text, a party that is missing, and no event.
    """
    if text.hash != message["textHash"]:
        raise FormatError("consent receipt: the text is not the one that the consent names")
    if language not in text.text:
        raise FormatError("consent receipt: the text is not there in this language")
    if not events:
        raise FormatError("consent receipt: expected at least the event of giving")
    known = {party.agency: party for party in parties}
    holder, recipient = (_party(known, message[role], role) for role in ("holder", "recipient"))
    return {
        "format": CONSENT_RECEIPT_FORMAT,
        "schema_version": SCHEMA_VERSION,
        "receipt_id": to_hex(next((event.action for event in reversed(events) if event.action), consent_id)),
        "record_id": to_hex(consent_id),
        "pii_principal_id": to_hex(message["subjectTag"]),
        "language": language,
        "jurisdiction": JURISDICTION,
        "privacy_notice": {"name": text.name, "version": text.version, "hash": to_hex(text.hash)},
        "purposes": [_purpose(message, text, holder, recipient, language)],
        "parties": [_party_members(holder, "pii_controller"), _party_members(recipient, "recipient_third_party")],
        "evidence_hash": to_hex(message["evidenceHash"]),
        "scope_hash": to_hex(message["scopeHash"]),
        "consent_controller": message["controller"],
        "events": [_event(event, message) for event in events],
    }


def _purpose(
    message: Mapping[str, Any], text: ConsentText, holder: Party, recipient: Party, language: str
) -> dict[str, JsonValue]:
    purpose = Purpose(message["purpose"])
    necessity = text.necessity
    return {
        "purpose": f"{purpose.short_name} {purpose.zh if language == 'zh' else purpose.en}",
        "purpose_code": int(purpose),
        "lawful_basis": Basis.CONSENT.short_name,
        "pii_information": [
            _category(category, language) for category in DataCategory if message["categories"] & category.bit
        ],
        "pii_controllers": [holder.agency],
        "recipient_third_parties": [recipient.agency],
        "collection_method": _label(CaptureMode(message["captureMode"]), language),
        "processing_method": text.method[language],
        "storage_locations": [JURISDICTION],
        "retention_period": text.retention[language],
        "necessity": None if necessity is None else necessity[language],
        "withdrawal_method": text.rights[language],
        "privacy_rights": text.rights[language],
    }


def _category(category: DataCategory, language: str) -> dict[str, JsonValue]:
    return {
        "pii_type": _label(category, language),
        "pii_attribute_id": int(category),
        "pii_optional": False,
        "sensitive_pii_category": category is DataCategory.SENSITIVE,
    }


def _label(code: CaptureMode | DataCategory, language: str) -> str:
    return code.zh if language == "zh" else code.en


def _party(known: Mapping[int, Party], agency: int, role: str) -> Party:
    party = known.get(agency)
    if party is None:
        raise FormatError(f"consent receipt: the {role} is missing among the parties")
    return party


def _party_members(party: Party, role: str) -> dict[str, JsonValue]:
    return {
        "party_id": party.agency,
        "party_name": party.name,
        "party_role": role,
        "party_type": int(party.kind),
        "party_contact": party.contact,
    }


def _event(event: ConsentEvent, message: Mapping[str, Any]) -> dict[str, JsonValue]:
    notice = message["captureMode"] == CaptureMode.STATUTORY_NOTICE
    return {
        "event_time": event.at,
        "event_type": NOTICE if notice else EXPLICIT,
        "event_state": event.state,
        "entity_id": event.entity,
        "valid_from": message["validFrom"],
        "valid_until": message["validUntil"],
        "validity_duration_seconds": message["validUntil"] - message["validFrom"],
        "action": None if event.action is None else to_hex(event.action),
        "block": event.block,
    }
