"""Counts that show nobody: suppression of small figures and of what would give them away (policy page, "Statistics").

A figure is shown where at least k persons stand behind it (k records, in an item that is about nobody). Zero counts as
small: that nobody of a place is in a group is told of everybody there.

1. Where the whole table is of fewer than k, nothing of it is shown.
2. Rows of fewer than k are merged into one without a label, the rest, and with them one of the others, the first in an
   order that nobody knows; columns likewise. A rest is always made, also where nothing is small: so every margin that
   is shown is of k, no label tells that a group exists, and none that is missing tells that it is empty. Of a rest of
   n, each label missing may have 0 or n, for it may be the one that joined: the rule tells no more than the figures.
3. Cells of fewer than k are hidden, and further ones, by such an order, until nobody can work a hidden cell out: its
   values in the tables of counts that fit everything shown, found by flows through the hidden cells, are at least k
   apart; and the cells hidden in a row or column are together of k. Where fewer persons than records stand in a cell,
   the values are half its records apart, as far as its row and column have room.

Step 3 ends: every margin is at least k and each side has two, so with all cells hidden each can be moved by k, and by
as much as the smallest of its row, its column and what is outside of either. Persons do not add up, for one may stand
in two cells; of a union the greatest part is what is known at least.

A table for a greater k is made from the one for the smaller, never from the records. So whoever sees both learns
nothing from the second.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

Place = tuple[int, int]

MOST_CELLS: Final = 1_200
"""Of a table with more, margins alone are shown: 40 groups by 30 days."""


@dataclass(frozen=True, slots=True)
class Figure:
    """How many records, and how many units at least: persons, or the records themselves where nobody is named."""

    records: int
    units: int


NOTHING: Final = Figure(0, 0)


@dataclass(frozen=True, slots=True)
class CountTable:
    """A table of counts. A label None is the rest; a table by one group has no columns, one by none no rows either.

    `cells` are rows of columns, empty where margins alone are shown; `hidden` are places in it. `total` None: nothing
    is shown.
    """

    rows: tuple[str | None, ...]
    columns: tuple[str | None, ...]
    row_totals: tuple[Figure, ...]
    column_totals: tuple[Figure, ...]
    cells: tuple[tuple[Figure, ...], ...]
    total: Figure | None
    is_about_persons: bool
    hidden: frozenset[Place] = frozenset()

    @property
    def shown_figures(self) -> int:
        """How many figures the table shows."""
        if self.total is None:
            return 0
        return 1 + len(self.rows) + len(self.columns) + sum(map(len, self.cells)) - len(self.hidden)


def table_of(counts: Mapping[tuple[str | None, str | None], Figure], *, is_about_persons: bool) -> CountTable:
    """Return the table of what was counted by (row, column); None is over all of them, (None, None) the total.

    Nothing is suppressed yet.
    """
    rows = sorted(row for row, column in counts if row is not None and column is None)
    columns = sorted(column for row, column in counts if row is None and column is not None)
    cells = tuple(tuple(counts.get((row, column), NOTHING) for column in columns) for row in rows)
    return CountTable(
        tuple(rows),
        tuple(columns),
        tuple(counts[row, None] for row in rows),
        tuple(counts[None, column] for column in columns),
        cells if columns else (),
        counts.get((None, None), NOTHING),
        is_about_persons,
    )


def suppress(table: CountTable, k: int, rank: Callable[[str], bytes]) -> CountTable:
    """Return what may be shown of a table at threshold `k`, or of a table that was suppressed at a smaller one.

    `rank` gives the place of a label in an order that nobody who sees the table can work out: it says who joins a rest.
    """
    if table.total is None or table.total.units < k:
        return CountTable((), (), (), (), (), None, table.is_about_persons)
    merged = _transposed(_merged(_transposed(_merged(table, k, rank)), k, rank))
    rows, columns = len(merged.rows), len(merged.columns)
    if not merged.cells or rows < 2 or columns < 2 or rows * columns > MOST_CELLS:
        return replace(merged, cells=(), hidden=frozenset())
    return replace(merged, hidden=_hidden(merged, k, rank))


def _transposed(table: CountTable) -> CountTable:
    return CountTable(
        table.columns,
        table.rows,
        table.column_totals,
        table.row_totals,
        tuple(zip(*table.cells, strict=True)),
        table.total,
        table.is_about_persons,
        frozenset((column, row) for row, column in table.hidden),
    )


def _union(table: CountTable, figures: Iterable[Figure]) -> Figure:
    """Return the figure of several groups together, with the units that it has at least."""
    parts = list(figures)
    units = [part.units for part in parts]
    return Figure(sum(part.records for part in parts), max(units) if table.is_about_persons else sum(units))


def _merged(table: CountTable, k: int, rank: Callable[[str], bytes]) -> CountTable:
    """Return the table with its small rows, and one that hides them, in one row without a label."""
    small = {place for place, figure in enumerate(table.row_totals) if figure.units < k}
    earlier = {place for place, label in enumerate(table.rows) if label is None}
    if not table.rows or (earlier and not small):
        return table
    rest = small | earlier
    if not earlier - small:
        others = [(rank(label), place) for place, label in enumerate(table.rows) if label is not None]
        rest.update(place for _, place in sorted(other for other in others if other[1] not in rest)[:1])
    return _joined(table, sorted(rest))


def _joined(table: CountTable, rest: Sequence[int]) -> CountTable:
    """Return the table with these rows as one without a label, the last."""
    kept = [place for place in range(len(table.rows)) if place not in rest]
    total = _union(table, (table.row_totals[place] for place in rest)) if kept else table.total or NOTHING
    cells = [table.cells[place] for place in kept if table.cells]
    hidden = {
        (now, column)
        for now, row in enumerate(kept)
        for column in range(len(table.columns))
        if (row, column) in table.hidden
    }
    if table.cells:
        cells.append(tuple(_union(table, column) for column in zip(*(table.cells[row] for row in rest), strict=True)))
        hidden |= {(len(kept), column) for row, column in table.hidden if row in rest}
    return replace(
        table,
        rows=(*(table.rows[place] for place in kept), None),
        row_totals=(*(table.row_totals[place] for place in kept), total),
        cells=tuple(cells),
        hidden=frozenset(hidden),
    )


def _hidden(table: CountTable, k: int, rank: Callable[[str], bytes]) -> frozenset[Place]:
    """Return the cells to hide: small ones, those hidden before, and as many more as it takes."""
    places = [(row, column) for row in range(len(table.rows)) for column in range(len(table.columns))]
    hidden = {place for place in places if table.cells[place[0]][place[1]].units < k} | table.hidden
    labels = {place: f"{table.rows[place[0]] or ''}\0{table.columns[place[1]] or ''}" for place in places}
    # Who would hide the smallest of all would tell that the others are larger.
    order = {place: rank(label) for place, label in labels.items()}
    while hidden:
        more = _for_a_line(table, hidden, k, order) or _for_a_cell(table, hidden, k, order)
        if not more:
            break
        hidden |= more
    return frozenset(hidden)


def _for_a_line(table: CountTable, hidden: set[Place], k: int, order: Mapping[Place, bytes]) -> set[Place]:
    """Return a shown cell of the first row or column whose hidden cells are together of fewer than k."""
    for line in _lines(table):
        gone, shown = [place for place in line if place in hidden], [place for place in line if place not in hidden]
        # A line without a shown cell is as large as its margin.
        if gone and shown and _union(table, (table.cells[row][column] for row, column in gone)).units < k:
            return {min(shown, key=lambda place: (order[place], place))}
    return set()


def _lines(table: CountTable) -> Iterator[list[Place]]:
    rows, columns = range(len(table.rows)), range(len(table.columns))
    yield from ([(row, column) for column in columns] for row in rows)
    yield from ([(row, column) for row in rows] for column in columns)


def _for_a_cell(table: CountTable, hidden: set[Place], k: int, order: Mapping[Place, bytes]) -> set[Place]:
    """Return what to hide for the first hidden cell that is known too well: the other corners of a rectangle."""
    for row, column in sorted(hidden):
        room = _room(table, (row, column), k)
        if _freedom(table, hidden, (row, column), room) < room:
            corners = [
                (other_row, other_column)
                for other_row in range(len(table.rows))
                for other_column in range(len(table.columns))
                if other_row != row and other_column != column
            ]
            offers = [(*_cost(table, hidden, (row, column), corner, room), order[corner], corner) for corner in corners]
            *_, (other_row, other_column) = min(offer for offer in offers if offer[1])
            return {(row, other_column), (other_row, column), (other_row, other_column)} - hidden
    return set()


def _room(table: CountTable, cell: Place, k: int) -> int:
    """Return how far apart the values of a hidden cell have to lie, never more than with all cells hidden."""
    figure = table.cells[cell[0]][cell[1]]
    if figure.units >= figure.records:
        return k
    row, column = table.row_totals[cell[0]].records, table.column_totals[cell[1]].records
    everything = sum(total.records for total in table.row_totals)
    return max(k, min((figure.records + 1) // 2, row, column, everything - row, everything - column))


def _cost(table: CountTable, hidden: set[Place], cell: Place, corner: Place, room: int) -> tuple[bool, int]:
    """Return whether a rectangle leaves its cell too little freedom, and the number of cells it hides."""
    (row, column), (other_row, other_column) = cell, corner

    def at(place: Place) -> int:
        return table.cells[place[0]][place[1]].records

    beside, below = (row, other_column), (other_row, column)
    new = [place for place in (beside, below, corner) if place not in hidden]
    freedom = min(at(beside), at(below)) + min(at(cell), at(corner))
    return freedom < room, len(new)


def _freedom(table: CountTable, hidden: set[Place], cell: Place, most: int) -> int:
    """Return how far apart (up to `most`) the values of a hidden cell lie in all tables that fit what is shown."""
    row, column = cell[0], cell[1] + len(table.rows)
    others = hidden - {cell}
    up = _flow(table, others, column, row, most)
    most_down = min(most - up, table.cells[cell[0]][cell[1]].records)
    return up + _flow(table, others, row, column, most_down)


def _flow(table: CountTable, hidden: set[Place], source: int, sink: int, most: int) -> int:
    """Return how much (up to `most`) can be moved from a line to another through hidden cells, each staying at least 0.

    Nodes are rows, then columns. A cell may grow without bound (row to column) and shrink to zero (column to row).
    """
    rows = len(table.rows)
    amounts = {(row, column + rows): table.cells[row][column].records for row, column in hidden}
    beside: list[list[int]] = [[] for _ in range(rows + len(table.columns))]
    for row, column in sorted(amounts):
        beside[row].append(column)
        beside[column].append(row)
    moved = 0
    while moved < most:
        path = _path(amounts, beside, rows, source, sink)
        if not path:
            break
        shrinking = [(later, earlier) for earlier, later in path if earlier >= rows]
        step = min([amounts[cell] for cell in shrinking] + [most - moved])
        for earlier, later in path:
            if earlier < rows:
                amounts[earlier, later] += step
            else:
                amounts[later, earlier] -= step
        moved += step
    return moved


def _path(
    amounts: Mapping[Place, int], beside: Sequence[Sequence[int]], rows: int, source: int, sink: int
) -> list[tuple[int, int]]:
    """Return a shortest path of steps (node, node) from source to sink, empty if there is none."""
    came: dict[int, int] = {source: source}
    waiting = deque([source])
    while waiting and sink not in came:
        node = waiting.popleft()
        for other in beside[node]:
            if other not in came and (node < rows or amounts[other, node]):
                came[other] = node
                waiting.append(other)
    if sink not in came:
        return []
    path = []
    node = sink
    while node != source:
        path.append((came[node], node))
        node = came[node]
    return path
