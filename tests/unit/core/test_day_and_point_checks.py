"""Days and points, where a slot holds them beside no rule that would read them."""

import pytest

from ledger.core.code_checks import is_day, is_point

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("value", ["2024-02-29", "1949-10-01"])
def test_a_day_of_the_calendar_is_one(value: str) -> None:
    assert is_day(value)


@pytest.mark.parametrize("value", ["2023-02-29", "20240229", "2024-2-9", "２０２４-02-29", "", "2024-02-29T00:00"])
def test_what_no_calendar_has_or_is_written_otherwise_is_no_day(value: str) -> None:
    assert not is_day(value)


def test_a_point_has_two_decimals_and_lies_on_earth() -> None:
    assert is_point("31.24,121.47")
    assert is_point("-0.25,180.00")
    for value in ("31.2,121.47", "91.00,0.00", "31.24;121.47", "31.24, 121.47", ""):
        assert not is_point(value)
