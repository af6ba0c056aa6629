"""Records that were erased after somebody saw them: the auditor lists who has not acknowledged destruction."""

from pathlib import Path

import pytest

from ledger.core.hexadecimal import to_hex
from ledger.core.verdict import Report, Verdict
from tests.simulated_authorities import DAY, AuthorityLedger
from tests.simulated_consortium import PUBLISHER, READER
from tests.unit.audit.authorities import audited

pytestmark = pytest.mark.unit


def erase(ledger: AuthorityLedger, number: int, agency: int = PUBLISHER) -> None:
    record_id = to_hex(ledger.committed(number).record_id)
    said = {"agency": agency, "recordId": record_id, "version": 0, "mark": 4, "reason": 3}
    ledger.mine([("RecordAnchors", "Marked", said)])


def overdue(report: Report) -> list[tuple[str, int]]:
    assert report.verdict is Verdict.VERIFIED, report.failures
    return [(duty.subject, duty.agency) for duty in report.overdue if duty.kind.startswith("erasure.")]


def test_a_reader_who_saw_what_was_erased_is_listed_until_he_acknowledges(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    grant, other = ledger.grant(), ledger.grant("other request")
    emergency = ledger.emergency()
    ledger.granted_look(grant, 1, 2)
    ledger.granted_look(grant, 1)
    ledger.granted_look(other, 3)
    ledger.emergency_look(emergency, 2)
    ledger.anchor()
    erase(ledger, 1)
    erase(ledger, 2)
    erase(ledger, 3, READER)
    later = ledger.now + 31 * DAY
    found = audited(ledger, tmp_path, as_of=later)
    assert sorted(overdue(found.report)) == sorted([(to_hex(grant), READER), (to_hex(emergency), READER)])
    assert overdue(audited(ledger, tmp_path / "before", as_of=later - 2 * DAY).report) == []


def test_of_a_sample_nothing_is_said(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    grant = ledger.grant()
    ledger.granted_look(grant, 1, 2)
    ledger.anchor()
    erase(ledger, 1)
    report = audited(ledger, tmp_path, as_of=ledger.now + 31 * DAY, sample=1).report
    assert all(not duty.kind.startswith("erasure.") for duty in report.overdue)
