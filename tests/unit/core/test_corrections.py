"""A record that another agency disputes is corrected by its publisher, in working days."""

from dataclasses import replace

import pytest

from ledger.core.clocks import Clocks, Duty, DutyKind
from ledger.core.codes import Mark
from ledger.core.corrections import DisputedRecord
from ledger.core.history import MarkFacts
from ledger.core.steps import Step
from tests.unit.core.test_clocks import CHINA, HOLDER, READER, RECORD, at, clocks, point, step

pytestmark = pytest.mark.unit
DISPUTED, REFUSED = "2026-10-12T10:00", "refused"
DUE = at("2026-10-26T23:59:59")


def marked(when: str, mark: Mark = Mark.DISPUTED, version: int = 0, agency: int = READER) -> MarkFacts:
    return MarkFacts(agency, version, mark, 1, point(when))


def owed(
    when: str, *marks: MarkFacts, steps: tuple[Step, ...] = (), versions: tuple[tuple[int, str], ...] = ()
) -> list[Duty]:
    published = [(1, at("2026-09-01T10:00")), *((version, at(signed)) for version, signed in versions)]
    found = clocks(when, marks=marks, steps=steps)
    record = DisputedRecord(RECORD, HOLDER, published)
    known = Clocks(found.history, found.at, found.rights, CHINA, found.steps, disputed=[record])
    return [duty for duty in known.duties() if duty.kind is DutyKind.CORRECTION]


def refusal(when: str, publisher: int = HOLDER) -> Step:
    return step(REFUSED, when, publisher=publisher, subject=RECORD, process="rights")


def test_the_publisher_has_ten_working_days_from_the_mark_of_another_agency() -> None:
    assert owed("2026-10-12T09:59", marked(DISPUTED)) == []
    assert owed("2026-10-13T09:59", marked(DISPUTED)) == [
        Duty(DutyKind.CORRECTION, "0x" + RECORD.hex(), HOLDER, DUE, None, 0, 0)
    ]
    [late] = owed("2026-10-29T10:00", marked(DISPUTED))
    assert (late.overdue_working_days, late.escalation) == (3, 1)
    assert late.missing == f"record 0x{RECORD.hex()} disputed and not corrected"
    [later] = owed("2026-11-10T10:00", marked(DISPUTED))
    assert later.escalation == 2


@pytest.mark.parametrize(
    "answer",
    [
        {"versions": ((2, "2026-10-14T10:00"),)},
        {"steps": (refusal("2026-10-14T10:00"),)},
        {"marks": (marked("2026-10-14T10:00", Mark.WITHDRAWN, agency=HOLDER),)},
        {"marks": (marked("2026-10-14T10:00", Mark.ERASED, version=1, agency=HOLDER),)},
    ],
    ids=("a next version", "a refusal", "a withdrawal", "an erasure"),
)
def test_it_ends_with_the_publishers_answer(answer: dict[str, tuple[object, ...]]) -> None:
    marks = answer.pop("marks", ())
    for dispute in (marked(DISPUTED), marked(DISPUTED, version=1)):
        [done] = owed("2026-10-20T10:00", dispute, *marks, **answer)  # type: ignore[arg-type]
        assert (done.due_at, done.done_at) == (DUE, at("2026-10-14T10:00"))
        [before] = owed("2026-10-13T10:00", dispute, *marks, **answer)  # type: ignore[arg-type]
        assert before.done_at is None


def test_what_others_say_ends_nothing_and_starts_nothing() -> None:
    others = (marked("2026-10-14T10:00", Mark.WITHDRAWN), marked("2026-10-14T10:00", Mark.WITHDRAWN, 2, HOLDER))
    steps = (refusal("2026-10-14T10:00", READER), replace(refusal("2026-10-14T10:00"), to_step="verified"))
    [open_still] = owed("2026-10-20T10:00", marked(DISPUTED, version=1), *others, steps=steps)
    assert open_still.done_at is None
    assert owed("2026-10-20T10:00", marked(DISPUTED, agency=HOLDER), marked(DISPUTED, Mark.HOLD)) == []


def test_a_dispute_of_what_was_outdated_asks_for_nothing() -> None:
    newer = ((2, "2026-10-11T10:00"),)
    assert owed("2026-10-20T10:00", marked(DISPUTED, version=1), versions=newer) == []
    assert len(owed("2026-10-20T10:00", marked(DISPUTED, version=2), versions=newer)) == 1
    assert len(owed("2026-10-20T10:00", marked(DISPUTED), versions=newer)) == 1
    # Signed in the second of the mark: what the mark is about, not its answer.
    [same_second] = owed("2026-10-20T10:00", marked(DISPUTED), versions=((2, DISPUTED),))
    assert same_second.done_at is None


def test_disputes_that_one_answer_ends_are_one_and_a_later_one_begins_anew() -> None:
    marks = [marked(DISPUTED), marked("2026-10-13T10:00", agency=READER + 1), marked("2026-10-19T10:00")]
    first, second = owed("2026-10-20T10:00", *marks, steps=(refusal("2026-10-14T10:00"),))
    assert (first.due_at, first.done_at) == (DUE, at("2026-10-14T10:00"))
    assert (second.due_at, second.done_at) == (at("2026-11-02T23:59:59"), None)
