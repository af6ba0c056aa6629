"""Working days: the calendar document `gongzhi-calendar/1` and the deadlines that follow from it (formats page, 10).

PERMANENT: an auditor recomputes every deadline from the document whose hash stood on chain. Days are local days of the
document's offset from UTC; a deadline is the last second of its day, so what happens at that second is in time.
Weekends and holidays are free, `workdays` are weekend days that are worked. Beyond the last year that the document
lists only weekends count.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise

from ledger.core.canonical import JsonValue, decode_canonical, document_hash
from ledger.core.points import AsOf, Dated, latest
from ledger.core.shapes import array, members_of, text, unsigned
from ledger.errors import FormatError, UnsupportedFormat

FORMAT = "gongzhi-calendar/1"
DAY_SECONDS = 86_400
DEFAULT_OFFSET_SECONDS = 8 * 3600
"""China Standard Time."""
MOST_OFFSET_SECONDS = 14 * 3600
MOST_DATES = 4_096
"""Of each list: about 140 years."""
MOST_WORKING_DAYS = (1 << 16) - 1
"""What a catalogue item can ask for."""
_MEMBERS = ("format", "version", "utcOffsetSeconds", "weekend", "holidays", "workdays")
_WEEK = 7
_EPOCH = date(1970, 1, 1).toordinal()
_EPOCH_WEEKDAY = 3
"""The epoch was a Thursday; Monday is 0."""


@dataclass(frozen=True)
class Calendar:
    """A calendar of working days. `weekend` are ISO weekdays (1 Monday to 7 Sunday); dates ascend."""

    version: int
    utc_offset_seconds: int
    weekend: tuple[int, ...]
    holidays: tuple[date, ...]
    workdays: tuple[date, ...]

    @cached_property
    def document(self) -> Mapping[str, JsonValue]:
        """The document as JSON members."""
        return {
            "format": FORMAT,
            "version": self.version,
            "utcOffsetSeconds": self.utc_offset_seconds,
            "weekend": list(self.weekend),
            "holidays": [day.isoformat() for day in self.holidays],
            "workdays": [day.isoformat() for day in self.workdays],
        }

    @cached_property
    def hash(self) -> bytes:
        """Keccak-256 (32 bytes) of the canonical document: what `CalendarSet` names."""
        return document_hash(self.document)

    @cached_property
    def known_until(self) -> date | None:
        """The last day of the last year that the document lists; beyond it only weekends count. None: it lists none."""
        listed = (*self.holidays[-1:], *self.workdays[-1:])
        return date(max(listed).year, 12, 31) if listed else None

    def is_working_day(self, day: date) -> bool:
        """Say whether `day` is worked."""
        number = day.toordinal() - _EPOCH
        return self._worked_before(number + 1) > self._worked_before(number)

    def local_day(self, at: int) -> date:
        """Return the local day of a Unix second."""
        return date.fromordinal(self._day_number(at) + _EPOCH)

    def end_of_day(self, day: date) -> int:
        """Return the last Unix second of a local day."""
        return self._last_second(day.toordinal() - _EPOCH)

    def deadline(self, start_at: int, working_days: int) -> int:
        """Return the last Unix second of the n-th working day after the local day of `start_at`; of that day for 0.

        Raises ValueError for fewer than 0 or more than 65,535 days.
        """
        if not 0 <= working_days <= MOST_WORKING_DAYS:
            raise ValueError(f"a deadline is 0 to {MOST_WORKING_DAYS} working days away")
        start = self._day_number(start_at)
        wanted = self._worked_before(start + 1) + working_days
        # Each week has a worked day unless a holiday takes it.
        latest = start + _WEEK * (working_days + len(self.holidays) + 1)
        behind = bisect_left(range(start + 1, latest), wanted, key=self._worked_before)
        return self._last_second(start + behind)

    def working_days_between(self, due_at: int, at: int) -> int:
        """Return how many working days began after the local day of `due_at` and by `at`; 0 if `at` is not later."""
        due, now = self._day_number(due_at), self._day_number(at)
        return self._worked_before(now + 1) - self._worked_before(due + 1) if now > due else 0

    def next_holiday(self, after: date) -> date | None:
        """Return the first listed holiday after a day, None if no later one is listed."""
        return next((day for day in self.holidays if day > after), None)

    def _day_number(self, at: int) -> int:
        return (at + self.utc_offset_seconds) // DAY_SECONDS

    def _last_second(self, day_number: int) -> int:
        return (day_number + 1) * DAY_SECONDS - self.utc_offset_seconds - 1

    def _worked_before(self, day_number: int) -> int:
        """Return the number of working days since the epoch before a day; negative before it."""
        weeks, rest = divmod(day_number, _WEEK)
        ordinary = weeks * (_WEEK - len(self.weekend)) + sum(self._ordinary_days[:rest])
        return ordinary - bisect_left(self._taken, day_number) + bisect_left(self._given, day_number)

    @cached_property
    def _ordinary_days(self) -> tuple[bool, ...]:
        """Whether each of the seven weekdays from the epoch's on is worked."""
        return tuple((_EPOCH_WEEKDAY + place) % _WEEK + 1 not in self.weekend for place in range(_WEEK))

    @cached_property
    def _taken(self) -> tuple[int, ...]:
        """Day numbers of the holidays that would be worked."""
        return tuple(day.toordinal() - _EPOCH for day in self.holidays if day.isoweekday() not in self.weekend)

    @cached_property
    def _given(self) -> tuple[int, ...]:
        """Day numbers of the weekend days that are worked."""
        return tuple(day.toordinal() - _EPOCH for day in self.workdays)


WEEKENDS_ONLY = Calendar(0, DEFAULT_OFFSET_SECONDS, (6, 7), (), ())
"""What counts where no calendar is in force or its document is not at hand."""


def parse_calendar(document: object) -> Calendar:
    """Return the calendar of a `gongzhi-calendar/1` document (its parsed JSON).

    Raises UnsupportedFormat for another format name; FormatError for other members, days out of order or twice, a week
    without a worked day, a workday that is no weekend day or is a holiday too.
    """
    if isinstance(document, dict) and document.get("format", FORMAT) != FORMAT:
        raise UnsupportedFormat(f"calendar: expected format {FORMAT}")
    members = members_of(document, _MEMBERS, what="calendar")
    version = unsigned(members["version"], 32, what="calendar version")
    if version == 0:
        raise FormatError("calendar version: counts from 1")
    calendar = Calendar(
        version,
        _offset(members["utcOffsetSeconds"]),
        _weekend(members["weekend"]),
        _dates(members["holidays"], "calendar holidays"),
        _dates(members["workdays"], "calendar workdays"),
    )
    if any(day.isoweekday() not in calendar.weekend for day in calendar.workdays):
        raise FormatError("calendar workdays: only weekend days stand here")
    if not set(calendar.workdays).isdisjoint(calendar.holidays):
        raise FormatError("calendar workdays: a day is a holiday too")
    return calendar


def _offset(value: object) -> int:
    if type(value) is not int or abs(value) > MOST_OFFSET_SECONDS:
        raise FormatError(f"calendar utcOffsetSeconds: expected at most {MOST_OFFSET_SECONDS} seconds either way")
    return value


def _weekend(value: object) -> tuple[int, ...]:
    days = tuple(unsigned(day, 3, what="calendar weekend") for day in array(value, what="calendar weekend", most=6))
    if 0 in days or any(later <= earlier for earlier, later in pairwise(days)):
        raise FormatError("calendar weekend: expected ascending ISO weekdays, 1 to 7")
    return days


def _dates(value: object, what: str) -> tuple[date, ...]:
    days = tuple(_date(text(day, what=what), what) for day in array(value, what=what, most=MOST_DATES))
    if any(later <= earlier for earlier, later in pairwise(days)):
        raise FormatError(f"{what}: expected ascending days, each once")
    return days


def _date(value: str, what: str) -> date:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise FormatError(f"{what}: expected days as YYYY-MM-DD") from None
    if day.isoformat() != value:
        raise FormatError(f"{what}: expected days as YYYY-MM-DD")
    return day


def calendar_in_force(
    calendars: Sequence[Dated], as_of: AsOf, find: Callable[[bytes], str | None]
) -> tuple[Calendar, str | None]:
    """Return the calendar that was in force, and what is to be said where it says less than it should, else None.

    `calendars` are (version, document hash) as the chain dates them; `find` gives the text of a document by its hash.
    """
    version, document = latest([*calendars], as_of, (0, b""))
    if not version:
        return WEEKENDS_ONLY, "no calendar of working days is in force: only weekends count as free"
    text_found = find(document)
    try:
        calendar = parse_calendar(None if text_found is None else decode_canonical(text_found))
    except FormatError:
        return WEEKENDS_ONLY, f"the document of calendar version {version} is not here: only weekends count as free"
    known = calendar.known_until
    if known is None or as_of.time > calendar.end_of_day(known):
        until = "no year" if known is None else f"years up to {known.year}"
        return calendar, f"calendar version {version} lists {until}: beyond, only weekends count as free"
    return calendar, None
