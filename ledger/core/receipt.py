"""Receipts `gongzhi-receipt/1`: a gateway's signed promise as its holder keeps it (formats page, section 7).

PERMANENT. A receipt holds what a third person needs to judge the promise without the gateway: the statement that the
gateway signed, and what the holder had sent or received with it. It holds no value of a record. Shapes only: whether
the promise holds is judged by who reads it.

    {"format","kind","statement":{"message","signer","signature"},"chainId","contract","evidence","receivedAt"}

| kind | statement | evidence |
|---|---|---|
| acceptance | Acceptance | `{"message","signer","signature","sealedHash"}` of the submission, as in a bundle |
| disclosure | Disclosure | `{"base","signature","openings":[[recordId,version,recordRoot,bitmap]…]}` of the request |
| refusal, query | Refusal, Query | the same, with no openings |
| received | Received | `{"action","message","signature"}`: name and message of the typed message to be relayed |
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from ledger.core import typed_messages
from ledger.core.bundle import SignedSubmission
from ledger.core.canonical import decode, document_hash
from ledger.core.hexadecimal import from_hex, to_address, to_hex
from ledger.core.shapes import array, members_of, text, unsigned
from ledger.core.statements import StatementDomain, message_from_json, message_to_json
from ledger.errors import FormatError, UnsupportedFormat

FORMAT = "gongzhi-receipt/1"
STATEMENT_OF: Mapping[str, str] = {
    "acceptance": "Acceptance",
    "disclosure": "Disclosure",
    "refusal": "Refusal",
    "query": "Query",
    "received": "Received",
}
"""The statement that each kind of receipt holds."""
MOST_OPENINGS = 200
BITMAP_BYTES = 32


@dataclass(frozen=True, slots=True)
class Opening:
    """A record version with the bitmap of the slots that a look opened (bit i = slot i)."""

    record_id: bytes
    version: int
    record_root: bytes
    opened: int


@dataclass(frozen=True, slots=True)
class LookRequest:
    """The signed request that a disclosure or refusal answers, and what the answer opened."""

    base: str
    signature: bytes
    openings: tuple[Opening, ...]


@dataclass(frozen=True, slots=True)
class SignedAction:
    """A signed typed message that was handed over for relay: its name and its message (bytes32 as bytes)."""

    action: str
    message: Mapping[str, Any]
    signature: bytes


Evidence: TypeAlias = SignedSubmission | LookRequest | SignedAction


@dataclass(frozen=True)
class Receipt:
    """A promise and its evidence; `message` has bytes32 as bytes, `received_at` is the holder's clock."""

    kind: str
    message: Mapping[str, Any]
    signer: str
    signature: bytes
    domain: StatementDomain
    evidence: Evidence
    received_at: int

    @property
    def statement(self) -> str:
        """Name of the statement: what its digest is computed over."""
        return STATEMENT_OF[self.kind]

    @cached_property
    def document(self) -> dict[str, Any]:
        """The JSON value of the receipt."""
        return {
            "format": FORMAT,
            "kind": self.kind,
            "statement": {
                "message": message_to_json(self.statement, self.message),
                "signer": self.signer,
                "signature": to_hex(self.signature),
            },
            "chainId": self.domain.chain_id,
            "contract": self.domain.record_anchors,
            "evidence": _evidence_document(self.evidence),
            "receivedAt": self.received_at,
        }

    @cached_property
    def hash(self) -> bytes:
        """Keccak-256 (32 bytes) of the canonical receipt."""
        return document_hash(self.document)


def parse_receipt(data: bytes | str) -> Receipt:
    """Return the receipt in `data`; raises FormatError, CanonicalJsonError or UnsupportedFormat."""
    value = decode(data)
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise UnsupportedFormat(f"receipt: expected format {FORMAT}")
    names = ("format", "kind", "statement", "chainId", "contract", "evidence", "receivedAt")
    members_of(value, names, what="receipt")
    kind = value["kind"]
    if not isinstance(kind, str) or kind not in STATEMENT_OF:
        raise FormatError(f"receipt kind: expected one of {', '.join(STATEMENT_OF)}")
    statement = members_of(value["statement"], ("message", "signer", "signature"), what="receipt statement")
    return Receipt(
        kind=kind,
        message=message_from_json(STATEMENT_OF[kind], statement["message"]),
        signer=to_address(statement["signer"], what="receipt signer"),
        signature=from_hex(statement["signature"], 65, what="receipt signature"),
        domain=StatementDomain(
            unsigned(value["chainId"], 53, what="receipt chainId"),
            to_address(value["contract"], what="receipt contract"),
        ),
        evidence=_parse_evidence(kind, value["evidence"]),
        received_at=unsigned(value["receivedAt"], 53, what="receipt receivedAt"),
    )


def opening_document(opening: Opening) -> list[Any]:
    """Return `[recordId, version, recordRoot, bitmap]`, the bitmap as 32 bytes of hex."""
    bitmap = to_hex(opening.opened.to_bytes(BITMAP_BYTES, "big"))
    return [to_hex(opening.record_id), opening.version, to_hex(opening.record_root), bitmap]


def parse_openings(value: object) -> tuple[Opening, ...]:
    """Return the openings of their JSON value, at most 200; raises FormatError."""
    return tuple(_parse_opening(opening) for opening in array(value, what="openings", most=MOST_OPENINGS))


def _parse_opening(value: object) -> Opening:
    members = array(value, what="opening", most=4)
    if len(members) != 4:
        raise FormatError("opening: expected recordId, version, record root and bitmap")
    return Opening(
        from_hex(members[0], 32, what="opening recordId"),
        unsigned(members[1], 32, what="opening version"),
        from_hex(members[2], 32, what="opening record root"),
        int.from_bytes(from_hex(members[3], BITMAP_BYTES, what="opening bitmap"), "big"),
    )


def _evidence_document(evidence: Evidence) -> dict[str, Any]:
    if isinstance(evidence, SignedSubmission):
        return {
            "message": message_to_json("Submission", evidence.message),
            "signer": evidence.signer,
            "signature": to_hex(evidence.signature),
            "sealedHash": to_hex(evidence.sealed_hash),
        }
    if isinstance(evidence, LookRequest):
        openings = [opening_document(opening) for opening in evidence.openings]
        return {"base": evidence.base, "signature": to_hex(evidence.signature), "openings": openings}
    message = typed_messages.message_to_json(evidence.action, evidence.message)
    return {"action": evidence.action, "message": message, "signature": to_hex(evidence.signature)}


def _parse_evidence(kind: str, value: object) -> Evidence:
    what = f"evidence of the {kind}"
    if kind == "acceptance":
        members = members_of(value, ("message", "signer", "signature", "sealedHash"), what=what)
        return SignedSubmission(
            message_from_json("Submission", members["message"]),
            to_address(members["signer"], what=f"{what}: signer"),
            from_hex(members["signature"], 65, what=f"{what}: signature"),
            from_hex(members["sealedHash"], 32, what=f"{what}: sealedHash"),
        )
    if kind == "received":
        members = members_of(value, ("action", "message", "signature"), what=what)
        action = text(members["action"], what=f"{what}: action")
        if action not in typed_messages.MESSAGES:
            raise FormatError(f"{what}: no typed message has this name")
        message = typed_messages.message_from_json(action, members["message"])
        return SignedAction(action, message, from_hex(members["signature"], 65, what=f"{what}: signature"))
    members = members_of(value, ("base", "signature", "openings"), what=what)
    openings = parse_openings(members["openings"])
    if kind != "disclosure" and openings:
        raise FormatError(f"{what}: only a disclosure opens anything")
    base = text(members["base"], what=f"{what}: base")
    return LookRequest(base, from_hex(members["signature"], 65, what=f"{what}: signature"), openings)
