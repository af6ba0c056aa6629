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
from ledger.core.shapes import array, members_of, text, unsigned

TABLE_NUMBERS = ("item", "from", "until", "k", "ruleVersion", "madeAt")
TABLE_MEMBERS = (*TABLE_NUMBERS, "region", "period", "by", "counted", "n", "rows", "columns", "cells")
"""What stands beside the Query in an answer."""
ONCE_NUMBERS = ("item", "taken", "warned", "refused", "avoided")


@dataclass(frozen=True, slots=True)
class Margin:
    """A row's or column's label, None for the rest, and its records."""

    label: str | None
    n: int


@dataclass(frozen=True, slots=True)
class CountedTable:
    """A table as the gateway shows it: `n` records in all (None: fewer than k), its margins and cells (None: hidden).

    `members` is the answer without its Query: item, region, period, from and until (Unix seconds), by, counted, k,
    ruleVersion, madeAt.
    """

    n: int | None
    rows: Sequence[Margin]
    columns: Sequence[Margin]
    cells: Sequence[Sequence[int | None]]
    members: Mapping[str, Any]

    @property
    def figures(self) -> list[int]:
        """Every figure that is shown."""
        cells = [cell for line in self.cells for cell in line if cell is not None]
        total = [] if self.n is None else [self.n]
        return [*total, *(margin.n for margin in (*self.rows, *self.columns)), *cells]


@dataclass(frozen=True, slots=True)
class OnceCounts:
    """How often an item was collected about persons (`taken`) and how often that was once too often."""

    item: int
    taken: int
    warned: int
    refused: int
    avoided: int
    rule: Mapping[str, Any] | None

    @property
    def submitted(self) -> int:
        """Records that were sent: n of the rate."""
        return self.taken + self.refused

    @property
    def rate(self) -> str | None:
        """Share of duplicates among what was sent, four decimals, None where nothing was."""
        return f"{(self.warned + self.refused) / self.submitted:.4f}" if self.submitted else None


class StatisticsDesk:
    """The part of the client that asks for figures."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def counts(self, region: str, period: str, grounds: Grounds) -> CountedTable:
        """Ask for the table of the item of `grounds` in a region and a period (`YYYY-MM` or `YYYY-MM-DD`).

        Raises LookRefused (the refusal is checked and kept), TableNotCounted, PeriodOpen, or PromiseBroken: also for a
        figure below the threshold, or margins that are not the total.
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

    def duplicates(self, first_day: str, last_day: str) -> tuple[Mapping[str, Any], Sequence[OnceCounts]]:
        """Ask how often was collected twice in whole local days (`YYYY-MM-DD`, both counted); its word, unchecked.

        Returns gateway, from, until and ruleVersion, and the figures by item.
        """
        path = "/v1/statistics/duplicates"
        answer = self._desk.transport.get(path, {"first": first_day, "last": last_day})
        members = answer.members("gateway", "from", "until", "ruleVersion", "items")
        return members, [_once(one) for one in shaped(array, members.pop("items"))]


def _once(value: object) -> OnceCounts:
    given = shaped(members_of, value, (*ONCE_NUMBERS, "rule"))
    numbers = {name: shaped(unsigned, given[name], 53) for name in ONCE_NUMBERS}
    return OnceCounts(**numbers, rule=given["rule"])


def _table(members: dict[str, Any]) -> CountedTable:
    """Return a table whose figures are all of k at least and whose margins are the total; raises PromiseBroken."""
    for name in TABLE_NUMBERS:
        shaped(unsigned, members[name], 53)
    rows, columns = _margins(members["rows"]), _margins(members["columns"])
    cells = [[_figure(cell) for cell in shaped(array, line)] for line in shaped(array, members["cells"])]
    table = CountedTable(_figure(members["n"]), rows, columns, cells, members)
    if any(figure < members["k"] for figure in table.figures):
        broken("the answer shows a figure below its own threshold")
    if any(side and sum(margin.n for margin in side) != table.n for side in (rows, columns)):
        broken("the rows or columns of the answer are not its total")
    if cells and (len(cells) != len(rows) or any(len(line) != len(columns) for line in cells)):
        broken("the cells of the answer are not those of its rows and columns")
    return table


def _margins(value: object) -> list[Margin]:
    made = []
    for one in shaped(array, value):
        given = shaped(members_of, one, ("value", "n"))
        label = None if given["value"] is None else shaped(text, given["value"])
        made.append(Margin(label, shaped(unsigned, given["n"], 53)))
    return made


def _figure(value: object) -> int | None:
    return None if value is None else shaped(unsigned, value, 53)
