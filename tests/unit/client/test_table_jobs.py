"""A register goes through a job: each row becomes one record at most, whatever is killed, corrected or run again."""

import csv
import hashlib
import json
import os
import signal
import stat
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from ledger.cli.demo.dirty_tables import BEYOND, FAULTS, DirtyTable, dirty_residents, dwellings
from ledger.client import outbox
from ledger.client.tables import corrections, job
from ledger.client.tables.corrections import Corrections
from ledger.client.tables.job import REPORT, TO_CORRECT, TableJob
from ledger.client.tables.mapping import load_mapping
from ledger.client.tables.preparing import PreparingProcesses, Unfit
from ledger.client.tables.reasons import REASONS
from ledger.client.tables.reports import ADDED, ROW, Summary, summary_of
from ledger.client.tables.rows import TableFile
from ledger.client.tables.source import TableSource
from ledger.client.tables.xlsx_file import workbook
from ledger.core.canonical import encode
from ledger.core.hexadecimal import to_hex
from ledger.core.subjects import SubjectId
from ledger.domain import load_document
from ledger.errors import UsageError
from ledger.services.catalogue_documents import schema_documents

pytestmark = pytest.mark.unit
MAPPINGS = Path(__file__).parents[3] / "ledger" / "domain" / "mappings"
RESIDENTS, _ = schema_documents(load_document("schemas/resident_profile-1.json"), load_document)
DWELLINGS, _ = schema_documents(load_document("schemas/dwelling_rental-1.json"), load_document)
INCIDENTS, _ = schema_documents(load_document("schemas/incident-1.json"), load_document)
MAPPING = load_mapping(MAPPINGS / "residents.json")
COUNT, SEED = 1_000, 5


def tokens(persons: Sequence[SubjectId]) -> list[bytes]:
    return [hashlib.sha256(person.canonical.encode()).digest() for person in persons]


@pytest.fixture(scope="module")
def table() -> DirtyTable:
    return dirty_residents(COUNT, SEED)


def started(folder: Path, table: DirtyTable, *, xlsx: bool = True, batch: int = 100) -> TableJob:
    path = folder / ("residents.xlsx" if xlsx else "residents.csv")
    if not path.exists() and xlsx:
        path.write_bytes(workbook("居民", table.lines))
    elif not path.exists():
        with path.open("w", encoding="gb18030", newline="") as file:
            csv.writer(file).writerows(table.lines)
    made = TableJob(TableSource(TableFile(path), MAPPING, RESIDENTS), folder / "state", 101, 1, batch)
    made.begin(1, 7)
    return made


def published(made: TableJob) -> list[dict[str, Any]]:
    """Originals of every record in the outbox."""
    contents = [made.outbox.content(name) for name in made.outbox.pending()]
    return [json.loads(text)["originals"] for content in contents for text in content.records]


def corrected(table: DirtyTable, folder: Path, rows: Sequence[int], name: str = "corrected.xlsx") -> TableFile:
    """Write the rows as an operator would leave them in to_correct.xlsx: right, with the columns of faults."""
    lines = [[str(row), "", "", "", *(table.clean[row - 1][column] for column in table.header)] for row in rows]
    path = folder / name
    path.write_bytes(workbook("to correct", [(*ADDED, *table.header), *lines]))
    return TableFile(path)


def faults(summary: Summary) -> dict[int, frozenset[tuple[str, str]]]:
    return {one.row: frozenset((fault.path, fault.reason) for fault in one.faults) for one in summary.rejected}


@pytest.mark.parametrize("xlsx", [True, False])
def test_a_dirty_register_gives_exactly_the_planted_rejections(table: DirtyTable, tmp_path: Path, xlsx: bool) -> None:
    made = started(tmp_path, table, xlsx=xlsx)
    seen: list[int] = []
    summary = made.fill(seen.append, tokens)
    assert faults(summary) == table.faults
    assert {reason for planted in table.faults.values() for _, reason in planted} == {
        reason for _, planted in FAULTS.values() for _, reason in planted
    }
    assert summary.cleaned == dict(sorted(table.cleaned.items()))
    assert (summary.accepted, sum(seen)) == (COUNT - len(table.faults), COUNT)
    originals = published(made)
    assert len(originals) == summary.accepted
    clean = [one for number, one in enumerate(table.clean, 1) if number not in table.faults]
    assert [one["/idNumber"] for one in originals] == [one["身份证号"] for one in clean]
    assert [one["/birthDate"] for one in originals] == [one["出生日期"] for one in clean]
    assert originals[0]["/subject"] == "0x" + hashlib.sha256(clean[0]["身份证号"].encode()).hexdigest()


def test_reports_name_rows_and_reasons_and_only_the_private_one_holds_cells(table: DirtyTable, tmp_path: Path) -> None:
    made = started(tmp_path, table)
    made.fill(tokens=tokens)
    report = (made.state / REPORT).read_text("utf-8-sig")
    lines = list(csv.DictReader(report.splitlines()))
    assert {int(line["row"]) for line in lines} == set(table.faults)
    assert made.rejected_count() == len(table.faults)
    duplicate = next(line for line in lines if line["reason"] == "duplicate_in_file")
    assert int(duplicate["first_row"]) == int(duplicate["row"]) - 1
    code = next(line for line in lines if line["path"] == "/class")
    assert "户籍" in code["accepted"].split("、")
    assert (code["column"], code["reason_zh"]) == ("人员类别", REASONS["code_unknown"])
    for row in table.faults:
        for name in ("身份证号", "联系电话"):
            assert not table.rows[row - 1][name] or table.rows[row - 1][name] not in report
    private = made.state / TO_CORRECT
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.state.stat().st_mode) == 0o700
    read = {int(row.raw[0]): row.raw[len(ADDED) :] for row in TableFile(private).open().rows}
    assert {row: dict(zip((*table.header, BEYOND), cells, strict=False)) for row, cells in read.items()} == {
        row: {BEYOND: "", **table.rows[row - 1]} for row in table.faults
    }


def test_corrected_rows_complete_the_job_and_nothing_is_taken_twice(table: DirtyTable, tmp_path: Path) -> None:
    made = started(tmp_path, table)
    made.fill(tokens=tokens)
    half = sorted(table.faults)[::2]
    file = corrected(table, tmp_path, [1, 2, *half, half[0]])
    first = Corrections(made).take(file, tokens=tokens)
    assert (first.accepted, first.not_missing) == (COUNT - len(table.faults) + len(half), 3)
    assert {one.row for one in first.rejected} == set(table.faults) - set(half)
    again = Corrections(started(tmp_path, table)).take(file, tokens=tokens)
    assert (again.accepted, again.rejected) == (first.accepted, first.rejected)
    rest = corrected(table, tmp_path, sorted(table.faults), "rest.xlsx")
    last = Corrections(made).take(rest, tokens=tokens)
    assert (last.accepted, last.rejected, last.not_missing) == (COUNT, (), len(half))
    assert not (made.state / TO_CORRECT).exists()
    assert Counter(one["/idNumber"] for one in published(made)) == Counter(one["身份证号"] for one in table.clean)
    assert made.fill(tokens=tokens).accepted == COUNT - len(table.faults)
    assert len(published(made)) == COUNT


def test_rows_that_are_still_wrong_stay_missing_with_their_newest_cells(table: DirtyTable, tmp_path: Path) -> None:
    made = started(tmp_path, table)
    before = made.fill(tokens=tokens)
    row = min(table.faults)
    wrong = replace(
        table, clean=[one | {"身份证号": table.clean[0]["身份证号"], "性别": "", "出生日期": ""} for one in table.clean]
    )
    summary = Corrections(made).take(corrected(wrong, tmp_path, [row]), tokens=tokens)
    assert summary.accepted == before.accepted
    found = next(one for one in summary.rejected if one.row == row)
    assert [(fault.reason, fault.first_row) for fault in found.faults] == [("duplicate_in_file", 1)]
    assert found.line == next(one.line for one in before.rejected if one.row == row)
    read = {int(one.raw[0]): one.cells or {} for one in TableFile(made.state / TO_CORRECT).open().rows}
    assert read[row]["身份证号"] == table.clean[0]["身份证号"]
    assert read[row]["gongzhi_reason"] == "duplicate_in_file (row 1) 与前面的行重复"
    assert set(read) == set(table.faults)


def in_a_child_that_dies(work: Callable[[], object], at_write: int) -> bool:
    """Run `work` in a child that is killed at its n-th durable write; returns whether it lived to the end."""
    child = os.fork()
    if child == 0:
        writes = 0
        durably = outbox.write_durably

        def dying(path: Path, content: bytes) -> None:
            nonlocal writes
            writes += 1
            if writes == at_write:
                path.with_name(f".{path.name}.unfinished").write_bytes(content[: len(content) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            durably(path, content)

        for module in (outbox, job, corrections):
            module.write_durably = dying  # type: ignore[attr-defined]
        try:
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_job_that_is_killed_at_any_write_is_completed_by_the_next_start(tmp_path: Path) -> None:
    small = dirty_residents(90, SEED)
    whole = Counter(one["身份证号"] for one in small.clean)
    lived = False
    for at_write in range(1, 40):
        folder = tmp_path / str(at_write)
        folder.mkdir()
        file = corrected(small, folder, sorted(small.faults))

        def work(folder: Path = folder, file: TableFile = file) -> None:
            made = started(folder, small, batch=30)
            made.fill(tokens=tokens)
            Corrections(made).take(file, tokens=tokens)

        lived = in_a_child_that_dies(work, at_write)
        made = started(folder, small, batch=30)
        assert faults(made.fill(tokens=tokens)) == small.faults
        # What was begun is finished by what was given then, whatever became of the file.
        file.path.write_bytes(file.path.read_bytes()[:-1] + b"\x00")
        begun = list((made.state / "corrections").glob("*/plan.json"))
        if begun:
            summary = Corrections(made).finish(tokens=tokens)
        else:
            summary = Corrections(made).take(corrected(small, folder, sorted(small.faults)), tokens=tokens)
        assert (summary.accepted, summary.rejected) == (90, ())
        assert Counter(one["/idNumber"] for one in published(made)) == whole
        if lived:
            break
    assert lived
    assert at_write > 8


def test_a_row_that_is_refused_while_a_killed_round_waits_drops_no_other_from_the_report(tmp_path: Path) -> None:
    small = dirty_residents(90, SEED)
    right, same = sorted(small.faults)[:2]
    of_first = {name: small.clean[0][name] for name in ("身份证号", "性别", "出生日期")}
    given = replace(small, clean=[row | (of_first if at == same else {}) for at, row in enumerate(small.clean, 1)])

    def work() -> None:
        made = started(tmp_path, small)
        made.fill(tokens=tokens)
        Corrections(made).take(corrected(given, tmp_path, [right, same]), tokens=tokens)

    started(tmp_path, small).fill(tokens=tokens)
    # Of the round stand copy, plan and the one content, which lacks the row that repeats the first; then it is killed.
    assert not in_a_child_that_dies(work, 4)
    made = started(tmp_path, small)
    assert made.outbox.holds("c0001-00000001-0")
    refused = {to_hex(made.outbox.content("00000001-0").submission_id): {"places": [0], "rows": [1]}}
    (made.state / "outbox" / "00000001-0.refused.json").write_bytes(encode(refused))
    summary = Corrections(made).finish(tokens=tokens)
    assert {one.row for one in summary.rejected} == {1, *small.faults} - {right}
    assert summary.accepted == 90 - len(small.faults)


def test_tokens_are_asked_once_for_rows_that_stand_in_the_outbox(table: DirtyTable, tmp_path: Path) -> None:
    asked: list[str] = []

    def counting(persons: Sequence[SubjectId]) -> list[bytes]:
        if len(asked) > 250:
            raise UsageError("the gateway is away")
        asked.extend(person.canonical for person in persons)
        return tokens(persons)

    made = started(tmp_path, table)
    with pytest.raises(UsageError):
        made.fill(tokens=counting)
    held = {one["/idNumber"] for one in published(made)}
    assert held == set(asked)
    asked.clear()
    made.fill(tokens=tokens)
    assert len(published(made)) == COUNT - len(table.faults)
    assert held <= {one["/idNumber"] for one in published(made)}


def test_a_job_says_what_it_needs(table: DirtyTable, tmp_path: Path) -> None:
    made = started(tmp_path, table)
    with pytest.raises(UsageError, match="token"):
        made.fill()
    made.fill(tokens=tokens)
    with pytest.raises(UsageError, match=ROW):
        Corrections(made).take(TableFile(tmp_path / "residents.xlsx"), tokens=tokens)
    file = corrected(table, tmp_path, [40])
    other = TableJob(TableSource(file, MAPPING, RESIDENTS), tmp_path / "other", 101, 1)
    with pytest.raises(UsageError, match="--corrected"):
        other.begin(1, 7)
    with made.only_filler(), pytest.raises(UsageError, match="another process"):
        Corrections(made).take(file, tokens=tokens)


def test_a_dry_run_says_what_a_job_would_and_keeps_nothing(table: DirtyTable, tmp_path: Path) -> None:
    made = started(tmp_path, table)
    dry = summary_of(made.source.check())
    source = replace(made.source, seen={})
    assert dry == TableJob(source, made.state, 101, 1, 100).fill(tokens=tokens)
    assert dry.reasons["/phone phone_malformed"] >= 2


def test_what_only_the_schema_refuses_is_named_by_its_path(tmp_path: Path) -> None:
    register = dwellings(3, SEED)
    register.rows[1]["面积"] = "9007199254740993"
    path = tmp_path / "dwellings.xlsx"
    path.write_bytes(workbook("房屋", register.lines))
    mapping = load_mapping(MAPPINGS / "dwellings.json")
    refused = summary_of(TableSource(TableFile(path), mapping, DWELLINGS).check())
    assert faults(refused) == {2: frozenset((("/area", "integer_malformed"),))}
    calls = load_mapping(MAPPINGS / "montgomery-911.json")
    header = "lat,lng,title,reported_at,township,address,reporter_name,reporter_phone"
    row = "40.1,-75.3821004,EMS: FALL VICTIM,2016-01-15 12:01,UPPER MERION,DEKALB PIKE,张三,13800138000"
    (tmp_path / "calls.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    summary = summary_of(TableSource(TableFile(tmp_path / "calls.csv"), calls, INCIDENTS).check())
    assert faults(summary) == {1: frozenset((("/place/point", "derivation_failed"),))}


def test_several_processes_prepare_what_one_does(table: DirtyTable, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    with PreparingProcesses(RESIDENTS, 2) as processes:
        made = started(tmp_path, table)
        source = replace(made.source, prepare_all=processes.prepare)
        several = TableJob(source, made.state, 101, 1, 100)
        summary = several.fill(tokens=tokens)
        assert isinstance(next(iter(processes.prepare(RESIDENTS, [{"/region": "nowhere"}, {}, {}]))), Unfit)
        few = processes.prepare(RESIDENTS, [{}])
        assert [one.reason for one in few if isinstance(one, Unfit)] == ["schema_mismatch"]
    one = started(tmp_path / "one", table)
    assert summary == one.fill(tokens=tokens)
    assert published(several) == published(one)
    ids = [
        json.loads(text)["recordId"] for name in one.outbox.pending() for text in several.outbox.content(name).records
    ]
    assert len(set(ids)) == summary.accepted


def lives(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_processes_end_with_one_that_is_killed(tmp_path: Path) -> None:
    told = tmp_path / "pids"
    child = os.fork()
    if child == 0:
        try:
            with PreparingProcesses(RESIDENTS, 2):
                told.write_text(" ".join(str(one.pid) for one in psutil.Process().children()))
                os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    pids = [int(pid) for pid in told.read_text().split()]
    assert len(pids) == 2
    until = time.monotonic() + 60
    while any(lives(pid) for pid in pids):
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_register_of_dwellings_goes_the_same_way(tmp_path: Path) -> None:
    register = dwellings(120, SEED)
    path = tmp_path / "dwellings.xlsx"
    path.write_bytes(workbook("房屋", register.lines))
    mapping = load_mapping(MAPPINGS / "dwellings.json")
    mapping.require_schema(DWELLINGS)
    made = TableJob(TableSource(TableFile(path), mapping, DWELLINGS), tmp_path / "state", 102, 1)
    made.begin(1, 7)
    summary = made.fill()
    assert faults(summary) == register.faults
    assert published(made)[0]["/houseNumber"] == "FW-000001"
    assert any(one["/hazards"] == ["01", "02"] for one in published(made))
