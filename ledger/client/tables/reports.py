"""What became of a table's rows, told without values; and the rows to correct, with them, for their operator alone.

    rejected.csv      row, line, column, path, reason, reason_zh, accepted, first_row: one line a fault, never a value
    to_correct.xlsx   the rejected rows as they were read, behind four columns that say which row and what is wrong

The second is private (mode 0600) and is never logged. Its cells are text: no spreadsheet program rounds a number.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ledger.client.tables.reasons import REASONS
from ledger.client.tables.source import Outcome
from ledger.client.tables.xlsx_file import workbook
from ledger.client.tables.xlsx_rows import NO_VALUE
from ledger.core.canonical import JsonValue

ROW, PATH, REASON, ACCEPTED = "gongzhi_row", "gongzhi_path", "gongzhi_reason", "gongzhi_accepted"
ADDED = (ROW, PATH, REASON, ACCEPTED)
"""Columns that stand before a rejected row's own cells."""
SHEET = "to correct"
REPORTED = ("row", "line", "column", "path", "reason", "reason_zh", "accepted", "first_row")
"""Columns of the report."""
_AND = "、"
"""Between words that a cell may hold: some hold spaces."""
NO_VALUE_SHOWN = "#N/A"
"""For a cell that held an error: an empty one would be taken for a corrected one."""
_BETWEEN = " | "
"""Between several faults of one row."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at a path: a stable reason, what a code's cell may hold, the row that a duplicate repeats."""

    path: str
    reason: str
    accepted: tuple[str, ...] = ()
    first_row: int | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that is missing: its number and line in the job's file, and its faults."""

    row: int
    line: int
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class Summary:
    """What became of a file's rows up to now; `rejected` are the rows that are still missing."""

    accepted: int = 0
    skipped: int = 0
    cleaned: Mapping[str, int] = field(default_factory=dict)
    rejected: tuple[Rejection, ...] = ()
    not_missing: int = 0
    """Rows of a corrected file that were none of the missing ones, and were left out."""
    warned: Mapping[str, int] = field(default_factory=dict)
    """Values of accepted rows outside a code set that only warns, by path."""

    @property
    def reasons(self) -> dict[str, int]:
        """Faults of missing rows by `path reason`; a row may have several."""
        return dict(Counter(f"{fault.path} {fault.reason}" for row in self.rejected for fault in row.faults))


def summary_of(outcome: Outcome, lines: Mapping[int, int] | None = None, not_missing: int = 0) -> Summary:
    """Return what an outcome says; `lines` are the rows' lines in the job's file, if the rows came from another."""
    rejected = []
    for one in outcome.rejected:
        faults = tuple(Fault(f.path, f.reason, f.accepted, f.first_row) for f in one.faults)
        line = one.row.line if lines is None else lines[one.row.number]
        rejected.append(Rejection(one.row.number, line, faults))
    cleaned = dict(sorted(outcome.cleaned.items()))
    ordered = tuple(sorted(rejected, key=lambda rejection: rejection.row))
    warned = dict(sorted(outcome.warned.items()))
    return Summary(outcome.accepted, outcome.skipped, cleaned, ordered, not_missing, warned)


def summary_document(summary: Summary) -> dict[str, Any]:
    """Return a summary as JSON members, as a job keeps it."""
    return {
        "accepted": summary.accepted,
        "skipped": summary.skipped,
        "cleaned": dict(summary.cleaned),
        "notMissing": summary.not_missing,
        "warned": dict(summary.warned),
        "rejected": [
            [one.row, one.line, [[f.path, f.reason, list(f.accepted), f.first_row] for f in one.faults]]
            for one in summary.rejected
        ],
    }


def parse_summary(document: Any) -> Summary:
    """Return the summary that `summary_document` gave."""
    rejected = tuple(
        Rejection(
            row, line, tuple(Fault(path, reason, tuple(accepted), first) for path, reason, accepted, first in faults)
        )
        for row, line, faults in document["rejected"]
    )
    return Summary(
        accepted=document["accepted"],
        skipped=document["skipped"],
        cleaned=document["cleaned"],
        rejected=rejected,
        not_missing=document["notMissing"],
        warned=document["warned"],
    )


def rejected_csv(rejected: Iterable[Rejection], columns: Mapping[str, str]) -> bytes:
    """Return the report: one line a fault, no values, in UTF-8 with the mark by which spreadsheets know it.

    `columns` are those of each path, as the file writes them.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(REPORTED)
    for one in rejected:
        for fault in one.faults:
            first = "" if fault.first_row is None else fault.first_row
            told = (columns.get(fault.path, ""), fault.path, fault.reason, REASONS.get(fault.reason, ""))
            writer.writerow((one.row, one.line, *told, _AND.join(fault.accepted), first))
    return text.getvalue().encode("utf-8-sig")


def rows_to_correct(header: Sequence[str], rejected: Iterable[Rejection], cells: Mapping[int, Sequence[str]]) -> bytes:
    """Return the workbook of rows to correct; `cells` are the rows' cells by row number, in the header's order."""
    shown = (
        (*_told(one), *(NO_VALUE_SHOWN if cell == NO_VALUE else cell for cell in cells[one.row])) for one in rejected
    )
    return workbook(SHEET, [(*ADDED, *header), *shown])


def row_asked(cells: Mapping[str, JsonValue] | None) -> int | None:
    """Return the row number that a row of a corrected file states, None if it states none."""
    stated = str((cells or {}).get(ROW) or "").strip()
    return int(stated) if stated.isascii() and stated.isdecimal() else None


def _told(one: Rejection) -> tuple[str, str, str, str]:
    paths = _BETWEEN.join(fault.path for fault in one.faults)
    reasons = _BETWEEN.join(map(_reason, one.faults))
    return str(one.row), paths, reasons, _BETWEEN.join(_AND.join(f.accepted) for f in one.faults if f.accepted)


def _reason(fault: Fault) -> str:
    where = "" if fault.first_row is None else f" (row {fault.first_row})"
    return f"{fault.reason}{where} {REASONS.get(fault.reason, '')}".rstrip()
