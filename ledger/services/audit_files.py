"""Reading an export directory in parts: byte ranges of its files by sequence, rows spilled to buckets."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ledger.core.audit.rows import (
    OnceRow,
    OpeningRow,
    RecordRow,
    bucket_of,
    once_row,
    once_rows,
    opening_row,
    opening_rows,
    record_row,
    record_rows,
)
from ledger.core.audit.stream import Row

_SEQUENCE = re.compile(rb'[,{]\s*"sequence"\s*:\s*([0-9]{1,16})')
_SORTS = 3


@dataclass(frozen=True, slots=True)
class LineFile:
    """A file of lines in sequence order; a file that is missing has no lines."""

    path: Path

    @property
    def size(self) -> int:
        """Bytes."""
        return self.path.stat().st_size if self.path.is_file() else 0

    def offset_of(self, sequence: int) -> int:
        """Return where the first line with `sequence` or a later one begins: bisection, for files in order.

        In a file that is out of order the answer is some line's beginning; the readers of both sides find the disorder.
        """
        low, high = 0, self.size
        while low < high:
            middle = (low + high) // 2
            begin, found = self.sequence_at(middle)
            if found is None or found >= sequence:
                high = middle
            else:
                low = begin + 1
        return self.sequence_at(low)[0]

    def sequence_at(self, offset: int) -> tuple[int, int | None]:
        """Return where the first line at or after `offset` begins, and its sequence; (size, None) behind the last."""
        size = self.size
        if offset >= size:
            return size, None
        with self.path.open("rb") as file:
            if offset:
                file.seek(offset - 1)
                file.readline()
            begin = file.tell()
            for line in iter(file.readline, b""):
                found = _SEQUENCE.search(line)
                if found:
                    return begin, int(found[1])
                begin += len(line)
        return size, None

    def lines(self, begin: int, end: int) -> Iterator[bytes]:
        """Yield the lines that begin in [begin, end)."""
        if begin >= end:
            return
        with self.path.open("rb") as file:
            file.seek(begin)
            while begin < end:
                line = file.readline()
                if not line:
                    return
                begin += len(line)
                yield line


class Spill:
    """Collects the rows of one part by bucket, then writes them to one file."""

    def __init__(self, buckets: int) -> None:
        self._buckets = buckets
        self._parts = [bytearray() for _ in range(_SORTS * buckets)]

    def take(self, row: Row) -> None:
        """Add a row to its bucket."""
        if isinstance(row, RecordRow):
            sort, key, data = 0, row.record_id, record_row(row)
        elif isinstance(row, OpeningRow):
            sort, key, data = 1, row.record_id, opening_row(row)
        else:
            sort, key, data = 2, row.id, once_row(row)
        self._parts[_SORTS * bucket_of(key, self._buckets) + sort] += data

    def write(self, path: Path) -> "SpilledPart":
        """Write the rows; returns where each bucket's stand."""
        sizes = tuple(len(part) for part in self._parts)
        path.write_bytes(b"".join(self._parts))
        return SpilledPart(path, sizes)


@dataclass(frozen=True, slots=True)
class SpilledPart:
    """The rows of one part in a file: sizes in bytes by bucket and sort."""

    path: Path
    sizes: tuple[int, ...]

    def read(self, bucket: int) -> tuple[bytes, bytes, bytes]:
        """Return a bucket's rows of records, openings and once-only ids."""
        begin = sum(self.sizes[: _SORTS * bucket])
        records, openings, ids = self.sizes[_SORTS * bucket : _SORTS * bucket + _SORTS]
        with self.path.open("rb") as file:
            file.seek(begin)
            return file.read(records), file.read(openings), file.read(ids)


def read_bucket(parts: Sequence[SpilledPart], bucket: int) -> tuple[list[RecordRow], list[OpeningRow], list[OnceRow]]:
    """Return all rows of a bucket, in stream order."""
    columns = list(zip(*(part.read(bucket) for part in parts), strict=True)) or [(), (), ()]
    records, openings, ids = (b"".join(column) for column in columns)
    return list(record_rows(records)), list(opening_rows(openings)), list(once_rows(ids))
