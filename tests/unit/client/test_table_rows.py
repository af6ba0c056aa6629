"""Rows of a table file: encodings, sheets, headers, and cells that a spreadsheet keeps as numbers."""

import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from ledger.client.tables.headers import Columns
from ledger.client.tables.rows import TableFile
from ledger.client.tables.xlsx_file import column_letters, workbook
from ledger.client.tables.xlsx_rows import NO_VALUE, cell_text
from ledger.errors import UsageError

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
