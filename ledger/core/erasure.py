"""When the content of a record has to go: marks of erasure against legal holds, judged from the chain alone.

The gateway erases by this rule and an auditor judges by it. The publisher's first mark `erased` on a version (or on all
versions, version 0) counts. A mark `hold` that stands on chain before it blocks it, until every hold is released: by a
mark `hold` with reason `released`, of the same agency on the same version. Then the erasure is due. A hold that comes
when an erasure is due comes too late. A hold is heard from the record's publisher and from agencies whose kind is
auditor or supervisor (policy page, "Erasure and retention").
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
    """A publisher's mark `erased` on a record version: where it stands, and a hold that blocks it still, if any.

    `released` is where the last hold was released that had blocked it.
    """

    marked: Point
    hold: MarkFacts | None
    released: Point | None = None

    @property
    def is_held(self) -> bool:
        """Say whether the content stays, since a legal hold came first."""
        return self.hold is not None

    @property
    def since(self) -> Point:
        """Where the erasure became due, unless it is held."""
        return self.released or self.marked


def erasure_of(history: History, record_id: bytes, publisher: int, version: int, as_of: AsOf) -> Erasure | None:
    """Return the erasure of a record version as of a moment, None while its publisher has not marked it erased."""
    marked: Point | None = None
    holds: dict[tuple[int, int], MarkFacts] = {}
    for mark in history.marks.get(record_id, ()):
        if mark.version not in (ALL_VERSIONS, version) or not as_of.covers(mark.point):
            continue
        if mark.mark == Mark.HOLD:
            _hear(history, holds, mark, publisher)
        elif mark.mark == Mark.ERASED and mark.agency == publisher and marked is None:
            marked = mark.point
        if marked is not None and not holds:
            return Erasure(marked, None, None if mark.point == marked else mark.point)
    return None if marked is None else Erasure(marked, next(iter(holds.values())))


def hold_against(history: History, record_id: bytes, publisher: int, version: int, as_of: AsOf) -> MarkFacts | None:
    """Return a legal hold that a mark `erased` on this version (0: on all versions) would meet, None if there is none.

    A mark on all versions meets a hold on any of them.
    """
    holds: dict[tuple[int, int], MarkFacts] = {}
    for mark in history.marks.get(record_id, ()):
        meets = version == ALL_VERSIONS or mark.version in (ALL_VERSIONS, version)
        if mark.mark == Mark.HOLD and meets and as_of.covers(mark.point):
            _hear(history, holds, mark, publisher)
    return next(iter(holds.values()), None)


def _hear(history: History, holds: dict[tuple[int, int], MarkFacts], mark: MarkFacts, publisher: int) -> None:
    """Note a mark `hold` among the holds that stand, by agency and version: set or released."""
    if mark.is_release:
        holds.pop((mark.agency, mark.version), None)
    elif may_hold(history, mark.agency, publisher):
        holds[(mark.agency, mark.version)] = mark


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
    facts = history.agencies.get(agency)
    return agency == publisher or (facts is not None and facts.kind in HOLDING_KINDS)
