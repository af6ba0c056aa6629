"""Officers: exclusive roles on keys of one officer, and a supervisor who opened the emergency himself, are found."""

from typing import Any

import pytest

from ledger.core.codes import EXCLUSIVE_ROLES, Role
from ledger.core.hexadecimal import to_hex
from tests.simulated_consortium import address, number32
from tests.simulated_council import DAY, NOBODY, GovernedChain, Told, bound, founded
from tests.unit.audit.governing import Lie, require, revoked

pytestmark = pytest.mark.unit

AGENCY, BLAMED = 3, "agency 3"
UNNAMED = "a key whose roles exclude others names no officer: who holds it is not judged"


def held(key: str, role: Role, officer: str, agency: int = AGENCY, **terms: Any) -> list[Told]:
    """Return the events that bind a key with its officer."""
    named = {"key": address(key), "agency": agency, "officer": to_hex(number32(officer))}
    return [bound(address(key), agency, role.bit, **terms), ("AgencyRegistry", "OfficerNamed", named)]


def emergency(name: str, supervisor: str = "") -> Told:
    """Return the event that opens an emergency with the key `opens`."""
    args = {
        "emergency": to_hex(number32(name)),
        "agency": AGENCY,
        "caseRef": to_hex(number32("case")),
        "key": address("opens"),
        "supervisor": address(supervisor) if supervisor else NOBODY,
        **dict.fromkeys(("secondAgency", "reviewer"), 0),
        "region": 990101,
        "reason": 1,
        "noteHash": to_hex(number32("note")),
        **dict.fromkeys(("expiresAt", "unsignedUntil", "reviewDueAt"), 1 << 40),
    }
    return "EmergencyAccess", "EmergencyOpened", args


def co_signed(name: str, key: str) -> Told:
    return "EmergencyAccess", "EmergencyCoSigned", {"emergency": to_hex(number32(name)), "key": address(key)}


def retired(key: str) -> Told:
    return "AgencyRegistry", "KeyRetired", {"key": address(key), "agency": AGENCY}


def test_officers_who_keep_their_parts_apart_are_judged_and_hold() -> None:
    chain = founded()
    chain.mine([*held("opens", Role.EMERGENCY, "one"), *held("signs", Role.SUPERVISE, "two")])
    chain.mine([emergency("at once", "signs"), emergency("later"), emergency("never")])
    chain.mine([co_signed("later", "signs")])
    tally = chain.judged()
    assert tally.failures == []
    assert (tally.passed["key.officer"], tally.passed["emergency.supervisor"]) == (2, 2)
    assert UNNAMED not in tally.notices


@pytest.mark.parametrize("pair", EXCLUSIVE_ROLES, ids=lambda pair: "+".join(role.name for role in pair))
def test_exclusive_roles_on_two_live_keys_of_one_officer_are_found(pair: tuple[Role, Role]) -> None:
    first, second = pair

    def lie(chain: GovernedChain) -> None:
        chain.mine([*held("reads", Role.READ, "one"), *held("first", first, "one")])
        chain.mine([*held("elsewhere", second, "one", agency=2), *held("colleague", second, "two")])
        chain.mine(held("second", second, "one"))

    chain = founded()
    require(chain, lie, "key.officer", second.name, BLAMED)
    assert [failure.subject for failure in chain.judged().failures] == [f"key {address('second')}"]


def a_key_before(*end: Told, seconds: int = 2, **terms: Any) -> GovernedChain:
    """Return a chain where an officer's EMERGENCY key ended before his SUPERVISE key was bound."""
    chain = founded()
    chain.mine(held("opens", Role.EMERGENCY, "one", **terms))
    chain.mine(end, seconds=seconds)
    chain.mine(held("second", Role.SUPERVISE, "one"), seconds=2)
    return chain


def test_a_key_that_has_ended_takes_no_part_any_more() -> None:
    now = founded().now
    for chain in (
        a_key_before(retired("opens")),
        a_key_before(revoked(address("opens"))),
        a_key_before(seconds=DAY, until=now + DAY),
    ):
        assert chain.judged().failures == []


def one_officer_signs_twice(chain: GovernedChain) -> None:
    chain.mine([*held("opens", Role.EMERGENCY, "one"), emergency("mine")])
    chain.mine([retired("opens"), *held("second", Role.SUPERVISE, "one")])
    chain.mine([co_signed("mine", "second")])


def one_officer_signs_at_once(chain: GovernedChain) -> None:
    chain.mine([*held("second", Role.SUPERVISE, "one"), retired("second"), *held("opens", Role.EMERGENCY, "one")])
    chain.mine([emergency("mine", "second")])


@pytest.mark.parametrize("lie", [one_officer_signs_twice, one_officer_signs_at_once], ids=lambda lie: lie.__name__)
def test_an_officer_who_supervises_his_own_emergency_is_found(lie: Lie) -> None:
    require(founded(), lie, "emergency.supervisor", "one officer", BLAMED)


def test_keys_that_name_no_officer_are_told_and_not_judged() -> None:
    chain = founded()
    plain = {"opens": Role.EMERGENCY, "signs": Role.SUPERVISE}
    chain.mine([bound(address(key), AGENCY, role.bit) for key, role in plain.items()])
    chain.mine([emergency("mine", "signs"), emergency("a stranger's", "nobody's key")])
    tally = chain.judged()
    assert tally.failures == []
    assert tally.notices[UNNAMED] == 2
    assert "emergency.supervisor" not in tally.passed
