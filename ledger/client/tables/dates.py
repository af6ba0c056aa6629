"""Dates and times as people write them: five shapes and their times of day, never an ambiguous one.

| shape | date | with a time of day | noted as |
|---|---|---|---|
| dashes | `2026-03-07` | `2026-03-07 08:30`, `2026-03-07 08:30:15` (also with `T`) | |
| slashes or dots | `2026/3/7`, `2026.3.7` | `2026/3/7 8:30` | `date_slashed` |
| digits | `20260307` | `20260307 08:30`, `202603070830`, `20260307083015` | `date_compact` |
| Chinese | `2026年3月7日` | `2026年3月7日 8时30分`, `2026年3月7日 8:30` | `date_chinese` |
| spreadsheet's day number | `46088` | `46088.354166667` | `date_serial` |

A day number has five digits (from 1927-05-18) and counts from 1899-12-30; a date cell of a workbook comes in dashes. A
workbook that counts from 1904 may hold no bare day numbers.
Year first, always: `03/07/2026` is two dates and taken as none. A year alone is no date.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ledger.client.tables.cells import Noted, Transform, all_half_width, missing, reader, steps_of
from ledger.client.tables.rows import Row
from ledger.core.canonical import JsonValue
from ledger.core.shapes import members_of, text
from ledger.errors import FormatError, RowRejected, UsageError

FIRST_DAY = datetime(1899, 12, 30)
"""Day 0 of a spreadsheet's day numbers, for all days after its invented 1900-02-29."""
_DAY_SECONDS = 86_400
_CLOCK = "(?:[ T]*(?P<hour>[0-9]{1,2})(?::|时|点)(?P<minute>[0-9]{1,2})(?:分)?(?::?(?P<second>[0-9]{1,2})(?:秒)?)?)?"
_SHAPES = tuple(
    (noted, re.compile(pattern + _CLOCK))
    for noted, pattern in (
        ("", "(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})"),
        ("date_slashed", "(?P<year>[0-9]{4})([/.])(?P<month>[0-9]{1,2})\\2(?P<day>[0-9]{1,2})"),
        ("date_compact", "(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"),
        ("date_chinese", "(?P<year>[0-9]{4})年(?P<month>[0-9]{1,2})月(?P<day>[0-9]{1,2})日?"),
    )
)
_COMPACT = re.compile(
    "(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2})?"
)
_SERIAL = re.compile("[1-9][0-9]{4}(?:[.][0-9]{1,12})?")
_OFFSET = re.compile(r"([+-])([0-9]{2}):([0-9]{2})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_moment(found: str, noted: Noted) -> tuple[date, time | None] | None:
    """Return date and time of day (None if there is none) of a text in one of the shapes, None if it is in none."""
    half = all_half_width(found)
    if half != found:
        noted.append("half_width")
    if _SERIAL.fullmatch(half):
        noted.append("date_serial")
        return _of_day_number(half)
    for name, shape in (*_SHAPES, ("date_compact", _COMPACT)):
        matched = shape.fullmatch(half)
        if matched is not None:
            if name:
                noted.append(name)
            return _of_parts(matched.groupdict())
    return None


def is_day_number(cell: str) -> bool:
    """Say whether a cell holds a spreadsheet's day number."""
    return _SERIAL.fullmatch(all_half_width(cell.strip())) is not None


def date_transform(path: str, spec: dict[str, Any], what: str) -> Transform:
    """`date`: `column`, `optional`, `clean`; gives `YYYY-MM-DD`. A time of day must be midnight, and is dropped."""
    members_of(spec, ("column",), what=what, optional=("optional", "clean"))
    read = reader(text(spec["column"], what=what), steps_of(spec.get("clean", []), what))
    optional = bool(spec.get("optional", False))

    def transform(row: Row, noted: Noted) -> JsonValue:
        found = read(row, noted)
        if not found:
            return missing(path, optional)
        moment = read_moment(found, noted)
        if moment is None or moment[1] not in (None, time()):
            raise RowRejected(path, "date_malformed")
        return moment[0].isoformat()

    return transform


def time_transform(path: str, spec: dict[str, Any], what: str) -> Transform:
    """`time`: `column`, `zone` or `offset`, `format`, `date_only`, `ambiguous`, `optional`, `clean`; Unix seconds.

    `format` is that of strptime; without it the five shapes. `date_only` says what a date without a time of day
    gives: `reject` (default) or `midnight`.
    """
    optional_members = ("format", "zone", "offset", "ambiguous", "date_only", "optional", "clean")
    members_of(spec, ("column",), what=what, optional=optional_members)
    read = reader(text(spec["column"], what=what), steps_of(spec.get("clean", []), what))
    pattern = text(spec["format"], what=what) if "format" in spec else None
    zone, ambiguous, date_only = _zone(spec, what), spec.get("ambiguous", "reject"), spec.get("date_only", "reject")
    if ambiguous not in ("reject", "earlier", "later") or date_only not in ("reject", "midnight"):
        raise FormatError(f"{what}: ambiguous is reject, earlier or later; date_only is reject or midnight")

    def transform(row: Row, noted: Noted) -> JsonValue:
        found = read(row, noted)
        if not found:
            return missing(path, bool(spec.get("optional", False)))
        local = _shaped(path, found, noted, date_only) if pattern is None else _by_format(path, found, pattern)
        return _instant(path, local, zone, ambiguous)

    return transform


def _of_day_number(found: str) -> tuple[date, time | None]:
    seconds = round(float(found) * _DAY_SECONDS)
    moment = FIRST_DAY + timedelta(seconds=seconds)
    return moment.date(), moment.time() if "." in found else None


def _of_parts(parts: Mapping[str, str | None]) -> tuple[date, time | None] | None:
    numbers = {name: int(digits) for name, digits in parts.items() if digits is not None}
    try:
        day = date(numbers["year"], numbers["month"], numbers["day"])
        if "hour" not in numbers:
            return day, None
        return day, time(numbers["hour"], numbers["minute"], numbers.get("second", 0))
    except ValueError:
        return None


def _shaped(path: str, found: str, noted: Noted, date_only: str) -> datetime:
    moment = read_moment(found, noted)
    if moment is None:
        raise RowRejected(path, "time_malformed")
    if moment[1] is None and date_only == "reject":
        raise RowRejected(path, "time_of_day_missing")
    return datetime.combine(moment[0], moment[1] or time())


def _by_format(path: str, found: str, pattern: str) -> datetime:
    try:
        return datetime.strptime(found, pattern)
    except ValueError:
        raise RowRejected(path, "time_malformed") from None


def _instant(path: str, local: datetime, zone: tzinfo, ambiguous: str) -> int:
    """Return Unix seconds of a local time; a gap or an undecided overlap of a clock change is rejected."""
    if local.tzinfo is not None:
        return (local - _EPOCH) // timedelta(seconds=1)
    earlier, later = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if earlier.astimezone(zone).replace(tzinfo=None) != local:
        raise RowRejected(path, "time_skipped_by_clock_change")
    if earlier != later and ambiguous == "reject":
        raise RowRejected(path, "time_twice_by_clock_change")
    return ((later if ambiguous == "later" else earlier) - _EPOCH) // timedelta(seconds=1)


def _zone(spec: Mapping[str, Any], what: str) -> tzinfo:
    if ("zone" in spec) == ("offset" in spec):
        raise FormatError(f"{what}: give a zone or an offset, not both")
    if "offset" in spec:
        found = _OFFSET.fullmatch(text(spec["offset"], what=what))
        if found is None:
            raise FormatError(f"{what}: offset is as +08:00")
        distance = timedelta(hours=int(found[2]), minutes=int(found[3]))
        return timezone(distance if found[1] == "+" else -distance)
    try:
        return ZoneInfo(text(spec["zone"], what=what))
    except (ZoneInfoNotFoundError, ValueError):
        raise UsageError(f"{what}: this machine knows no such time zone; install tzdata, or give an offset") from None
