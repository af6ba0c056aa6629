"""Erased records: tombstones prove their place, are counted apart, and stand where a mark on chain says so only."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.core.codes import HOLD_RELEASED, Mark
from ledger.core.hexadecimal import to_hex
from ledger.core.verdict import Verdict
from tests.simulated_consortium import AUDITOR, RIVAL, marked, number32
from tests.simulated_ledger import SimulatedLedger
from tests.simulated_stream import Export, tombstone_line
from tests.unit.audit.auditing import audit

pytestmark = pytest.mark.unit

GATEWAY_1 = "gateway 1"
CHECK = "record.erased"


def ledger_of(*marks: tuple[Mark, int], seconds: int = 2) -> SimulatedLedger:
    """A submission of three, a look at the second, marks on that one, and a batch `seconds` later."""
    ledger = SimulatedLedger()
    ledger.submit(1, 2, 3)
    ledger.anchor()
    ledger.look(ledger.committed(2))
    ledger.anchor()
    for mark, agency in marks:
        ledger.mine([marked(ledger.committed(2).record_id, mark, agency)])
    ledger.query()
    ledger.anchor(seconds)
    ledger.mine([])
    return ledger


def exported(ledger: SimulatedLedger, *erased: int) -> Export:
    """An export from before the chain's newest block, with tombstones of these numbers."""
    export = ledger.export()
    export.manifest = replace(export.manifest, exported_at=ledger.blocks[-2].time)
    for number in erased:
        export.records[number - 1] = tombstone_line(export.records[number - 1], ledger.committed(number).record_root)
    return export


def test_an_erased_record_is_counted_apart_and_its_siblings_verify(tmp_path: Path) -> None:
    ledger = ledger_of((Mark.ERASED, 7))
    audited = audit(ledger, tmp_path, exported(ledger, 2))
    report = audited.report
    block = next(event.block for event in ledger.events if event.name == "Marked")
    assert report.verdict is Verdict.VERIFIED, report.failures
    assert (report.checked, report.expected, report.erased, report.pending) == (3, 3, 1, 0)
    assert f"verified: 3 of 3 records, 1 erased at block {block}, batches 1-3" in report.headline
    assert report.members()["counts"] == {"checked": 3, "expected": 3, "erased": 1, "pending": 0}
    assert (audited.passed(CHECK), audited.passed("record.values")) == (1, 2)


def test_several_erased_records_are_named_by_the_blocks_of_their_marks(tmp_path: Path) -> None:
    ledger = ledger_of((Mark.ERASED, 7))
    first = ledger.events[-2].block
    last = ledger.mine([marked(ledger.committed(1).record_id, Mark.ERASED)]).number
    ledger.mine([])
    report = audit(ledger, tmp_path, exported(ledger, 1, 2)).report
    assert report.verdict is Verdict.VERIFIED, report.failures
    assert f"2 erased at blocks {first} to {last}, " in report.headline


@pytest.mark.parametrize("marks", [(), ((Mark.WITHDRAWN, 7),), ((Mark.ERASED, RIVAL),)])
def test_content_that_was_deleted_without_its_publishers_mark_is_the_gateways_fault(
    tmp_path: Path, marks: tuple[tuple[Mark, int], ...]
) -> None:
    ledger = ledger_of(*marks)
    audited = audit(ledger, tmp_path, exported(ledger, 2))
    audited.require(CHECK, GATEWAY_1, "a tombstone without a mark")
    assert audited.failed == {CHECK}


def test_a_chain_that_ends_before_the_export_cannot_judge_a_tombstone(tmp_path: Path) -> None:
    ledger = ledger_of()
    export = exported(ledger, 1, 2)
    export.manifest = replace(export.manifest, exported_at=ledger.now)
    report = audit(ledger, tmp_path, export).report
    assert report.verdict is Verdict.INCOMPLETE
    assert len([notice for notice in report.notices if "this chain does not show" in notice]) == 1


def test_content_that_a_legal_hold_protects_is_kept(tmp_path: Path) -> None:
    ledger = ledger_of((Mark.HOLD, AUDITOR), (Mark.ERASED, 7), seconds=1_000)
    report = audit(ledger, tmp_path / "kept", exported(ledger)).report
    assert report.verdict is Verdict.VERIFIED, report.failures
    assert any("a legal hold came first" in notice for notice in report.notices)
    audit(ledger, tmp_path / "gone", exported(ledger, 2)).require(CHECK, GATEWAY_1, "a tombstone")


def test_content_goes_once_its_hold_is_released_and_counts_from_there(tmp_path: Path) -> None:
    ledger = ledger_of((Mark.HOLD, AUDITOR), (Mark.ERASED, 7), seconds=1_000)
    older = ledger.chain
    released = marked(ledger.committed(2).record_id, Mark.HOLD, AUDITOR, reason=HOLD_RELEASED)
    block = ledger.mine([released]).number
    ledger.mine([])
    report = audit(ledger, tmp_path / "gone", exported(ledger, 2)).report
    assert report.verdict is Verdict.VERIFIED, report.failures
    assert f"1 erased at block {block}" in report.headline
    report = audit(ledger, tmp_path / "fresh", exported(ledger)).report
    assert (report.verdict, report.pending) == (Verdict.VERIFIED, 1)
    report = audit(ledger, tmp_path / "older", exported(ledger, 2), chain=older).report
    assert report.verdict is Verdict.INCOMPLETE, report.failures
    ledger.mine([], 302)
    ledger.mine([])
    audit(ledger, tmp_path / "late", exported(ledger)).require(CHECK, GATEWAY_1, "its content")


def test_erased_content_is_pending_while_fresh_and_a_fault_of_the_gateway_later(tmp_path: Path) -> None:
    fresh = ledger_of((Mark.ERASED, 7))
    report = audit(fresh, tmp_path / "fresh", exported(fresh)).report
    assert (report.verdict, report.pending, report.erased) == (Verdict.VERIFIED, 1, 0)
    late = ledger_of((Mark.ERASED, 7), seconds=302)
    audited = audit(late, tmp_path / "late", exported(late))
    audited.require(CHECK, GATEWAY_1, "its content")
    assert audited.failed == {CHECK}


def test_a_back_dated_export_does_not_excuse_erased_content(tmp_path: Path) -> None:
    ledger = ledger_of((Mark.ERASED, 7), seconds=302)
    export = exported(ledger)
    export.manifest = replace(export.manifest, exported_at=ledger.blocks[0].time)
    audit(ledger, tmp_path, export).require(CHECK, GATEWAY_1, "its content")


def test_a_version_that_was_published_after_the_mark_has_its_own_time(tmp_path: Path) -> None:
    ledger = ledger_of((Mark.ERASED, 7), seconds=400)
    before = ledger.committed(2)
    ledger.accept(ledger.sign_submission([ledger.committed(2, version=2, previous=before.record_root)]))
    ledger.anchor()
    ledger.mine([])
    report = audit(ledger, tmp_path, exported(ledger, 2)).report
    assert (report.verdict, report.pending, report.erased) == (Verdict.VERIFIED, 1, 1), report.failures


def another_root(export: Export) -> None:
    export.records[1]["recordRoot"] = to_hex(number32("another root"))


def another_ciphertext(export: Export) -> None:
    export.records[1]["ciphertextDigest"] = to_hex(number32("another ciphertext"))


def another_record(export: Export) -> None:
    export.records[1]["recordId"] = export.records[0]["recordId"]


@pytest.mark.parametrize(
    ("alter", "check"),
    [(another_root, "record.root"), (another_ciphertext, "record.sealed"), (another_record, "record.root")],
)
def test_a_tombstone_that_was_altered_is_found(tmp_path: Path, alter: Callable[[Export], None], check: str) -> None:
    ledger = ledger_of((Mark.ERASED, 7))
    export = exported(ledger, 2)
    alter(export)
    audit(ledger, tmp_path, export).require(check, GATEWAY_1)
