"""Clocks and duties: who owes what until when, computed and never stored (policy page, "Share class").

Everything follows from the chain's events, the steps that agencies published, the first delivery under each grant and
the calendar of working days, as of a time. Working-day clocks are the item version's; 0 days means no clock.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ledger.core.access_facts import AccessFacts, EmergencyFacts, GrantTerms
from ledger.core.calendar import MOST_WORKING_DAYS, WEEKENDS_ONLY, Calendar
from ledger.core.codes import Mark, Outcome, Term
from ledger.core.corrections import CORRECT, DisputedRecord, corrections
from ledger.core.erasure import OpenedRecord, erasure_of
from ledger.core.hexadecimal import to_hex
from ledger.core.history import AsOf, History
from ledger.core.points import Point
from ledger.core.steps import (
    CHECKED,
    DELIVERED,
    DESTROYED,
    DONE,
    FILED,
    NOTIFIED,
    REFUSED,
    RETURNED,
    RightsClocks,
    Step,
    Steps,
    by_subject,
)

MOST_GRACE_DAYS = 20
"""Working days after which an overdue duty is on the second level at the latest, however long it had."""
COORDINATION_LEVEL, SUPERVISION_LEVEL = 1, 2
"""Escalation: 1 overdue, coordination sees it; 2 overdue by as many working days again, supervision sees it."""


class DutyKind(StrEnum):
    """What is owed."""

    CHECK = "request.check"
    ANSWER = "request.answer"
    DELIVER = "request.deliver"
    DESTROY = "grant.destroy"
    NOTIFY = "grant.notify"
    CO_SIGN = "emergency.cosign"
    REVIEW = "emergency.review"
    EMERGENCY_NOTICE = "emergency.notice"
    EMERGENCY_DESTRUCTION = "emergency.destroy"
    RIGHT = "rights.answer"
    ERASURE = "erasure.destroy"
    EMERGENCY_ERASURE = "erasure.emergency"
    CORRECTION = "record.correct"


MISSING: Mapping[DutyKind, str] = {
    DutyKind.CHECK: "request {} unchecked",
    DutyKind.ANSWER: "request {} unanswered",
    DutyKind.DELIVER: "request {} granted and not delivered",
    DutyKind.DESTROY: "grant {}: destruction not acknowledged",
    DutyKind.NOTIFY: "grant {}: subject not notified",
    DutyKind.CO_SIGN: "emergency {} not co-signed",
    DutyKind.REVIEW: "emergency {} not reviewed",
    DutyKind.EMERGENCY_NOTICE: "emergency {}: persons concerned not told",
    DutyKind.EMERGENCY_DESTRUCTION: "emergency {}: data neither destroyed nor kept for a reason",
    DutyKind.RIGHT: "rights request {} unanswered",
    DutyKind.ERASURE: "grant {}: destruction of records erased since not acknowledged",
    DutyKind.EMERGENCY_ERASURE: "emergency {}: records erased since not destroyed",
    DutyKind.CORRECTION: "record {} disputed and not corrected",
}
"""What is said of an overdue duty; the braces take its subject."""
_GONE = frozenset({Mark.WITHDRAWN, Mark.ERASED})
NEEDS_STEPS = frozenset(
    (
        *(DutyKind.CHECK, DutyKind.DELIVER, DutyKind.DESTROY, DutyKind.NOTIFY, DutyKind.RIGHT),
        *(DutyKind.ERASURE, DutyKind.EMERGENCY_ERASURE, DutyKind.CORRECTION),
    )
)
"""Duties that cannot be judged without the steps and deliveries of the whole stream."""


class RequestState(StrEnum):
    """Where a request stands."""

    REQUESTED = "requested"
    CHECKED = "checked"
    REFUSED = "refused"
    GRANTED = "granted"
    DELIVERED = "delivered"
    ACCEPTED = "accepted"
    DISPUTED = "disputed"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that `agency` owes about `subject` (0x hex) by `due_at`, as of the moment that it was computed for.

    `done_at`: when it was done, or ceased to be owed. `overdue_working_days` began after `due_at` and by `done_at` or
    the moment; 0 may still be overdue. `escalation` 0 while it is not overdue or once it is done.
    """

    kind: DutyKind
    subject: str
    agency: int
    due_at: int
    done_at: int | None
    overdue_working_days: int
    escalation: int

    @property
    def missing(self) -> str:
        """What is said while it is overdue, as `request 0x… unanswered`."""
        return MISSING[self.kind].format(self.subject)

    def members(self) -> dict[str, Any]:
        """Return the JSON members."""
        return {
            "kind": self.kind.value,
            "subject": self.subject,
            "agency": self.agency,
            "dueAt": self.due_at,
            "doneAt": self.done_at,
            "overdueWorkingDays": self.overdue_working_days,
            "escalation": self.escalation,
        }

    @property
    def was_late(self) -> bool:
        """Whether it was done after it was due."""
        return self.done_at is not None and self.done_at > self.due_at


def standing_steps(history: History, steps: Iterable[Step], at: int) -> Steps:
    """Return steps by subject, without those whose records their publisher had marked withdrawn or erased by `at`."""
    as_of = AsOf(at)
    return by_subject(
        step for step in steps if _GONE.isdisjoint(history.marks_by(step.record_id, step.publisher, 1, as_of))
    )


def overdue(duties: Iterable[Duty], at: int) -> list[Duty]:
    """Return the duties that were due before `at` and not done by then, by agency and due time."""
    late = [duty for duty in duties if duty.due_at < at and (duty.done_at is None or duty.done_at > at)]
    return sorted(late, key=lambda duty: (duty.agency, duty.due_at, duty.kind, duty.subject))


@dataclass(frozen=True)
class Clocks:
    """Everything that clocks are read from, at a moment `at` (Unix seconds); what happened later is not seen.

    `delivered` says when the first look under a grant was disclosed, by grant id. `opened` are records that were opened
    under grants and emergencies; of those that nobody marked erased none need be there. `disputed` are records that
    somebody marked so.
    """

    history: History
    at: int
    rights: RightsClocks
    calendar: Calendar = WEEKENDS_ONLY
    steps: Steps = field(default_factory=dict)
    delivered: Mapping[bytes, int] = field(default_factory=dict)
    opened: Sequence[OpenedRecord] = ()
    disputed: Sequence[DisputedRecord] = ()

    def duties(self, party: int | None = None) -> Iterator[Duty]:
        """Yield every duty that had begun by the moment, done ones too.

        Of requests only those that `party` (anybody if None) makes or holds: where only its duties are asked for.
        """
        # Copies: a gateway's history may grow while it is read.
        for access in tuple(self.history.accesses.values()):
            if party in (None, access.reader, access.holder):
                yield from self.of_request(access)
        for emergency in tuple(self.history.emergencies.values()):
            yield from self.of_emergency(emergency)
        yield from self.of_rights()
        yield from self.of_erasures()
        yield from self.of_corrections()

    def request_state(self, access: AccessFacts) -> RequestState | None:
        """Return where a request stands, None before it was made."""
        if self._time(access.requested) is None:
            return None
        if access.grant is None or self._time(access.granted) is None:
            return self._undecided_state(access)
        if self._time(access.closed) is not None:
            return RequestState.DISPUTED if access.outcome == Outcome.DISPUTED else RequestState.ACCEPTED
        if self._time(access.revoked) is not None:
            return RequestState.REVOKED
        if self.at >= access.grant.expires_at:
            return RequestState.EXPIRED
        return RequestState.GRANTED if self.delivered_at(access) is None else RequestState.DELIVERED

    def checked_at(self, access: AccessFacts) -> int | None:
        """Return when the holder said that a request was checked (Unix seconds), None if it has not."""
        return self._step(access.id, access.holder, CHECKED)

    def delivered_at(self, access: AccessFacts) -> int | None:
        """Return when the first look under a grant was disclosed, or the holder said that it can be (Unix seconds)."""
        look = self.delivered.get(access.id)
        seen = look if look is not None and look <= self.at else None
        return _earliest(seen, self._step(access.id, access.holder, DELIVERED))

    def _undecided_state(self, access: AccessFacts) -> RequestState:
        if self._time(access.withdrawn) is not None:
            return RequestState.WITHDRAWN
        if self._time(access.refused) is not None:
            return RequestState.REFUSED
        return RequestState.REQUESTED if self.checked_at(access) is None else RequestState.CHECKED

    def of_request(self, access: AccessFacts) -> Iterator[Duty]:
        """Yield the duties of a request and of the grant that came of it."""
        requested = self._time(access.requested)
        if requested is None:
            return
        answered = self._first(access.granted, access.refused, access.withdrawn)
        checked = self.checked_at(access)
        check_days, answer_days, deliver_days = self._days(access)
        yield from self._counted(DutyKind.CHECK, access, requested, check_days, _earliest(checked, answered))
        yield from self._counted(DutyKind.ANSWER, access, requested, answer_days, answered)
        granted = self._time(access.granted)
        if access.grant is None or granted is None:
            return
        delivered = self.delivered_at(access)
        ended = self._first(access.revoked, access.closed)
        expired = access.grant.expires_at if access.grant.expires_at <= self.at else None
        yield from self._counted(DutyKind.DELIVER, access, granted, deliver_days, _earliest(delivered, ended, expired))
        if delivered is not None:
            yield from self._obligations(access, access.grant, granted, delivered)

    def _obligations(self, access: AccessFacts, grant: GrantTerms, granted: int, delivered: int) -> Iterator[Duty]:
        reader = access.reader
        if grant.destroy_by:
            done = self._step(access.id, reader, DESTROYED)
            if grant.terms >> Term.ENTRUSTED & 1:
                done = _earliest(done, self._step(access.id, reader, RETURNED))
            yield self._duty(DutyKind.DESTROY, access.id, reader, granted, grant.destroy_by, done)
        if grant.terms >> Term.NOTIFY_SUBJECT & 1:
            due = delivered + self.history.parameter("noticeWithin", AsOf(delivered))
            done = self._step(access.id, reader, NOTIFIED)
            yield self._duty(DutyKind.NOTIFY, access.id, reader, delivered, due, done)

    def of_emergency(self, emergency: EmergencyFacts) -> Iterator[Duty]:
        """Yield the duties of an emergency: a co-signature while it can be given, the others from its end on."""
        now, opened = AsOf(self.at), self._time(emergency.opened)
        if opened is None:
            return
        co_signed, ends_at = self._time(emergency.co_signed), emergency.ends_at(now)
        if co_signed is not None or self.at < ends_at:
            due = emergency.unsigned_until
            yield self._duty(DutyKind.CO_SIGN, emergency.id, emergency.agency, opened, due, co_signed)
        if self.at < ends_at:
            return
        reviewed = self._first(*(review.point for review in emergency.reviews))
        reviewer, review_due = emergency.reviewer(now), emergency.review_due_at
        yield self._duty(DutyKind.REVIEW, emergency.id, reviewer, ends_at, review_due, reviewed)
        told, notice_due = self._time(emergency.notified), self._notice_due(emergency, ends_at)
        yield self._duty(DutyKind.EMERGENCY_NOTICE, emergency.id, emergency.agency, ends_at, notice_due, told)
        gone = self._first(emergency.destroyed, emergency.kept)
        due = ends_at + self.history.parameter("destroyWithin", AsOf(ends_at))
        yield self._duty(DutyKind.EMERGENCY_DESTRUCTION, emergency.id, emergency.agency, ends_at, due, gone)

    def _notice_due(self, emergency: EmergencyFacts, ends_at: int) -> int:
        """Return when the notice is due: a deferral that came in time puts it off, a late one does not."""
        due = ends_at + self.history.parameter("noticeWithin", AsOf(ends_at))
        for deferral in emergency.deferrals:
            if deferral.since.time <= min(due, self.at):
                due = max(due, deferral.value[0])
        return due

    def of_rights(self) -> Iterator[Duty]:
        """Yield the duty to answer each rights request; whoever published it owes the answer."""
        for subject, steps in self.steps.items():
            filed = next((step for step in steps if step.to_step == FILED and step.at <= self.at), None)
            if filed is None:
                continue
            done = _earliest(*(self._step(subject, filed.publisher, end) for end in (DONE, REFUSED)))
            due = self.calendar.deadline(filed.at, self.rights.days(filed.process))
            yield self._duty(DutyKind.RIGHT, subject, filed.publisher, filed.at, due, done)

    def of_erasures(self) -> Iterator[Duty]:
        """Yield the duty to destroy what was opened under a grant or emergency and erased by its publisher since.

        One acknowledgement answers for every erasure before it, so there is one duty for all that share one. Content
        that a legal hold keeps is owed by nobody.
        """
        erased: dict[bytes, set[int]] = defaultdict(set)
        for one in self.opened:
            erasure = erasure_of(self.history, one.record_id, one.publisher, one.version, AsOf(self.at))
            if erasure is not None and not erasure.is_held and one.at <= erasure.since.time:
                erased[one.authority].add(erasure.since.time)
        for authority, times in erased.items():
            access, emergency = self.history.accesses.get(authority), self.history.emergencies.get(authority)
            if access is not None:
                mine = (step for step in self.steps.get(authority, ()) if step.publisher == access.reader)
                ends = [step.at for step in mine if step.to_step == DESTROYED and step.at <= self.at]
                yield from self._acknowledged(DutyKind.ERASURE, access, access.reader, times, ends)
            elif emergency is not None:
                gone = self._time(emergency.destroyed)
                # Said once, for all that was seen: what is erased afterwards is gone already.
                times = {time for time in times if gone is None or time <= gone}
                ends = [] if gone is None else [gone]
                yield from self._acknowledged(DutyKind.EMERGENCY_ERASURE, emergency, emergency.agency, times, ends)

    def of_corrections(self) -> Iterator[Duty]:
        """Yield the duty of a publisher to correct what another agency marked disputed, or to say why it will not."""
        days = self.rights.days(CORRECT)
        for record in self.disputed:
            steps = self.steps.get(record.record_id, ())
            for start, done in corrections(self.history, record, steps, self.at):
                due = self.calendar.deadline(start, days)
                yield self._duty(DutyKind.CORRECTION, record.record_id, record.publisher, start, due, done)

    def _acknowledged(
        self,
        kind: DutyKind,
        given: AccessFacts | EmergencyFacts,
        reader: int,
        erased: set[int],
        ends: Sequence[int],
    ) -> Iterator[Duty]:
        """Yield duties by the acknowledgement (of `ends`, ascending) that ends them, each due by its first erasure."""
        began: dict[int | None, int] = {}
        for time in sorted(erased):
            began.setdefault(next((end for end in ends if end >= time), None), time)
        for done, start in began.items():
            due = start + self.history.parameter("destroyWithin", AsOf(start))
            yield self._duty(kind, given.id, reader, start, due, done)

    def _counted(self, kind: DutyKind, access: AccessFacts, start: int, days: int, done: int | None) -> Iterator[Duty]:
        if days:
            due = self.calendar.deadline(start, days)
            yield self._duty(kind, access.id, access.holder, start, due, done)

    def _duty(self, kind: DutyKind, subject: bytes, agency: int, start: int, due: int, done: int | None) -> Duty:
        late = self.calendar.working_days_between(due, self.at if done is None else done)
        level = 0
        if done is None and due < self.at:
            grace = min(max(1, self.calendar.working_days_between(start, due)), MOST_GRACE_DAYS)
            level = SUPERVISION_LEVEL if self.at > self.calendar.deadline(due, grace) else COORDINATION_LEVEL
        return Duty(kind, to_hex(subject), agency, due, done, late, level)

    def _days(self, access: AccessFacts) -> tuple[int, int, int]:
        """Return the working days to check, to answer and to deliver; 0 where the item version sets none."""
        item = self.history.items.get(access.item)
        published = item.versions.get(access.item_version) if item else None
        args = published.value if published else {}
        check, answer, deliver = (args.get(name, 0) for name in ("checkDays", "answerDays", "deliverDays"))
        return _clock(check), _clock(answer), _clock(deliver)

    def _step(self, subject: bytes, agency: int, to_step: str) -> int | None:
        """Return when an agency first published a step of a subject."""
        steps: Iterable[Step] = self.steps.get(subject, ())
        found = (step.at for step in steps if step.publisher == agency and step.to_step == to_step)
        return next((at for at in found if at <= self.at), None)

    def _time(self, point: Point | None) -> int | None:
        return None if point is None or point.time > self.at else point.time

    def _first(self, *points: Point | None) -> int | None:
        return _earliest(*(self._time(point) for point in points))


def _earliest(*times: int | None) -> int | None:
    return min((time for time in times if time is not None), default=None)


def _clock(days: object) -> int:
    return days if type(days) is int and 0 < days <= MOST_WORKING_DAYS else 0
