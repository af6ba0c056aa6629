"""How long keys last: the longest of those that may act now counts."""

import pytest

from ledger.core.codes import Role
from ledger.core.hexadecimal import to_hex
from ledger.core.history import Block, ChainEvent, History
from ledger.core.key_expiry import days_left, keys_of, now_as_of, usable_until
from tests.simulated_consortium import address, number32

pytestmark = pytest.mark.unit
GENESIS = Block(0, to_hex(number32("b")), to_hex(bytes(32)), 50)
FIRST, SECOND, RETIRED, FOREIGN, ROLELESS = (address(name) for name in ("1", "2", "3", "4", "5"))


def bound(key: str, until: int, agency: int = 7, role: Role = Role.ANCHOR) -> tuple[str, dict[str, object]]:
    return "KeyBound", {"key": key, "agency": agency, "roles": role.bit, "validFrom": 40, "validUntil": until}


@pytest.fixture
def history() -> History:
    told = [
        *(
            ("AgencyRegistered", {"agency": agency, "kind": 1, "region": 990101, "allowedRoles": 8191})
            for agency in (7, 8)
        ),
        bound(FIRST, 1_000),
        bound(SECOND, 2_000),
        bound(RETIRED, 9_000),
        ("KeyRetired", {"key": RETIRED, "agency": 7}),
        bound(FOREIGN, 9_000, agency=8),
        bound(ROLELESS, 9_000, role=Role.SUBMIT),
    ]
    made = History()
    made.append(
        GENESIS,
        [ChainEvent(0, place, to_hex(number32("t")), "AgencyRegistry", *one) for place, one in enumerate(told)],
    )
    return made


def test_the_longest_of_the_keys_that_may_act_counts(history: History) -> None:
    bound_here = keys_of(history, 7)
    assert set(bound_here) == {FIRST, SECOND, RETIRED, ROLELESS}
    told = {
        now: usable_until(history, bound_here, Role.ANCHOR, 7, now_as_of(GENESIS, now)) for now in (60, 1_999, 2_000)
    }
    assert told == {60: 2_000, 1_999: 2_000, 2_000: 0}
    assert usable_until(history, (FIRST,), Role.ANCHOR, 7, now_as_of(GENESIS, 60)) == 1_000
    assert usable_until(history, (FOREIGN,), Role.ANCHOR, 7, now_as_of(GENESIS, 60)) == 0


def test_days_that_are_left_are_whole_and_never_less_than_none() -> None:
    assert [days_left(until, 1_000) for until in (0, 1_000, 87_399, 87_400)] == [0, 0, 0, 1]
