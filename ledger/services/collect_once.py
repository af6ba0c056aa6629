"""Collect once: duplicates among what is submitted about persons, and how often there were any."""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.action_errors import DuplicateSubject
from ledger.core.codes import Authority, ShareClass
from ledger.core.collect_once import OnceMode, OnceRule
from ledger.core.count_tables import DAY, SECONDS_A_DAY, period_bounds
from ledger.core.queries import COLLECTING, NO_PURPOSE
from ledger.count_rows import OnceFigures
from ledger.errors import FormatError, LookRefused
from ledger.rows import RecordSubject
from ledger.services.asked import Asked
from ledger.services.authenticate import Call
from ledger.services.local_time import utc_offset_seconds
from ledger.services.queries import count_listed, count_queries, refuse_query, sign_query

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
) -> Collected | DuplicateSubject | LookRefused:
    """Find the duplicates among the records of a submission, by the rule of its item; without one there are none.

    Returns (not raises: it shall be kept) the error of an item that refuses them. What that tells of stored records is
    coverage: its places count against the quota of questions, and a Query of them is appended; over the quota nothing
    is told and a Refusal is appended. Places with which a submission is taken count against the quota of lists, and
    are not told over it. Nothing is ever told of a class-3 item: it has no rule.
    """
    about_persons = sum(subject.token is not None for subject in subjects)
    rule = _rule_of(call, item)
    if rule is None or not about_persons:
        return Collected()
    since = rule.current_since(call.now)
    if rule.mode is OnceMode.WARN:
        return Collected(about_persons, _counted_places(call, item, subjects, since))
    within = places_within(subjects)
    if within:
        return _refused(call, item, submission_id, within, "the submission names a person twice")
    return _refused_on_stored(call, item, submission_id, subjects, since) or Collected(about_persons)


def places_within(subjects: Sequence[RecordSubject]) -> Sequence[int]:
    """Return the places of new records about a person whom an earlier place of the submission names, ascending."""
    seen: set[bytes] = set()
    places = []
    for place, subject in enumerate(subjects):
        if subject.token is None or subject.version > 1:
            continue
        if subject.token in seen:
            places.append(place)
        seen.add(subject.token)
    return places


def _rule_of(call: Call, item: int) -> OnceRule | None:
    args = call.history.items[item].newest(call.as_of)
    if args is None or args["shareClass"] == ShareClass.NOT_SHARED:
        return None
    return call.gateway.collect_once.rule_of(item)


def _counted_places(call: Call, item: int, subjects: Sequence[RecordSubject], since: int) -> Sequence[int]:
    places = call.transaction.duplicate_places(item, subjects, since)
    return places if not places or count_listed(call, len(places)) else ()


def _refused_on_stored(
    call: Call, item: int, submission_id: bytes, subjects: Sequence[RecordSubject], since: int
) -> DuplicateSubject | LookRefused | None:
    # Submissions of such an item take turns, so that two at once cannot both be the first.
    call.transaction.lock_about(b"collect-once/" + item.to_bytes(4, "big"))
    asked = Asked(item, NO_PURPOSE, 0, None, None, None, Authority.CLASS1)
    if not count_queries(call, 0):
        return refuse_query(call, asked, COLLECTING, lambda counted: count_queries(counted, 0))
    places = call.transaction.duplicate_places(item, subjects, since)
    if not places:
        return None
    refused = refuse_query(call, asked, COLLECTING, lambda counted: count_queries(counted, len(places)))
    if refused is not None:
        return refused
    sign_query(call, asked, COLLECTING, len(places))
    return _refused(
        call, item, submission_id, places, f"item {item} holds a current record about the same person already"
    )


def _refused(call: Call, item: int, submission_id: bytes, places: Sequence[int], what: str) -> DuplicateSubject:
    call.transaction.note_refused(call.agency, submission_id, item, len(places), call.now)
    shown = ", ".join(map(str, places[:SHOWN_PLACES])) + (" …" if len(places) > SHOWN_PLACES else "")
    return DuplicateSubject(f"{what}: records {shown}", places=tuple(places))


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
