"""Rules over birth dates: years, bands and age flags."""

import calendar
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.canonical import JsonValue
from ledger.core.rules import RuleContext, derive
from ledger.errors import RuleError

pytestmark = pytest.mark.unit

NO_CONTEXT = RuleContext()
MIDSUMMER_2026 = int(datetime(2026, 7, 1, 12, tzinfo=UTC).timestamp())

dates = st.dates(date(1900, 1, 1), date(2100, 12, 31))


def refused(kind: str, born: JsonValue, context: RuleContext) -> None:
    with pytest.raises(RuleError):
        derive(kind, born, context)


@settings(max_examples=200, deadline=None)
@given(st.dates())
def test_the_bands_of_a_birth_date_hold_its_year_and_have_their_width(born: date) -> None:
    text = born.isoformat()
    assert derive("g:birth-year@1", text, NO_CONTEXT) == born.year
    for kind, width in (("g:birth-band5@1", 5), ("g:birth-band10@1", 10)):
        band = str(derive(kind, text, NO_CONTEXT))
        first, last = int(band[:4]), int(band[5:])
        assert band == f"{first:04d}-{last:04d}"
        assert first <= born.year <= last
        assert last - first == width - 1
        assert first % width == 0


@pytest.mark.parametrize("kind", ["g:birth-year@1", "g:birth-band5@1", "g:birth-band10@1", "g:age-flags@1"])
@pytest.mark.parametrize(
    "born",
    [
        "",
        "1990",
        "1990-02-30",
        "1900-02-29",
        "1990-00-10",
        "0000-01-01",
        "19900307",
        "1990/03/07",
        "1990-03-07T00:00",
        "1990-03-07\n",
        "１９９０-03-07",
        "+990-03-07",
        19900307,
        {},
    ],
)
def test_a_malformed_birth_date_is_refused(kind: str, born: JsonValue) -> None:
    refused(kind, born, RuleContext(MIDSUMMER_2026))


def seconds(day: date) -> int:
    return calendar.timegm(day.timetuple())


@pytest.mark.parametrize(
    ("born", "flags"),
    [
        ("2012-07-02", ["<14", "<18"]),
        ("2012-07-01", ["<18"]),
        ("2008-07-02", ["<18"]),
        ("2008-07-01", []),
        ("1966-07-02", []),
        ("1966-07-01", [">=60"]),
        ("1946-07-02", [">=60"]),
        ("1946-07-01", [">=60", ">=80"]),
        ("2026-07-01", ["<14", "<18"]),
    ],
)
def test_age_flags_turn_on_the_birthday(born: str, flags: list[str]) -> None:
    assert derive("g:age-flags@1", born, RuleContext(MIDSUMMER_2026)) == flags


@pytest.mark.parametrize(
    ("day", "flags"),
    [
        (date(2025, 2, 28), ["<14", "<18"]),
        (date(2026, 2, 28), ["<14", "<18"]),
        (date(2026, 3, 1), ["<18"]),
        (date(2028, 2, 29), ["<18"]),
        (date(2030, 2, 28), ["<18"]),
        (date(2030, 3, 1), []),
    ],
)
def test_who_was_born_on_29_february_is_a_year_older_on_1_march_of_common_years(day: date, flags: list[str]) -> None:
    assert derive("g:age-flags@1", "2012-02-29", RuleContext(seconds(day))) == flags


def test_age_flags_use_the_utc_date_of_the_record() -> None:
    midnight = seconds(date(2026, 7, 1))
    assert derive("g:age-flags@1", "2012-07-01", RuleContext(midnight - 1)) == ["<14", "<18"]
    assert derive("g:age-flags@1", "2012-07-01", RuleContext(midnight)) == ["<18"]
    assert derive("g:age-flags@1", "1880-01-01", RuleContext(-86400)) == [">=60", ">=80"]


@pytest.mark.parametrize("occurred_at", [None, 10**15, -(10**15)], ids=["none", "after year 9999", "before year 1"])
def test_age_flags_need_a_time_of_the_calendar(occurred_at: int | None) -> None:
    refused("g:age-flags@1", "1990-03-07", RuleContext(occurred_at))


def test_a_birth_after_the_record_is_refused() -> None:
    refused("g:age-flags@1", "2026-07-02", RuleContext(MIDSUMMER_2026))


@settings(max_examples=200, deadline=None)
@given(dates, st.integers(0, 40000))
def test_age_flags_agree_with_counting_birthdays(born: date, days: int) -> None:
    day = born + timedelta(days)
    birthdays = 0
    while True:
        year = born.year + birthdays + 1
        leapless = born.month == 2 and born.day == 29 and not calendar.isleap(year)
        if (date(year, 3, 1) if leapless else born.replace(year=year)) > day:
            break
        birthdays += 1
    expected = [
        flag
        for flag, holds in (
            ("<14", birthdays < 14),
            ("<18", birthdays < 18),
            (">=60", birthdays >= 60),
            (">=80", birthdays >= 80),
        )
        if holds
    ]
    assert derive("g:age-flags@1", born.isoformat(), RuleContext(seconds(day))) == expected
