"""The rows of a table file: its header by name, its data rows numbered from 1, blank ones left out.

CSV and XLSX alike give a line number and cells as text; what differs stands in `csv_rows` and `xlsx_rows`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias
from unicodedata import normalize

from ledger.client.tables.csv_rows import csv_lines, encoding_of
from ledger.client.tables.xlsx_rows import sheet_name, xlsx_lines
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
    """A table that is being read: the column names, and the rows, once."""

    header: tuple[str, ...]
    rows: Iterator[SourceRow]


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

    def described(self) -> dict[str, str]:
        """Return how the file is read: `format`, and `encoding` or `sheet`, detected where not given."""
        kind = self.format
        if kind == XLSX:
            return {"format": kind, "sheet": sheet_name(self.path, self.sheet)}
        if self.sheet is not None:
            raise UsageError(f"{self.path.name} is no spreadsheet: it has no sheets")
        return {"format": kind, "encoding": encoding_of(self.path, self.encoding)}

    def open(self, needed: frozenset[str] = frozenset(), aliases: Mapping[str, str] | None = None) -> OpenTable:
        """Return header and rows. `aliases` renames columns (other name → name that the mapping uses).

        Raises UsageError for another file, a needed column that is missing, or two columns of one name; reading the
        rows raises it for a file that is damaged further on.
        """
        described = self.described()
        lines = (
            xlsx_lines(self.path, described["sheet"])
            if described["format"] == XLSX
            else csv_lines(self.path, described["encoding"])
        )
        header = self._header(lines, needed, aliases or {})
        return OpenTable(header, _rows(lines, header))

    def _header(
        self, lines: Iterator[tuple[int, list[str]]], needed: frozenset[str], aliases: Mapping[str, str]
    ) -> tuple[str, ...]:
        names: list[str] = []
        for _ in range(self.header_row):
            _, names = next(lines, (0, []))
        found = [_name(name) for name in names]
        while found and not found[-1]:
            found.pop()
        given = frozenset(found)
        header = tuple(name if aliases.get(name, name) in given else aliases.get(name, name) for name in found)
        missing = sorted(needed - set(header))
        if missing:
            raise UsageError(f"row {self.header_row} of {self.path.name}, its header, lacks {', '.join(missing)}")
        named = [name for name in header if name]
        if not named or len(set(named)) != len(named):
            raise UsageError(f"row {self.header_row} of {self.path.name}, its header, lacks distinct names")
        return header


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


def _name(text: str) -> str:
    # Header cells are wrapped by hand: 公民身份\n号码 is one word.
    return normalize("NFC", text.replace("\n", "").replace("\r", "")).strip()
