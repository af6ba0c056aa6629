"""Officer, case and basis of a look are shown by what opens their commitments, and nothing else passes."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.core.canonical import encode
from ledger.core.eip712 import ZERO32
from ledger.core.hexadecimal import to_hex
from ledger.core.receipt import Receipt
from ledger.core.shown_openings import SaltedText, ShownOpenings, committed, parse_openings_shown, verify_openings
from ledger.errors import FormatError, VerificationError
from tests.simulated_consortium import number32
from tests.simulated_ledger import SimulatedLedger, honest_ledger
from tests.simulated_receipts import acceptance, look_receipt

pytestmark = pytest.mark.unit
LEDGER: SimulatedLedger = honest_ledger()
OFFICER, CASE = SaltedText(number32("salt of officer"), "officer 17"), SaltedText(number32("salt of case"), "2026-9")
TEXTS = {"officer": "officer 17", "case": "2026-9"}


def look(**other: Any) -> Receipt:
    headers = LEDGER.headers(officer=to_hex(OFFICER.commitment), case=to_hex(CASE.commitment))
    del headers["gongzhi-basis-ref"]
    said = {"officer": OFFICER.commitment, "caseRef": CASE.commitment, **other}
    return look_receipt(LEDGER, LEDGER.look(LEDGER.committed(1), headers=headers, **said))


RECEIPT = look()
SHOWN = ShownOpenings(RECEIPT.message["request"], {"officer": OFFICER, "case": CASE})


def test_what_is_shown_opens_the_commitments_and_goes_through_a_file() -> None:
    assert committed(RECEIPT) == {"officer": OFFICER.commitment, "case": CASE.commitment, "basis": ZERO32}
    assert verify_openings(SHOWN, RECEIPT) == TEXTS
    assert parse_openings_shown(encode(SHOWN.document)) == SHOWN
    only = ShownOpenings(SHOWN.request, {"case": CASE})
    assert verify_openings(parse_openings_shown(encode(only.document)), RECEIPT) == {"case": "2026-9"}


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (replace(SHOWN, opened={"officer": replace(OFFICER, text="officer 18")}), "officer: this is not"),
        (replace(SHOWN, opened={"case": replace(CASE, salt=bytes(32))}), "case: this is not"),
        (replace(SHOWN, opened={"officer": CASE}), "officer: this is not"),
        (replace(SHOWN, opened={"basis": CASE}), "basis: the look has no commitment"),
        (replace(SHOWN, request=bytes(32)), "another look"),
    ],
)
def test_another_text_salt_or_look_does_not_pass(shown: ShownOpenings, said: str) -> None:
    with pytest.raises(VerificationError, match=said):
        verify_openings(shown, RECEIPT)


def test_a_receipt_that_does_not_bear_it_out_does_not_pass() -> None:
    submitted = LEDGER.sign_submission([LEDGER.committed(7)])
    base = replace(RECEIPT.evidence, base=look().evidence.base)  # type: ignore[type-var, union-attr]
    for receipt, said in (
        (acceptance(LEDGER, submitted), "receipt of a look"),
        (replace(RECEIPT, signer=address_of_nobody()), "not signed by the key"),
        (replace(RECEIPT, evidence=base), "another than it answers"),
        (look(officer=CASE.commitment), "another officer or case"),
    ):
        with pytest.raises(VerificationError, match=said):
            committed(receipt)


def address_of_nobody() -> str:
    return "0x" + "11" * 20


@pytest.mark.parametrize(
    "changed", [{"officer": {"salt": "0x00", "text": "a"}}, {"officer": {"salt": to_hex(bytes(32))}}, {"more": 1}]
)
def test_other_shapes_are_no_openings(changed: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        parse_openings_shown(encode({**SHOWN.document, **changed}))
