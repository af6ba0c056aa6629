"""Hashed documents that a consent names, `gongzhi-consent-text/1` and `gongzhi-evidence/1`, and `gongzhi-reasons/1`.

PERMANENT: their Keccak-256 over canonical bytes stands in messages on chain; a change is a new format name. None holds
a personal value: the text is what everybody was shown, evidence holds keys and digests, reasons hold codes and words
without a name. Evidence and reasons are salted (32 random bytes), so that their hashes cannot be guessed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from ledger.core.canonical import JsonValue, document_hash, encode
from ledger.core.codes import AgencyKind, CaptureMode, DataCategory, GuardianRelation, Purpose, bitmap_of
from ledger.core.hexadecimal import from_hex, to_address, to_hex
from ledger.core.keccak import keccak256
from ledger.core.shapes import (
    array,
    ascending_codes,
    code_of,
    format_members,
    from_one,
    members_of,
    text,
    titles,
)
from ledger.core.signature import SIGNATURE_BYTES, personal_preimage, recover
from ledger.errors import FormatError, SignatureError

CONSENT_TEXT_FORMAT = "gongzhi-consent-text/1"
EVIDENCE_FORMAT = "gongzhi-evidence/1"
REASONS_FORMAT = "gongzhi-reasons/1"
LONGEST_WORDS = 2000
MOST_REASONS = 16
WITNESSED_MODES = (CaptureMode.WITNESSED_PAPER, CaptureMode.ASSISTED)
"""Modes in which an agency signs for the person: a second witness is required."""

_TEXT_MEMBERS = (
    *("format", "name", "version", "text", "purposes", "categories", "recipientKinds", "method"),
    *("necessity", "retention", "rights", "contact"),
)
_EVIDENCE_MEMBERS = ("format", "salt", "captureMode", "subjectTag", "textHash", "witness", "relation", "paper")
_WITNESS_MEMBERS = ("agency", "key", "signature")
_REASONS_MEMBERS = ("format", "salt", "codes", "words")


@dataclass(frozen=True)
class ConsentText:
    """A text as it is shown to a person before he consents, in both languages (PIPL Art. 17 and 30).

    `name` and `version` name it among the texts of the consortium. `necessity`: why sensitive data is needed and what
    its handling means for the person; there exactly where `categories` has sensitive data.
    """

    name: str
    version: int
    text: Mapping[str, str]
    purposes: tuple[Purpose, ...]
    categories: tuple[DataCategory, ...]
    recipient_kinds: tuple[AgencyKind, ...]
    method: Mapping[str, str]
    necessity: Mapping[str, str] | None
    retention: Mapping[str, str]
    rights: Mapping[str, str]
    contact: Mapping[str, str]

    @cached_property
    def document(self) -> Mapping[str, JsonValue]:
        """The document as JSON members."""
        return {
            "format": CONSENT_TEXT_FORMAT,
            "name": self.name,
            "version": self.version,
            "text": dict(self.text),
            "purposes": [int(purpose) for purpose in self.purposes],
            "categories": [int(category) for category in self.categories],
            "recipientKinds": [int(kind) for kind in self.recipient_kinds],
            "method": dict(self.method),
            "necessity": None if self.necessity is None else dict(self.necessity),
            "retention": dict(self.retention),
            "rights": dict(self.rights),
            "contact": dict(self.contact),
        }

    @cached_property
    def hash(self) -> bytes:
        """Keccak-256 (32 bytes) of the canonical document: the `textHash` of a consent."""
        return document_hash(self.document)

    def allows(self, purpose: int, categories: int) -> bool:
        """Say whether the text speaks of a consent's purpose and of all its categories (bitmap)."""
        return purpose in self.purposes and not categories & ~bitmap_of(self.categories)

    @property
    def is_separate(self) -> bool:
        """Whether it asks for one thing alone: one purpose, one kind of recipients (separate consent, PIPL Art. 29)."""
        return len(self.purposes) == len(self.recipient_kinds) == 1

    def names(self, recipient_kind: int) -> bool:
        """Say whether the text speaks of recipients of this kind (`AgencyKind`)."""
        return recipient_kind in self.recipient_kinds


def parse_consent_text(document: object) -> ConsentText:
    """Return the text of a `gongzhi-consent-text/1` document (its parsed JSON).

    Raises `UnsupportedFormat` for another format name and `FormatError` for other members, unknown codes, an empty
    list of purposes, categories or recipients, and a `necessity` that does not go with sensitive data.
    """
    members = format_members(document, CONSENT_TEXT_FORMAT, _TEXT_MEMBERS, what="consent text")
    necessity = members["necessity"]
    found = ConsentText(
        name=_words(members["name"], "consent text name"),
        version=from_one(members["version"], 32, what="consent text version"),
        text=titles(members["text"], what="consent text text"),
        purposes=ascending_codes(Purpose, members["purposes"], what="consent text purposes"),
        categories=ascending_codes(DataCategory, members["categories"], what="consent text categories"),
        recipient_kinds=ascending_codes(AgencyKind, members["recipientKinds"], what="consent text recipientKinds"),
        method=titles(members["method"], what="consent text method"),
        necessity=None if necessity is None else titles(necessity, what="consent text necessity"),
        retention=titles(members["retention"], what="consent text retention"),
        rights=titles(members["rights"], what="consent text rights"),
        contact=titles(members["contact"], what="consent text contact"),
    )
    if not (found.purposes and found.categories and found.recipient_kinds):
        raise FormatError("consent text: expected at least one purpose, category and kind of recipient")
    if (DataCategory.SENSITIVE in found.categories) != (found.necessity is not None):
        raise FormatError("consent text necessity: there for sensitive data, and for that only")
    return found


@dataclass(frozen=True)
class SecondWitness:
    """Who stood by when an agency took a consent for a person: agency, key (address) and signature (65 bytes)."""

    agency: int
    key: str
    signature: bytes


@dataclass(frozen=True)
class Evidence:
    """How a consent was captured.

    `subject_tag` and `text_hash` (32 bytes) are the consent's own, so that evidence serves one consent only. `witness`
    is there exactly in the witnessed modes, `relation` exactly for a guardian, `paper` (Keccak-256 of the scanned
    paper's bytes) exactly for witnessed paper.
    """

    salt: bytes
    capture_mode: CaptureMode
    subject_tag: bytes
    text_hash: bytes
    witness: SecondWitness | None = None
    relation: GuardianRelation | None = None
    paper: bytes | None = None

    @cached_property
    def document(self) -> Mapping[str, JsonValue]:
        """The document as JSON members."""
        return self._members(
            None
            if self.witness is None
            else {
                "agency": self.witness.agency,
                "key": self.witness.key,
                "signature": to_hex(self.witness.signature),
            }
        )

    @cached_property
    def hash(self) -> bytes:
        """Keccak-256 (32 bytes) of the canonical document: the `evidenceHash` of a consent."""
        return document_hash(self.document)

    @cached_property
    def witnessed_digest(self) -> bytes:
        """The 32 bytes that the second witness signs: EIP-191 personal-sign over the Keccak-256 (32 bytes) of the
        canonical document without the member `witness`, so that a wallet can sign it.
        """
        return keccak256(self.witnessed_preimage)

    @cached_property
    def witnessed_preimage(self) -> bytes:
        """The bytes whose Keccak-256 is `witnessed_digest`; what a Signer takes."""
        members = self._members(None)
        unsigned_document = {name: value for name, value in members.items() if name != "witness"}
        return personal_preimage(keccak256(encode(unsigned_document)))

    def _members(self, witness: dict[str, JsonValue] | None) -> dict[str, JsonValue]:
        return {
            "format": EVIDENCE_FORMAT,
            "salt": to_hex(self.salt),
            "captureMode": int(self.capture_mode),
            "subjectTag": to_hex(self.subject_tag),
            "textHash": to_hex(self.text_hash),
            "witness": witness,
            "relation": None if self.relation is None else int(self.relation),
            "paper": None if self.paper is None else to_hex(self.paper),
        }


def parse_evidence(document: object) -> Evidence:
    """Return the evidence of a `gongzhi-evidence/1` document (its parsed JSON), its witness's signature verified.

    Whether the witness's key belongs to that agency is for the caller, who knows the chain. Raises `UnsupportedFormat`
    for another format name, `SignatureError` for a signature by another key, and `FormatError` for other members and
    for a witness, relation or paper where the mode has none (or the reverse).
    """
    evidence = _parsed(document)
    _check_mode(evidence, witnessed=evidence.capture_mode in WITNESSED_MODES)
    return evidence


def parse_unwitnessed(document: object) -> Evidence:
    """Return evidence of a witnessed mode that its second witness has still to sign: `witness` is null.

    Raises as `parse_evidence`, and `FormatError` for a mode without a second witness.
    """
    evidence = _parsed(document)
    if evidence.capture_mode not in WITNESSED_MODES:
        raise FormatError("evidence: consents of this mode have no second witness")
    _check_mode(evidence, witnessed=False)
    return evidence


def _parsed(document: object) -> Evidence:
    members = format_members(document, EVIDENCE_FORMAT, _EVIDENCE_MEMBERS, what="evidence")
    witness, relation, paper = members["witness"], members["relation"], members["paper"]
    return Evidence(
        salt=from_hex(members["salt"], 32, what="evidence salt"),
        capture_mode=code_of(CaptureMode, members["captureMode"], what="evidence captureMode"),
        subject_tag=from_hex(members["subjectTag"], 32, what="evidence subjectTag"),
        text_hash=from_hex(members["textHash"], 32, what="evidence textHash"),
        witness=None if witness is None else _witness(witness),
        relation=None if relation is None else code_of(GuardianRelation, relation, what="evidence relation"),
        paper=None if paper is None else from_hex(paper, 32, what="evidence paper"),
    )


def check_evidence(evidence: Evidence, message: Mapping[str, Any]) -> None:
    """Raise `FormatError` unless evidence is that of a `RecordConsent` message: its hash, mode, subject tag and text;
    and a second witness who is neither the key that signs the message nor the controller of the consent.
    """
    fault = why_not_evidence(evidence, message)
    if fault is not None:
        raise FormatError(fault)


def why_not_evidence(evidence: Evidence, message: Mapping[str, Any]) -> str | None:
    """Return why evidence is not that of a message, as `check_evidence` judges it, None if it is."""
    same = {
        "evidenceHash": evidence.hash,
        "captureMode": evidence.capture_mode,
        "subjectTag": evidence.subject_tag,
        "textHash": evidence.text_hash,
    }
    for member, value in same.items():
        if message[member] != value:
            return f"evidence: {member} is not the consent's"
    if evidence.witness is not None and evidence.witness.key in (message["key"], message["controller"]):
        return "evidence witness: expected a second person, not the signer or controller of the consent"
    return None


@dataclass(frozen=True)
class Reasons:
    """Why something was refused, revoked or reviewed so: codes of the code set of that decision, ascending, and words
    for the one concerned, without any name.
    """

    salt: bytes
    codes: tuple[int, ...]
    words: str

    @cached_property
    def document(self) -> Mapping[str, JsonValue]:
        """The document as JSON members."""
        return {"format": REASONS_FORMAT, "salt": to_hex(self.salt), "codes": list(self.codes), "words": self.words}

    @cached_property
    def hash(self) -> bytes:
        """Keccak-256 (32 bytes) of the canonical document: a `reasonHash`, `noteHash` or `documentHash`."""
        return document_hash(self.document)


def parse_reasons(document: object) -> Reasons:
    """Return the reasons of a `gongzhi-reasons/1` document (its parsed JSON).

    Raises `UnsupportedFormat` for another format name and `FormatError` for other members, no or too many codes, codes
    out of order, and words that are empty or longer than 2,000 characters.
    """
    members = format_members(document, REASONS_FORMAT, _REASONS_MEMBERS, what="reasons")
    raw = array(members["codes"], what="reasons codes", most=MOST_REASONS)
    codes = tuple(from_one(code, 16, what="reasons code") for code in raw)
    if not codes or any(later <= earlier for earlier, later in pairwise(codes)):
        raise FormatError("reasons codes: expected at least one, ascending")
    return Reasons(from_hex(members["salt"], 32, what="reasons salt"), codes, _words(members["words"], "reasons words"))


def _words(value: object, what: str) -> str:
    words = text(value, what=what)
    if not 0 < len(words) <= LONGEST_WORDS:
        raise FormatError(f"{what}: expected 1 to {LONGEST_WORDS} characters")
    return words


def _witness(value: object) -> SecondWitness:
    members = members_of(value, _WITNESS_MEMBERS, what="evidence witness")
    return SecondWitness(
        agency=from_one(members["agency"], 32, what="evidence witness agency"),
        key=to_address(members["key"], what="evidence witness key"),
        signature=from_hex(members["signature"], SIGNATURE_BYTES, what="evidence witness signature"),
    )


def _check_mode(evidence: Evidence, *, witnessed: bool) -> None:
    mode = evidence.capture_mode
    if (evidence.witness is not None) != witnessed:
        raise FormatError(
            "evidence witness: there for witnessed and assisted consents once they are signed, and for those only"
        )
    if (evidence.relation is not None) != (mode is CaptureMode.GUARDIAN):
        raise FormatError("evidence relation: there for a guardian, and for a guardian only")
    if (evidence.paper is not None) != (mode is CaptureMode.WITNESSED_PAPER):
        raise FormatError("evidence paper: there for witnessed paper, and for that only")
    if evidence.witness is not None and recover(evidence.witnessed_digest, evidence.witness.signature) != (
        evidence.witness.key
    ):
        raise SignatureError("evidence witness: the signature is by another key")
