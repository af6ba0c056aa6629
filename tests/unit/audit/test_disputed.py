"""A record that another agency disputes: the auditor lists its publisher until it has answered."""

from pathlib import Path

import pytest

from ledger.core.clocks import Duty, DutyKind
from ledger.core.hexadecimal import to_hex
from ledger.core.verdict import Verdict
from tests.simulated_consortium import PUBLISHER, READER
from tests.unit.audit.auditing import audit
from tests.unit.audit.test_duties import DutyLedger, at, owed, report

pytestmark = pytest.mark.unit
LATER = "2026-10-29T10:00"


def dispute(ledger: DutyLedger, number: int = 1, agency: int = READER) -> str:
    """Mark a record as disputed; returns its id."""
    record = to_hex(ledger.committed(number).record_id)
    said = {"agency": agency, "recordId": record, "version": 0, "mark": 3, "reason": 3}
    ledger.mine([("RecordAnchors", "Marked", said)])
    return record


def test_a_publisher_who_does_not_correct_is_named_with_working_days(tmp_path: Path) -> None:
    ledger = DutyLedger("2026-10-12T10:00")
    record = dispute(ledger)
    found = report(ledger, tmp_path, LATER)
    due = at("2026-10-26T23:59:59")
    assert owed(found)[DutyKind.CORRECTION] == Duty(DutyKind.CORRECTION, record, PUBLISHER, due, None, 3, 1)
    assert report(ledger, tmp_path / "before", "2026-10-26T10:00").overdue == []
    assert found.verdict is Verdict.VERIFIED


def test_a_refusal_by_the_publisher_answers_a_dispute_and_its_own_dispute_asks_for_nothing(tmp_path: Path) -> None:
    ledger = DutyLedger("2026-10-12T10:00")
    record = dispute(ledger)
    ledger.step("refused", key="rival", subject=record)
    assert list(owed(report(ledger, tmp_path / "stranger", LATER))) == [DutyKind.CORRECTION]
    ledger.step("refused", subject=record)
    assert report(ledger, tmp_path / "publisher", LATER).overdue == []
    own = DutyLedger("2026-10-12T10:00")
    dispute(own, agency=PUBLISHER)
    assert report(own, tmp_path / "own", LATER).overdue == []


def test_a_next_version_answers_a_dispute(tmp_path: Path) -> None:
    ledger = DutyLedger("2026-10-12T10:00")
    dispute(ledger)
    ledger.wait("2026-10-13T10:00")
    newer = ledger.committed(1, 2, ledger.committed(1).record_root)
    ledger.accept(ledger.sign_submission([newer]))
    ledger.anchor()
    assert report(ledger, tmp_path, LATER).overdue == []


def test_what_was_published_elsewhere_or_not_read_is_not_judged(tmp_path: Path) -> None:
    ledger = DutyLedger("2026-10-12T10:00")
    dispute(ledger, number=9)
    assert report(ledger, tmp_path / "elsewhere", LATER).overdue == []
    dispute(ledger)
    assert audit(ledger, tmp_path / "sample", sample=1, as_of=at(LATER)).report.overdue == []
