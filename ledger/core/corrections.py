"""Who has to correct a record: its publisher, once another agency has marked it disputed (policy page, "Share class").

Only the publisher of a record publishes its next version, so the correction is its duty, whoever heard of the error: an
agency to which a person claims the right of correction answers that person, and marks the record. The clock is the
right's, and ends with the next version, with the publisher's mark that the record is withdrawn or erased, or with its
step `refused` about the record.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ledger.core.codes import Mark
from ledger.core.history import History, MarkFacts
from ledger.core.steps import REFUSED, Step

CORRECT = "correct"
"""The right whose working days a correction has."""
_GONE = frozenset({Mark.WITHDRAWN, Mark.ERASED})


@dataclass(frozen=True, slots=True)
class DisputedRecord:
    """A record that somebody marked disputed, with the versions that are known: number and when it was signed."""

    record_id: bytes
    publisher: int
    versions: Sequence[tuple[int, int]]


def is_disputed(history: History, record_id: bytes) -> bool:
    """Say whether anybody has marked a record disputed; whether that asks its publisher is said by `corrections`."""
    return any(mark.mark == Mark.DISPUTED for mark in history.marks.get(record_id, ()))


def corrections(
    history: History, record: DisputedRecord, steps: Iterable[Step], at: int
) -> Sequence[tuple[int, int | None]]:
    """Return when corrections of a record began to be owed and when they were done (None: not by `at`), by their start.

    `steps` are those about the record. Disputes that one answer ends are one; a dispute of a version that had a next
    one already asks for nothing. All in Unix seconds.
    """
    marks = [mark for mark in history.marks.get(record.record_id, ()) if mark.point.time <= at]
    refused = [step.at for step in steps if step.publisher == record.publisher and step.to_step == REFUSED]
    began: dict[int | None, int] = {}
    for mark in marks:
        if mark.mark != Mark.DISPUTED or mark.agency == record.publisher:
            continue
        start = mark.point.time
        newer = [signed_at for version, signed_at in record.versions if version > mark.version]
        if mark.version and min(newer, default=at) <= start:
            continue
        gone = [one.point.time for one in marks if _is_gone(one, mark, record.publisher)]
        # A mark on all versions is about those that were signed by then.
        answers = [*(time for time in newer if start < time), *(time for time in (*gone, *refused) if start <= time)]
        began.setdefault(min((time for time in answers if time <= at), default=None), start)
    return [(start, done) for done, start in began.items()]


def _is_gone(mark: MarkFacts, dispute: MarkFacts, publisher: int) -> bool:
    is_it = dispute.version in (0, mark.version) or mark.version == 0
    return mark.agency == publisher and mark.mark in _GONE and is_it
