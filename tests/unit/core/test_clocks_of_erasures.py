"""Who opened what was erased since owes its destruction: judged as of moments that were set by hand."""

import pytest

from ledger.core.clocks import Clocks, DutyKind
from ledger.core.codes import HOLD_RELEASED, Mark
from ledger.core.erasure import OpenedRecord
from ledger.core.history import MarkFacts
from ledger.core.points import Dated
from tests.unit.core.test_clocks import (
    DAY,
    EMERGENCY,
    HOLDER,
    READER,
    RECORD,
    REQUEST,
    at,
    clocks,
    emergency,
    granted,
    point,
    step,
)

pytestmark = pytest.mark.unit


def seen(when: str, authority: bytes = REQUEST, version: int = 1) -> OpenedRecord:
    return OpenedRecord(authority, RECORD, version, HOLDER, at(when))


def marked(when: str, mark: Mark = Mark.ERASED, version: int = 0, agency: int = HOLDER) -> MarkFacts:
    return MarkFacts(agency, version, mark, 1, point(when))


def erasure_duties(found: Clocks) -> list[tuple[int, int, int | None]]:
    owed = [duty for duty in found.duties() if duty.kind in (DutyKind.ERASURE, DutyKind.EMERGENCY_ERASURE)]
    return [(duty.agency, duty.due_at, duty.done_at) for duty in owed]


def test_who_saw_a_record_under_a_grant_owes_its_destruction_once_it_is_erased() -> None:
    opened, erased = [seen("2026-10-12T10:00")], [marked("2026-10-20T10:00")]
    due = at("2026-10-20T10:00") + 30 * DAY
    before = clocks("2026-10-20T09:59", granted(), opened=opened, marks=erased)
    assert erasure_duties(before) == []
    early = step("destroyed", "2026-10-19T10:00", publisher=READER)
    strangers = [step("destroyed", "2026-10-21T10:00"), step("notified", "2026-10-21T10:00", publisher=READER)]
    found = clocks("2026-12-20T10:00", granted(), opened=opened, marks=erased, steps=[early, *strangers])
    assert erasure_duties(found) == [(READER, due, None)]
    own = step("destroyed", "2026-10-22T10:00", publisher=READER)
    found = clocks("2026-12-20T10:00", granted(), opened=opened, marks=erased, steps=[early, *strangers, own])
    assert erasure_duties(found) == [(READER, due, own.at)]


def test_nothing_is_owed_for_what_was_seen_later_is_held_or_was_marked_by_another() -> None:
    erased = marked("2026-10-20T10:00")
    held = [marked("2026-10-19T10:00", Mark.HOLD), erased]
    for opened, marks in (
        ([seen("2026-10-21T10:00")], [erased]),
        ([seen("2026-10-12T10:00")], held),
        ([seen("2026-10-12T10:00")], [marked("2026-10-20T10:00", agency=READER)]),
        ([seen("2026-10-12T10:00", version=2)], [marked("2026-10-20T10:00", version=1)]),
        ([seen("2026-10-12T10:00", authority=RECORD)], [erased]),
    ):
        assert erasure_duties(clocks("2026-12-20T10:00", granted(), opened=opened, marks=marks)) == []


def test_one_acknowledgement_answers_for_every_erasure_before_it() -> None:
    opened = [seen("2026-10-12T10:00", version=version) for version in (1, 2, 3)]
    days = ("2026-10-20T10:00", "2026-10-22T10:00", "2026-10-26T10:00")
    erased = [marked(day, version=version) for version, day in enumerate(days, 1)]
    done = step("destroyed", "2026-10-23T10:00", publisher=READER)
    found = clocks("2026-10-27T10:00", granted(), opened=opened, marks=erased, steps=[done])
    assert erasure_duties(found) == [
        (READER, at(days[0]) + 30 * DAY, done.at),
        (READER, at(days[2]) + 30 * DAY, None),
    ]


def test_what_was_seen_in_an_emergency_and_erased_since_is_destroyed_with_the_rest() -> None:
    opened, erased = [seen("2026-09-01T11:00", EMERGENCY)], [marked("2026-09-10T10:00")]
    due = at("2026-09-10T10:00") + 30 * DAY
    for gone, owed in (
        (None, [(READER, due, None)]),
        ("2026-09-20T10:00", [(READER, due, at("2026-09-20T10:00"))]),
        ("2026-09-05T10:00", []),
        ("2026-11-20T10:00", [(READER, due, None)]),
    ):
        facts = emergency(destroyed=point(gone) if gone else None)
        assert erasure_duties(clocks("2026-11-10T10:00", facts, opened=opened, marks=erased)) == owed


def test_the_parameter_in_force_when_a_record_was_erased_sets_the_term() -> None:
    found = clocks("2026-12-20T10:00", granted(), opened=[seen("2026-10-12T10:00")], marks=[marked("2026-10-20T10:00")])
    found.history.parameters["destroyWithin"] = [
        Dated(point("2026-10-01T10:00"), 10 * DAY),
        Dated(point("2026-10-21T10:00"), 90 * DAY),
    ]
    assert erasure_duties(found) == [(READER, at("2026-10-20T10:00") + 10 * DAY, None)]


def test_what_a_hold_had_kept_is_owed_from_its_release() -> None:
    days = ("2026-10-13T10:00", "2026-10-20T10:00", "2026-10-26T10:00")
    release = MarkFacts(HOLDER, 0, Mark.HOLD, HOLD_RELEASED, point(days[2]))
    marks = [marked(days[0], Mark.HOLD), marked(days[1]), release]
    found = clocks("2026-12-20T10:00", granted(), opened=[seen("2026-10-12T10:00")], marks=marks)
    assert erasure_duties(found) == [(READER, at(days[2]) + 30 * DAY, None)]
