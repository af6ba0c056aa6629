"""Recording and withdrawing consents (contracts page, ConsentRegistry).

A consent by the person's own key or a guardian's is signed by a key of its own, which signs nothing else but the
withdrawal. A witnessed one is signed with a SUBMIT key of the agency that took it, and a second person signs the
evidence.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ledger.client.desk import Desk
from ledger.client.preparing import Preparing, Signing
from ledger.client.requests import pages_of
from ledger.core.access_facts import ConsentFacts
from ledger.core.action_file import PreparedAction
from ledger.core.action_summary import ZERO_ADDRESS
from ledger.core.canonical import decode
from ledger.core.codes import CaptureMode, DataCategory, GuardianRelation, Purpose
from ledger.core.consent_documents import (
    ConsentText,
    Evidence,
    SecondWitness,
    check_evidence,
    parse_consent_text,
    parse_evidence,
)
from ledger.core.hexadecimal import to_hex
from ledger.core.scope import Scope
from ledger.errors import FormatError, NotFound, PromiseBroken, UsageError
from ledger.ports import Signer

CONTROLLED = (CaptureMode.OWN_KEY, CaptureMode.GUARDIAN)
"""Modes in which a key of the person's or guardian's controls the consent."""


@dataclass(frozen=True, slots=True)
class NewConsent:
    """What a person consents to: `holder` may give data of `categories` (bitmap) to `recipient` for `purpose`.

    `subject_tag` (32 bytes) is made by the gateway for this consent alone. Validity [valid_from, valid_until) in Unix
    seconds.
    """

    subject_tag: bytes
    recipient: int
    holder: int
    categories: int
    purpose: Purpose
    scope: Scope
    text: ConsentText
    valid_from: int
    valid_until: int


def prolonged(old: ConsentFacts, scope: Scope, text: ConsentText, now: int, until: int) -> NewConsent:
    """Return a consent to what an old one was to, from now until then (Unix seconds); its tag is still to be made.

    Nothing of it joins it to the old one: the scope gets a fresh salt, and it begins now, not where the old one ends.
    Raises UsageError for an end that is not later than the old one's.
    """
    if until <= old.valid_until:
        raise UsageError("the consent lasts that long already")
    fresh = replace(scope, salt=os.urandom(32))
    terms = old.recipient, old.holder, old.categories, Purpose(old.purpose)
    return NewConsent(bytes(32), *terms, fresh, text, now, until)


def new_evidence(
    mode: CaptureMode,
    consent: NewConsent,
    relation: GuardianRelation | None = None,
    paper: bytes | None = None,
) -> Evidence:
    """Return evidence under a fresh salt, not witnessed yet; `paper` is Keccak-256 of the scanned paper's bytes."""
    return Evidence(os.urandom(32), mode, consent.subject_tag, consent.text.hash, None, relation, paper)


def witnessed(evidence: Evidence, agency: int, witness: Signer) -> Evidence:
    """Return the evidence with the signature of a second witness of an agency; raises KeyProviderError."""
    signature = witness.sign_preimage(evidence.witnessed_preimage)
    return replace(evidence, witness=SecondWitness(agency, witness.address, signature))


class Consents:
    """The part of the client for consents. Messages are prepared, not sent."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._preparing = desk, Preparing(desk)

    def record(self, consent: NewConsent, evidence: Evidence, signing: Signing) -> PreparedAction:
        """Return the message that records a consent, with scope, text and evidence.

        Raises UsageError for a text that does not speak of purpose, categories and the recipient's kind, one of several
        purposes for sensitive data, and a consent that the recipient itself takes; FormatError or SignatureError for
        evidence that is not this consent's.
        """
        self._require_fitting(consent, evidence.capture_mode)
        controlled = evidence.capture_mode in CONTROLLED
        members = {
            "subjectTag": consent.subject_tag,
            "recipient": consent.recipient,
            "holder": consent.holder,
            "categories": consent.categories,
            "purpose": int(consent.purpose),
            "scopeHash": consent.scope.hash,
            "textHash": consent.text.hash,
            "evidenceHash": evidence.hash,
            "controller": signing.key if controlled else ZERO_ADDRESS,
            "capturedBy": 0 if controlled else self._desk.agency,
            "captureMode": int(evidence.capture_mode),
            "validFrom": consent.valid_from,
            "validUntil": consent.valid_until,
            "salt": os.urandom(32),
        }
        check_evidence(parse_evidence(dict(evidence.document)), {**members, "key": signing.key})
        documents = (consent.scope, consent.text, evidence)
        return self._preparing.action("RecordConsent", signing, members, *documents, nonce=0 if controlled else None)

    def _require_fitting(self, consent: NewConsent, mode: CaptureMode) -> None:
        if not consent.text.allows(consent.purpose, consent.categories):
            raise UsageError("the text does not speak of this purpose and these categories")
        chain = self._desk.facts.chain
        recipient = chain.history.agencies.get(consent.recipient) if chain else None
        if recipient is not None and not consent.text.names(recipient.kind):
            raise UsageError("the text does not speak of recipients of this kind")
        if consent.categories & DataCategory.SENSITIVE.bit and not consent.text.is_separate:
            raise UsageError(
                "sensitive data takes a separate consent: a text of one purpose and one kind of recipients"
            )
        if mode not in CONTROLLED and consent.recipient == self._desk.agency:
            raise UsageError("no agency takes a consent to itself")

    def withdraw(self, consent: bytes, reason: int, signing: Signing) -> PreparedAction:
        """Return the withdrawal; it counts from when the gateway has it."""
        return self._preparing.action("WithdrawConsent", signing, {"consent": consent, "reason": reason})

    def facts(self, consent: bytes) -> ConsentFacts:
        """Return what the chain says of a consent; raises NotFound, also where there is no chain to ask."""
        desk = self._desk
        for _ in range(2):
            found = desk.facts.chain.history.consents.get(consent) if desk.facts.chain else None
            if found is not None or desk.newer_facts is None:
                break
            desk.facts = desk.newer_facts()
        if found is None:
            raise NotFound("no consent with this id is on the chain; a node is needed to look it up")
        return found

    def text(self, text_hash: bytes) -> ConsentText:
        """Return the text of a hash as it was shown; raises PromiseBroken."""
        try:
            return parse_consent_text(decode(self._desk.document(text_hash)))
        except FormatError as error:
            raise PromiseBroken(f"a document is not what it is named as: {error.detail}") from error

    def listed(self, query: Mapping[str, str]) -> Sequence[Mapping[str, Any]]:
        """Return the consents that the gateway lists for this agency, every page; its word."""
        return pages_of(self._desk, "/v1/consents", "consents", query)

    def told(self, consent: bytes) -> Mapping[str, Any]:
        """Return what the gateway says of a consent; raises NotFound."""
        return self._desk.transport.get(f"/v1/consents/{to_hex(consent)}").members("consent")
