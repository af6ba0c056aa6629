"""Pseudonyms of officers: one for a person in an agency, which nobody makes without the agency's secret."""

import hashlib
import hmac

import pytest

from ledger.core.codes import EXCLUSIVE_ROLES, Role
from ledger.core.officers import needs_officer, officer_pseudonym, roles_together
from ledger.errors import FormatError

pytestmark = pytest.mark.unit

SECRET = bytes(range(32))


def test_a_pseudonym_is_the_hmac_of_the_staff_number_under_the_secret_of_the_agency() -> None:
    expected = hmac.new(SECRET, b"officer/v1\0" + b"4711", hashlib.sha256).digest()
    assert officer_pseudonym(SECRET, "4711") == expected
    assert officer_pseudonym(SECRET, "4711").hex() == "4b984bc37d8e56c295fafebab557b1d9d9c206becee9a96df20f7b31a96c934c"


def test_another_officer_and_another_agency_have_other_pseudonyms() -> None:
    made = {officer_pseudonym(secret, name) for secret in (SECRET, bytes(32)) for name in ("4711", "4712", "值班长")}
    assert len(made) == 6


@pytest.mark.parametrize("name", ["", " ", "4711 ", " 4711", "duty  officer", "duty\tofficer", "e\u0301", "a\x00"])
def test_an_officer_has_one_spelling(name: str) -> None:
    with pytest.raises(FormatError) as refusal:
        officer_pseudonym(SECRET, name)
    assert name.strip() == "" or name not in str(refusal.value)


@pytest.mark.parametrize("length", [0, 16, 33])
def test_a_secret_has_32_bytes(length: int) -> None:
    with pytest.raises(FormatError, match="32 bytes"):
        officer_pseudonym(bytes(length), "4711")


def test_a_key_needs_an_officer_if_a_role_of_its_excludes_another() -> None:
    paired = {role for pair in EXCLUSIVE_ROLES for role in pair}
    assert {role for role in Role if needs_officer(role.bit)} == paired
    assert needs_officer(Role.READ.bit | Role.DECIDE.bit)
    assert not needs_officer(Role.READ.bit | Role.SUBMIT.bit)


def test_roles_of_keys_are_added_up() -> None:
    assert roles_together([]) == 0
    assert roles_together([Role.READ.bit, Role.READ.bit | Role.DECIDE.bit]) == Role.READ.bit | Role.DECIDE.bit
