"""Retention: which of the agency's own records are past their period, and marking them erased, a batch at a time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ledger.client.desk import Desk
from ledger.client.marking import Marking
from ledger.core.codes import Mark
from ledger.core.hexadecimal import from_hex
from ledger.core.shapes import array, members_of, text, unsigned
from ledger.errors import FormatError, GatewayProblem, LegalHold

RETENTION_OVER = 2
"""Reason of the mark (code set `mark-reason`)."""
PAGE_RECORDS = 200


@dataclass(frozen=True, slots=True)
class PastRecord:
    """A record of the agency whose newest version was accepted at `accepted_at` (Unix seconds)."""

    record_id: bytes
    version: int
    accepted_at: int


@dataclass(frozen=True, slots=True)
class RetentionRun:
    """What a run did: records marked erased, and those that a legal hold keeps."""

    erased: Sequence[bytes]
    held: Sequence[bytes]


class Retaining:
    """The part of the client that keeps records no longer than they may be kept."""

    def __init__(self, desk: Desk, marking: Marking) -> None:
        self._desk, self._marking = desk, marking

    def past(self, item: int, before: int) -> Iterator[PastRecord]:
        """Yield the agency's own records of an item that were published before a time, oldest entry first.

        Counted from the newest version; withdrawn and erased records are left out. Raises the gateway's refusals, and
        GatewayProblem for an answer that is none.
        """
        cursor = None
        while True:
            query = {"item": str(item), "before": str(before), "limit": str(PAGE_RECORDS)}
            answer = self._desk.transport.get("/v1/retention", query | ({"cursor": cursor} if cursor else {}))
            members = answer.members("records", "next")
            try:
                records = [_past_record(value) for value in array(members["records"], what="own records")]
                cursor = None if members["next"] is None else text(members["next"], what="cursor")
            except FormatError as error:
                raise GatewayProblem(error.detail) from error
            yield from records
            if cursor is None:
                return

    def erase(
        self,
        records: Sequence[PastRecord],
        reason: int = RETENTION_OVER,
        advance: Callable[[int], None] = lambda _: None,
    ) -> RetentionRun:
        """Mark every version of these records erased, one signed message each; `advance` is told of each one.

        A record under a legal hold is passed over and named in the result. Raises the gateway's other refusals; what
        was marked by then stays marked, and a repeated run goes on with the rest.
        """
        erased, held = [], []
        for record in records:
            try:
                self._marking.send(self._marking.message(record.record_id, 0, Mark.ERASED, reason))
                erased.append(record.record_id)
            except LegalHold:
                held.append(record.record_id)
            advance(1)
        return RetentionRun(erased, held)


def _past_record(value: object) -> PastRecord:
    members = members_of(value, ("recordId", "version", "acceptedAt"), what="own record")
    return PastRecord(
        from_hex(members["recordId"], 32, what="recordId"),
        unsigned(members["version"], 32, what="version"),
        unsigned(members["acceptedAt"], 53, what="acceptedAt"),
    )
