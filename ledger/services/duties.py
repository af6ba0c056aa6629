"""Duties as this gateway knows them, computed at each question from the chain and the steps and looks that it holds."""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.core.access_facts import AccessFacts
from ledger.core.calendar import Calendar, calendar_in_force
from ledger.core.clocks import Clocks, Duty, overdue, standing_steps
from ledger.core.codes import AgencyKind
from ledger.core.corrections import DisputedRecord, is_disputed
from ledger.core.erasure import OpenedRecord, is_marked_erased
from ledger.core.history import AsOf
from ledger.core.schema import Schema
from ledger.core.steps import STEP_SCHEMAS, parse_rights, step_of
from ledger.domain import RIGHTS_TABLE, load_document
from ledger.ports import Transaction
from ledger.rows import NewRecord
from ledger.services.authenticate import Call

RIGHTS = parse_rights(load_document(RIGHTS_TABLE))
SEES_ALL = frozenset({AgencyKind.SUPERVISOR, AgencyKind.AUDITOR})
"""Kinds of agencies that see every duty."""
SEES_ESCALATED = frozenset({AgencyKind.COORDINATION, AgencyKind.DISTRICT})
"""Kinds of agencies that see every overdue duty."""
MOST_DUTIES = 1_000
"""Duties of one answer, those due first."""


@dataclass(frozen=True)
class DutyList:
    """Open duties as of a moment (Unix seconds), soonest due first, and by which calendar they were counted.

    `left_out` counts those beyond `MOST_DUTIES`; `notice` says what the calendar lacks.
    """

    as_of: int
    calendar: Calendar
    notice: str | None
    duties: Sequence[Duty]
    left_out: int


def keep_steps(
    transaction: Transaction,
    schema: Schema,
    entry_id: int,
    publisher: int,
    signed_at: int,
    records: Sequence[NewRecord],
) -> None:
    """Keep what the records of a submission state as steps, in the transaction that stores them."""
    if schema.name not in STEP_SCHEMAS:
        return
    steps = []
    for position, record in enumerate(records):
        values = record.slots.open_values.decode("utf-8").split("\n")
        step = step_of(schema, values, record.record_id, record.version, publisher, signed_at)
        if step is not None:
            steps.append((position, step))
    transaction.add_steps(entry_id, steps)


def list_duties(call: Call, agency: int | None, only_overdue: bool) -> DutyList:
    """Return the open duties that the caller may see, those of `agency` only unless it is None; raises NotEntitled.

    An agency sees its own; coordination and districts what is overdue anywhere; supervisors and auditors everything.
    """
    call.require_member()
    calendar, notice = calendar_in_force(
        call.history.calendars, AsOf(call.now), lambda wanted: _text_of(call.transaction, wanted)
    )
    kind = call.history.agencies[call.agency].kind
    sees_others = kind in SEES_ALL | SEES_ESCALATED
    party = None if sees_others else call.agency
    found = [
        duty
        for duty in _clocks(call, calendar, party).duties(party)
        if duty.done_at is None and agency in (None, duty.agency)
    ]
    if kind not in SEES_ALL:
        found = [d for d in found if d.agency == call.agency or (kind in SEES_ESCALATED and d.escalation)]
    if only_overdue:
        found = overdue(found, call.now)
    found.sort(key=lambda duty: (duty.due_at, duty.agency, duty.kind, duty.subject))
    return DutyList(call.now, calendar, notice, found[:MOST_DUTIES], max(0, len(found) - MOST_DUTIES))


def request_clocks(call: Call, accesses: Sequence[AccessFacts]) -> Clocks:
    """Return clocks that know the steps and first deliveries of these requests, for their states and times."""
    ids = [access.id for access in accesses]
    steps = standing_steps(call.history, call.transaction.steps_about(ids), call.now)
    facts = call.as_of.point
    # What stands in a block that is followed is seen, also where its clock runs a little ahead of this one.
    at = call.now if facts is None else max(call.now, facts.time)
    return Clocks(call.history, at, RIGHTS, steps=steps, delivered=call.transaction.first_deliveries(ids))


def _clocks(call: Call, calendar: Calendar, party: int | None) -> Clocks:
    """Return the clocks, with the steps of the requests and filings that `party` (anybody if None) takes part in."""
    accesses = [
        access.id for access in tuple(call.history.accesses.values()) if party in (None, access.reader, access.holder)
    ]
    filed = call.transaction.filed(party)
    disputed = _disputed(call)
    subjects = [*accesses, *filed, *(record.record_id for record in disputed)]
    steps = standing_steps(call.history, call.transaction.steps_about(subjects), call.now)
    delivered = call.transaction.first_deliveries(accesses)
    opened = _opened(call, [*accesses, *_emergencies(call, party)])
    return Clocks(call.history, call.now, RIGHTS, calendar, steps, delivered, opened, disputed)


def _emergencies(call: Call, party: int | None) -> list[bytes]:
    """Return the emergencies that `party` (anybody if None) opened."""
    return [one.id for one in tuple(call.history.emergencies.values()) if party in (None, one.agency)]


def _opened(call: Call, authorities: Sequence[bytes]) -> Sequence[OpenedRecord]:
    """Return what was opened under these grants and emergencies and is marked erased now."""
    erased = [record_id for record_id in tuple(call.history.marks) if is_marked_erased(call.history, record_id)]
    return call.transaction.first_openings(authorities, erased) if erased and authorities else ()


def _disputed(call: Call) -> Sequence[DisputedRecord]:
    """Return the records of this gateway that somebody marked disputed."""
    marked = [record_id for record_id in tuple(call.history.marks) if is_disputed(call.history, record_id)]
    return call.transaction.versions_signed(marked) if marked else ()


def _text_of(transaction: Transaction, document_hash: bytes) -> str | None:
    found = transaction.document(document_hash)
    return None if found is None else found[1].decode("utf-8")
