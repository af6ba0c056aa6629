"""Publishing a table, resumably: each row becomes at most one record, however often the job is started.

    STATE/plan.json        which file, mapping, item and publisher this job is of; another one is refused
    STATE/rejected.csv     rows that cannot become records: row, line, path, reason; never a value
    STATE/filled           there once every row stands in the outbox or in the report
    STATE/outbox/          submissions on their way (`ledger.client.outbox`)

Record ids and salts are drawn when a row is put into the outbox, and never again: a row's batch has a name, and a name
that the outbox knows is not filled twice.
"""

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from ledger.client.durable import private_folder, write_durably
from ledger.client.outbox import ClientOutbox
from ledger.client.submissions import contents, new_record
from ledger.client.tables.mapping import TableMapping
from ledger.client.tables.rows import SourceRow, rows_of
from ledger.core.canonical import JsonValue, decode, encode
from ledger.core.hexadecimal import to_hex
from ledger.core.schema import Schema
from ledger.errors import RowRejected, UsageError

FORMAT = "gongzhi-job/1"
REGION = "/region"


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that cannot become a record: where, which path, and a reason code."""

    row: int
    line: int
    path: str
    reason: str


@dataclass
class MappedRows:
    """What mapping the file gave: accepted and skipped rows counted, rejections listed."""

    accepted: int = 0
    skipped: int = 0
    rejected: list[Rejection] = field(default_factory=list)

    @property
    def reasons(self) -> Mapping[str, int]:
        """Rejections by `path reason`."""
        return Counter(f"{rejection.path} {rejection.reason}" for rejection in self.rejected)


@dataclass(frozen=True)
class TableSource:
    """A file with its mapping and schema; `only_region` skips rows of other regions."""

    path: Path
    mapping: TableMapping
    schema: Schema
    only_region: str = ""

    def map(self, rows: Iterator[SourceRow], result: MappedRows) -> Iterator[dict[str, JsonValue]]:
        """Yield the originals of rows that fit, noting the others in `result`."""
        for row in rows:
            try:
                if row.cells is None:
                    raise RowRejected("/", "cells_not_as_header")
                originals = self.mapping.originals(row.cells, self.schema)
            except RowRejected as error:
                result.rejected.append(Rejection(row.number, row.line, error.path, error.reason))
                continue
            if not str(originals.get(REGION) or "").startswith(self.only_region):
                result.skipped += 1
                continue
            result.accepted += 1
            yield originals

    def rows(self) -> Iterator[SourceRow]:
        """Yield the file's rows."""
        return rows_of(self.path, self.mapping.columns)

    def check(self, advance: Callable[[int], None] = lambda _: None) -> MappedRows:
        """Map every row and keep nothing: a dry run."""
        result = MappedRows()
        for _ in self.map(self.rows(), result):
            advance(1)
        return result


class TableJob:
    """One file on its way to one gateway, under one state folder."""

    def __init__(self, source: TableSource, state: Path, item: int, item_version: int, batch: int = 1000) -> None:
        self.source, self.state = source, state
        self._item, self._item_version, self._batch = item, item_version, batch
        self.outbox = ClientOutbox(private_folder(state) / "outbox")

    def begin(self, gateway: int, publisher: int) -> bool:
        """Fix what the job is of; returns whether it was begun before. Raises UsageError if it is of something else."""
        plan = encode(self._plan(gateway, publisher))
        path = self.state / "plan.json"
        if not path.exists():
            write_durably(path, plan)
            return False
        if path.read_bytes() != plan:
            differing = self._differences(plan, path.read_bytes())
            raise UsageError(f"{self.state} holds a job with another {differing}; give another --state for this one")
        return True

    def fill(self, advance: Callable[[int], None] = lambda _: None) -> MappedRows | None:
        """Put every row into the outbox or the report, batch by batch; None if that was done by an earlier run."""
        filled = self.state / "filled"
        if filled.exists():
            return None
        result, rows, number = MappedRows(), self.source.rows(), 0
        while part := list(islice(rows, self._batch)):
            number += 1
            originals = list(self.source.map(iter(part), result))
            # Random ids make no difference to sizes, so a batch is always cut in the same places.
            records = (new_record(values) for values in originals)
            made = contents(self.source.schema, self._item, self._item_version, records)
            for place, content in enumerate(made):
                self.outbox.put(f"{number:08d}-{place}", content)
            advance(len(part))
        write_durably(self.state / "rejected.csv", _report(result.rejected))
        write_durably(filled, b"")
        return result

    def rejected_count(self) -> int:
        """Return how many rows the report lists."""
        path = self.state / "rejected.csv"
        return max(0, len(path.read_text(encoding="utf-8").splitlines()) - 1) if path.exists() else 0

    def _plan(self, gateway: int, publisher: int) -> dict[str, Any]:
        digest = hashlib.sha256()
        with self.source.path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        return {
            "format": FORMAT,
            "file": digest.hexdigest(),
            "mapping": to_hex(self.source.mapping.hash),
            "schemaHash": to_hex(self.source.schema.hash),
            "item": self._item,
            "itemVersion": self._item_version,
            "gateway": gateway,
            "publisher": publisher,
            "batch": self._batch,
            "onlyRegion": self.source.only_region,
        }

    @staticmethod
    def _differences(plan: bytes, earlier: bytes) -> str:
        new, old = decode(plan), decode(earlier)
        if not isinstance(new, dict) or not isinstance(old, dict):
            return "format"
        return ", ".join(name for name in new if new[name] != old.get(name)) or "format"


def _report(rejected: list[Rejection]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("row", "line", "path", "reason"))
    writer.writerows((r.row, r.line, r.path, r.reason) for r in rejected)
    return text.getvalue().encode("utf-8")
