"""Moments as people write and read them."""

import pytest

from ledger.cli.moments import moment_text, read_moment
from ledger.errors import UsageError

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1791993599", 1_791_993_599),
        ("2026-10-14", 1_791_993_599),
        ("2026-10-14T23:59:59+08:00", 1_791_993_599),
        ("2026-10-14T15:59:59Z", 1_791_993_599),
        ("0", 0),
    ],
)
def test_a_moment_is_written_in_seconds_as_a_day_or_with_its_zone(text: str, at: int) -> None:
    assert read_moment(text) == at


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2026-13-01", "2026-10-14T23:59:59", "-5", "253402300800", "1969-01-01"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        read_moment(text)


def test_a_moment_is_shown_as_utc_as_long_as_there_is_a_date() -> None:
    assert moment_text(1_791_993_599) == "2026-10-14 15:59:59Z"
    assert moment_text(253_402_300_800) == "253402300800"
