"""Asking for figures that show nobody: counts of records, and how often was collected twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.client.desk import Desk
from ledger.client.grounds import Grounds, state
from ledger.client.promises import broken
from ledger.client.queries import answered, shaped
from ledger.core import queries
from ledger.core.canonical import encode
from ledger.core.count_tables import THRESHOLDS
from ledger.core.shapes import array, members_of, text, unsigned

TABLE_NUMBERS = ("item", "from", "until", "k", "madeAt", "periods", "tables")
TABLE_MEMBERS = (
    *(*TABLE_NUMBERS, "region", "period", "by", "counted", "ruleVersions"),
    *("n", "atLeast", "rows", "columns", "cells"),
)
"""What stands beside the Query in an answer."""
ONCE_FIGURES = ("taken", "warned", "refused", "avoided")


@dataclass(frozen=True, slots=True)
class Figure:
    """Records; `at_least` so many, where a table that was added up does not show this figure."""

    n: int
    at_least: bool


@dataclass(frozen=True, slots=True)
class Margin(Figure):
    """A row's or column's records with its label, None for the rest."""

    label: str | None


@dataclass(frozen=True, slots=True)
class CountedTable:
    """Tables added up: records in all (None: nothing is shown), margins, and cells (None: hidden in every table).

    `members` is the answer without its Query: item, region, period, from and until (Unix seconds), by, counted, k,
    ruleVersions, madeAt (of the newest), periods, tables (how many are shown and were added up).
    """

    total: Figure | None
    rows: Sequence[Margin]
    columns: Sequence[Margin]
    cells: Sequence[Sequence[Figure | None]]
    members: Mapping[str, Any]

    @property
    def figures(self) -> list[int]:
        """Every figure that is shown."""
        cells = [cell.n for line in self.cells for cell in line if cell is not None]
        total = [] if self.total is None else [self.total.n]
        return [*total, *(margin.n for margin in (*self.rows, *self.columns)), *cells]


@dataclass(frozen=True, slots=True)
class OnceCounts:
    """How often an item was collected about persons (`taken`) and how often that was once too often.

    None stands for fewer than k.
    """

    item: int
    taken: int | None
    warned: int | None
    refused: int | None
    avoided: int | None
    rule: Mapping[str, Any] | None

    @property
    def submitted(self) -> int | None:
        """Records that were sent: n of the rate; None where a part of it is hidden."""
        return None if self.taken is None or self.refused is None else self.taken + self.refused

    @property
    def rate(self) -> str | None:
        """Share of duplicates among what was sent, four decimals, None where a part of it is hidden."""
        if not self.submitted or self.warned is None or self.refused is None:
            return None
        return f"{(self.warned + self.refused) / self.submitted:.4f}"


class StatisticsDesk:
    """The part of the client that asks for figures."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def counts(self, region: str | None, period: str, grounds: Grounds) -> CountedTable:
        """Ask how many records of the item of `grounds` a region (None: all) and a period have.

        `region` is the beginning of region codes, `period` a day, month, quarter, year or FIRST..LAST of them. Raises
        LookRefused (the refusal is checked and kept), TableNotCounted, CountTooWide, PeriodOpen, TablesInMaking (ask
        again), or PromiseBroken: also for a figure below the threshold, or margins that are not the total.
        """
        stated = state(grounds, self._desk.receipts)
        body = encode({"region": region, "period": period})
        answer = self._desk.transport.post(queries.STATISTICS.path, body, stated.headers, repeatable=True)
        names = ("query", *TABLE_MEMBERS)
        members, query = answered(self._desk, answer, queries.STATISTICS, grounds, stated, names)
        table = _table({name: members[name] for name in TABLE_MEMBERS})
        if (members["item"], members["region"], members["period"]) != (grounds.item, region, period):
            broken("the answer is another table than was asked for")
        if len(table.figures) != query.message["resultCount"]:
            broken("the answer shows another number of figures than its Query counts")
        return table

    def duplicates(self, period: str) -> tuple[Mapping[str, Any], Sequence[OnceCounts]]:
        """Ask how often was collected twice in a settled month (`YYYY-MM`); the gateway's word, unchecked.

        Returns gateway, period, from, until, k and ruleVersion, and the figures by item. Raises PeriodOpen, and
        PromiseBroken for a figure below k.
        """
        answer = self._desk.transport.get("/v1/statistics/duplicates", {"period": period})
        members = answer.members("gateway", "period", "from", "until", "k", "ruleVersion", "items")
        k = shaped(unsigned, members["k"], 53)
        return members, [_once(one, k) for one in shaped(array, members.pop("items"))]


def _once(value: object, k: int) -> OnceCounts:
    given = shaped(members_of, value, ("item", *ONCE_FIGURES, "rule"))
    figures = {name: _figure(given[name]) for name in ONCE_FIGURES}
    if any(figure is not None and figure < k for figure in figures.values()):
        broken("the answer shows a figure below its own threshold")
    return OnceCounts(item=shaped(unsigned, given["item"], 53), **figures, rule=given["rule"])


def _table(members: dict[str, Any]) -> CountedTable:
    """Return a table whose figures are all of k at least and whose margins are the total; raises PromiseBroken."""
    for name in TABLE_NUMBERS:
        shaped(unsigned, members[name], 53)
    for name in ("by", "ruleVersions"):
        shaped(array, members[name])
    total = None if members["n"] is None else _counted(members["n"], members["atLeast"])
    rows, columns = _margins(members["rows"]), _margins(members["columns"])
    cells = [[_cell(cell) for cell in shaped(array, line)] for line in shaped(array, members["cells"])]
    table = CountedTable(total, rows, columns, cells, members)
    if members["k"] not in THRESHOLDS:
        broken("the answer names an unknown threshold")
    if any(figure < members["k"] for figure in table.figures):
        broken("the answer shows a figure below its own threshold")
    _check_completeness(table)
    for side in (rows, columns):
        if side and (total is None or sum(margin.n for margin in side) != total.n):
            broken("the rows or columns of the answer are not its total")
    if cells and (len(cells) != len(rows) or any(len(line) != len(columns) for line in cells)):
        broken("the cells of the answer are not those of its rows and columns")
    for margins, lines in ((rows, cells), (columns, list(zip(*cells, strict=True)))):
        for margin, line in zip(margins, lines, strict=False):
            if sum(cell.n for cell in line if cell is not None) > margin.n:
                broken("the cells of the answer are more than their row or column")
    return table


def _check_completeness(table: CountedTable) -> None:
    """Check what is said to be complete: all of it is in each period's table, and only where the total is."""
    members, total = table.members, table.total
    if total is None:
        if members["tables"] or members["atLeast"] is not True or table.rows or table.columns or table.cells:
            broken("the answer shows nothing and still something")
        return
    if not members["tables"]:
        broken("the answer shows figures of no table")
    if total.at_least:
        cells = (cell for line in table.cells for cell in line if cell is not None)
        is_broken = any(not figure.at_least for figure in (*table.rows, *table.columns, *cells))
    else:
        is_broken = members["region"] is None or members["tables"] != members["periods"]
    if is_broken:
        broken("the answer says that a figure is complete although not every table is shown")


def _margins(value: object) -> list[Margin]:
    made = []
    for one in shaped(array, value):
        given = shaped(members_of, one, ("value", "n", "atLeast"))
        label = None if given["value"] is None else shaped(text, given["value"])
        figure = _counted(given["n"], given["atLeast"])
        made.append(Margin(figure.n, figure.at_least, label))
    return made


def _cell(value: object) -> Figure | None:
    if value is None:
        return None
    given = shaped(members_of, value, ("n", "atLeast"))
    return _counted(given["n"], given["atLeast"])


def _counted(n: object, at_least: object) -> Figure:
    if not isinstance(at_least, bool):
        broken("the answer does not say whether a figure is what there is at least")
    return Figure(shaped(unsigned, n, 53), at_least)


def _figure(value: object) -> int | None:
    return None if value is None else shaped(unsigned, value, 53)
