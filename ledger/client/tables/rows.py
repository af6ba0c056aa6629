"""The rows of a table file: its header by name, its data rows numbered from 1, blank ones left out.

CSV and XLSX alike give a line number and cells as text; what differs stands in `csv_rows` and `xlsx_rows`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from ledger.client.tables.csv_rows import csv_lines, encoding_of
from ledger.client.tables.headers import Columns, Header, read_header
from ledger.client.tables.xlsx_bounds import scan
from ledger.client.tables.xlsx_rows import sheet_name, sheet_names, xlsx_lines
from ledger.errors import UsageError

Row: TypeAlias = Mapping[str, str]
CSV, XLSX = "csv", "xlsx"


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row of the file: its number (first data row is 1), the line it ends on, its cells as read and by column."""

    number: int
    line: int
    raw: Sequence[str] = field(repr=False)
    cells: Row | None = field(repr=False)
    """None if the row has more or fewer cells than the header."""


@dataclass(frozen=True, slots=True)
class OpenTable:
    """A table that is being read: its columns, and the rows, once."""

    columns: Header
    rows: Iterator[SourceRow]

    @property
    def header(self) -> tuple[str, ...]:
        """The names by which rows hold their cells."""
        return self.columns.names


@dataclass(frozen=True)
class TableFile:
    """A table file and how to read it. None: the encoding is detected, the sheet is the only one.

    `header_row` counts from 1: tables often have a title above their header.
    """

    path: Path
    encoding: str | None = None
    sheet: str | None = None
    header_row: int = 1

    @property
    def format(self) -> str:
        """`csv` or `xlsx`, by the file's first bytes. Raises UsageError for an old `.xls`, or no file."""
        if not self.path.is_file():
            raise UsageError(f"{self.path} is not there")
        with self.path.open("rb") as file:
            first = file.read(4)
        if first == b"\xd0\xcf\x11\xe0":
            raise UsageError(f"{self.path.name} is an old .xls, or has a password; save it as .xlsx without one")
        return XLSX if first == b"PK\x03\x04" else CSV

    @property
    def days_from_1904(self) -> bool:
        """Whether it is a workbook whose day numbers count from 1904-01-01, as those of old Macs do."""
        return self.format == XLSX and scan(self.path).from_1904

    def described(self) -> dict[str, str]:
        """Return how the file is read: `format`, and `encoding` or `sheet`, detected where not given."""
        kind = self.format
        if kind == XLSX:
            return {"format": kind, "sheet": sheet_name(self.path, self.sheet)}
        if self.sheet is not None:
            raise UsageError(f"{self.path.name} is no spreadsheet: it has no sheets")
        return {"format": kind, "encoding": encoding_of(self.path, self.encoding)}

    def on_sheet_with(self, column: str) -> "TableFile":
        """Return the table on the sheet whose header has a column, where there are several and none was asked for.

        Raises UsageError if no sheet has the column, or several have it.
        """
        if self.format != XLSX or self.sheet is not None:
            return self
        names = sheet_names(self.path)
        found = [name for name in names if column in replace(self, sheet=name).names_above()]
        if len(names) > 1 and len(found) != 1:
            which = f"several sheets with the column {column}: {', '.join(found)}; leave one"
            raise UsageError(f"{self.path.name} has {which if found else f'no sheet with the column {column}'}")
        return replace(self, sheet=found[0]) if len(names) > 1 else self

    def names_above(self) -> tuple[str, ...]:
        """Return the names of the columns of a workbook's sheet, none where it has no header."""
        lines = xlsx_lines(self.path, self.described()["sheet"])
        cells = next(islice(lines, self.header_row - 1, None), (0, []))[1]
        return read_header(cells, Columns(), self.path.name).names if any(map(str.strip, cells)) else ()

    def open(self, columns: Columns | None = None) -> OpenTable:
        """Return header and rows; without `columns` every column has the name that the file gives it.

        Raises UsageError for another file, and as `read_header`; reading the rows raises it for a file that is damaged
        further on.
        """
        described = self.described()
        lines = (
            xlsx_lines(self.path, described["sheet"])
            if described["format"] == XLSX
            else csv_lines(self.path, described["encoding"])
        )
        header = self._header(lines, columns or Columns())
        return OpenTable(header, _rows(lines, header.names))

    def _header(self, lines: Iterator[tuple[int, list[str]]], columns: Columns) -> Header:
        cells: list[str] = []
        for row in range(1, self.header_row + 1):
            line = next(lines, None)
            if line is None:
                empty = "is empty" if row == 1 else f"has {row - 1} rows: there is no header in row {self.header_row}"
                raise UsageError(f"{self.path.name} {empty}")
            cells = line[1]
        self._refuse_other_separators(cells)
        return read_header(cells, columns, f"row {self.header_row} of {self.path.name}, its header,")

    def _refuse_other_separators(self, cells: Sequence[str]) -> None:
        named = [cell for cell in cells if cell.strip()]
        for mark, name in (("\t", "tabs"), (";", "semicolons"), ("；", "semicolons")):
            if len(named) == 1 and mark in named[0] and self.format == CSV:
                raise UsageError(f"{self.path.name} separates its cells by {name}; save it as CSV with commas")


def _rows(lines: Iterator[tuple[int, list[str]]], header: tuple[str, ...]) -> Iterator[SourceRow]:
    width, number = len(header), 0
    for line, raw in lines:
        if not any(raw) or not any(map(str.strip, raw)):
            continue
        number += 1
        cells = None
        if len(raw) == width or (len(raw) > width and not any(raw[width:])):
            cells = dict(zip(header, raw, strict=False))
        yield SourceRow(number, line, raw, cells)
