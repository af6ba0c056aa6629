"""Rows of a table file: encodings, sheets, headers, and cells that a spreadsheet keeps as numbers."""

import json
import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from ledger.client.tables.headers import Columns
from ledger.client.tables.mapping import load_mapping
from ledger.client.tables.rows import TableFile
from ledger.client.tables.source import Outcome, TableSource
from ledger.client.tables.xlsx_file import column_letters, day_cell, number_cell, workbook
from ledger.client.tables.xlsx_rows import NO_VALUE, cell_text
from ledger.errors import UsageError
from tests.unit.client.test_table_jobs import RESIDENTS

pytestmark = pytest.mark.unit
TEXT = "姓名,社区\n张三,一街道一社区\n"


def rows(file: TableFile, columns: Columns | None = None) -> list[dict[str, str] | None]:
    return [None if row.cells is None else dict(row.cells) for row in file.open(columns).rows]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (b"\xef\xbb\xbf" + TEXT.encode(), "utf-8-bom"),
        (TEXT.encode("gbk"), "gb18030"),
        ((TEXT + "李\U00020bb7,二\n").encode("gb18030"), "gb18030"),
    ],
)
def test_the_encoding_of_a_csv_file_is_found_and_told(tmp_path: Path, content: bytes, encoding: str) -> None:
    path = tmp_path / "residents.csv"
    path.write_bytes(content)
    file = TableFile(path)
    assert file.described() == {"format": "csv", "encoding": encoding}
    assert rows(file)[0] == {"姓名": "张三", "社区": "一街道一社区"}


def test_an_encoding_can_be_forced_and_a_wrong_one_fails(tmp_path: Path) -> None:
    path = tmp_path / "residents.csv"
    path.write_bytes(TEXT.encode("gbk"))
    assert rows(TableFile(path, "gbk"))[0] == {"姓名": "张三", "社区": "一街道一社区"}
    with pytest.raises(UsageError):
        rows(TableFile(path, "utf-8"))
    with pytest.raises(UsageError, match="there are: utf-8"):
        TableFile(path, "latin-1").described()
    path.write_bytes(b"\xff\xfe\x00\x01\xff")
    with pytest.raises(UsageError, match="neither UTF-8 nor GB18030"):
        TableFile(path).described()


def test_a_workbook_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "residents.xlsx"
    cells = [["姓名", "身份证号"], ["张<三>&", "990101199003070023"], ["", ""], ["  李四\n", "00\x07"]]
    path.write_bytes(workbook('居民 "一"', cells))
    assert workbook("a", cells) == workbook("a", cells)
    file = TableFile(path)
    assert file.described() == {"format": "xlsx", "sheet": '居民 "一"'}
    read = list(file.open().rows)
    assert [(row.number, row.line, list(row.raw)) for row in read] == [(1, 2, cells[1]), (2, 4, ["  李四\n", "00"])]
    assert column_letters(1) + column_letters(26) + column_letters(27) + column_letters(703) == "AZAAAAA"


def numbers(path: Path) -> None:
    """Write a workbook with a second sheet whose cells are numbers, dates, a truth value and an error."""
    path.write_bytes(workbook("一", [["a"]]))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    parts["xl/styles.xml"] = parts["xl/styles.xml"].replace(
        '<xf numFmtId="49" applyNumberFormat="1"/>', '<xf numFmtId="49" applyNumberFormat="1"/><xf numFmtId="14"/>'
    )
    written = "".join(
        f'<c r="{column_letters(place)}2" {kind}><v>{value}</v></c>'
        for place, (kind, value) in enumerate(
            (
                *(("", "990101199003070023"), ("", "13800138000"), ('s="2"', "46088"), ("", "46088"), ("", "0.1")),
                *(('t="b"', "1"), ('t="e"', "#N/A"), ("", "1E-7"), ('s="2"', "46088.5")),
            ),
            1,
        )
    )
    named = "".join(
        f'<c r="{column_letters(place)}1" t="inlineStr"><is><t>c{place}</t></is></c>' for place in range(1, 10)
    )
    head, _, _ = parts["xl/worksheets/sheet1.xml"].partition("<sheetData>")
    data = f'<sheetData><row r="1">{named}</row><row r="2">{written}</row></sheetData></worksheet>'
    parts["xl/worksheets/sheet2.xml"] = head + data
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(
        "</sheets>", '<sheet name="二" sheetId="2" r:id="rId3"/></sheets>'
    )
    relation = '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"'
    parts["xl/_rels/workbook.xml.rels"] = parts["xl/_rels/workbook.xml.rels"].replace(
        "</Relationships>",
        f'<Relationship Id="rId3" Type={relation} Target="worksheets/sheet2.xml"/></Relationships>',
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)


def test_numbers_and_dates_of_a_workbook_become_what_a_person_would_type(tmp_path: Path) -> None:
    path = tmp_path / "numbers.xlsx"
    numbers(path)
    with pytest.raises(UsageError, match="several sheets; give --sheet: 一, 二"):
        TableFile(path).described()
    with pytest.raises(UsageError, match="no sheet 三"):
        TableFile(path, sheet="三").described()
    assert rows(TableFile(path, sheet="二")) == [
        {
            "c1": "9.90101199003070E+17",
            "c2": "13800138000",
            "c3": "2026-03-07",
            "c4": "46088",
            "c5": "0.1",
            "c6": "TRUE",
            "c7": NO_VALUE,
            "c8": "0.0000001",
            "c9": "2026-03-07 12:00:00",
        }
    ]


def test_every_sort_of_cell_has_a_text() -> None:
    assert [cell_text(cell) for cell in (1, 2.5, -3.0, 10**15, True, False)] == [
        *("1", "2.5", "-3", "1.00000000000000E+15", "TRUE", "FALSE")
    ]
    moment = datetime(2026, 3, 7, 8, 30)
    assert cell_text(moment) == "2026-03-07 08:30:00"
    assert (cell_text(date(2026, 3, 7)), cell_text(time(8, 30))) == ("2026-03-07", "08:30:00")
    assert cell_text(timedelta(hours=30)) == "1 day, 6:00:00"


def test_what_is_no_table_says_so(tmp_path: Path) -> None:
    path = tmp_path / "table"
    for content, told in (
        (b"\xd0\xcf\x11\xe0old", "old .xls"),
        (b"PK\x03\x04broken", "no XLSX workbook"),
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b",,\n1,2,3\n", "no names of columns"),
        (b"a\tb\n1\t2\n", "separates its cells by tabs; save it as CSV with commas"),
        (b"a;b\n1;2\n", "separates its cells by semicolons"),
    ):
        path.write_bytes(content)
        with pytest.raises(UsageError, match=told):
            TableFile(path).open()
    path.write_text(TEXT)
    with pytest.raises(UsageError, match="no sheets"):
        TableFile(path, sheet="一").open()
    with pytest.raises(UsageError, match="lacks 电话"):
        TableFile(path).open(Columns(frozenset(("电话",))))
    with pytest.raises(UsageError, match="has 2 rows: there is no header in row 9"):
        TableFile(path, header_row=9).open()


def test_titles_above_the_header_blank_rows_and_wrapped_names_are_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "residents.csv"
    path.write_text('居民登记表,,\n\n"身份证\n号码 ",姓名,,\n1,张三,,\n , ,,\n2,李四\n3,王五,,,x\n')
    file = TableFile(path, header_row=3)
    opened = file.open(Columns(frozenset(("身份证号",)), aliases={"身份证号码": "身份证号"}))
    assert opened.header == ("身份证号", "姓名")
    read = list(opened.rows)
    assert [(row.number, row.line) for row in read] == [(1, 5), (2, 7), (3, 8)]
    assert [row.cells for row in read] == [
        {"身份证号": "1", "姓名": "张三"},
        {"身份证号": "2", "姓名": "李四"},
        None,
    ]


def test_another_name_of_a_column_counts_only_where_the_column_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "residents.csv"
    path.write_text("电话,手机\n1,2\n")
    assert rows(TableFile(path), Columns(aliases={"手机": "电话"})) == [{"电话": "1", "手机": "2"}]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('a,b\n1,2\n"张"三,4\n', "from line 3 on: a cell in quotation marks goes on behind the closing one"),
        ('a,b\n"1\n1",2\n3,4\n"5,6\n7,8\n', "from line 5 on: a quotation mark opens a cell and is never closed"),
        (f'a,b\n1,2\n"{"3" * 140_000}\n', "from line 3 on: a cell has more than 131,072 characters"),
    ],
)
def test_a_damaged_csv_file_is_refused_by_line_and_reason_without_its_cells(
    tmp_path: Path, content: str, told: str
) -> None:
    path = tmp_path / "residents.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        rows(TableFile(path))
    assert told in str(caught.value)
    assert "三" not in str(caught.value)
    assert "33" not in str(caught.value)


def test_of_several_sheets_the_one_with_a_column_is_read(tmp_path: Path) -> None:
    path = tmp_path / "corrected.xlsx"
    numbers(path)
    assert TableFile(path).on_sheet_with("c3").sheet == "二"
    assert TableFile(path).on_sheet_with("a").sheet == "一"
    with pytest.raises(UsageError, match="no sheet with the column c99"):
        TableFile(path).on_sheet_with("c99")
    asked = TableFile(path, sheet="一")
    assert asked.on_sheet_with("c3") is asked
    single = tmp_path / "one.xlsx"
    single.write_bytes(workbook("一", [["a"]]))
    assert TableFile(single).on_sheet_with("c3") == TableFile(single)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet2.xml"]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(UsageError, match="several sheets with the column c3: 一, 二"):
        TableFile(path).on_sheet_with("c3")


def from_1904(path: Path, *lines: list[str]) -> Path:
    path.write_bytes(workbook("居民", [["日期", "面积"], *lines]))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace("<sheets>", '<workbookPr date1904="1"/><sheets>')
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return path


def test_a_bare_day_number_of_a_workbook_that_counts_from_1904_is_not_guessed(tmp_path: Path) -> None:
    document = {
        "format": "gongzhi-mapping/1",
        "title": {"zh": "表", "en": "table"},
        "schema": "s",
        "schemaVersion": 1,
        "slots": {
            "/on": {"transform": "date", "column": "日期"},
            "/area": {"transform": "integer", "column": "面积", "optional": True},
        },
    }
    (tmp_path / "mapping.json").write_text(json.dumps(document), encoding="utf-8")
    mapping = load_mapping(tmp_path / "mapping.json")

    def days(*lines: list[str]) -> list[object]:
        found = TableSource(TableFile(from_1904(tmp_path / "table.xlsx", *lines)), mapping, RESIDENTS)
        return [one.originals["/on"] for one in found.map(found.rows(), Outcome())]

    # A day that is formatted as one is counted as the workbook counts: the cell holds 1,462 days less.
    assert days([day_cell(date(2022, 3, 6)), number_cell(46088)], ["2026/3/7", ""]) == ["2026-03-07", "2026-03-07"]
    with pytest.raises(UsageError, match="counts days from 1904, and its line 3 has a number"):
        days(["2026-03-07", ""], [number_cell(44626), ""])
