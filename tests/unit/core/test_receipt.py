"""Receipts: exact shapes, there and back."""

import json
from pathlib import Path
from typing import Any

import pytest

from ledger.core.bundle import SignedSubmission
from ledger.core.canonical import encode
from ledger.core.hexadecimal import from_hex
from ledger.core.receipt import LookRequest, Opening, Receipt, SignedAction, parse_receipt
from ledger.core.statements import TYPES, StatementDomain, message_from_json
from ledger.errors import FormatError, UnsupportedFormat

pytestmark = pytest.mark.unit
VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "formats-1.json").read_text(encoding="utf-8")
)
DOMAIN = StatementDomain(VECTORS["domain"]["chainId"], VECTORS["domain"]["verifyingContract"])
OPENING = Opening(bytes(range(32)), 1, bytes(32), 0b1011)
MARK = {
    "key": "0x" + "11" * 20,
    "recordId": bytes(32),
    "version": 0,
    "mark": 1,
    "reason": 1,
    "nonce": 1 << 255,
    "deadline": 1767226300,
}
LOOK = LookRequest('"@method": GET', bytes(65), (OPENING,))


def receipt(kind: str) -> Receipt:
    submission = VECTORS["submissions"][0]
    signed = submission["submission"]
    statement = submission["acceptance"]
    evidence: SignedSubmission | LookRequest | SignedAction = SignedSubmission(
        message_from_json("Submission", signed["message"]),
        signed["signer"],
        from_hex(signed["signature"]),
        from_hex(submission["sealedHash"]),
    )
    if kind != "acceptance":
        statement = next(s for s in VECTORS["statements"] if s["statement"].lower() == kind)
        evidence = LOOK if kind == "disclosure" else LookRequest(LOOK.base, LOOK.signature, ())
    if kind == "received":
        evidence = SignedAction("Mark", MARK, bytes(65))
    return Receipt(
        kind,
        message_from_json(statement["statement"], statement["message"]),
        statement["signer"],
        from_hex(statement["signature"]),
        DOMAIN,
        evidence,
        1767226002,
    )


@pytest.mark.parametrize("kind", ["acceptance", "disclosure", "refusal", "query", "received"])
def test_a_receipt_of_each_kind_reads_back_as_it_was_written(kind: str) -> None:
    written = receipt(kind)
    assert written.statement in TYPES
    read = parse_receipt(encode(written.document))
    assert read == written
    assert read.hash == written.hash


def spoil(kind: str, *path: str | int, value: Any) -> bytes:
    document: Any = json.loads(encode(receipt(kind).document))
    inner = document
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return encode(document)


@pytest.mark.parametrize(
    "data",
    [
        spoil("acceptance", "kind", value="promise"),
        spoil("acceptance", "kind", value=7),
        spoil("acceptance", "kind", value="refusal"),
        spoil("acceptance", "note", value="more"),
        spoil("acceptance", "contract", value="0x00"),
        spoil("received", "evidence", "message", value=[]),
        spoil("received", "evidence", "action", value="Anchor"),
        spoil("disclosure", "evidence", "openings", 0, value=[]),
        spoil("disclosure", "evidence", "openings", value=[[]] * 201),
        spoil("refusal", "evidence", "openings", value=receipt("disclosure").document["evidence"]["openings"]),
        spoil("query", "evidence", "openings", value=receipt("disclosure").document["evidence"]["openings"]),
    ],
)
def test_a_receipt_with_any_other_member_or_shape_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse_receipt(data)


@pytest.mark.parametrize("data", [b"[]", spoil("refusal", "format", value="gongzhi-receipt/2")])
def test_another_format_is_unsupported(data: bytes) -> None:
    with pytest.raises(UnsupportedFormat):
        parse_receipt(data)
