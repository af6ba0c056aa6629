"""Calendars of working days: the document, fixed deadlines by hand, and what holds for every calendar."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.calendar import WEEKENDS_ONLY, Calendar, calendar_in_force, parse_calendar
from ledger.core.canonical import encode
from ledger.core.keccak import keccak256
from ledger.core.points import AsOf, Dated, Point
from ledger.domain import load_document
from ledger.errors import FormatError, UnsupportedFormat

pytestmark = pytest.mark.unit

CHINA = parse_calendar(load_document("calendar/cn-1.json"))
CHANGES = [
    ({"format": "gongzhi-calendar/2"}, UnsupportedFormat),
    ({"version": 0}, FormatError),
    ({"utcOffsetSeconds": 50_401}, FormatError),
    ({"utcOffsetSeconds": True}, FormatError),
    ({"weekend": [0, 6]}, FormatError),
    ({"weekend": [7, 6]}, FormatError),
    ({"weekend": [8]}, FormatError),
    ({"weekend": [1, 2, 3, 4, 5, 6, 7]}, FormatError),
    ({"holidays": ["2026-01-02", "2026-01-01"]}, FormatError),
    ({"holidays": ["2026-01-01", "2026-01-01"]}, FormatError),
    ({"holidays": ["2026-02-30"]}, FormatError),
    ({"holidays": ["20260101"]}, FormatError),
    ({"holidays": [20260101]}, FormatError),
    ({"workdays": ["2026-10-09"]}, FormatError),
    ({"holidays": ["2026-10-10"], "workdays": ["2026-10-10"]}, FormatError),
    ({"more": 1}, FormatError),
]


def document(**changes: Any) -> dict[str, Any]:
    members = {
        "format": "gongzhi-calendar/1",
        "version": 1,
        "utcOffsetSeconds": 28800,
        "weekend": [6, 7],
        "holidays": ["2026-10-01", "2026-10-02"],
        "workdays": ["2026-10-10"],
    }
    return {**members, **changes}


def beijing(text: str) -> int:
    """The Unix second of a local time in Beijing, by another way than the calendar's."""
    return int((datetime.fromisoformat(text).replace(tzinfo=UTC) - timedelta(hours=8)).timestamp())


def test_a_calendar_survives_parsing_and_its_hash_is_of_the_canonical_bytes() -> None:
    parsed = parse_calendar(document())
    assert parsed.document == document()
    assert parsed.hash == keccak256(encode(document()))


@pytest.mark.parametrize(("changes", "error"), CHANGES, ids=[str(change) for change, _ in CHANGES])
def test_another_shape_is_refused(changes: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        parse_calendar(document(**changes))


def test_a_calendar_that_is_no_object_is_refused() -> None:
    with pytest.raises(FormatError):
        parse_calendar([])


@pytest.mark.parametrize(
    ("start", "working_days", "end"),
    [
        ("2026-09-21T09:00:00", 2, "2026-09-23T23:59:59"),
        ("2026-09-21T00:00:00", 2, "2026-09-23T23:59:59"),
        ("2026-09-21T23:59:59", 0, "2026-09-21T23:59:59"),
        # Spring Festival: Friday 13 February, Saturday 14 is worked, then nine free days.
        ("2026-02-13T10:00:00", 1, "2026-02-14T23:59:59"),
        ("2026-02-13T10:00:00", 2, "2026-02-24T23:59:59"),
        # Ten working days over the National Day week: 28-30 September, 8-10 (a worked Saturday), 12-15 October.
        ("2026-09-24T12:00:00", 10, "2026-10-15T23:59:59"),
        # Labour Day: 6, 7, 8 and the worked Saturday 9 May.
        ("2026-04-30T18:00:00", 4, "2026-05-09T23:59:59"),
        # Asked on a free Saturday.
        ("2026-10-03T08:00:00", 1, "2026-10-08T23:59:59"),
        # Beyond what is listed only weekends count.
        ("2029-09-28T12:00:00", 1, "2029-10-01T23:59:59"),
    ],
)
def test_deadlines_that_were_counted_by_hand(start: str, working_days: int, end: str) -> None:
    assert CHINA.deadline(beijing(start), working_days) == beijing(end)


@pytest.mark.parametrize(
    ("due", "at", "days"),
    [
        ("2026-09-24T23:59:59", "2026-09-24T23:59:59", 0),
        ("2026-09-24T23:59:59", "2026-09-25T00:00:00", 0),
        ("2026-09-24T23:59:59", "2026-09-28T00:00:00", 1),
        ("2026-09-30T23:59:59", "2026-10-12T09:00:00", 4),
        ("2026-09-30T10:00:00", "2026-09-30T18:00:00", 0),
        ("2026-10-12T10:00:00", "2026-09-30T18:00:00", 0),
    ],
)
def test_overdue_days_that_were_counted_by_hand(due: str, at: str, days: int) -> None:
    assert CHINA.working_days_between(beijing(due), beijing(at)) == days


def test_the_calendar_of_2026_has_the_worked_weekends_and_248_working_days() -> None:
    days = [date(2026, 1, 1) + timedelta(place) for place in range(365)]
    worked = [day for day in days if CHINA.is_working_day(day)]
    weekends = ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"]
    assert [day.isoformat() for day in worked if day.isoweekday() > 5] == weekends
    weekday_holidays = [day for day in CHINA.holidays if day.year == 2026 and day.isoweekday() < 6]
    assert len(worked) == 261 + len(weekends) - len(weekday_holidays) == 248


def test_the_next_holiday_and_the_end_of_what_is_known() -> None:
    assert CHINA.next_holiday(date(2026, 9, 20)) == date(2026, 9, 25)
    assert CHINA.next_holiday(date(2028, 10, 3)) is None
    assert CHINA.known_until == date(2028, 12, 31)
    assert WEEKENDS_ONLY.known_until is None


def test_local_days_follow_the_offset() -> None:
    assert CHINA.local_day(beijing("2026-10-01T00:00:00")) == date(2026, 10, 1)
    assert CHINA.local_day(beijing("2026-10-01T00:00:00") - 1) == date(2026, 9, 30)
    assert CHINA.end_of_day(date(2026, 9, 30)) == beijing("2026-09-30T23:59:59")


@pytest.mark.parametrize("working_days", [-1, 65_536])
def test_a_deadline_that_no_item_can_ask_for_is_an_error(working_days: int) -> None:
    with pytest.raises(ValueError, match="working days"):
        CHINA.deadline(0, working_days)


START = date(2026, 1, 1)
DAYS = st.integers(0, 400).map(lambda place: START + timedelta(place))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    weekend = tuple(sorted(draw(st.sets(st.integers(1, 7), max_size=6))))
    holidays = draw(st.sets(DAYS, max_size=60))
    workdays = {day for day in draw(st.sets(DAYS, max_size=30)) - holidays if day.isoweekday() in weekend}
    offset = draw(st.sampled_from([-50_400, 0, 28_800, 34_200]))
    return Calendar(1, offset, weekend, tuple(sorted(holidays)), tuple(sorted(workdays)))


TIMES = st.integers(1_767_000_000, 1_800_000_000)


def plainly_worked(calendar: Calendar, day: date) -> bool:
    return day in calendar.workdays or (day.isoweekday() not in calendar.weekend and day not in calendar.holidays)


@settings(max_examples=60, deadline=None)
@given(calendars(), DAYS)
def test_a_day_is_worked_as_the_lists_say(calendar: Calendar, day: date) -> None:
    assert calendar.is_working_day(day) == plainly_worked(calendar, day)


@settings(max_examples=60, deadline=None)
@given(calendars(), TIMES, st.integers(1, 40))
def test_a_deadline_is_the_nth_working_day_counted_one_by_one(calendar: Calendar, start: int, count: int) -> None:
    day, left = calendar.local_day(start), count
    while left:
        day += timedelta(1)
        left -= plainly_worked(calendar, day)
    assert calendar.deadline(start, count) == calendar.end_of_day(day)
    assert calendar.working_days_between(start, calendar.deadline(start, count)) == count


@settings(max_examples=60, deadline=None)
@given(calendars(), TIMES, st.integers(0, 30), st.integers(0, 30))
def test_deadlines_add_up_and_grow(calendar: Calendar, start: int, first: int, second: int) -> None:
    assert calendar.deadline(calendar.deadline(start, first), second) == calendar.deadline(start, first + second)
    assert calendar.deadline(start, first) < calendar.deadline(start, first + second + 1)
    assert calendar.deadline(start, first) <= calendar.deadline(start + 86_400, first)


@settings(max_examples=60, deadline=None)
@given(calendars(), st.lists(TIMES, min_size=3, max_size=3))
def test_overdue_days_add_up_and_never_shrink(calendar: Calendar, times: list[int]) -> None:
    first, second, third = sorted(times)
    days = calendar.working_days_between
    assert days(first, third) == days(first, second) + days(second, third)
    assert all(days(first, one) <= days(first, later) for one, later in pairwise((first, second, third)))


NOVEMBER = AsOf(beijing("2026-11-20T09:00:00"))
FIRST, SECOND = (Dated(Point(block, 0, at), block) for block, at in ((1, 100), (2, NOVEMBER.time + 1)))


def test_the_calendar_in_force_is_the_newest_that_the_chain_named_by_then() -> None:
    documents = {CHINA.hash: encode(CHINA.document).decode()}
    dated = [Dated(FIRST.since, (1, CHINA.hash)), Dated(SECOND.since, (2, bytes(32)))]
    assert calendar_in_force(dated, NOVEMBER, documents.get) == (CHINA, None)
    lacking = "the document of calendar version 2 is not here: only weekends count as free"
    assert calendar_in_force(dated, AsOf(NOVEMBER.time + 1), documents.get) == (WEEKENDS_ONLY, lacking)


def test_without_a_usable_calendar_only_weekends_count_and_that_is_said() -> None:
    none = "no calendar of working days is in force: only weekends count as free"
    assert calendar_in_force([], NOVEMBER, {}.get) == (WEEKENDS_ONLY, none)
    dated = [Dated(FIRST.since, (1, CHINA.hash))]
    for text in ("{}", "no JSON", encode({**CHINA.document, "version": 0}).decode()):
        calendar, lack = calendar_in_force(dated, NOVEMBER, {CHINA.hash: text}.get)
        assert (calendar, lack) == (
            WEEKENDS_ONLY,
            "the document of calendar version 1 is not here: only weekends count as free",
        )


def test_a_moment_beyond_what_a_calendar_lists_is_said() -> None:
    bare = Calendar(3, 28_800, (6, 7), (), ())
    for calendar, said in ((CHINA, "lists years up to 2028"), (bare, "lists no year")):
        dated = [Dated(FIRST.since, (calendar.version, calendar.hash))]
        found, lack = calendar_in_force(
            dated, AsOf(beijing("2029-01-01T00:00:00")), {calendar.hash: encode(calendar.document).decode()}.get
        )
        assert found == calendar
        assert lack == f"calendar version {calendar.version} {said}: beyond, only weekends count as free"
