"""Duties of an export: who owed what as of a time, folded from the chain, from steps and from looks under grants.

Nothing here is a fault of the ledger: what is overdue is listed by agency and never changes a verdict.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ledger.core.audit.ground import Ground
from ledger.core.calendar import calendar_in_force
from ledger.core.clocks import NEEDS_STEPS, Clocks, Duty, overdue, standing_steps
from ledger.core.codes import Authority
from ledger.core.corrections import DisputedRecord, is_disputed
from ledger.core.erasure import OpenedRecord, is_marked_erased
from ledger.core.export import ExportedEntry, ExportedLook, ExportedRecord, ExportedTombstone
from ledger.core.history import AsOf
from ledger.core.steps import STEP_SCHEMAS, RightsClocks, Step, step_of

_GIVEN = (Authority.GRANT, Authority.EMERGENCY, Authority.PENDING_EMERGENCY)
Opened = tuple[bytes, bytes, int]
"""Id of a grant or emergency, record id, version."""


@dataclass(slots=True)
class DutyRows:
    """What duties need of a part of the stream: its steps, and the first look under each grant (Unix seconds).

    Of records that somebody marked erased: when each was first opened under what, and who published it.
    """

    steps: list[Step] = field(default_factory=list)
    delivered: dict[bytes, int] = field(default_factory=dict)
    opened: dict[Opened, int] = field(default_factory=dict)
    publishers: dict[bytes, int] = field(default_factory=dict)
    disputed: dict[bytes, dict[int, tuple[int, int]]] = field(default_factory=dict)
    """Of records that somebody marked disputed: by version, who published it and when it was signed."""

    def watch(
        self, ground: Ground, entry: ExportedEntry, records: Iterable[ExportedRecord | ExportedTombstone]
    ) -> Iterator[ExportedRecord | ExportedTombstone]:
        """Hand on the records of a submission, keeping the steps among them; an erased one says nothing any more."""
        for record in self._watch_steps(ground, entry, records):
            if is_marked_erased(ground.history, record.record_id):
                self.publishers[record.record_id] = entry.message["publisher"]
            if is_disputed(ground.history, record.record_id):
                signed = entry.message["publisher"], entry.message["signedAt"]
                self.disputed.setdefault(record.record_id, {})[record.version] = signed
            yield record

    def _watch_steps(
        self, ground: Ground, entry: ExportedEntry, records: Iterable[ExportedRecord | ExportedTombstone]
    ) -> Iterator[ExportedRecord | ExportedTombstone]:
        message = entry.message
        plan = ground.plan(message["schemaHash"])
        if plan is None or plan.schema.name not in STEP_SCHEMAS:
            yield from records
            return
        publisher, signed_at = message["publisher"], message["signedAt"]
        for record in records:
            if isinstance(record, ExportedRecord):
                step = step_of(plan.schema, record.values, record.record_id, record.version, publisher, signed_at)
                if step is not None:
                    self.steps.append(step)
            yield record

    def note_look(self, ground: Ground, entry: ExportedEntry, look: ExportedLook) -> None:
        """Keep when a look under a grant opened something, if it is the first one, and what is marked erased."""
        message = entry.message
        if message.get("authority") in _GIVEN:
            for opening in look.openings:
                if is_marked_erased(ground.history, opening.record_id):
                    self._note_opened(
                        (message["authorityId"], opening.record_id, opening.version), message["disclosedAt"]
                    )
        if message.get("authority") == Authority.GRANT and message.get("recordCount"):
            grant, at = message["authorityId"], message["disclosedAt"]
            self.delivered[grant] = min(at, self.delivered.get(grant, at))

    def _note_opened(self, opened: Opened, at: int) -> None:
        self.opened[opened] = min(at, self.opened.get(opened, at))

    def erased_records(self) -> list[OpenedRecord]:
        """Return what was opened and is marked erased, as far as it was published in this stream."""
        known = self.publishers
        return [
            OpenedRecord(authority, record_id, version, known[record_id], at)
            for (authority, record_id, version), at in self.opened.items()
            if record_id in known
        ]

    def disputed_records(self) -> list[DisputedRecord]:
        """Return what is marked disputed, as far as it was published in this stream, with its versions."""
        return [
            DisputedRecord(record_id, versions[min(versions)][0], [(one, at) for one, (_, at) in versions.items()])
            for record_id, versions in self.disputed.items()
        ]

    def add(self, other: "DutyRows") -> None:
        """Add the rows of another part."""
        self.steps += other.steps
        self.publishers |= other.publishers
        for record_id, versions in other.disputed.items():
            self.disputed.setdefault(record_id, {}).update(versions)
        for opened, at in other.opened.items():
            self._note_opened(opened, at)
        for grant, at in other.delivered.items():
            self.delivered[grant] = min(at, self.delivered.get(grant, at))


@dataclass(frozen=True)
class JudgedDuties:
    """Duties that were overdue as of `at` (Unix seconds), and what is to be said of the judgement."""

    at: int
    overdue: Sequence[Duty] = ()
    notices: Sequence[str] = ()


def judge_duties(grounds: Sequence[Ground], parts: Iterable[DutyRows], rights: RightsClocks, at: int) -> JudgedDuties:
    """Judge what members owed one another at `at` (Unix seconds), over the streams of one chain (at least one).

    Where only a part of a stream was read, duties that steps would show as done are left out.
    """
    rows = DutyRows()
    for part in parts:
        rows.add(part)
    history = grounds[0].history
    documents = {digest: text for ground in grounds for digest, text in ground.documents.items()}
    calendar, lack = calendar_in_force(history.calendars, AsOf(at), documents.get)
    steps = standing_steps(history, rows.steps, at)
    given = rows.delivered, rows.erased_records(), rows.disputed_records()
    duties = list(Clocks(history, at, rights, calendar, steps, *given).duties())
    if not duties:
        return JudgedDuties(at)
    notices = [lack] if lack else []
    read = {ground.gateway for ground in grounds}
    if any(ground.is_partial for ground in grounds):
        duties = [duty for duty in duties if duty.kind not in NEEDS_STEPS]
        notices.append("duties that published steps would show as done were left out: not all of the stream was read")
    elif others := sum(number not in read for number in history.anchors):
        notices.append(f"steps and deliveries in the streams of {others} other gateways are not in this export")
    late = sum(duty.was_late for duty in duties)
    if late:
        notices.append(f"{late} duties were done after they were due")
    return JudgedDuties(at, overdue(duties, at), notices)
