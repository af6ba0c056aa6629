"""What opens the commitments of a look, as its agency shows it: `gongzhi-openings/1` (policy page, "Officer and case").

A look carries salted commitments of the officer, of the case and of the reference of its basis; the agency keeps salt
and text. Whoever is shown them holds them against the signed answer and its request; no server is asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.core.audit.requests import parse_base
from ledger.core.canonical import decode
from ledger.core.eip712 import ZERO32
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.keccak import keccak256
from ledger.core.receipt import LookRequest, Receipt
from ledger.core.shapes import format_members, members_of, text
from ledger.core.signature import recover
from ledger.core.statements import statement_digest
from ledger.errors import VerificationError

OPENINGS_FORMAT = "gongzhi-openings/1"
OPENED = ("officer", "case", "basis")
_MEMBERS = ("format", "request", *OPENED)
_HEADERS: Mapping[str, str] = {"officer": "gongzhi-officer", "case": "gongzhi-case", "basis": "gongzhi-basis-ref"}


@dataclass(frozen=True, slots=True)
class SaltedText:
    """A salt (32 bytes) and a text."""

    salt: bytes
    text: str

    @property
    def commitment(self) -> bytes:
        """Keccak-256 (32 bytes) of salt and text (formats page, section 5)."""
        return keccak256(self.salt + self.text.encode("utf-8"))


@dataclass(frozen=True)
class ShownOpenings:
    """What an agency shows of a look, by `OPENED`; what it does not show is left out. `request` is the look's."""

    request: bytes
    opened: Mapping[str, SaltedText]

    @property
    def document(self) -> dict[str, Any]:
        """The document as JSON members."""
        shown = {name: self.opened.get(name) for name in OPENED}
        openings = {
            name: None if one is None else {"salt": to_hex(one.salt), "text": one.text} for name, one in shown.items()
        }
        return {"format": OPENINGS_FORMAT, "request": to_hex(self.request), **openings}


def parse_openings_shown(data: bytes) -> ShownOpenings:
    """Return the openings of a `gongzhi-openings/1` file; raises FormatError or UnsupportedFormat."""
    members = format_members(decode(data), OPENINGS_FORMAT, _MEMBERS, what="openings")
    given = {name: members[name] for name in OPENED if members[name] is not None}
    return ShownOpenings(
        from_hex(members["request"], 32, what="openings request"),
        {name: _salted(value, f"openings {name}") for name, value in given.items()},
    )


def committed(receipt: Receipt) -> Mapping[str, bytes]:
    """Return the commitments of a look by `OPENED`, zero where it has none.

    Raises VerificationError unless the receipt is of a look or question, signed by the key that it names, that answers
    the request beside it and repeats its officer and case. That the key is the gateway's is checked by `verify ledger
    --receipts`, against the chain. Raises SignatureError for what is no signature.
    """
    message, evidence = receipt.message, receipt.evidence
    if not isinstance(evidence, LookRequest):
        raise VerificationError(0, "expected the receipt of a look: officer and case stand in its request")
    digest = statement_digest(receipt.domain, receipt.statement, message)
    if recover(digest, receipt.signature) != receipt.signer:
        raise VerificationError(0, "the answer is not signed by the key that the receipt names")
    request = parse_base(evidence.base)
    if request.request != message["request"]:
        raise VerificationError(0, "the request beside the answer is another than it answers")
    found = {name: request.commitment(header) for name, header in _HEADERS.items()}
    repeated = {"officer": message.get("officer"), "case": message.get("caseRef")}
    if any(value not in (None, found[name]) for name, value in repeated.items()):
        raise VerificationError(0, "the answer names another officer or case than its request")
    return found


def verify_openings(shown: ShownOpenings, receipt: Receipt) -> Mapping[str, str]:
    """Return the texts that open the commitments of a look, by `OPENED`.

    Raises VerificationError as `committed` does, for openings of another look, and for a text or salt that is not what
    was committed.
    """
    commitments = committed(receipt)
    if shown.request != receipt.message["request"]:
        raise VerificationError(0, "the openings are of another look")
    for name, one in shown.opened.items():
        if commitments[name] == ZERO32:
            raise VerificationError(0, f"{name}: the look has no commitment of it")
        if one.commitment != commitments[name]:
            raise VerificationError(0, f"{name}: this is not what the look committed to")
    return {name: one.text for name, one in shown.opened.items()}


def _salted(value: object, what: str) -> SaltedText:
    members = members_of(value, ("salt", "text"), what=what)
    return SaltedText(from_hex(members["salt"], 32, what=f"{what} salt"), text(members["text"], what=f"{what} text"))
