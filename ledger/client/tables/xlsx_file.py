"""Writing a small workbook: what is text stays text, so that no spreadsheet program rounds an identity number.

Cells of other types are `KeptCell`, for registers as agencies keep them. Parts and names are those of ECMA-376
(SpreadsheetML), only what a reader needs.
"""

import io
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
    ),
    # Style 1 is number format 49, "@": text, also for what is typed over it. Style 2 is 14, a day.
    "xl/styles.xml": (
        f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
        '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
        '<cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="49" applyNumberFormat="1"/>'
        '<xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>'
    ),
}
FIRST_DAY = date(1899, 12, 30)
EXACT_BELOW = 10**15
"""Spreadsheets keep 15 decimal digits of a number."""
_WRITTEN_AT = (1980, 1, 1, 0, 0, 0)
"""The same rows give the same bytes."""


class KeptCell(str):
    """What a reader reads of a cell that holds no text, and how a workbook keeps that cell."""

    attributes: str
    value: str

    def __new__(cls, read: str, attributes: str, value: str) -> "KeptCell":
        made = super().__new__(cls, read)
        made.attributes, made.value = attributes, value
        return made


def number_cell(number: int) -> KeptCell:
    """Return a whole number, with the 15 digits that a spreadsheet keeps of it."""
    exact = abs(number) < EXACT_BELOW
    return KeptCell(str(number) if exact else f"{number:.14E}", "", f"{Decimal(number):.15g}")


def day_cell(day: date) -> KeptCell:
    """Return a day, from 1900-03-01 on: its number, formatted as a date."""
    return KeptCell(day.isoformat(), 's="2"', str((day - FIRST_DAY).days))


def flag_cell(value: bool) -> KeptCell:
    """Return a truth value."""
    return KeptCell("TRUE" if value else "FALSE", 't="b"', str(int(value)))


def error_cell(shown: str) -> KeptCell:
    """Return an error by what a spreadsheet shows of it, as `#N/A`."""
    return KeptCell(shown, 't="e"', shown)


def workbook(sheet: str, rows: Iterable[Sequence[str]]) -> bytes:
    """Return an XLSX workbook of one sheet whose cells are text, but those that are a `KeptCell`."""
    parts = {
        **_PARTS,
        "xl/workbook.xml": (
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
            f'<sheet name="{escape(sheet, _QUOTED)}" sheetId="1" r:id="rId1"/></sheets></workbook>'
        ),
        "xl/worksheets/sheet1.xml": _sheet(rows),
    }
    made = io.BytesIO()
    with ZipFile(made, "w", ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            info = ZipInfo(name, _WRITTEN_AT)
            info.compress_type = ZIP_DEFLATED
            archive.writestr(info, _HEAD + text)
    return made.getvalue()


def column_letters(number: int) -> str:
    """Return the letters of a column, counted from 1: `A`, `Z`, `AA`."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


_QUOTED = {'"': "&quot;"}


def _sheet(rows: Iterable[Sequence[str]]) -> str:
    lines = [f'<worksheet xmlns="{_MAIN}"><sheetData>']
    for number, cells in enumerate(rows, 1):
        written = "".join(_cell(f"{column_letters(place)}{number}", text) for place, text in enumerate(cells, 1))
        lines.append(f'<row r="{number}">{written}</row>')
    return "\n".join((*lines, "</sheetData></worksheet>"))


def _cell(reference: str, text: str) -> str:
    if isinstance(text, KeptCell):
        return f'<c r="{reference}" {text.attributes}><v>{text.value}</v></c>'
    return f'<c r="{reference}" s="1" t="inlineStr"><is><t xml:space="preserve">{escape(_printable(text))}</t></is></c>'


def _printable(text: str) -> str:
    # XML 1.0 has no control characters but these three, and not U+FFFE and U+FFFF, not even escaped.
    return "".join(one for one in text if " " <= one < "\ufffe" or one > "\uffff" or one in "\t\n\r")
