"""What a look is for: the covered headers of a request, and the salted commitments behind them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from ledger.client.receipts import ReceiptFolder
from ledger.core.codes import Authority, Basis, Purpose
from ledger.core.eip712 import ZERO32
from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256

AUTHORITY_HEADERS: Mapping[Authority, str] = {
    Authority.CLASS1: "class1",
    Authority.OWN: "own",
    Authority.AUDIT: "audit",
}


@dataclass(frozen=True, slots=True)
class Grounds:
    """Item, purpose, basis and authority of looks; references in clear stay here, only commitments are sent.

    `basis_reference`: the duty, article or contract. `officer`, `case`: who looks, for which case.
    """

    item: int
    purpose: Purpose
    basis: Basis
    basis_reference: str | None = None
    officer: str | None = None
    case: str | None = None
    authority: Authority = Authority.CLASS1


@dataclass(frozen=True, slots=True)
class StatedGrounds:
    """Grounds as one request states them: its headers, and the commitments that the disclosure must repeat."""

    headers: Mapping[str, str]
    officer: bytes
    case: bytes


def state(grounds: Grounds, receipts: ReceiptFolder) -> StatedGrounds:
    """Return the headers of `grounds`, each reference under a fresh salt whose opening is kept durably first."""
    headers = {
        "gongzhi-item": str(grounds.item),
        "gongzhi-purpose": str(int(grounds.purpose)),
        "gongzhi-basis": str(int(grounds.basis)),
        "gongzhi-authority": AUTHORITY_HEADERS[grounds.authority],
    }
    commitments = {}
    for name, reference in (
        ("gongzhi-basis-ref", grounds.basis_reference),
        ("gongzhi-officer", grounds.officer),
        ("gongzhi-case", grounds.case),
    ):
        commitments[name] = ZERO32 if reference is None else _commit(reference, receipts)
        if reference is not None:
            headers[name] = to_hex(commitments[name])
    return StatedGrounds(headers, commitments["gongzhi-officer"], commitments["gongzhi-case"])


def _commit(reference: str, receipts: ReceiptFolder) -> bytes:
    """Return keccak256(salt32 ‖ utf8) (formats page, section 5: officer and caseRef)."""
    salt = os.urandom(32)
    commitment = keccak256(salt + reference.encode("utf-8"))
    receipts.keep_commitment(commitment, salt, reference)
    return commitment
