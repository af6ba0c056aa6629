"""Clocks and duties, judged as of moments that were set by hand."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ledger.core.access_facts import AccessFacts, EmergencyFacts, GrantTerms, ReviewFacts
from ledger.core.calendar import parse_calendar
from ledger.core.clocks import Clocks, Duty, DutyKind, RequestState, overdue
from ledger.core.erasure import OpenedRecord
from ledger.core.history import History, ItemFacts, MarkFacts
from ledger.core.points import Dated, Point
from ledger.core.steps import RightsClocks, Step, by_subject
from ledger.domain import load_document

pytestmark = pytest.mark.unit

CHINA = parse_calendar(load_document("calendar/cn-1.json"))
RIGHTS = RightsClocks({"correct": 10}, 15)
REQUEST, EMERGENCY, RECORD = bytes([1]) * 32, bytes([2]) * 32, bytes([3]) * 32
READER, HOLDER, REVIEWER = 5, 7, 9
DAY = 86_400


def at(text: str) -> int:
    """The Unix second of a local time in Beijing."""
    return int((datetime.fromisoformat(text).replace(tzinfo=UTC) - timedelta(hours=8)).timestamp())


def point(text: str) -> Point:
    return Point(at(text) // 10, 0, at(text))


ASKED = point("2026-09-24T12:00")
"""Ten working days later is 15 October: Mid-Autumn, National Day and a worked Saturday lie between."""
GRANTED = point("2026-10-09T10:00")


def access(**changes: Any) -> AccessFacts:
    zero = bytes(32)
    facts = AccessFacts(REQUEST, READER, HOLDER, "0x", 2, 1, 2, 3, zero, zero, zero, at("2027-01-01"), ASKED)
    for name, value in changes.items():
        setattr(facts, name, value)
    return facts


def granted(terms: int = 0, destroy_by: str | None = None, **changes: Any) -> AccessFacts:
    destroyed_by = at(destroy_by) if destroy_by else 0
    grant = GrantTerms("0x", 1, bytes(32), at("2026-12-01T00:00"), 0, terms, destroyed_by, bytes(32))
    return access(grant=grant, granted=GRANTED, **changes)


def emergency(**changes: Any) -> EmergencyFacts:
    opened = point("2026-09-01T10:00")
    facts = EmergencyFacts(
        id=EMERGENCY,
        agency=READER,
        case_ref=bytes(32),
        key="0x",
        supervisor="0x",
        second_agency=0,
        region=310,
        reason=1,
        note_hash=bytes(32),
        expires_at=at("2026-09-03T10:00"),
        unsigned_until=at("2026-09-01T12:00"),
        review_due_at=at("2026-09-18T10:00"),
        opened=opened,
        reviewers=[Dated(opened, REVIEWER)],
    )
    for name, value in changes.items():
        setattr(facts, name, value)
    return facts


def step(to_step: str, when: str, publisher: int = HOLDER, subject: bytes = REQUEST, process: str = "request") -> Step:
    return Step(subject, publisher, process, "", to_step, at(when), RECORD)


def clocks(
    when: str,
    *facts: AccessFacts | EmergencyFacts,
    steps: Iterable[Step] = (),
    delivered: str | None = None,
    days: Any = (2, 10, 20),
    opened: Iterable[OpenedRecord] = (),
    marks: Iterable[MarkFacts] = (),
) -> Clocks:
    history = History()
    published = dict(zip(("checkDays", "answerDays", "deliverDays"), days, strict=True))
    history.items[2] = ItemFacts(versions={1: Dated(ASKED, published)})
    for fact in facts:
        (history.accesses if isinstance(fact, AccessFacts) else history.emergencies)[fact.id] = fact  # type: ignore[index]
    history.marks[RECORD] = list(marks)
    looks = {REQUEST: at(delivered)} if delivered else {}
    return Clocks(history, at(when), RIGHTS, CHINA, by_subject(steps), looks, list(opened))


def duties(found: Clocks) -> dict[DutyKind, Duty]:
    return {duty.kind: duty for duty in found.duties()}


def test_an_unanswered_request_is_counted_in_working_days_across_the_holidays() -> None:
    before = duties(clocks("2026-10-15T23:59:59", access()))
    assert before[DutyKind.ANSWER] == Duty(
        DutyKind.ANSWER, "0x" + REQUEST.hex(), HOLDER, at("2026-10-15T23:59:59"), None, 0, 0
    )
    after = duties(clocks("2026-10-17T00:00", access()))
    assert (after[DutyKind.ANSWER].overdue_working_days, after[DutyKind.ANSWER].escalation) == (1, 1)
    # The check was due on Tuesday 29 September: the Friday and the weekend of Mid-Autumn are free.
    assert after[DutyKind.CHECK].due_at == at("2026-09-29T23:59:59")
    assert DutyKind.DELIVER not in after


def test_a_request_is_escalated_once_it_is_overdue_by_as_many_working_days_again() -> None:
    # Ten working days after 15 October.
    last = clocks("2026-10-29T23:59:59", access())
    assert duties(last)[DutyKind.ANSWER].escalation == 1
    assert duties(clocks("2026-10-30T00:00", access()))[DutyKind.ANSWER].escalation == 2


def test_a_duty_with_a_long_term_is_escalated_after_twenty_working_days() -> None:
    owed = granted(destroy_by="2026-12-31T12:00")
    for when, level in (("2027-01-29T23:00", 1), ("2027-01-30T00:00", 2)):
        found = duties(clocks(when, owed, delivered="2026-10-10T10:00"))[DutyKind.DESTROY]
        assert (found.escalation, found.overdue_working_days) == (level, 20)


@pytest.mark.parametrize(
    ("changes", "when", "done"),
    [
        ({"refused": point("2026-10-09T10:00")}, "2026-10-20T00:00", "2026-10-09T10:00"),
        ({"withdrawn": point("2026-10-12T10:00")}, "2026-10-20T00:00", "2026-10-12T10:00"),
        ({"refused": point("2026-10-19T10:00")}, "2026-10-20T00:00", "2026-10-19T10:00"),
    ],
)
def test_an_answer_or_a_withdrawal_ends_check_and_answer(changes: dict[str, Point], when: str, done: str) -> None:
    found = duties(clocks(when, access(**changes)))
    assert {found[kind].done_at for kind in (DutyKind.CHECK, DutyKind.ANSWER)} == {at(done)}
    assert found[DutyKind.ANSWER].was_late == (done > "2026-10-16")
    assert found[DutyKind.ANSWER].overdue_working_days == (2 if done > "2026-10-16" else 0)
    assert found[DutyKind.ANSWER].escalation == 0


def test_what_happens_later_is_not_seen() -> None:
    later = granted(revoked=point("2026-11-20T10:00"))
    found = clocks("2026-10-08T10:00", later, steps=[step("checked", "2026-10-08T12:00")])
    assert found.request_state(later) is RequestState.REQUESTED
    assert duties(found)[DutyKind.CHECK].done_at is None
    assert list(clocks("2026-09-24T11:59", access()).duties()) == []
    assert clocks("2026-09-24T11:59").request_state(access()) is None


def test_what_happens_in_the_last_second_is_seen_and_in_time() -> None:
    due = "2026-10-15T23:59:59"
    found = duties(clocks(due, access(refused=point(due))))[DutyKind.ANSWER]
    assert (found.done_at, found.was_late) == (found.due_at, False)
    owed = duties(clocks(due, access()))[DutyKind.ANSWER]
    assert overdue([owed], at(due)) == []
    assert overdue([owed], at(due) + 1) == [owed]


@pytest.mark.parametrize(("party", "count"), [(None, 2), (READER, 2), (HOLDER, 2), (REVIEWER, 0)])
def test_requests_of_others_may_be_left_out(party: int | None, count: int) -> None:
    assert len(list(clocks("2026-10-08T10:00", access()).duties(party))) == count


def test_only_the_holders_step_counts_as_checked() -> None:
    foreign = step("checked", "2026-09-25T10:00", publisher=READER)
    assert duties(clocks("2026-10-01T10:00", access(), steps=[foreign]))[DutyKind.CHECK].done_at is None
    own = step("checked", "2026-09-28T10:00")
    found = clocks("2026-10-01T10:00", access(), steps=[foreign, own])
    assert duties(found)[DutyKind.CHECK].done_at == own.at
    assert found.request_state(access()) is RequestState.CHECKED


@pytest.mark.parametrize(
    ("facts", "when", "state"),
    [
        (access(), "2026-10-01T10:00", RequestState.REQUESTED),
        (access(refused=GRANTED), "2026-10-10T10:00", RequestState.REFUSED),
        (access(withdrawn=GRANTED), "2026-10-10T10:00", RequestState.WITHDRAWN),
        (granted(), "2026-10-10T10:00", RequestState.GRANTED),
        (granted(), "2026-10-12T10:00", RequestState.DELIVERED),
        (granted(closed=point("2026-10-13T10:00"), outcome=1), "2026-10-14T10:00", RequestState.ACCEPTED),
        (granted(closed=point("2026-10-13T10:00"), outcome=2), "2026-10-14T10:00", RequestState.DISPUTED),
        (granted(revoked=point("2026-10-13T10:00")), "2026-10-14T10:00", RequestState.REVOKED),
        (granted(), "2026-12-01T00:00", RequestState.EXPIRED),
    ],
)
def test_the_state_of_a_request(facts: AccessFacts, when: str, state: RequestState) -> None:
    assert clocks(when, facts, delivered="2026-10-11T10:00").request_state(facts) is state


@pytest.mark.parametrize(
    ("facts", "steps", "delivered", "done"),
    [
        (granted(), [], None, None),
        (granted(), [], "2026-10-12T10:00", "2026-10-12T10:00"),
        (granted(), [step("delivered", "2026-10-11T10:00")], "2026-10-12T10:00", "2026-10-11T10:00"),
        (granted(revoked=point("2026-10-13T10:00")), [], None, "2026-10-13T10:00"),
    ],
)
def test_delivery_is_owed_from_the_grant_until_the_first_look(
    facts: AccessFacts, steps: list[Step], delivered: str | None, done: str | None
) -> None:
    found = duties(clocks("2026-11-15T10:00", facts, steps=steps, delivered=delivered))[DutyKind.DELIVER]
    # Twenty working days after Friday 9 October; Saturday 10 is worked.
    assert (found.due_at, found.done_at) == (at("2026-11-05T23:59:59"), at(done) if done else None)


def test_delivery_is_not_owed_after_the_grant_expired() -> None:
    assert duties(clocks("2026-12-02T10:00", granted()))[DutyKind.DELIVER].done_at == at("2026-12-01T00:00")


@pytest.mark.parametrize("days", [(0, 0, 0), ("2", None, True), (-1, 65_536, 0.5)])
def test_an_item_that_sets_no_days_sets_no_clock(days: Any) -> None:
    assert duties(clocks("2027-01-01T00:00", granted(), days=days)) == {}


def test_an_unknown_item_sets_no_clock() -> None:
    assert duties(clocks("2027-01-01T00:00", access(item=99))) == {}
    assert duties(clocks("2027-01-01T00:00", access(item_version=99))) == {}


def test_destruction_is_owed_by_the_reader_once_something_was_delivered() -> None:
    owed = granted(destroy_by="2026-11-30T12:00")
    assert DutyKind.DESTROY not in duties(clocks("2026-12-02T10:00", owed))
    open_duty = duties(clocks("2026-12-02T10:00", owed, delivered="2026-10-12T10:00"))[DutyKind.DESTROY]
    assert (open_duty.agency, open_duty.due_at, open_duty.done_at) == (READER, at("2026-11-30T12:00"), None)
    assert open_duty.missing == f"grant 0x{REQUEST.hex()}: destruction not acknowledged"
    steps = [step("destroyed", "2026-11-29T12:00", publisher=READER)]
    done = duties(clocks("2026-12-02T10:00", owed, steps=steps, delivered="2026-10-12T10:00"))[DutyKind.DESTROY]
    assert (done.done_at, done.was_late) == (at("2026-11-29T12:00"), False)


@pytest.mark.parametrize(("terms", "is_done"), [(0b0010, True), (0b0101, False)])
def test_what_was_entrusted_may_be_returned_instead(terms: int, is_done: bool) -> None:
    steps = [step("returned", "2026-11-29T12:00", publisher=READER)]
    owed = granted(terms, "2026-11-30T12:00")
    found = duties(clocks("2026-12-02T10:00", owed, steps=steps, delivered="2026-10-12T10:00"))[DutyKind.DESTROY]
    assert (found.done_at is not None) == is_done


def test_a_grant_with_the_term_to_notify_owes_a_notice_after_the_first_look() -> None:
    owed = granted(0b1000)
    found = duties(clocks("2026-11-30T10:00", owed, delivered="2026-10-12T10:00"))[DutyKind.NOTIFY]
    assert (found.agency, found.due_at, found.escalation) == (READER, at("2026-10-12T10:00") + 30 * DAY, 1)
    steps = [step("notified", "2026-11-01T10:00", publisher=READER)]
    told = duties(clocks("2026-11-30T10:00", owed, steps=steps, delivered="2026-10-12T10:00"))[DutyKind.NOTIFY]
    assert told.done_at == at("2026-11-01T10:00")


def test_a_live_emergency_owes_nothing_but_its_co_signature() -> None:
    assert list(clocks("2026-09-01T09:00", emergency()).duties()) == []
    found = duties(clocks("2026-09-01T11:00", emergency()))
    assert list(found) == [DutyKind.CO_SIGN]
    assert found[DutyKind.CO_SIGN].due_at == at("2026-09-01T12:00")
    signed = duties(clocks("2026-09-02T11:00", emergency(co_signed=point("2026-09-01T11:30"))))
    assert signed[DutyKind.CO_SIGN].done_at == at("2026-09-01T11:30")


def test_an_emergency_that_nobody_reviewed_is_overdue_at_its_reviewer() -> None:
    found = duties(clocks("2026-09-21T10:00", emergency()))
    assert DutyKind.CO_SIGN not in found
    review = found[DutyKind.REVIEW]
    assert (review.agency, review.overdue_working_days, review.escalation) == (REVIEWER, 2, 1)
    reviews = [ReviewFacts(REVIEWER, 1, bytes(32), point("2026-09-17T10:00"))]
    assert duties(clocks("2026-09-21T10:00", emergency(reviews=reviews)))[DutyKind.REVIEW].done_at is not None


def test_a_notice_after_its_time_was_late_and_is_owed_no_more() -> None:
    late = emergency(notified=point("2026-10-09T10:00"))
    notice = duties(clocks("2026-10-10T10:00", late))[DutyKind.EMERGENCY_NOTICE]
    assert notice.due_at == at("2026-09-01T12:00") + 30 * DAY
    assert (notice.was_late, notice.overdue_working_days, notice.escalation) == (True, 2, 0)


@pytest.mark.parametrize(
    ("deferred", "until", "due"),
    [
        ("2026-09-20T10:00", "2026-11-02T10:00", "2026-11-02T10:00"),
        ("2026-09-20T10:00", "2026-09-25T10:00", "2026-10-01T12:00"),
        ("2026-10-02T10:00", "2026-11-02T10:00", "2026-10-01T12:00"),
    ],
)
def test_a_deferral_in_time_puts_the_notice_off(deferred: str, until: str, due: str) -> None:
    facts = emergency(deferrals=[Dated(point(deferred), (at(until), 1))])
    assert duties(clocks("2026-10-05T10:00", facts))[DutyKind.EMERGENCY_NOTICE].due_at == at(due)
    assert duties(clocks("2026-09-19T10:00", facts))[DutyKind.EMERGENCY_NOTICE].due_at == at("2026-10-01T12:00")


def test_what_was_seen_in_an_emergency_is_destroyed_or_kept_in_time() -> None:
    ended = {"ended": point("2026-09-01T11:00")}
    for how in ("destroyed", "kept"):
        found = duties(clocks("2026-10-10T10:00", emergency(**ended, **{how: point("2026-09-30T10:00")})))
        gone = found[DutyKind.EMERGENCY_DESTRUCTION]
        assert (gone.due_at, gone.done_at) == (at("2026-10-01T11:00"), at("2026-09-30T10:00"))
    owed = duties(clocks("2026-10-10T10:00", emergency(**ended)))[DutyKind.EMERGENCY_DESTRUCTION]
    assert (owed.agency, owed.done_at, owed.overdue_working_days) == (READER, None, 3)


def test_the_parameter_in_force_at_the_end_sets_the_term() -> None:
    found = clocks("2026-12-10T10:00", emergency())
    found.history.parameters["destroyWithin"] = [
        Dated(point("2026-08-01T10:00"), 10 * DAY),
        Dated(point("2026-09-02T10:00"), 90 * DAY),
    ]
    assert duties(found)[DutyKind.EMERGENCY_DESTRUCTION].due_at == at("2026-09-11T12:00")


def test_a_rights_request_is_owed_by_who_filed_it_for_the_days_of_its_right() -> None:
    filed = step("filed", "2026-09-24T12:00", subject=RECORD, process="correct")
    verified = step("verified", "2026-09-28T12:00", subject=RECORD)
    foreign = step("done", "2026-09-29T12:00", subject=RECORD, publisher=READER)
    found = duties(clocks("2026-10-20T10:00", steps=[filed, verified, foreign]))[DutyKind.RIGHT]
    assert (found.agency, found.due_at, found.overdue_working_days) == (HOLDER, at("2026-10-15T23:59:59"), 3)
    for end in ("done", "refused"):
        answered = step(end, "2026-10-14T12:00", subject=RECORD)
        closed = duties(clocks("2026-10-20T10:00", steps=[filed, answered]))[DutyKind.RIGHT]
        assert (closed.done_at, closed.was_late) == (answered.at, False)
    assert duties(clocks("2026-09-24T11:00", steps=[filed])) == {}


def test_overdue_duties_stand_by_agency_and_due_time() -> None:
    filed = step("filed", "2026-09-01T12:00", subject=RECORD, process="correct")
    now = clocks("2026-10-20T10:00", access(), emergency(), steps=[filed])
    found = overdue(now.duties(), now.at)
    assert [(duty.agency, duty.kind) for duty in found] == [
        (READER, DutyKind.EMERGENCY_DESTRUCTION),
        (READER, DutyKind.EMERGENCY_NOTICE),
        (HOLDER, DutyKind.RIGHT),
        (HOLDER, DutyKind.CHECK),
        (HOLDER, DutyKind.ANSWER),
        (REVIEWER, DutyKind.REVIEW),
    ]
    assert found[0].due_at == found[1].due_at
    assert found[4].members() == {
        "kind": "request.answer",
        "subject": "0x" + REQUEST.hex(),
        "agency": HOLDER,
        "dueAt": at("2026-10-15T23:59:59"),
        "doneAt": None,
        "overdueWorkingDays": 3,
        "escalation": 1,
    }
    duty = found[2]
    done = Duty(duty.kind, duty.subject, duty.agency, duty.due_at, now.at + 1, 0, 0)
    assert overdue([done], now.at) == [done]
    assert overdue([done], now.at + 1) == []
