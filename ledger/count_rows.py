"""Rows of what is counted, which cross the ports as those of `ledger.rows` do, and what a transaction counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ledger.rows import RecordSubject


@dataclass(frozen=True, slots=True)
class CountedRegion:
    """What a table counts: newest versions of an item's records in a region and period, by at most two groups.

    `region_digits` cut region codes where `by` names the region; `utc_offset_seconds` says where days begin.
    """

    item: int
    region: str
    from_at: int
    until_at: int
    """Half-open: [from, until), of `/occurredAt`, else `/recordedAt`, else when the record was accepted."""
    by: tuple[str, ...]
    region_digits: int
    utc_offset_seconds: int


@dataclass(frozen=True, slots=True)
class CountedGroup:
    """How many records, and about how many persons, stand in a row and column; None is over all of them.

    A record without a value stands in the group `""`.
    """

    row: str | None
    column: str | None
    records: int
    persons: int


@dataclass(frozen=True, slots=True)
class KeptCounts:
    """A table as it was made once: by which version of the rules, when, and for each threshold (JSON text)."""

    rule_version: int
    made_at: int
    tables: str


@dataclass(frozen=True, slots=True)
class OnceFigures:
    """How often an item was collected and how often that was, or would have been, once too often.

    `taken` records about persons were taken, `warned` of them duplicates; `refused` duplicates were not taken;
    `avoided` questions of coverage found a current record.
    """

    item: int
    taken: int
    warned: int
    refused: int
    avoided: int


class Counting(Protocol):
    """The part of `ledger.transaction.Transaction` that counts: duplicates, and records for statistics."""

    def duplicate_places(self, item: int, subjects: Sequence[RecordSubject], since: int) -> Sequence[int]:
        """Return the places of records that collect an item about a person of whom a current record is there already.

        Current is a newest version, neither withdrawn nor erased, that was recorded at `since` or later (accepted, if
        it does not say when). An earlier place of the same submission counts; a next version about the same person
        is no duplicate, and a record about nobody is none.
        """

    def note_refused(self, publisher: int, submission_id: bytes, item: int, duplicates: int, refused_at: int) -> None:
        """Count the duplicates of a refused submission; sent again under its id it is not counted again."""

    def once_figures(self, from_at: int, until_at: int) -> Sequence[OnceFigures]:
        """Return the figures of every item of which there are any in [from, until), by item."""

    def count_records(self, counted: CountedRegion) -> Sequence[CountedGroup]:
        """Return the counts of a table: by both groups, by each, and over all."""

    def kept_counts(self, item: int, region: str, period: str) -> KeptCounts | None:
        """Return the table that was made of a region and period, None if none was."""

    def keep_counts(self, item: int, region: str, period: str, counts: KeptCounts) -> KeptCounts:
        """Keep a table and return it, or the one that another transaction kept first."""
