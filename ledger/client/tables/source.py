"""A table with its mapping and schema: rows become prepared records, or are rejected with every reason.

Nothing here is drawn or kept but what publishing needs: the same file gives the same rejections every time.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeAlias, TypeVar

from ledger.client.submissions import PreparedRecord
from ledger.client.tables.cells import Noted
from ledger.client.tables.dates import is_day_number
from ledger.client.tables.headers import Header
from ledger.client.tables.mapping import TableMapping
from ledger.client.tables.preparing import PrepareAll, Unfit, prepare_here
from ledger.client.tables.rows import SourceRow, TableFile
from ledger.core.canonical import JsonValue, encode
from ledger.core.eip712 import ZERO32
from ledger.core.hexadecimal import to_hex
from ledger.core.schema import SUBJECT_PATH, Schema
from ledger.core.subjects import SubjectId
from ledger.errors import GongzhiError, RowRejected, UsageError

REGION = "/region"
DUPLICATE = "duplicate_in_file"
Begun = TypeVar("Begun")
Tokens: TypeAlias = Callable[[Sequence[SubjectId]], Sequence[bytes]]
"""What answers persons (each once) with the tokens that records about them commit, in order."""


@dataclass(frozen=True, slots=True)
class MappedRow:
    """A row's originals by path, and what was cleaned in it."""

    row: SourceRow
    originals: dict[str, JsonValue] = field(repr=False)
    noted: Noted
    person: SubjectId | None = None


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that cannot become a record, with all that speaks against it."""

    row: SourceRow
    faults: Sequence[RowRejected]


@dataclass(frozen=True, slots=True)
class BegunRows:
    """Rows of which records are being made, and what is made of them, in order: taking it waits for it."""

    rows: Sequence[MappedRow]
    made: Iterable[PreparedRecord | Unfit]


@dataclass
class Outcome:
    """What became of the rows of a file: accepted and skipped ones counted, rejected ones listed, cleanings counted."""

    accepted: int = 0
    skipped: int = 0
    cleaned: Counter[str] = field(default_factory=Counter)
    """Cells of accepted rows by what was cleaned in them."""
    warned: Counter[str] = field(default_factory=Counter)
    """Cells of accepted rows outside a code set that only warns, by path."""
    rejected: list[RejectedRow] = field(default_factory=list)

    @property
    def reasons(self) -> dict[str, int]:
        """Faults of rejected rows by `path reason`; a row may have several."""
        return dict(Counter(f"{fault.path} {fault.reason}" for row in self.rejected for fault in row.faults))

    def reject(self, row: SourceRow, *faults: RowRejected) -> None:
        """Note a row that cannot become a record."""
        self.rejected.append(RejectedRow(row, faults))


@dataclass(frozen=True)
class TableSource:
    """A file with its mapping and schema; `only_region` skips rows of other regions."""

    file: TableFile
    mapping: TableMapping
    schema: Schema
    only_region: str = ""
    seen: dict[bytes, int] = field(default_factory=dict, repr=False)
    """Row numbers by the values that may stand once; filled as rows are mapped."""
    prepare_all: PrepareAll = prepare_here
    _headers: list[Header] = field(default_factory=list, init=False, repr=False, compare=False)
    """The file's columns, once they were read: for a workbook that is as much work as to read it all."""

    def rows(self) -> Iterator[SourceRow]:
        """Return the file's rows; raises UsageError for another file or missing columns."""
        opened = self.file.open(self.mapping.columns)
        self._headers[:] = [opened.columns]
        return self._with_certain_days(opened.rows) if self.file.days_from_1904 else opened.rows

    def header(self) -> Header:
        """Return the file's columns as the mapping sees them; raises as `rows`."""
        if not self._headers:
            self.rows()
        return self._headers[0]

    def read_through(self) -> None:
        """Read every row once and keep none; raises UsageError for a file that is damaged further on.

        Done before anything is published of a file: one that must be mended is another file then, of another job.
        """
        for _ in self.rows():
            pass

    def columns_told(self) -> Mapping[str, str]:
        """Return the columns of each path of the schema, as the file writes them, for people; raises as `rows`."""
        header = self.header()
        written = dict(zip(header.names, header.written, strict=True))
        told = {
            path: "、".join(written.get(name, name) for name in names)
            for path, names in self.mapping.columns_of.items()
        }
        subject = self.mapping.subject
        return told if subject is None else {SUBJECT_PATH: told.get(subject.number, ""), **told}

    def refuse_lost_columns(self) -> None:
        """Raise UsageError if the file has columns that no slot uses while slots that may be null have no column.

        One may be the other by a name that the mapping does not know: then its values would be lost in silence.
        """
        header = self.header()
        if header.missing and header.unused:
            raise UsageError(
                f"{self.file.path.name} has columns that the mapping does not use ({', '.join(header.unused)}), and "
                f"lacks columns of the mapping ({', '.join(header.missing)}): one may be the other by another name. "
                "Rename it, name it in the mapping (columns, ignore), or leave both out by --accept-columns"
            )

    def map(self, rows: Iterable[SourceRow], outcome: Outcome) -> Iterator[MappedRow]:
        """Yield rows whose cells fit, noting the others in `outcome`."""
        subject = self.mapping.subject
        for row in rows:
            if row.cells is None:
                outcome.reject(row, RowRejected("/", "cells_not_as_header"))
                continue
            noted: Noted = []
            originals, faults = self.mapping.originals(row.cells, noted)
            if faults:
                outcome.reject(row, *faults)
            elif not str(originals.get(REGION) or "").startswith(self.only_region):
                outcome.skipped += 1
            else:
                try:
                    person = subject.person(originals) if subject is not None else None
                    self._refuse_duplicate(row, originals)
                except RowRejected as fault:
                    outcome.reject(row, fault)
                else:
                    yield MappedRow(row, originals, noted, person)

    def prepared(self, mapped: Iterable[MappedRow], outcome: Outcome, tokens: Tokens | None) -> list[PreparedRecord]:
        """Return records under fresh ids and salts, noting accepted rows and those that do not fit the schema.

        `tokens` gives what `/subject` commits; None is for records that are never sent. Raises SchemaError for a schema
        without its code sets.
        """
        return self.finish(self.begin(mapped, tokens), outcome)

    def begin(self, mapped: Iterable[MappedRow], tokens: Tokens | None) -> BegunRows:
        """Begin to make what `prepared` returns, once the tokens are there; where processes make it, they start now."""
        self.schema.refuse_unknown_codes({})
        ready = self._with_subjects(list(mapped), tokens)
        return BegunRows(ready, self.prepare_all(self.schema, [one.originals for one in ready]))

    def finish(self, begun: BegunRows, outcome: Outcome) -> list[PreparedRecord]:
        """Return the records of what was begun, noting its rows as `prepared` does."""
        rules, records = self.schema.code_rules, []
        warning = rules if rules is not None and rules.warning else None
        for one, record in zip(begun.rows, begun.made, strict=True):
            if isinstance(record, Unfit):
                outcome.reject(one.row, RowRejected(record.path, record.reason, record.accepted))
                continue
            records.append(record._replace(row=one.row.number))
            outcome.accepted += 1
            if one.noted:
                outcome.cleaned.update(one.noted)
            if warning:
                outcome.warned.update(rule.path for rule in warning.warnings(one.originals))
        return records

    def check(self, advance: Callable[[int], None] = lambda _: None, batch: int = 1000) -> Outcome:
        """Map and commit every row, and keep nothing: a dry run."""
        outcome, rows = Outcome(), self.rows()

        def begun() -> Iterator[tuple[int, BegunRows]]:
            while part := list(islice(rows, batch)):
                yield len(part), self.begin(self.map(part, outcome), None)

        for count, made in one_ahead(begun()):
            self.finish(made, outcome)
            advance(count)
        return outcome

    def plan(self) -> dict[str, Any]:
        """Return what decides how rows are read and mapped, without the file's content."""
        return {
            **self.file.described(),
            "headerRow": self.file.header_row,
            "mapping": to_hex(self.mapping.hash),
            "schemaHash": to_hex(self.schema.hash),
            "onlyRegion": self.only_region,
        }

    def _with_certain_days(self, rows: Iterator[SourceRow]) -> Iterator[SourceRow]:
        """Yield rows of a workbook that counts days from 1904; raises UsageError for one with a bare day number.

        Nothing says whether such a number was counted in that workbook, or typed or pasted from another one.
        """
        for row in rows:
            for column in self.mapping.day_columns:
                if row.cells is not None and is_day_number(row.cells.get(column, "")):
                    raise UsageError(
                        f"{self.file.path.name} counts days from 1904, and its line {row.line} has a number without a "
                        f"date format in the column {column}: format the column as dates, see whether they are right"
                    )
            yield row

    def _refuse_duplicate(self, row: SourceRow, originals: Mapping[str, JsonValue]) -> None:
        """Keep the values of a row that may stand once; raises RowRejected where one stood before."""
        keys = []
        for place, group in enumerate(self.mapping.unique):
            values = [originals.get(path) for path in group]
            if None not in values:
                key = encode([place, *values])
                first = self.seen.get(key, row.number)
                if first != row.number:
                    raise RowRejected(group[0], DUPLICATE, first_row=first)
                keys.append(key)
        for key in keys:
            self.seen[key] = row.number

    def _with_subjects(self, mapped: list[MappedRow], tokens: Tokens | None) -> list[MappedRow]:
        if self.mapping.subject is None:
            return mapped
        persons = list(dict.fromkeys(one.person for one in mapped if one.person is not None))
        given = [ZERO32] * len(persons) if tokens is None or not persons else tokens(persons)
        by_person = {person: to_hex(token) for person, token in zip(persons, given, strict=True)}
        for one in mapped:
            one.originals[SUBJECT_PATH] = None if one.person is None else by_person[one.person]
        return mapped


def one_ahead(begun: Iterable[Begun]) -> Iterator[Begun]:
    """Yield each once the next is begun, so that reading, cleaning and tokens of one go on while another is made.

    Where beginning the next raises a GongzhiError, what was begun before is yielded first.
    """
    waiting: list[Begun] = []
    try:
        for one in begun:
            yield from waiting
            waiting = [one]
    except GongzhiError:
        yield from waiting
        raise
    yield from waiting
