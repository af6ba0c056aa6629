"""Adding up tables of counts: any region and time, from what is shown of each table by itself (policy page).

A union is made of the tables as the caller may see them one by one, at his threshold, and of nothing else: neither of
the records nor of what a table hides. Whoever asks for each table alone can work out the same. So a union tells no
more than its tables, which are safe together: each record stands in one of them, and each was made once.

A figure is the sum of those that the tables show, so at least k stand behind it, and what k counts holds for each
table: one person may stand in several. It is complete where every table of the union shows it, else it is what there
is **at least**: a table may not be shown as a whole, hide the cell, or have the label in its rest. Of the tables that
are not shown, and of how many there are, a union says nothing: where regions are added up nobody knows how many are
counted, so all of its figures are "at least".
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from ledger.core.count_tables import MOST_GROUPS, REGION
from ledger.core.suppression import MOST_CELLS

MOST_TABLES: Final = 3_600
"""Shown tables that one answer adds up: three hundred streets in twelve months, which takes about a second."""
Label = str | None
"""None is the rest of a table."""
Labels = tuple[Label, Label]
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A fixed table as it is shown at a threshold: its groups, its records, its margins by group and label.

    `cells` are by the labels of both groups, without those that are hidden; None where margins alone are shown.
    """

    by: tuple[str, ...]
    n: int
    margins: Mapping[str, Mapping[Label, int]]
    cells: Mapping[Labels, int] | None


@dataclass(frozen=True, slots=True)
class Added:
    """A sum of shown figures; `at_least` where a table of the union does not show this figure."""

    n: int
    at_least: bool


@dataclass(frozen=True, slots=True)
class CountUnion:
    """Tables added up. `n` None: none of them is shown; a cell None: none of them shows it."""

    n: Added | None
    rows: Mapping[Label, Added]
    columns: Mapping[Label, Added]
    cells: Sequence[Sequence[Added | None]]

    @property
    def shown_figures(self) -> int:
        """How many figures the union shows."""
        cells = sum(cell is not None for line in self.cells for cell in line)
        return (self.n is not None) + len(self.rows) + len(self.columns) + cells


def shown_table(by: Sequence[str], document: Mapping[str, Any]) -> ShownTable:
    """Return a table from its JSON members `n`, `rows`, `columns` and `cells` (null: hidden), which it is shown by."""
    sides = [{one["value"]: one["n"] for one in document[side]} for side in ("rows", "columns")]
    cells = {
        (row, column): figure
        for row, line in zip(sides[0], document["cells"], strict=False)
        for column, figure in zip(sides[1], line, strict=True)
        if figure is not None
    }
    margins = dict(zip(by, sides, strict=False))
    return ShownTable(tuple(by), document["n"], margins, cells if document["cells"] else None)


def part_of(table: ShownTable, region: str) -> ShownTable | None:
    """Return what a table grouped by region shows of one of them: its total and its shown cells; None for nothing.

    What stands in no named cell is the rest: hidden cells, which are of k together, and the rest of the other group.
    """
    n = table.margins[REGION].get(region)
    others = [group for group in table.by if group != REGION]
    if n is None or not others:
        return None if n is None else ShownTable((), n, {}, None)
    place = table.by.index(REGION)
    named: dict[Label, int] = {
        labels[1 - place]: figure
        for labels, figure in (table.cells or {}).items()
        if labels[place] == region and labels[1 - place] is not None
    }
    return ShownTable((others[0],), n, {others[0]: {**named, None: n - sum(named.values())}}, None)


def common_groups(groups: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the groups that all tables have, in the order of the first one's."""
    first, *others = groups
    return tuple(group for group in first if all(group in other for other in others))


def unite(by: Sequence[str], tables: Sequence[ShownTable], behind: int | None) -> CountUnion:
    """Add up tables by groups that each of them has (`common_groups`).

    `behind` is how many tables the union has, shown or not; None where nobody knows.
    """
    rows, columns = [*(_side([table.margins[group] for table in tables], behind) for group in by), {}, {}][:2]
    total = _added([{None: table.n} for table in tables], behind)
    crossed = [_crossed(by, table) for table in tables if len(by) == MOST_GROUPS and table.cells is not None]
    cells: Sequence[Sequence[Added | None]] = ()
    if crossed and len(rows) * len(columns) <= MOST_CELLS:
        shown = _added(crossed, behind)
        cells = [[shown.get((row, column)) for column in columns] for row in rows]
    return CountUnion(total.get(None), rows, columns, cells)


def _crossed(by: Sequence[str], table: ShownTable) -> Mapping[Labels, int]:
    cells = table.cells or {}
    return cells if table.by == tuple(by) else {(column, row): figure for (row, column), figure in cells.items()}


def _side(shown: Sequence[Mapping[Label, int]], behind: int | None) -> Mapping[Label, Added]:
    """Add margins up, in the order of their labels, the rest last."""
    added = _added(shown, behind)
    return {label: added[label] for label in sorted(added, key=lambda label: (label is None, label or ""))}


def _added(shown: Sequence[Mapping[Key, int]], behind: int | None) -> Mapping[Key, Added]:
    sums: Counter[Key] = Counter()
    tables: Counter[Key] = Counter()
    for figures in shown:
        sums.update(figures)
        tables.update(figures.keys())
    return {key: Added(n, tables[key] != behind) for key, n in sums.items()}
