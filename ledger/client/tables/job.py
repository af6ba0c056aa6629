"""Publishing a table, resumably: each row becomes at most one record, however often the job is started.

    STATE/plan.json          which file, mapping, item and publisher this job is of; another one is refused
    STATE/filled             what became of the rows, once every row stands in the outbox or in the report
    STATE/rejected.csv       rows that are missing: row, line, column, path and reason; never a value
    STATE/to_correct.xlsx    the same rows with their cells, to be corrected; there while rows are missing
    STATE/corrections/NNNN/  corrected files as they were given: a copy, its plan, and `filled` (`corrections`)
    STATE/outbox/            submissions on their way (`ledger.client.outbox`)

Record ids and salts are drawn when a row is put into the outbox, and never again: a row's batch has a name, and a name
that the outbox knows is not filled twice. The folder holds cells in clear: only its owner enters it.
"""

import fcntl
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from ledger.client.durable import private_folder, write_durably
from ledger.client.outbox import ClientOutbox
from ledger.client.submissions import contents_of
from ledger.client.tables.reports import (
    ROW,
    Summary,
    parse_summary,
    rejected_csv,
    rows_to_correct,
    summary_document,
    summary_of,
)
from ledger.client.tables.rows import SourceRow
from ledger.client.tables.source import BegunRows, Outcome, TableSource, Tokens, one_ahead
from ledger.core.canonical import decode, encode
from ledger.errors import UsageError

FORMAT = "gongzhi-job/2"
PLAN = "plan.json"
REPORT, TO_CORRECT, FILLED = "rejected.csv", "to_correct.xlsx", "filled"
Advance = Callable[[int], None]


@dataclass(frozen=True)
class RowsToFill:
    """Rows on their way into an outbox: batches are named `PREFIX00000001-0` and on."""

    prefix: str
    source: TableSource
    rows: Iterator[SourceRow]


@dataclass(frozen=True, slots=True)
class _Batch:
    """Rows that go into the outbox together: the batch's name, how many rows were read, and their records."""

    name: str
    rows: int
    is_held: bool
    """Whether the outbox holds them already."""
    begun: BegunRows


class TableJob:
    """One file on its way to one gateway, under one state folder."""

    def __init__(self, source: TableSource, state: Path, item: int, item_version: int, batch: int = 1000) -> None:
        self.source, self.state = source, state
        self._item, self._item_version, self._batch = item, item_version, batch
        self.outbox = ClientOutbox(private_folder(state) / "outbox")

    @property
    def is_begun(self) -> bool:
        """Whether the folder holds a job already."""
        return (self.state / PLAN).exists()

    @property
    def is_filled(self) -> bool:
        """Whether every row of its file stands in the outbox or in the report."""
        return (self.state / FILLED).exists()

    def begin(self, gateway: int, publisher: int) -> bool:
        """Fix what the job is of; returns whether it was begun before. Raises UsageError if it is of something else."""
        plan = encode(self.plan(gateway, publisher))
        path = self.state / PLAN
        if not self.is_begun:
            self._refuse_corrected_file()
            write_durably(path, plan)
            return False
        if path.read_bytes() != plan:
            differing = self._differences(plan, path.read_bytes())
            raise UsageError(f"{self.state} holds a job with another {differing}; give another --state for this one")
        return True

    def fill(self, advance: Advance = lambda _: None, tokens: Tokens | None = None) -> Summary:
        """Put every row into the outbox or the report, batch by batch; does nothing where an earlier run did it.

        `tokens` gives what `/subject` commits. Raises UsageError if the mapping needs it and it is None, or if another
        process is filling; and what `tokens` raises: what stands in the outbox by then is kept.
        """
        filled = self.state / FILLED
        if not self.is_filled:
            with self.only_filler():
                outcome = self.put(RowsToFill("", self.source, self.source.rows()), tokens, advance)
                summary = summary_of(outcome)
                self.report(summary, {one.row.number: one.row for one in outcome.rejected})
                write_durably(filled, encode(summary_document(summary)))
        return parse_summary(decode(filled.read_bytes()))

    def put(self, given: RowsToFill, tokens: Tokens | None, advance: Advance) -> Outcome:
        """Put rows into the outbox, batch by batch; returns what became of them.

        While one batch is made, the next one is read, cleaned and given its tokens.
        """
        source, outcome = given.source, Outcome()
        if source.mapping.subject is not None and tokens is None:
            raise UsageError("the mapping names a subject: its token must be asked of the gateway")
        for batch in one_ahead(self._begun(given, tokens, outcome)):
            records = source.finish(batch.begun, outcome)
            if not batch.is_held:
                # Random ids make no difference to sizes, so a batch is always cut in the same places.
                made = contents_of(source.schema, self._item, self._item_version, records)
                for place, content in reversed(list(enumerate(made))):
                    self.outbox.put(f"{batch.name}-{place}", content)
            advance(batch.rows)
        return outcome

    def _begun(self, given: RowsToFill, tokens: Tokens | None, outcome: Outcome) -> Iterator[_Batch]:
        number = 0
        while part := list(islice(given.rows, self._batch)):
            number += 1
            name = f"{given.prefix}{number:08d}"
            # The first part is put last: if it is there, they all are.
            is_held = self.outbox.holds(f"{name}-0")
            mapped = given.source.map(part, outcome)
            yield _Batch(name, len(part), is_held, given.source.begin(mapped, None if is_held else tokens))

    def report(self, summary: Summary, rows: dict[int, SourceRow]) -> None:
        """Write both reports; `rows` are the missing rows by number, as they were read last."""
        write_durably(self.state / REPORT, rejected_csv(summary.rejected, self.source.columns_told()))
        path = self.state / TO_CORRECT
        if not summary.rejected:
            path.unlink(missing_ok=True)
            return
        header = self.source.file.open().header
        cells = {number: row.raw for number, row in rows.items()}
        write_durably(path, rows_to_correct(header, summary.rejected, cells))

    def rejected_count(self) -> int:
        """Return how many rows the report lists."""
        path = self.state / REPORT
        lines = path.read_text(encoding="utf-8").splitlines()[1:] if path.exists() else []
        return len({line.split(",", 1)[0] for line in lines})

    @contextmanager
    def only_filler(self) -> Iterator[None]:
        """Hold the job; raises UsageError if another process holds it."""
        with (self.state / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UsageError("another process is filling this job") from None
            yield

    def _refuse_corrected_file(self) -> None:
        if ROW in self.source.file.open().header:
            raise UsageError("these are corrected rows of a job: give its own file, and this one with --corrected")

    def plan(self, gateway: int, publisher: int) -> dict[str, Any]:
        """Return what the job is of: file, how it is read and mapped, item, gateway, publisher, rows of a batch."""
        read = self.source.plan()  # first: it says so if there is no file
        return {
            "format": FORMAT,
            "file": digest_of(self.source.file.path),
            "read": read,
            "item": self._item,
            "itemVersion": self._item_version,
            "gateway": gateway,
            "publisher": publisher,
            "batch": self._batch,
        }

    @staticmethod
    def _differences(plan: bytes, earlier: bytes) -> str:
        new, old = decode(plan), decode(earlier)
        if not isinstance(new, dict) or not isinstance(old, dict):
            return "format"
        return ", ".join(name for name in new if new[name] != old.get(name)) or "format"


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
