"""The consent that a look rested on is read back from its Disclosure, by the block of its facts."""

from typing import Any

import pytest

from ledger.core.codes import Authority, Basis
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.look_consents import consent_of, states_consent
from tests.unit.core.test_history_access import RECORDED, REQUESTED, folded

pytestmark = pytest.mark.unit
CONSENT, NOTHING = from_hex(RECORDED[2]["consent"], 32), bytes(32)
GRANT, UNKNOWN = b"\x6a" * 32, b"\x6b" * 32
GRANTED_BY_IT = (*REQUESTED[:2], REQUESTED[2] | {"request": to_hex(GRANT), "basis": 1, "basisRef": to_hex(CONSENT)})
HISTORY = folded((100, []), (101, [RECORDED]), (102, [GRANTED_BY_IT]))


def said(**changes: Any) -> dict[str, Any]:
    stated = {"basis": int(Basis.CONSENT), "authority": int(Authority.CLASS1), "factsBlock": 2}
    return stated | {"authorityId": to_hex(GRANT)} | changes


@pytest.mark.parametrize(
    ("changes", "basis_ref", "found"),
    [
        ({}, CONSENT, True),
        ({}, UNKNOWN, False),
        ({}, NOTHING, False),
        ({"factsBlock": 1}, CONSENT, True),
        ({"factsBlock": 0}, CONSENT, False),
        ({"basis": 3}, CONSENT, False),
        ({"authority": 2}, NOTHING, True),
        ({"authority": 2}, UNKNOWN, True),
        ({"authority": 2, "authorityId": to_hex(UNKNOWN)}, NOTHING, False),
    ],
)
def test_a_look_rests_on_the_consent_of_its_grant_or_on_the_one_that_it_states(
    changes: dict[str, Any], basis_ref: bytes, found: bool
) -> None:
    consent = consent_of(HISTORY, said(**changes), basis_ref)
    assert (None if consent is None else consent.id) == (CONSENT if found else None)


def test_a_look_under_a_grant_states_no_consent_itself() -> None:
    assert states_consent(said())
    assert not states_consent(said(authority=2))
    assert not states_consent(said(basis=3))
