"""What is owed, until when, as the gateway computes it from the chain, published steps and the calendar."""

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.client.desk import Desk


def duties_of(desk: Desk, *, overdue: bool = False, agency: int | None = None) -> Sequence[Mapping[str, Any]]:
    """Return the open duties of an agency (everybody's that this one may see if None), soonest due first; its word.

    Each has kind, subject (0x id), agency, dueAt, doneAt, overdueWorkingDays and escalation.
    """
    query = {} if agency is None else {"agency": str(agency)}
    answer = desk.transport.get("/v1/duties", query | ({"overdue": "true"} if overdue else {})).members("duties")
    duties: Sequence[Mapping[str, Any]] = answer["duties"]
    return duties
