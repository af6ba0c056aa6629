"""Every reason of a rejection is documented, told in Chinese, and planted in some table of these tests."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.demo.dirty_tables import FAULTS
from ledger.client.tables import refusals, source
from ledger.client.tables.code_cells import accepted_words
from ledger.client.tables.mapping import load_mapping
from ledger.client.tables.preparing import Unfit, prepare_here
from ledger.client.tables.reasons import REASONS
from ledger.client.tables.reports import summary_of
from ledger.client.tables.rows import TableFile
from ledger.client.tables.source import TableSource
from ledger.core.hexadecimal import to_hex
from tests.unit.client.test_table_jobs import INCIDENTS, MAPPINGS, RESIDENTS

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[3]
TABLES = ROOT / "ledger" / "client" / "tables"
HOW_TO = ROOT / "docs" / "how-to" / "import-a-spreadsheet.md"
BY_THE_GATEWAY = {refusals.COLLECTED_BEFORE}
"""Planted in the tests of what a gateway refuses."""
BY_THE_SCHEMA = {"schema_mismatch", "derivation_failed", "personal_in_open"}
"""Codes of errors, which no literal of the importer names."""
HEADER = "township,title,reported,lat,lng,plate,persons"
GOOD = "UPPER MERION,EMS: FALL VICTIM,2016-01-15 12:01,40.0883549,-75.3821004,沪A12345,2"
PLANTED = {
    "time_malformed": ("2016-01-15 12:01", "15.01.2016"),
    "time_of_day_missing": ("2016-01-15 12:01", "2016-01-15"),
    "time_twice_by_clock_change": ("2016-01-15 12:01", "2018-11-04 01:30"),
    "time_skipped_by_clock_change": ("2016-01-15 12:01", "2018-03-11 02:30"),
    "point_malformed": ("40.0883549", "40"),
    "point_out_of_range": ("40.0883549", "90.0883549"),
    "plate_malformed": ("沪A12345", "沪A12345、沪B12345"),
    "personal_in_open": ("沪A12345,2", "沪A12345,13800138000"),
}


def calls(folder: Path, *rows: str) -> TableSource:
    document: dict[str, Any] = json.loads((MAPPINGS / "montgomery-911.json").read_text("utf-8"))
    slots = {path: document["slots"][path] for path in ("/region", "/class", "/nature", "/place/point")}
    slots["/region"]["codes"] = {"UPPER MERION": "990101001001"}
    slots["/class"]["codes"] = {}
    time = {"transform": "time", "column": "reported", "zone": "America/New_York"}
    slots |= dict.fromkeys(("/occurredAt", "/recordedAt"), time)
    slots |= {
        "/synthetic": {"transform": "constant", "value": True},
        "/reporter/name": {"transform": "plate", "column": "plate"},
        "/persons": {"transform": "integer", "column": "persons"},
    }
    mapping, path = folder / "mapping.json", folder / "calls.csv"
    mapping.write_text(json.dumps({**document, "slots": slots}), encoding="utf-8")
    path.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
    return TableSource(TableFile(path), load_mapping(mapping), INCIDENTS)


@pytest.mark.parametrize("reason", PLANTED)
def test_a_fault_that_a_register_of_residents_cannot_have_is_found_in_a_table_of_calls(
    tmp_path: Path, reason: str
) -> None:
    right, wrong = PLANTED[reason]
    summary = summary_of(calls(tmp_path, GOOD, GOOD.replace(right, wrong)).check())
    assert summary.accepted == 1
    assert {(one.row, fault.reason) for one in summary.rejected for fault in one.faults} == {(2, reason)}


def test_what_a_cell_may_hold_says_how_many_words_are_left_out() -> None:
    times = {"/occurredAt": 1, "/recordedAt": 1}
    codes = {"/region": "990101001001", "/class": "registered", "/subject": to_hex(bytes(32)), "/synthetic": True}
    (unfit,) = prepare_here(RESIDENTS, [{**times, **codes, "/nation": "火星"}])
    assert isinstance(unfit, Unfit)
    assert (len(unfit.accepted), unfit.accepted[0], unfit.accepted[40]) == (41, "01", "… and 18 more")
    assert accepted_words(("是", "否")) == ("是", "否")
    assert accepted_words([str(word) for word in range(40)])[-1] == "39"


def literals() -> Iterator[str]:
    """Yield what the importer's code names as reasons: what stands in calls that reject, and defaults of `reason`."""
    for path in TABLES.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id in ("RowRejected", "refuse_rounded", "_canonical"):
                    inner = [one for part in node.args[1:] for one in ast.walk(part)]
                    yield from (str(one.value) for one in inner if isinstance(one, ast.Constant))
            elif isinstance(node, ast.FunctionDef):
                yield from (
                    str(default.value)
                    for argument, default in zip(reversed(node.args.args), reversed(node.args.defaults), strict=False)
                    if argument.arg == "reason" and isinstance(default, ast.Constant)
                )
    yield from (source.DUPLICATE, refusals.COLLECTED_BEFORE)


def test_every_reason_is_documented_told_in_chinese_and_planted() -> None:
    in_code = {name for name in literals() if re.fullmatch("[a-z]+(_[a-z0-9]+)+", name)} | BY_THE_SCHEMA
    assert set(REASONS) == in_code
    section = HOW_TO.read_text("utf-8").partition("## Why rows are rejected")[2].partition("\n## ")[0]
    first_cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert set(re.findall("`([a-z0-9_]+)`", " ".join(first_cells))) == set(REASONS)
    in_registers = {reason for _, faults in FAULTS.values() for _, reason in faults}
    assert in_registers | set(PLANTED) | BY_THE_GATEWAY == set(REASONS)
