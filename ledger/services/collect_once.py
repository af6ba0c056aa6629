"""Collect once: duplicates among what is submitted about persons, and how often there were any."""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.action_errors import DuplicateSubject
from ledger.core.collect_once import OnceMode
from ledger.core.count_tables import DAY, SECONDS_A_DAY, period_bounds
from ledger.count_rows import OnceFigures
from ledger.errors import FormatError
from ledger.rows import RecordSubject
from ledger.services.authenticate import Call
from ledger.services.local_time import utc_offset_seconds

SHOWN_PLACES = 20
"""Places that the error's sentence names; its member `places` has all."""
MOST_DAYS = 1_096
"""Days of one period of figures: three years."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What a submission collects: how many records name a person, and the places of those that were there already."""

    about_persons: int = 0
    duplicates: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class OncePeriod:
    """The figures of a period [from, until) of whole local days (Unix seconds), and the version of the table."""

    from_at: int
    until_at: int
    rule_version: int
    figures: Sequence[OnceFigures]


def judge_collected(
    call: Call, item: int, submission_id: bytes, subjects: Sequence[RecordSubject]
) -> Collected | DuplicateSubject:
    """Find the duplicates among the records of a submission, by the rule of its item; without one there are none.

    Returns (not raises: they shall be counted) the error of an item that refuses them. Submissions of such an item take
    turns, so that two at once cannot both be the first.
    """
    rule = call.gateway.collect_once.rule_of(item)
    about_persons = sum(subject.token is not None for subject in subjects)
    if rule is None or not about_persons:
        return Collected()
    if rule.mode is OnceMode.REFUSE:
        call.transaction.lock_about(b"collect-once/" + item.to_bytes(4, "big"))
    places = call.transaction.duplicate_places(item, subjects, rule.current_since(call.now))
    if rule.mode is OnceMode.WARN or not places:
        return Collected(about_persons, places)
    call.transaction.note_refused(call.agency, submission_id, item, len(places), call.now)
    shown = ", ".join(map(str, places[:SHOWN_PLACES])) + (" …" if len(places) > SHOWN_PLACES else "")
    return DuplicateSubject(
        f"item {item} holds a current record about the same person already: records {shown}", places=tuple(places)
    )


def once_period(call: Call, first_day: str, last_day: str) -> OncePeriod:
    """Return the figures of all items in whole days of the calendar's time zone, both `YYYY-MM-DD` and both counted.

    Raises NotEntitled for a caller that is no member, FormatError for days that are none or more than three years.
    """
    call.require_member()
    offset = utc_offset_seconds(call)
    from_at, _ = period_bounds(first_day, DAY, offset)
    _, until_at = period_bounds(last_day, DAY, offset)
    if not 0 < until_at - from_at <= MOST_DAYS * SECONDS_A_DAY:
        raise FormatError(f"days: expected a first and a last day, at most {MOST_DAYS} days")
    figures = call.transaction.once_figures(from_at, until_at)
    return OncePeriod(from_at, until_at, call.gateway.collect_once.version, figures)
