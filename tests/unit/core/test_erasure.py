"""When content has to go: the publisher's mark on chain, unless a legal hold came first."""

import pytest

from ledger.core.codes import Mark
from ledger.core.erasure import Erasure, erasure_of, hold_against
from ledger.core.history import AsOf, History
from tests.simulated_consortium import AUDITOR, PUBLISHER, READER, RIVAL, marked
from tests.simulated_ledger import SimulatedLedger

pytestmark = pytest.mark.unit

Steps = tuple[tuple[Mark, int, int], ...]
"""Marks in order: mark, agency, version (0 = all)."""


def history_of(steps: Steps) -> tuple[History, bytes]:
    ledger = SimulatedLedger()
    record = ledger.committed(1)
    for mark, agency, version in steps:
        ledger.mine([marked(record.record_id, mark, agency, version)])
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
