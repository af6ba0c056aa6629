"""Collect once: duplicates among what is submitted about persons, and how often there were any."""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.action_errors import DuplicateSubject, PeriodOpen
from ledger.core.codes import Authority, ShareClass
from ledger.core.collect_once import OnceMode, OnceRule
from ledger.core.count_tables import MONTH, period_bounds, threshold_for
from ledger.core.queries import COLLECTING, NO_PURPOSE
from ledger.count_rows import OnceFigures
from ledger.errors import LookRefused
from ledger.rows import RecordSubject
from ledger.services.asked import Asked
from ledger.services.authenticate import Call
from ledger.services.local_time import utc_offset_seconds
from ledger.services.queries import count_listed, count_queries, refuse_query, sign_query

SHOWN_PLACES = 20
"""Places that the error's sentence names; its member `places` has all."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What a submission collects: how many records name a person, and the places of those that were there already."""

    about_persons: int = 0
    duplicates: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class ShownFigures:
    """What `OnceFigures` says of an item, None for figures that are not shown."""

    item: int
    taken: int | None
    warned: int | None
    refused: int | None
    avoided: int | None

    @property
    def is_any_shown(self) -> bool:
        """Say whether a figure is left."""
        return any(figure is not None for figure in (self.taken, self.warned, self.refused, self.avoided))


@dataclass(frozen=True, slots=True)
class OncePeriod:
    """The figures of a month [from, until) (Unix seconds), the version of the table, and what a figure is at least."""

    period: str
    from_at: int
    until_at: int
    rule_version: int
    k: int
    figures: Sequence[ShownFigures]


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


def once_period(call: Call, period: str) -> OncePeriod:
    """Return the figures of a whole settled month `YYYY-MM` in the calendar's time zone, as the caller may see them.

    They are of the items that its kind of agency may read or publish, but of no class-3 item; figures below the
    caller's threshold are None. One month at a time: from two months together a hidden one could be subtracted. Raises
    NotEntitled for a caller that is no member, FormatError for no month, PeriodOpen for one that is not settled.
    """
    call.require_member()
    from_at, until_at = period_bounds(period, MONTH, utc_offset_seconds(call))
    rules = call.gateway.count_rules
    if not rules.is_settled(until_at, call.now):
        raise PeriodOpen(f"the period can be counted from {rules.settled_at(until_at)} (Unix seconds) on")
    kind = call.history.agencies[call.agency].kind
    k = threshold_for(kind)
    found = [one for one in call.transaction.once_figures(from_at, until_at) if _may_see(call, one.item, kind)]
    shown = [_suppressed(one, k) for one in found]
    version = call.gateway.collect_once.version
    return OncePeriod(period, from_at, until_at, version, k, [one for one in shown if one.is_any_shown])


def _may_see(call: Call, item: int, kind: int) -> bool:
    facts = call.history.items.get(item)
    args = None if facts is None else facts.newest(call.as_of)
    if args is None or args["shareClass"] == ShareClass.NOT_SHARED:
        return False
    return bool((args["readerKinds"] | args["publisherKinds"]) >> kind & 1)


def _suppressed(one: OnceFigures, k: int) -> ShownFigures:
    figures = (one.taken, one.warned, one.refused, one.avoided)
    return ShownFigures(one.item, *(figure if figure >= k else None for figure in figures))
