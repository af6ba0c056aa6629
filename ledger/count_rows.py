"""Rows of what is counted, which cross the ports as those of `ledger.rows` do, and what a transaction counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ledger.core.count_tables import TableRule
from ledger.rows import RecordSubject


@dataclass(frozen=True, slots=True)
class CountedPeriods:
    """What tables count: newest versions of an item's records in some periods, by region and at most two groups.

    Regions are codes cut to the digits of `rule`; shorter ones are in no table. `utc_offset_seconds` says where days
    begin.
    """

    item: int
    rule: TableRule
    periods: Sequence[str]
    from_at: int
    until_at: int
    """Half-open: [from, until) holds all periods, of `/occurredAt`, else `/recordedAt`, else the acceptance."""
    utc_offset_seconds: int


@dataclass(frozen=True, slots=True)
class CountedGroup:
    """How many records, and about how many persons, stand in a row and column of a table; None is over all of them.

    A record without a value stands in the group `""`. Regions and periods without records are not among them.
    """

    region: str
    period: str
    row: str | None
    column: str | None
    records: int
    persons: int


@dataclass(frozen=True, slots=True)
class KeptCounts:
    """What was made once of a period: one region's table as each threshold shows it, a JSON text.

    Region `""` stands for the period as a whole: that its tables were made, by which version of the rules, and what
    they have in common. Regions of which none was kept show nothing, ever.
    """

    region: str
    period: str
    rule_version: int
    made_at: int
    tables: str


@dataclass(frozen=True, slots=True)
class AskedTables:
    """Which tables are asked for: of regions that begin so, or of the one that holds a longer one; at a threshold."""

    region: str
    periods: Sequence[str]
    k: int
    most: int


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

    def count_records(self, counted: CountedPeriods) -> Sequence[CountedGroup]:
        """Return the counts of the tables of all regions: by both groups, by each, and over all, of one state."""

    def made_periods(self, item: int, from_at: int, until_at: int) -> Sequence[KeptCounts]:
        """Return the periods whose tables were made and of which some part lies in [from, until)."""

    def shown_tables(self, item: int, rule: TableRule, asked: AskedTables) -> Sequence[str]:
        """Return tables by a rule (JSON) of which a threshold shows something, no more than `asked.most`."""

    def keep_counts(self, item: int, kept: Sequence[KeptCounts]) -> None:
        """Keep what was made; what was kept before stays as it is."""
