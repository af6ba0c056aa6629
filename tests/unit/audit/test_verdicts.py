"""What a ledger verification says besides faults: pending, incomplete, pinned state, samples, parts."""

import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from ledger.core.canonical import encode
from ledger.core.export import ExportCounts
from ledger.core.hexadecimal import to_hex
from ledger.core.verdict import Verdict
from ledger.errors import UnsupportedFormat
from ledger.services import audit_ledger as service
from ledger.services.audit_files import LineFile
from ledger.services.audit_ledger import AuditRequest
from ledger.services.audit_parts import all_parts
from ledger.services.audit_state import AuditState, read_state, write_state
from tests.simulated_consortium import number32
from tests.simulated_ledger import SimulatedLedger, honest_ledger
from tests.unit.audit.auditing import audit

pytestmark = pytest.mark.unit


def test_entries_beyond_the_chain_that_was_given_are_pending(tmp_path: Path) -> None:
    ledger = honest_ledger()
    chain = ledger.chain
    ledger.submit(5)
    ledger.look(ledger.committed(4))
    ledger.anchor()
    audited = audit(ledger, tmp_path, chain=chain)
    assert audited.report.verdict is Verdict.VERIFIED
    assert audited.report.pending == 2


def test_batches_anchored_just_after_the_export_are_pending(tmp_path: Path) -> None:
    ledger = honest_ledger()
    export = ledger.export()
    ledger.query()
    ledger.anchor()
    audited = audit(ledger, tmp_path, export)
    assert (audited.report.verdict, audited.report.pending) == (Verdict.VERIFIED, 1)
    assert "batches 1-4" in audited.report.headline


def test_an_export_that_lies_back_is_incomplete(tmp_path: Path) -> None:
    ledger = honest_ledger()
    export = ledger.export()
    ledger.mine([], seconds=400)
    ledger.query()
    ledger.anchor()
    report = audit(ledger, tmp_path, export).report
    assert (report.verdict, report.verdict.exit_code) == (Verdict.INCOMPLETE, 3)
    assert "export again" in report.notices[0]


def test_nothing_to_check_is_incomplete(tmp_path: Path) -> None:
    report = audit(SimulatedLedger(), tmp_path).report
    assert report.verdict is Verdict.INCOMPLETE
    assert "no record was checked" in report.notices
    assert "no batch" in report.headline


def test_numbers_declared_void_are_incomplete_and_blame_nobody(tmp_path: Path) -> None:
    ledger = honest_ledger()
    ledger.void(batch=1, first=2, count=1)
    ledger.anchor()
    export = ledger.export()
    del export.entries[1]
    export.records = [record for record in export.records if record["sequence"] != 2]
    report = audit(ledger, tmp_path, export).report
    assert (report.verdict, report.failures) == (Verdict.INCOMPLETE, ())
    assert "entries 2 to 2 of batch 1 were declared VOID" in report.notices
    skipped = {check.id: check.count for check in report.checks if check.result == "skipped"}
    assert skipped == {"entry.root": 1, "record.served": 1}


def test_a_record_served_before_its_submission_is_anchored_is_pending(tmp_path: Path) -> None:
    ledger = honest_ledger()
    ledger.look(ledger.committed(60))
    ledger.anchor()
    report = audit(ledger, tmp_path).report
    assert (report.verdict, report.pending) == (Verdict.VERIFIED, 1)


def test_an_erased_lines_file_is_read_as_empty(tmp_path: Path) -> None:
    ledger = honest_ledger()
    folder = ledger.export().write(tmp_path / "export")
    (folder / "looks.ndjson").unlink()
    request = AuditRequest(folder, ledger.trust, ledger.chain, "memory")
    report, _ = service.audit_ledger(request)
    assert {failure.id for failure in report.failures} == {"look.present", "export.count"}


def test_an_export_of_another_chain_is_unverifiable(tmp_path: Path) -> None:
    ledger = honest_ledger()
    export = ledger.export()
    export.manifest = replace(export.manifest, chain_id=7)
    assert audit(ledger, tmp_path, export).report.verdict is Verdict.UNVERIFIABLE


def test_a_malformed_manifest_is_unverifiable_and_another_format_unsupported(tmp_path: Path) -> None:
    ledger = honest_ledger()
    folder = ledger.export().write(tmp_path / "export")
    request = AuditRequest(folder, ledger.trust, ledger.chain, "memory")
    (folder / "manifest.json").write_bytes(encode({"format": "gongzhi-export/1"}))
    assert service.audit_ledger(request)[0].verdict is Verdict.UNVERIFIABLE
    (folder / "manifest.json").write_bytes(encode({"format": "gongzhi-export/2"}))
    with pytest.raises(UnsupportedFormat):
        service.audit_ledger(request)


def test_a_manifest_ahead_of_the_chain_is_judged_up_to_the_chain(tmp_path: Path) -> None:
    ledger = honest_ledger()
    chain = ledger.chain
    ledger.submit(5)
    ledger.anchor()
    audited = audit(ledger, tmp_path, chain=chain)
    assert (audited.report.verdict, audited.report.checked) == (Verdict.VERIFIED, 5)


def test_blocks_that_do_not_follow_are_unverifiable(tmp_path: Path) -> None:
    ledger = honest_ledger()
    chain = ledger.chain
    chain = replace(chain, blocks=(*chain.blocks[:2], *chain.blocks[3:]))
    assert audit(ledger, tmp_path, chain=chain).report.verdict is Verdict.UNVERIFIABLE


def test_fail_fast_stops_at_the_first_failure(tmp_path: Path) -> None:
    ledger = honest_ledger()
    export = ledger.export()
    export.records[0]["values"][0] = '"1"'
    export.counts = ExportCounts(1, 1, 1, 1)
    audited = audit(ledger, tmp_path, export, fail_fast=True)
    assert audited.failed == {"record.root"}
    contracts = {name: replace(pin, code_hash=to_hex(number32("x"))) for name, pin in ledger.chain.contracts.items()}
    audited = audit(
        ledger, tmp_path / "2", ledger.export(), fail_fast=True, chain=replace(ledger.chain, contracts=contracts)
    )
    assert audited.failed == {"contract.code"}


# --- the pinned state ---


def test_a_pinned_state_skips_what_was_judged_and_is_replaced(tmp_path: Path) -> None:
    ledger = honest_ledger()
    state = audit(ledger, tmp_path / "1").state
    assert state is not None
    write_state(tmp_path / "state.json", state)
    assert read_state(tmp_path / "state.json") == state
    ledger.submit(5)
    ledger.look(ledger.committed(4))
    ledger.anchor()
    audited = audit(ledger, tmp_path / "2", since=read_state(tmp_path / "state.json"))
    assert audited.report.verdict is Verdict.VERIFIED
    assert (audited.passed("entry.signature"), audited.passed("entry.root")) == (2, 5)
    assert audited.state is not None
    assert audited.state.batch == 5
    assert any("up to batch 4 were judged before" in notice for notice in audited.report.notices)


def test_a_state_of_another_head_triggers_a_full_check(tmp_path: Path) -> None:
    ledger = honest_ledger()
    state = audit(ledger, tmp_path / "1").state
    assert state is not None
    audited = audit(ledger, tmp_path / "2", since=replace(state, head=to_hex(number32("another"))))
    assert audited.report.verdict is Verdict.VERIFIED
    assert audited.passed("entry.signature") == 12
    assert any("checked anew" in notice for notice in audited.report.notices)


def test_an_export_that_begins_after_the_state_says_what_it_cannot_see(tmp_path: Path) -> None:
    ledger = honest_ledger()
    state = audit(ledger, tmp_path / "1").state
    assert state is not None
    ledger.submit(5)
    ledger.look(ledger.committed(5))
    ledger.look(ledger.committed(4))
    ledger.anchor()
    export = ledger.export()
    for lines in (export.entries, export.records, export.looks, export.actions):
        lines[:] = [line for line in lines if line["sequence"] > state.sequence]
    audited = audit(ledger, tmp_path / "2", export, since=state)
    assert audited.report.verdict is Verdict.INCOMPLETE
    assert (audited.report.checked, audited.state) == (1, None)
    assert any(notice.startswith("1 opened records stand before") for notice in audited.report.notices)


def test_a_state_file_of_another_format_is_unsupported(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_bytes(encode({"format": "gongzhi-state/2"}))
    with pytest.raises(UnsupportedFormat):
        read_state(tmp_path / "state.json")
    assert read_state(tmp_path / "none.json") is None


# --- samples and parts ---


def test_a_sample_is_incomplete_and_finds_what_lies_in_it(tmp_path: Path) -> None:
    ledger = honest_ledger()
    audited = audit(ledger, tmp_path / "1", sample=2)
    assert audited.report.verdict is Verdict.INCOMPLETE
    assert audited.report.failures == ()
    assert audited.passed("entry.root") == 2
    assert "a sample of 2 of 4 batches" in audited.report.notices
    export = ledger.export()
    export.records[0]["values"][0] = '"1"'
    assert audit(ledger, tmp_path / "2", export, sample=4).failed == {"record.root"}


def larger_ledger() -> SimulatedLedger:
    ledger = SimulatedLedger()
    for start in range(0, 60, 10):
        ledger.submit(*range(start, start + 10))
        ledger.look(*[ledger.committed(number) for number in range(start, start + 3)], path="/v1/records")
        ledger.anchor()
    return ledger


def test_parts_and_worker_processes_give_the_same_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = larger_ledger()
    export = ledger.export()
    export.records[37]["values"][0] = '"1"'
    whole = audit(ledger, tmp_path / "1", export).report
    assert [failure.subject.split(",")[0] for failure in whole.failures] == ["entry 7"]
    for name, value in (("INLINE_BYTES", 0), ("LEAST_PART_BYTES", 1_000), ("ROWS_PER_BUCKET", 5)):
        monkeypatch.setattr(service, name, value)
    seen: list[tuple[int, int]] = []
    parts = audit(ledger, tmp_path / "2", export, workers=2, advance=lambda *done: seen.append(done)).report
    assert len(seen) > 3
    assert seen[-1][0] == seen[-1][1]
    assert replace(whole, seconds=0) == replace(parts, seconds=0)


def test_times_are_judged_across_parts_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = larger_ledger()
    ledger.look(ledger.committed(4), disclosedAt=ledger.now - 33, anchorBy=ledger.now + 200)
    ledger.anchor(seconds=0)
    whole = audit(ledger, tmp_path / "1").report
    monkeypatch.setattr(service, "LEAST_PART_BYTES", 500)
    parts = audit(ledger, tmp_path / "2").report
    assert [failure.id for failure in whole.failures] == [failure.id for failure in parts.failures]
    assert "entry.times" in {failure.id for failure in parts.failures}


@pytest.mark.parametrize(("lines", "check"), [("records", "record.present"), ("entries", "entry.present")])
def test_a_shuffled_file_is_found_in_parts_too(
    lines: str, check: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "LEAST_PART_BYTES", 1_000)
    ledger = larger_ledger()
    export = ledger.export()
    random.Random(3).shuffle(getattr(export, lines))
    audited = audit(ledger, tmp_path, export)
    assert {"entry.order", check} <= audited.failed
    assert audited.blamed == {"gateway 1"}
    assert "export.count" not in audited.failed


def test_bisection_finds_each_line_and_parts_cover_every_byte(tmp_path: Path) -> None:
    ledger = larger_ledger()
    folder = ledger.export().write(tmp_path / "export")
    file = LineFile(folder / "records.ndjson")
    lines = (folder / "records.ndjson").read_bytes().splitlines(keepends=True)
    for sequence in range(13):
        expected = sum(len(line) for line in lines if int(line.split(b'"sequence":')[1].split(b",")[0]) < sequence)
        assert file.offset_of(sequence) == expected
    files = tuple(LineFile(folder / f"{name}.ndjson") for name in ("entries", "records", "looks", "actions"))
    tasks = all_parts((files[0], files[1], files[2], files[3]), ledger.history().anchors[1], 1_000)
    assert len(tasks) > 1
    for place, one in enumerate(files):
        ranges = [task.ranges[place] for task in tasks]
        assert ranges[0][0] == 0
        assert ranges[-1][1] == one.size
        assert all(before[1] == after[0] for before, after in pairwise(ranges))
    assert [line for begin, end in [(0, file.size)] for line in file.lines(begin, end)] == lines
    assert list(file.lines(5, 5)) == []


def test_lines_without_a_sequence_are_passed_over_by_bisection(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b'junk\n{"sequence":3}\njunk\n{"sequence":9}\njunk\n')
    file = LineFile(path)
    assert file.sequence_at(0) == (5, 3)
    assert file.sequence_at(6) == (25, 9)
    assert file.sequence_at(41) == (file.size, None)
    assert file.offset_of(10) == file.size
    assert LineFile(tmp_path / "none").sequence_at(0) == (0, None)
    assert list(file.lines(0, 10_000))[-1] == b"junk\n"


def test_a_state_holds_only_for_its_own_chain_block_and_batch() -> None:
    ledger = honest_ledger()
    history = ledger.history()
    anchor = history.anchors[1][-1]
    newest = ledger.blocks[-1]
    state = AuditState(ledger.chain_id, 1, newest.number, newest.hash, to_hex(anchor.head), 4, 12)
    assert state.holds(ledger.chain_id, 1, history)
    others = [
        {"chain_id": 1},
        {"gateway": 2},
        {"block": 99},
        {"hash": "0x"},
        {"head": "0x"},
        {"batch": 9},
        {"sequence": 3},
    ]
    for other in others:
        assert not replace(state, **other).holds(ledger.chain_id, 1, history)
