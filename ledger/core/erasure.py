"""When the content of a record has to go: marks of erasure against legal holds, judged from the chain alone.

The gateway erases by this rule and an auditor judges by it. The publisher's first mark `erased` on a version (or on all
versions, version 0) counts. A mark `hold` that stands on chain before it blocks it, for good: marks are never taken
back. A hold that comes later comes too late. A hold is heard from the record's publisher and from agencies whose kind
is auditor or supervisor (policy page, "Erasure and retention").
"""

from dataclasses import dataclass

from ledger.core.codes import AgencyKind, Mark
from ledger.core.history import AsOf, History, MarkFacts, Point

HOLDING_KINDS = frozenset((AgencyKind.AUDITOR, AgencyKind.SUPERVISOR))
"""Kinds of agencies whose hold counts on records of others."""
ALL_VERSIONS = 0
"""The version that a mark on every version names."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """A publisher's mark `erased` on a record version: where it stands, and the hold that came before it, if any."""

    marked: Point
    hold: MarkFacts | None

    @property
    def is_held(self) -> bool:
        """Say whether the content stays, since a legal hold came first."""
        return self.hold is not None


def erasure_of(history: History, record_id: bytes, publisher: int, version: int, as_of: AsOf) -> Erasure | None:
    """Return the erasure of a record version as of a moment, None while its publisher has not marked it erased."""
    for mark in history.marks.get(record_id, ()):
        is_erased = mark.mark == Mark.ERASED and mark.agency == publisher
        if is_erased and mark.version in (ALL_VERSIONS, version) and as_of.covers(mark.point):
            before = AsOf(mark.point.time, mark.point)
            return Erasure(mark.point, hold_against(history, record_id, publisher, version, before))
    return None


def hold_against(history: History, record_id: bytes, publisher: int, version: int, as_of: AsOf) -> MarkFacts | None:
    """Return a legal hold that a mark `erased` on this version (0: on all versions) would meet, None if there is none.

    A mark on all versions meets a hold on any of them.
    """
    for mark in history.marks.get(record_id, ()):
        is_hold = mark.mark == Mark.HOLD and may_hold(history, mark.agency, publisher)
        meets = version == ALL_VERSIONS or mark.version in (ALL_VERSIONS, version)
        if is_hold and meets and as_of.covers(mark.point):
            return mark
    return None


@dataclass(frozen=True, slots=True)
class OpenedRecord:
    """A record version that was opened under a grant or an emergency: by whom published, and when first (Unix seconds).

    `authority` is the id of the grant or emergency, 32 bytes.
    """

    authority: bytes
    record_id: bytes
    version: int
    publisher: int
    at: int


def is_marked_erased(history: History, record_id: bytes) -> bool:
    """Say whether anybody has marked a record erased; whether that erases it is said by `erasure_of`."""
    return any(mark.mark == Mark.ERASED for mark in history.marks.get(record_id, ()))


def may_hold(history: History, agency: int, publisher: int) -> bool:
    """Say whether a hold of `agency` counts on records of `publisher`."""
    return agency == publisher or history.agencies[agency].kind in HOLDING_KINDS
