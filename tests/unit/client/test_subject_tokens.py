"""Tokens of a table's persons: lists asked a few at a time come back in the order of the persons."""

import threading
from collections.abc import Sequence
from typing import Any, cast

import pytest

from ledger.client.grounds import Grounds
from ledger.client.subject_tokens import AT_ONCE, resident_tokens
from ledger.core.codes import Basis, Purpose
from ledger.core.keccak import keccak256
from ledger.core.subjects import MOST_LISTED, SubjectId, canonical_id
from ledger.errors import TooMany

pytestmark = pytest.mark.unit
GROUNDS = Grounds(1, Purpose.RESIDENCE_REGISTRATION, Basis.STATUTORY_DUTY, None)
PERSONS = [canonical_id("passport", f"E{place:08}") for place in range(5 * MOST_LISTED + 3)]


class Office:
    """Answers lists as a gateway would, the later ones first where it can; refuses the one that it is told to."""

    def __init__(self, refused: int | None = None) -> None:
        self.begun: list[int] = []
        self.answered: list[int] = []
        self._refused, self._turn = refused, threading.Condition()

    def tokens_for_publishing(self, persons: Sequence[SubjectId], _: Grounds) -> list[bytes]:
        place = PERSONS.index(persons[0]) // MOST_LISTED
        with self._turn:
            self.begun.append(place)
            self._turn.notify_all()
            if place == 0:  # the first is answered once others are on their way
                assert self._turn.wait_for(lambda: len(self.begun) >= AT_ONCE, 10)
            if place == self._refused:
                raise TooMany("the quota of the day is used")
            self.answered.append(place)
        return [keccak256(person.bytes) for person in persons]


def asked(office: Office, persons: Sequence[SubjectId]) -> Sequence[bytes]:
    return resident_tokens(cast(Any, office), GROUNDS)(persons)


def test_tokens_come_in_the_order_of_the_persons_and_lists_go_together() -> None:
    office = Office()
    assert asked(office, PERSONS) == [keccak256(person.bytes) for person in PERSONS]
    assert sorted(office.begun) == list(range(6))
    assert asked(Office(), []) == []


@pytest.mark.parametrize("refused", [0, 3, 5])
def test_a_list_that_is_refused_is_told_once_all_on_their_way_are_answered(refused: int) -> None:
    office = Office(refused)
    with pytest.raises(TooMany):
        asked(office, PERSONS)
    assert set(office.begun) == {*office.answered, refused}
