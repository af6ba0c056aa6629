"""Overdue reviews are counted as the contract counts them: 64 places, freed by first reviews."""

import pytest

from ledger.core.access_facts import EmergencyFacts, ReviewFacts
from ledger.core.overdue_reviews import MOST_LISTED, overdue_reviews
from ledger.core.points import Point

pytestmark = pytest.mark.unit


def emergency(number: int, due: int = 100, reviewed_in: int | None = None, agency: int = 7) -> EmergencyFacts:
    identifier = number.to_bytes(32, "big")
    facts = EmergencyFacts(
        identifier, agency, bytes(32), "", "", 0, 1, 1, bytes(32), 50, 50, due, Point(number, 0, number)
    )
    if reviewed_in is not None:
        facts.reviews = [ReviewFacts(9, 1, bytes(32), Point(reviewed_in, place, 0)) for place in range(2)]
    return facts


def test_what_is_due_and_not_reviewed_is_overdue() -> None:
    emergencies = [emergency(1), emergency(2, due=101), emergency(3, reviewed_in=9), emergency(4, agency=8)]
    assert overdue_reviews(emergencies, 7, 99) == 0
    assert overdue_reviews(emergencies, 7, 100) == 1
    assert overdue_reviews(emergencies, 7, 101) == 2
    assert overdue_reviews(emergencies, 9, 101) == 0


def test_an_emergency_that_finds_no_place_is_overdue_from_the_start() -> None:
    full = [emergency(number) for number in range(1, MOST_LISTED + 1)]
    assert overdue_reviews(full, 7, 0) == 0
    assert overdue_reviews([*full, emergency(70)], 7, 0) == 1
    assert overdue_reviews(full, 7, 0, opening=2) == 2
    freed = [emergency(1, reviewed_in=69), *full[1:], emergency(70)]
    assert overdue_reviews(freed, 7, 0) == 0
    assert overdue_reviews([*full, emergency(70, reviewed_in=71)], 7, 0) == 0
