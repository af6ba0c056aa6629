"""XLSX files, by calamine: cells become the text that a person would type.

A number of more than 15 digits was rounded when it was typed: it is written with an exponent, which no transform takes.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from typing import TypeAlias

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, load_workbook

from ledger.client.tables.xlsx_bounds import scan
from ledger.client.tables.xlsx_file import EXACT_BELOW
from ledger.errors import UsageError

Cell: TypeAlias = int | float | str | bool | time | date | datetime | timedelta
NO_VALUE = "\uffff"
"""What no cell can hold: it is no character of XML."""


def sheet_names(path: Path) -> list[str]:
    """Return the names of a workbook's sheets, in order; raises UsageError for no workbook."""
    with _workbook(path) as workbook:
        return list(workbook.sheet_names)


def sheet_name(path: Path, asked: str | None) -> str:
    """Return the sheet to read: the asked one, or the only one.

    Raises UsageError if there is no such sheet, if there are several and none was asked for, or for no workbook.
    """
    names = sheet_names(path)
    if asked is None and len(names) == 1:
        return names[0]
    if asked not in names:
        which = "several sheets; give --sheet" if asked is None else f"no sheet {asked}"
        raise UsageError(f"{path.name} has {which}: {', '.join(names)}")
    return asked


def xlsx_lines(path: Path, sheet: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (row number as the spreadsheet shows it, cells as text).

    A cell that holds an error, or a formula whose value the file does not hold, is `NO_VALUE`. Raises UsageError for
    what is no workbook, or beyond the bounds of `xlsx_bounds`.
    """
    errors = scan(path).errors_of(sheet)
    columns: dict[int, list[int]] = {}
    for row, column in errors:
        columns.setdefault(row, []).append(column)
    state = path.stat()
    read = _sheet(path, sheet, state.st_mtime_ns, state.st_size, state.st_ino)
    for line, cells in enumerate(_rows(read, columns), 1):
        texts = [cell if isinstance(cell, str) else cell_text(cell) for cell in cells]
        for column in columns.get(line, ()):
            if column <= len(texts):
                texts[column - 1] = NO_VALUE
        yield line, texts


def cell_text(cell: Cell) -> str:
    """Return a cell as text: `2026-03-07`, `2026-03-07 08:30:00`, `08:30:00`, `13800138000`, `0.1`, `TRUE`.

    A number of more than 15 digits gives `3.10101199003070E+17`.
    """
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        return _number_text(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "seconds")
    if isinstance(cell, time):
        return cell.isoformat("seconds")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _number_text(number: float) -> str:
    if abs(number) >= EXACT_BELOW:
        return f"{number:.14E}"
    if number == int(number):
        return str(int(number))
    return format(Decimal(f"{number:.15g}"), "f")


def _rows(sheet: CalamineSheet, lines: Iterable[int]) -> Iterator[list[Cell]]:
    """Yield the rows of a sheet from its first cell on, at least as many as the largest of `lines` says."""
    if sheet.start is None or sheet.end is None:
        return
    left: list[Cell] = [""] * sheet.start[1]
    blank: list[Cell] = [""] * (sheet.end[1] + 1)
    for cells in sheet.iter_rows():
        yield left + cells if left else cells
    yield from repeat(blank, max((*lines, 0)) - sheet.end[0] - 1)


@lru_cache(maxsize=1)
def _sheet(path: Path, sheet: str, *_: int) -> CalamineSheet:
    """Return a sheet that is read: a job asks for its header first, for its rows then, and for its header again."""
    with _workbook(path) as workbook:
        return workbook.get_sheet_by_name(sheet)


@contextmanager
def _workbook(path: Path) -> Iterator[CalamineWorkbook]:
    scan(path)
    try:
        with load_workbook(path) as workbook:
            yield workbook
    except CalamineError as error:
        raise UsageError(f"{path.name} is no XLSX workbook that can be read ({type(error).__name__})") from None
