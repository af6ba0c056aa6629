"""Completing a job by corrected rows: exactly those that are missing, each once, whatever is killed when.

    STATE/corrections/0001/rows        the corrected file, as it was given (mode 0600)
    STATE/corrections/0001/plan.json   its digest, how it is read, which rows were missing then, and which of the job's
                                       file and of each earlier round its gateway had refused then; there = begun
    STATE/corrections/0001/filled      what became of its rows; there = done

A corrected file is the job's `to_correct.xlsx` with other cells, or any table with its column `gongzhi_row`. It is
copied first, so that what was begun is finished by what was given, even if the file has changed since. The same file a
second time changes nothing.
"""

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Any

from ledger.client.durable import private_folder, write_durably
from ledger.client.tables.job import FILLED, Advance, RowsToFill, TableJob, digest_of
from ledger.client.tables.refusals import COLLECTED_BEFORE, refused_rows
from ledger.client.tables.reports import (
    ROW,
    Fault,
    Rejection,
    Summary,
    parse_summary,
    row_asked,
    summary_document,
    summary_of,
)
from ledger.client.tables.rows import SourceRow, TableFile
from ledger.client.tables.source import Outcome, TableSource, Tokens
from ledger.core.canonical import decode, encode
from ledger.core.schema import SUBJECT_PATH
from ledger.errors import UsageError


class Corrections:
    """The corrected files of one job."""

    def __init__(self, job: TableJob) -> None:
        self._job = job
        self._folder = private_folder(job.state / "corrections")

    def take(self, file: TableFile, advance: Advance = lambda _: None, tokens: Tokens | None = None) -> Summary:
        """Put the missing rows that a corrected file holds into the outbox; returns what the job has now.

        The job's own file must be filled. Of a workbook with several sheets, that one is read which has `gongzhi_row`.
        Raises UsageError for a file without it, or without a column of
        the mapping that the job's file has, and as `TableJob.fill`.
        """
        with self._job.only_filler():
            self._finish(advance, tokens)
            digest = digest_of(file.path)
            if all(self._plan(one)["file"] != digest for one in self._begun()):
                file = file.on_sheet_with(ROW)
                if ROW not in file.open().header:
                    raise UsageError(f"{file.path.name} has no column {ROW}: it is no file of corrected rows")
                self._refuse_other(file)
                self._begin(file, digest)
                self._finish(advance, tokens)
        return self.summary()

    def finish(self, advance: Advance = lambda _: None, tokens: Tokens | None = None) -> Summary:
        """Finish a corrected file that was begun before a crash, if there is one; returns what the job has now."""
        if any(not (one / FILLED).exists() for one in self._begun()):
            with self._job.only_filler():
                self._finish(advance, tokens)
        return self.summary()

    def summary(self) -> Summary:
        """Return what became of the rows of the job, its corrected files and what its gateway refused included."""
        return self._as_of(len(self._begun()))

    def report(self) -> None:
        """Write the job's reports anew; for when its gateway refused rows."""
        summary = self.summary()
        self._job.report(summary, self._rows_as_read_last(summary, len(self._begun()) - 1))

    def _as_of(self, rounds: int) -> Summary:
        """Return what became of the rows up to so many corrected files."""
        done = [self._filled(folder) for folder in (self._job.state, *self._begun()[:rounds])]
        refused = refused_rows(self._job.outbox, rounds)
        cleaned: Counter[str] = Counter()
        warned: Counter[str] = Counter()
        for one in done:
            cleaned.update(one.cleaned)
            warned.update(one.warned)
        return Summary(
            sum(one.accepted for one in done) - sum(map(len, refused)),
            sum(one.skipped for one in done),
            dict(sorted(cleaned.items())),
            tuple(sorted((*done[-1].rejected, *self._collected_before(refused)), key=lambda one: one.row)),
            done[-1].not_missing,
            dict(sorted(warned.items())),
        )

    def _collected_before(self, refused: Sequence[Set[int]]) -> list[Rejection]:
        """Return the rows refused in a round that no later one was begun for: a later one's result holds those."""
        missing: set[int] = set()
        later = [set(self._plan(folder)["missing"]) for folder in self._begun()]
        for number, rows in enumerate(refused):
            missing |= rows - set().union(*later[number : len(refused) - 1])
        subject = self._job.source.mapping.subject
        fault = Fault(SUBJECT_PATH if subject is None else subject.number, COLLECTED_BEFORE)
        rows_of_job = self._job.source.rows() if missing else iter(())
        return [Rejection(row.number, row.line, (fault,)) for row in rows_of_job if row.number in missing]

    def _refuse_other(self, file: TableFile) -> None:
        """Raise UsageError for a corrected file that cannot be read to its end, or has fewer columns than the job's."""
        source, given = self._job.source, replace(self._job.source, file=file)
        given.read_through()
        lost = set(given.header().missing) - set(source.header().missing)
        if lost:
            raise UsageError(f"{file.path.name} lacks columns that the job's file has: {', '.join(sorted(lost))}")

    def _begin(self, file: TableFile, digest: str) -> None:
        before = self._begun()
        folder = private_folder(self._folder / f"{len(before) + 1:04d}")
        write_durably(folder / "rows", file.path.read_bytes())
        plan: dict[str, Any] = {
            "file": digest,
            "encoding": file.encoding,
            "sheet": file.sheet,
            "missing": [one.row for one in self.summary().rejected],
        }
        # Sending goes on meanwhile: what is refused from now on changes nothing about what this round takes.
        plan["refused"] = [sorted(rows) for rows in refused_rows(self._job.outbox, len(before))]
        write_durably(folder / "plan.json", encode(plan))

    def _finish(self, advance: Advance, tokens: Tokens | None) -> None:
        for place, folder in enumerate(self._begun()):
            if (folder / FILLED).exists():
                continue
            before = self._as_of(place)
            source, missing = self._source(folder), set(self._plan(folder)["missing"])
            source.seen.update(self._seen_before(place))
            left: list[int] = []
            rows = _asked_rows(source, missing, left)
            outcome = self._job.put(RowsToFill(f"c{folder.name}-", source, rows), tokens, advance)
            summary = self._still_missing(before, outcome, missing, len(left))
            self._job.report(summary, self._rows_as_read_last(summary, place))
            write_durably(folder / FILLED, encode(summary_document(summary)))

    @staticmethod
    def _still_missing(before: Summary, outcome: Outcome, untouched: set[int], not_missing: int) -> Summary:
        """Return a round's summary: rows rejected again, and those that the file did not hold (`untouched`)."""
        now = summary_of(outcome, {one.row: one.line for one in before.rejected}, not_missing)
        kept = [one for one in before.rejected if one.row in untouched]
        return replace(now, rejected=tuple(sorted((*kept, *now.rejected), key=lambda one: one.row)))

    def _seen_before(self, place: int) -> dict[bytes, int]:
        """Return the values that may stand once, of the rows that had become records when a round was begun."""
        refused = [set(rows) for rows in self._plan(self._begun()[place])["refused"]]
        rejected = {one.row for one in self._filled(self._job.state).rejected} | refused[0]
        source = replace(self._job.source, seen={})
        _map_all(source, (row for row in source.rows() if row.number not in rejected))
        for number, folder in enumerate(self._begun()[:place], 1):
            again = {one.row for one in self._filled(folder).rejected} | refused[number]
            round_source = replace(self._source(folder), seen=source.seen)
            missing = set(self._plan(folder)["missing"]) - again
            _map_all(round_source, _asked_rows(round_source, missing, []))
        return source.seen

    def _rows_as_read_last(self, summary: Summary, place: int) -> dict[int, SourceRow]:
        wanted = {one.row for one in summary.rejected}
        found = {row.number: row for row in self._job.source.rows() if row.number in wanted}
        names = self._job.source.header().names
        for folder in self._begun()[: place + 1]:
            source = self._source(folder)
            for row in _asked_rows(source, set(wanted), []):
                own = row.cells or {}
                found[row.number] = SourceRow(row.number, row.line, [own.get(name, "") for name in names], own)
        return found

    def _source(self, folder: Path) -> TableSource:
        plan = self._plan(folder)
        file = TableFile(folder / "rows", plan["encoding"], plan["sheet"])
        return replace(self._job.source, file=file, seen={})

    def _begun(self) -> list[Path]:
        return sorted(path.parent for path in self._folder.glob("*/plan.json"))

    @staticmethod
    def _plan(folder: Path) -> dict[str, Any]:
        return _members(folder / "plan.json")

    @staticmethod
    def _filled(folder: Path) -> Summary:
        return parse_summary(_members(folder / FILLED))


def _asked_rows(source: TableSource, missing: set[int], left: list[int]) -> Iterator[SourceRow]:
    """Yield the rows of a corrected file that are missing, under their numbers in the job's file, each once.

    Each is taken out of `missing`; lines of others are noted in `left`.
    """
    for row in source.rows():
        number = row_asked(row.cells)
        if number is None or number not in missing:
            left.append(row.line)
            continue
        missing.discard(number)
        yield SourceRow(number, row.line, row.raw, row.cells)


def _map_all(source: TableSource, rows: Iterator[SourceRow]) -> None:
    for _ in source.map(rows, Outcome()):
        pass


def _members(path: Path) -> dict[str, Any]:
    value: Any = decode(path.read_bytes())
    members: dict[str, Any] = value
    return members
