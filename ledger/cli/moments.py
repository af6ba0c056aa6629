"""Moments as people write and read them: Unix seconds, days, ISO 8601."""

from datetime import UTC, date, datetime

from ledger.core.calendar import WEEKENDS_ONLY
from ledger.errors import UsageError

_LATEST = 253_402_300_799
"""The last second of the year 9999."""


def read_moment(text: str) -> int:
    """Return the Unix second that is meant.

    It is written as Unix seconds, as a day (whose end in China is meant) or as an ISO 8601 time with its zone.
    Raises UsageError for anything else.
    """
    try:
        at = int(text) if text.isdigit() else _moment(text)
    except ValueError:
        raise UsageError(
            "expected Unix seconds, YYYY-MM-DD or a time with its zone as 2026-10-15T09:00+08:00"
        ) from None
    if not 0 <= at <= _LATEST:
        raise UsageError("the time lies before 1970 or after 9999")
    return at


def _moment(text: str) -> int:
    if len(text) == len("2026-10-15"):
        return WEEKENDS_ONLY.end_of_day(date.fromisoformat(text))
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no zone")
    return int(moment.timestamp())


def moment_text(at: int) -> str:
    """Return a Unix second as `2026-10-15 15:59:59Z`, or as its number beyond the year 9999."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%SZ}" if at <= _LATEST else str(at)
