"""The rows of a table file, whatever its format."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from ledger.errors import UsageError

Row: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row of the file: its number (first data row is 1), the line it ends on, and its cells by column."""

    number: int
    line: int
    cells: Row | None
    """None if the row has more or fewer cells than the header."""


def rows_of(path: Path, needed: frozenset[str]) -> Iterator[SourceRow]:
    """Yield the rows of a UTF-8 CSV file with a header; raises UsageError for another file or a missing column."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            missing = sorted(needed - set(header))
            if missing or len(set(header)) != len(header):
                raise UsageError(f"the file's header lacks {', '.join(missing) or 'distinct names'}")
            for number, cells in enumerate((row for row in reader if row), 1):
                fitting = len(cells) == len(header)
                yield SourceRow(number, reader.line_num, dict(zip(header, cells, strict=True)) if fitting else None)
    except FileNotFoundError:
        raise UsageError(f"{path.name} is not there") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path.name} is no UTF-8 CSV file ({type(error).__name__})") from None
