"""Writing a small workbook: every cell is text, so that no spreadsheet program rounds an identity number.

Parts and names are those of ECMA-376 (SpreadsheetML), only what a reader needs.
"""

import io
from collections.abc import Iterable, Sequence
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
    # Style 1 is number format 49, "@": text, also for what is typed over it.
    "xl/styles.xml": (
        f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
        '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
        '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="49" applyNumberFormat="1"/></cellXfs></styleSheet>'
    ),
}
_WRITTEN_AT = (1980, 1, 1, 0, 0, 0)
"""The same rows give the same bytes."""


def workbook(sheet: str, rows: Iterable[Sequence[str]]) -> bytes:
    """Return an XLSX workbook of one sheet whose cells are all text."""
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
        written = "".join(
            f'<c r="{column_letters(place)}{number}" s="1" t="inlineStr"><is><t xml:space="preserve">'
            f"{escape(_printable(text))}</t></is></c>"
            for place, text in enumerate(cells, 1)
        )
        lines.append(f'<row r="{number}">{written}</row>')
    return "\n".join((*lines, "</sheetData></worksheet>"))


def _printable(text: str) -> str:
    # XML 1.0 has no control characters but these three, and not U+FFFE and U+FFFF, not even escaped.
    return "".join(one for one in text if " " <= one < "\ufffe" or one > "\uffff" or one in "\t\n\r")
