"""Whom a row is about: an identity number, or other papers of somebody from elsewhere; one person stands once."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ledger.client.tables.job import TableJob
from ledger.client.tables.reports import Summary
from ledger.client.tables.rows import TableFile
from ledger.client.tables.source import TableSource
from ledger.client.tables.subjects import SubjectRule, parse_subject_rule
from ledger.core.subjects import SubjectId, canonical_id
from ledger.errors import FormatError, RowRejected, UsageError
from tests.unit.client.test_table_jobs import MAPPING, RESIDENTS, published, tokens

pytestmark = pytest.mark.unit
HEADER = "社区,姓名,身份证号,性别,出生日期,人员类别,登记日期,合成数据,其他证件类型,其他证件号码"
CITIZEN = "990101199003070023"
RULE: dict[str, Any] = {
    "number": "/id",
    "papers": {"type": "/type", "number": "/papers", "only": {"/class": ["overseas"]}},
}


def row(kind: str, number: str = "", papers: str = "", papers_number: str = "", name: str = "John Smith") -> str:
    return f"一街道一社区,{name},{number},,,{kind},2026-03-07,是,{papers},{papers_number}"


def imported(folder: Path, *rows: str) -> tuple[TableJob, Summary, list[SubjectId]]:
    path, asked = folder / "residents.csv", list[SubjectId]()
    path.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
    made = TableJob(TableSource(TableFile(path), MAPPING, RESIDENTS), folder / "state", 101, 1)
    made.begin(1, 7)

    def asking(persons: Sequence[SubjectId]) -> list[bytes]:
        asked.extend(persons)
        return tokens(persons)

    return made, made.fill(tokens=asking), asked


def test_somebody_from_elsewhere_is_named_by_other_papers(tmp_path: Path) -> None:
    made, summary, asked = imported(
        tmp_path,
        row("境外", papers="护照", papers_number="e 1234567"),
        row("境外人员", papers="台胞证", papers_number="01234567"),
        row("境外", CITIZEN, papers="其他", papers_number="1"),
        row("户籍", "990101199003070031", papers="护照", papers_number="E1234567"),
    )
    assert [(one.row, one.faults) for one in summary.rejected if one.row != 4] == []
    assert asked == [
        canonical_id("passport", "E1234567"),
        canonical_id("taiwan-permit", "01234567"),
        canonical_id("resident-id", CITIZEN),
    ]
    first = published(made)[0]
    assert [first[f"/{name}"] for name in ("name", "idNumber", "otherIdType", "otherIdNumber")] == [
        *("John Smith", None, "passport", "E1234567")
    ]
    # The same passport stands once, whoever holds it.
    assert [(fault.path, fault.reason, fault.first_row) for one in summary.rejected for fault in one.faults] == [
        ("/otherIdNumber", "duplicate_in_file", 1)
    ]


@pytest.mark.parametrize(
    ("line", "path", "reason"),
    [
        (row("户籍"), "/idNumber", "value_missing"),
        (row("流动", papers="护照", papers_number="E1"), "/idNumber", "value_missing"),
        (row("境外"), "/idNumber", "value_missing"),
        (row("境外", papers="护照"), "/otherIdNumber", "value_missing"),
        (row("境外", papers_number="E1"), "/otherIdType", "value_missing"),
        (row("境外", papers="其他", papers_number="E1"), "/otherIdType", "papers_name_nobody"),
        (row("境外", papers="护照", papers_number="E1（旧）"), "/otherIdNumber", "papers_malformed"),
        (row("境外", papers="身份证", papers_number="E1"), "/otherIdType", "code_unknown"),
    ],
)
def test_a_row_that_names_nobody_is_rejected_where_something_is_missing(
    tmp_path: Path, line: str, path: str, reason: str
) -> None:
    _, summary, asked = imported(tmp_path, line)
    assert [(fault.path, fault.reason) for one in summary.rejected for fault in one.faults] == [(path, reason)]
    assert asked == []


def test_a_rejected_row_s_values_may_stand_in_a_later_one(tmp_path: Path) -> None:
    held = row("境外", papers="护照", papers_number="E1")
    later = row("境外", "990101199003070031", papers="护照", papers_number="E1")
    _, summary, _ = imported(tmp_path, held, later, row("户籍", "990101199003070031"))
    assert [one.row for one in summary.rejected] == [2]


def test_a_register_without_the_column_of_identity_numbers_is_another_table(tmp_path: Path) -> None:
    path = tmp_path / "residents.csv"
    path.write_text(HEADER.replace("身份证号", "编码") + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match="lacks 身份证号"):
        TableSource(TableFile(path), MAPPING, RESIDENTS).rows()


def test_a_number_that_no_transform_checked_is_checked_when_it_names_somebody() -> None:
    with pytest.raises(RowRejected, match="/id: id_malformed"):
        SubjectRule("/id").person({"/id": "123"})
    assert SubjectRule("/id").person({"/id": None}) is None


ONLY: list[Any] = [[], {}, {"/a": ["b"], "/c": []}, {"/a": "b"}]


@pytest.mark.parametrize(
    "change",
    [{"papers": {}}, {"number": 1}, {"more": 1}, *({"papers": RULE["papers"] | {"only": only}} for only in ONLY)],
)
def test_a_rule_that_is_not_as_documented_is_refused(change: dict[str, Any]) -> None:
    assert parse_subject_rule(RULE, "rule").paths == ("/id", "/type", "/papers", "/class")
    with pytest.raises(FormatError):
        parse_subject_rule({**RULE, **change}, "rule")
