"""When content has to go: the publisher's mark on chain, unless a legal hold came first."""

import pytest

from ledger.core.codes import HOLD_RELEASED, Mark
from ledger.core.erasure import Erasure, erasure_of, hold_against
from ledger.core.history import AsOf, History
from tests.simulated_consortium import AUDITOR, PUBLISHER, READER, RIVAL, marked
from tests.simulated_ledger import SimulatedLedger

pytestmark = pytest.mark.unit

Steps = tuple[tuple[Mark, int, int] | tuple[Mark, int, int, int], ...]
"""Marks in order: mark, agency, version (0 = all), and the reason where it matters."""
HELD, ERASED = (Mark.HOLD, AUDITOR, 1), (Mark.ERASED, PUBLISHER, 0)
RELEASED = (Mark.HOLD, AUDITOR, 1, HOLD_RELEASED)


def history_of(steps: Steps) -> tuple[History, bytes]:
    ledger = SimulatedLedger()
    record = ledger.committed(1)
    for mark, agency, version, *reason in steps:
        ledger.mine([marked(record.record_id, mark, agency, version, *reason)])
    return ledger.history(), record.record_id


def now(history: History) -> AsOf:
    assert history.newest_block is not None
    return history.at_block(history.newest_block.number)


def erased(steps: Steps, version: int = 1) -> Erasure | None:
    history, record_id = history_of(steps)
    return erasure_of(history, record_id, PUBLISHER, version, now(history))


@pytest.mark.parametrize(
    "steps",
    [
        (),
        ((Mark.WITHDRAWN, PUBLISHER, 0),),
        ((Mark.ERASED, RIVAL, 0),),
        ((Mark.ERASED, PUBLISHER, 2),),
    ],
)
def test_a_record_stays_without_its_publishers_mark_on_it(steps: Steps) -> None:
    assert erased(steps) is None


def test_the_first_mark_on_the_version_or_on_all_counts() -> None:
    history, record_id = history_of(((Mark.ERASED, PUBLISHER, 2), (Mark.ERASED, PUBLISHER, 0)))
    first, second = (mark.point for mark in history.marks[record_id])
    both = [erasure_of(history, record_id, PUBLISHER, version, now(history)) for version in (1, 2)]
    assert both == [Erasure(second, None), Erasure(first, None)]
    assert not both[0].is_held if both[0] else False
    assert erasure_of(history, record_id, PUBLISHER, 1, AsOf(first.time, first)) is None


@pytest.mark.parametrize(
    ("hold", "is_held"),
    [
        ((Mark.HOLD, PUBLISHER, 0), True),
        ((Mark.HOLD, PUBLISHER, 1), True),
        ((Mark.HOLD, AUDITOR, 1), True),
        ((Mark.HOLD, PUBLISHER, 2), False),
        ((Mark.HOLD, READER, 0), False),
        ((Mark.DISPUTED, PUBLISHER, 0), False),
    ],
)
def test_a_hold_that_came_first_blocks_if_its_agency_may_hold(hold: tuple[Mark, int, int], is_held: bool) -> None:
    found = erased((hold, (Mark.ERASED, PUBLISHER, 0)))
    assert found is not None
    assert found.is_held is is_held
    late = erased(((Mark.ERASED, PUBLISHER, 0), hold))
    assert late is not None
    assert not late.is_held


def test_a_mark_on_all_versions_meets_a_hold_on_any_of_them() -> None:
    history, record_id = history_of(((Mark.HOLD, AUDITOR, 2),))
    met = [hold_against(history, record_id, PUBLISHER, version, now(history)) for version in (0, 1, 2)]
    assert [hold is not None for hold in met] == [True, False, True]
    assert hold_against(history, record_id, PUBLISHER, 0, AsOf(0)) is None


@pytest.mark.parametrize(
    ("steps", "is_held", "place"),
    [
        ((HELD, RELEASED, ERASED), False, 2),
        ((HELD, ERASED, RELEASED), False, 2),
        ((HELD, ERASED, (Mark.HOLD, PUBLISHER, 0), RELEASED), True, None),
        ((HELD, ERASED, (Mark.HOLD, PUBLISHER, 0), RELEASED, (Mark.HOLD, PUBLISHER, 0, HOLD_RELEASED)), False, 4),
        ((HELD, ERASED, RELEASED, HELD), False, 2),
        ((HELD, RELEASED, HELD, ERASED), True, None),
        ((HELD, (Mark.HOLD, PUBLISHER, 1, HOLD_RELEASED), ERASED), True, None),
        ((HELD, (Mark.HOLD, AUDITOR, 0, HOLD_RELEASED), ERASED), True, None),
        ((HELD, (Mark.WITHDRAWN, AUDITOR, 1, HOLD_RELEASED), ERASED), True, None),
        ((RELEASED, ERASED), False, 1),
    ],
)
def test_an_erasure_is_due_once_every_hold_that_blocked_it_is_released(
    steps: Steps, is_held: bool, place: int | None
) -> None:
    history, record_id = history_of(steps)
    found = erasure_of(history, record_id, PUBLISHER, 1, now(history))
    assert found is not None
    assert found.is_held is is_held
    if place is not None:
        assert found.since == history.marks[record_id][place].point


def test_before_its_release_an_erasure_is_held() -> None:
    history, record_id = history_of((HELD, ERASED, RELEASED))
    held, marked_at, released = (mark.point for mark in history.marks[record_id])
    before = erasure_of(history, record_id, PUBLISHER, 1, AsOf(marked_at.time, marked_at))
    assert before == Erasure(marked_at, history.marks[record_id][0])
    assert erasure_of(history, record_id, PUBLISHER, 1, now(history)) == Erasure(marked_at, None, released)
    assert hold_against(history, record_id, PUBLISHER, 1, AsOf(held.time, held)) is not None
    assert hold_against(history, record_id, PUBLISHER, 1, now(history)) is None


def test_a_released_hold_is_shown_no_more() -> None:
    history, record_id = history_of(((Mark.HOLD, PUBLISHER, 0), (Mark.HOLD, PUBLISHER, 0, HOLD_RELEASED), ERASED))
    at = [AsOf(mark.point.time, mark.point) for mark in history.marks[record_id]]
    assert [history.marks_by(record_id, PUBLISHER, 1, moment) for moment in at] == [{Mark.HOLD}, set(), {Mark.ERASED}]
