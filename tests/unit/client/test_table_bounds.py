"""A workbook is unpacked within bounds before it is read, and cells that hold no value but should are rejected."""

import json
import zipfile
from pathlib import Path

import pytest

from ledger.client.tables import xlsx_bounds
from ledger.client.tables.mapping import load_mapping
from ledger.client.tables.rows import TableFile
from ledger.client.tables.source import TableSource
from ledger.client.tables.xlsx_file import workbook
from ledger.client.tables.xlsx_rows import xlsx_lines
from ledger.errors import UsageError
from tests.unit.client.simulated_gateway import SCHEMA

pytestmark = pytest.mark.unit
SHEET, BOOK = "xl/worksheets/sheet1.xml", "xl/workbook.xml"


def cell(reference: str, text: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


def book(path: Path, data: str, before: str = "", **more: str) -> Path:
    """Write a workbook whose one sheet holds `data`, with further parts by name."""
    path.write_bytes(workbook("s", [["a"]]))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()} | more
    head, _, _ = parts[SHEET].partition("<sheetData>")
    parts[SHEET] = head.replace("<worksheet", f"{before}<worksheet") + f"<sheetData>{data}</sheetData></worksheet>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return path


def refused(path: Path, match: str) -> None:
    with pytest.raises(UsageError, match=match):
        list(TableFile(path).open().rows)


@pytest.mark.parametrize(
    ("far", "row"), [("XFD1048576", 1_048_576), ("ZZZ2", 2), ("SS2", 2), ("A1048577", 1_048_577), ("GS200000", 200_000)]
)
def test_cells_that_stand_far_out_ask_for_no_memory(tmp_path: Path, far: str, row: int) -> None:
    data = f'<row r="1">{cell("A1", "name")}</row><row r="{row}">{cell(far, "x")}</row>'
    refused(book(tmp_path / "far.xlsx", data), "1,048,576 rows, 512 columns or 20,000,000 cells")
    wide = f'<row r="1">{cell("A1", "name")}{cell("ABC1", "x")}</row><row r="20000">{cell("A20000", "x")}</row>'
    refused(book(tmp_path / "wide.xlsx", wide), "512 columns")


def test_cells_that_hold_nothing_may_stand_anywhere(tmp_path: Path) -> None:
    data = f'<row r="1">{cell("A1", "name")}</row><row><c t="inlineStr"><is><t>x</t></is></c></row>'
    path = book(tmp_path / "styled.xlsx", data + '<row r="1048576"><c r="XFD1048576" s="1"/></row>')
    assert [row.raw for row in TableFile(path).open().rows] == [["x"]]


def test_a_table_may_begin_anywhere(tmp_path: Path) -> None:
    rows = f'<row r="3">{cell("C3", "name")}{cell("D3", "note")}</row><row r="5">{cell("D5", "x")}</row>'
    blank, named, noted = [""] * 4, ["", "", "name", "note"], ["", "", "", "x"]
    read = list(xlsx_lines(book(tmp_path / "away.xlsx", rows), "s"))
    assert read == [(1, blank), (2, blank), (3, named), (4, blank), (5, noted)]


def test_what_unpacks_too_far_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = f'<row r="1">{cell("A1", "name")}</row>'
    bomb = book(tmp_path / "bomb.xlsx", data, **{"xl/sharedStrings.xml": "<sst>" + " " * 3_000_000 + "</sst>"})
    refused(bomb, "200 times its size")
    refused(book(tmp_path / "one.xlsx", f'<row r="1">{cell("A1", "A" * 3_000_000)}</row>'), "200 times its size")
    refused(book(tmp_path / "parts.xlsx", data, **{f"xl/{n}.xml": "<a/>" for n in range(2_000)}), "2,000 parts")
    monkeypatch.setattr(xlsx_bounds, "MOST_UNPACKED", 100_000)
    whole = "".join(f'<row r="{n}">{cell(f"A{n}", str(n))}</row>' for n in range(1, 3_000))
    refused(book(tmp_path / "large.xlsx", whole), "when it is unpacked")


def test_a_workbook_of_many_sheets_or_of_no_xml_is_refused(tmp_path: Path) -> None:
    data = f'<row r="1">{cell("A1", "name")}</row>'
    sheets = "".join(f'<sheet name="s{n}" sheetId="{n}"/>' for n in range(1, 102))
    refused(
        book(tmp_path / "many.xlsx", data, **{BOOK: f"<workbook><sheets>{sheets}</sheets></workbook>"}), "100 sheets"
    )
    doctype = '<!DOCTYPE worksheet [<!ENTITY a "aaaa">]>'
    refused(book(tmp_path / "entities.xlsx", data, before=doctype), "document type")
    refused(book(tmp_path / "broken.xlsx", "<row>"), "ExpatError")
    (tmp_path / "cut.xlsx").write_bytes((tmp_path / "broken.xlsx").read_bytes()[:-40])
    refused(tmp_path / "cut.xlsx", "BadZipFile")


def test_errors_and_formulas_without_a_value_are_rejected(tmp_path: Path) -> None:
    names = f'<row r="1">{cell("A1", "region")}{cell("B1", "note")}{cell("C1", "other")}</row>'
    rows = (
        f'<row r="2">{cell("A2", "x")}{cell("B2", "y")}<c r="C2" t="e"><v>#N/A</v></c></row>',
        f'<row r="3">{cell("A3", "x")}<c r="B3" t="e"><v>#REF!</v></c></row>',
        f'<row r="4">{cell("A4", "x")}<c r="B4"><f>A2</f></c></row>',
        f'<row r="5">{cell("A5", "x")}<c r="B5" t="str"><f>A2</f><v>counted</v></c></row>',
        f'<row r="6">{cell("A6", "x")}{cell("B6", "#VALUE!")}</row>',
        '<row r="7"><c r="A7"><f>A2</f></c><c r="B7"><f>A2</f></c></row>',
    )
    copied = {"transform": "copy", "optional": True}
    slots = {"/region": copied | {"column": "region"}, "/description": copied | {"column": "note"}}
    document = {"format": "gongzhi-mapping/1", "title": {"zh": "测试", "en": "test"}, "schema": SCHEMA.name}
    path = tmp_path / "mapping.json"
    path.write_text(json.dumps({**document, "schemaVersion": SCHEMA.version, "slots": slots}), encoding="utf-8")
    mapping = load_mapping(path)
    source = TableSource(TableFile(book(tmp_path / "errors.xlsx", names + "".join(rows))), mapping, SCHEMA)
    faults = {}
    for row in source.rows():
        _, found = mapping.originals(row.cells or {}, [])
        faults[row.number] = [(fault.path, fault.reason) for fault in found]
    note, region = ("/description", "cell_error"), ("/region", "cell_error")
    assert faults == {1: [], 2: [note], 3: [note], 4: [], 5: [note], 6: [region, note]}
