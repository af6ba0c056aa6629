"""What a look is for: the covered headers of a request, and the salted commitments behind them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from ledger.client.receipts import ReceiptFolder
from ledger.core.codes import Authority, Basis, Purpose
from ledger.core.eip712 import ZERO32
from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256
from ledger.core.request_base import OPENING_HEADER
from ledger.core.subjects import parse_opening

AUTHORITY_HEADERS: Mapping[Authority, str] = {
    Authority.CLASS1: "class1",
    Authority.OWN: "own",
    Authority.AUDIT: "audit",
    Authority.GRANT: "grant",
    Authority.EMERGENCY: "emergency",
    Authority.SELF: "self",
}
ID_HEADERS: Mapping[Authority, str] = {
    Authority.GRANT: "gongzhi-grant",
    Authority.EMERGENCY: "gongzhi-emergency",
}
"""The authorities that a look names by an id, and the header that takes it."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """Item, purpose, basis and authority of looks; references in clear stay here, only commitments are sent.

    `basis_reference`: the duty, article or contract. `officer`, `case`: who looks, for which case. `authority_id`: the
    grant or emergency (32 bytes). `consent`: with basis LB1 the consent's id, which a grant names itself. `profile`:
    hash of a profile that is narrower than the permitted one, None for that one. `opening`: value of the uncovered
    opening header by which a resident is recognized; it is sent and never kept.
    """

    item: int
    purpose: Purpose
    basis: Basis
    basis_reference: str | None = None
    officer: str | None = None
    case: str | None = None
    authority: Authority = Authority.CLASS1
    authority_id: bytes = ZERO32
    consent: bytes | None = None
    profile: bytes | None = None
    opening: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class StatedGrounds:
    """Grounds as one request states them: its headers, and the commitments that the disclosure must repeat."""

    headers: Mapping[str, str]
    officer: bytes
    case: bytes


def state(grounds: Grounds, receipts: ReceiptFolder) -> StatedGrounds:
    """Return the headers of `grounds`, each reference under a fresh salt whose opening is kept durably first.

    The case of an emergency has one salt (contracts page), so a look under it carries the emergency's own commitment.
    """
    headers = {
        "gongzhi-item": str(grounds.item),
        "gongzhi-purpose": str(int(grounds.purpose)),
        "gongzhi-basis": str(int(grounds.basis)),
        "gongzhi-authority": AUTHORITY_HEADERS[grounds.authority],
    }
    if grounds.authority in ID_HEADERS:
        headers[ID_HEADERS[grounds.authority]] = to_hex(grounds.authority_id)
    if grounds.profile is not None:
        headers["gongzhi-profile"] = to_hex(grounds.profile)
    if grounds.opening is not None:
        headers[OPENING_HEADER] = grounds.opening
        headers["gongzhi-subject"] = to_hex(parse_opening(grounds.opening).commitment)
    commitments = {}
    for name, reference in (
        ("gongzhi-basis-ref", grounds.basis_reference),
        ("gongzhi-officer", grounds.officer),
        ("gongzhi-case", grounds.case),
    ):
        commitments[name] = ZERO32 if reference is None else _committed(name, reference, grounds, receipts)
        if reference is not None:
            headers[name] = to_hex(commitments[name])
    if grounds.consent is not None:
        headers["gongzhi-basis-ref"] = to_hex(grounds.consent)
    return StatedGrounds(headers, commitments["gongzhi-officer"], commitments["gongzhi-case"])


def _committed(name: str, reference: str, grounds: Grounds, receipts: ReceiptFolder) -> bytes:
    if name == "gongzhi-case" and grounds.authority is Authority.EMERGENCY:
        return commit_case(reference, receipts)
    return commit_reference(reference, receipts)


def commit_case(case: str, receipts: ReceiptFolder) -> bytes:
    """Return the commitment of a case that emergencies are opened for: one salt a case, made when it is first used."""
    salt = receipts.salt_of_case(case)
    if salt is not None:
        return keccak256(salt + case.encode("utf-8"))
    salt = os.urandom(32)
    receipts.keep_case(salt, case)
    return commit_reference(case, receipts, salt)


def commit_reference(reference: str, receipts: ReceiptFolder, salt: bytes | None = None) -> bytes:
    """Return keccak256(salt32 ‖ utf8) (formats page, section 5), its opening kept first; the salt is fresh if None."""
    salt = salt or os.urandom(32)
    commitment = keccak256(salt + reference.encode("utf-8"))
    receipts.keep_commitment(commitment, salt, reference)
    return commitment
