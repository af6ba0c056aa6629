"""Tables of counts added up: whatever a union says follows from its tables, as each of them is shown by itself."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.count_unions import Added, CountUnion, ShownTable, common_groups, part_of, shown_table, unite
from ledger.core.suppression import MOST_CELLS, CountTable, Figure, suppress, table_of

pytestmark = pytest.mark.unit
BY = ("class", "region")
K = 3
Document = Mapping[str, Any]


def document(table: CountTable) -> Document | None:
    """A table as JSON members, as the gateway keeps it; None where nothing of it is shown."""
    if table.total is None:
        return None

    def side(labels: Sequence[str | None], totals: Sequence[Figure]) -> list[Document]:
        return [{"value": label, "n": total.records} for label, total in zip(labels, totals, strict=True)]

    cells = [
        [None if (row, column) in table.hidden else figure.records for column, figure in enumerate(line)]
        for row, line in enumerate(table.cells)
    ]
    return {
        "n": table.total.records,
        "rows": side(table.rows, table.row_totals),
        "columns": side(table.columns, table.column_totals),
        "cells": cells,
    }


def counted(places: Sequence[tuple[str, str]], k: int = K) -> Document | None:
    """The table of records by class and region, as it is shown."""
    figures: Counter[tuple[str | None, str | None]] = Counter({(None, None): 0})
    for row, column in places:
        figures.update([(row, column), (row, None), (None, column), (None, None)])
    full = table_of({key: Figure(n, n) for key, n in figures.items()}, is_about_persons=False)
    return document(suppress(full, k, str.encode))


def told_one_by_one(documents: Sequence[Document | None]) -> dict[tuple[str, Any], tuple[int, int]]:
    """What somebody adds up who asks for each table by itself: by figure its sum, and how many tables show it."""
    sums: dict[tuple[str, Any], tuple[int, int]] = {}

    def add(key: tuple[str, Any], n: int | None) -> None:
        if n is not None:
            total, tables = sums.get(key, (0, 0))
            sums[key] = (total + n, tables + 1)

    for one in documents:
        if one is None:
            continue
        add(("n", None), one["n"])
        for side in ("rows", "columns"):
            for margin in one[side]:
                add((side, margin["value"]), margin["n"])
        for row, line in zip(one["rows"], one["cells"], strict=False):
            for column, cell in zip(one["columns"], line, strict=True):
                add(("cells", (row["value"], column["value"])), cell)
    return sums


def said(union: CountUnion) -> dict[tuple[str, Any], Added]:
    """Every figure that a union shows."""
    figures: dict[tuple[str, Any], Added] = {("rows", label): added for label, added in union.rows.items()}
    figures |= {("columns", label): added for label, added in union.columns.items()}
    for row, line in zip(union.rows, union.cells, strict=False):
        for column, cell in zip(union.columns, line, strict=True):
            if cell is not None:
                figures["cells", (row, column)] = cell
    return figures if union.n is None else {("n", None): union.n, **figures}


def shown(documents: Sequence[Document | None], by: Sequence[str] = BY) -> list[ShownTable]:
    return [shown_table(by, one) for one in documents if one is not None]


tables = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("wxyz")), max_size=40)
unions = st.lists(tables, min_size=1, max_size=5)


@given(unions, st.integers(1, 4), st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_union_says_what_asking_for_each_table_says_and_nothing_else(
    behind: list[list[tuple[str, str]]], k: int, known: bool
) -> None:
    documents = [counted(places, k) for places in behind]
    union = unite(BY, shown(documents), len(documents) if known else None)
    expected = {
        key: Added(n, not known or tables < len(documents)) for key, (n, tables) in told_one_by_one(documents).items()
    }
    assert said(union) == expected
    assert union.shown_figures == len(expected)


@given(unions, st.integers(1, 4))
@settings(max_examples=200, deadline=None)
def test_what_is_complete_is_true_and_what_is_at_least_is_not_more(behind: list[list[tuple[str, str]]], k: int) -> None:
    """The records are looked at here only; each figure is of k and never above the truth of its label."""
    union = unite(BY, shown([counted(places, k) for places in behind]), len(behind))
    micro = [place for places in behind for place in places]
    for (kind, label), added in said(union).items():
        assert added.n >= k
        if kind == "n":
            true = len(micro)
        elif kind == "cells":
            if None in label:
                continue
            true = micro.count(label)
        elif label is None:
            continue
        else:
            true = sum(place[kind == "columns"] == label for place in micro)
        assert added.n <= true
        assert added.at_least or added.n == true
    for side in (union.rows, union.columns):
        assert union.n is None or sum(margin.n for margin in side.values()) == union.n.n


@given(tables, st.integers(1, 4))
@settings(max_examples=100, deadline=None)
def test_a_union_of_one_table_is_that_table(places: list[tuple[str, str]], k: int) -> None:
    one = counted(places, k)
    union = unite(BY, shown([one]), 1)
    assert not any(added.at_least for added in said(union).values())
    if one is None:
        assert said(union) == {}
        return
    assert [(label, added.n) for label, added in union.rows.items()] == [(m["value"], m["n"]) for m in one["rows"]]
    cells = [[None if cell is None else cell.n for cell in line] for line in union.cells]
    assert cells == one["cells"]


@given(tables, st.integers(1, 4), st.sampled_from("wxyz"))
@settings(max_examples=200, deadline=None)
def test_a_region_that_is_a_group_shows_its_margin_and_its_cells_and_a_rest_of_k(
    places: list[tuple[str, str]], k: int, region: str
) -> None:
    one = counted(places, k)
    part = None if one is None else part_of(shown_table(BY, one), region)
    named = {} if one is None else {margin["value"]: margin["n"] for margin in one["columns"]}
    if one is None or part is None:
        assert region not in named
        return
    column = [margin["value"] for margin in one["columns"]].index(region)
    cells = {
        row["value"]: line[column]
        for row, line in zip(one["rows"], one["cells"], strict=False)
        if row["value"] is not None and line[column] is not None
    }
    assert (part.by, part.n, part.cells) == (("class",), named[region], None)
    assert part.margins == {"class": {**cells, None: named[region] - sum(cells.values())}}
    assert all(n >= k for n in part.margins["class"].values())


def test_a_region_in_a_table_by_regions_alone_has_a_total() -> None:
    alone = ShownTable(("region",), 9, {"region": {"w": 5, None: 4}}, None)
    assert part_of(alone, "w") == ShownTable((), 5, {}, None)
    assert part_of(alone, "x") is None
    first = ShownTable(
        ("region", "class"), 9, {"region": {"w": 5, None: 4}, "class": {"a": 6, None: 3}}, {("w", "a"): 3}
    )
    assert part_of(first, "w") == ShownTable(("class",), 5, {"class": {"a": 3, None: 2}}, None)


def test_a_label_that_one_table_shows_and_another_does_not_is_what_there_is_at_least() -> None:
    street = {"n": 20, "rows": [{"value": "a", "n": 12}, {"value": None, "n": 8}], "columns": [], "cells": []}
    other = {"n": 15, "rows": [{"value": "b", "n": 9}, {"value": None, "n": 6}], "columns": [], "cells": []}
    two = shown([street, other], ("class",))
    union = unite(("class",), two, 2)
    assert [*union.rows.items()] == [("a", Added(12, True)), ("b", Added(9, True)), (None, Added(14, False))]
    assert (union.n, union.shown_figures) == (Added(35, False), 4)
    # A third table, of which nothing is shown, or regions of unknown number: all is at least.
    for behind in (3, None):
        assert all(added.at_least for added in said(unite(("class",), two, behind)).values())
    assert unite(("class",), [], 3) == CountUnion(None, {}, {}, ())


def test_tables_by_other_groups_have_the_common_ones_and_their_cells_in_one_order() -> None:
    assert common_groups([("class", "level"), ("level", "class")]) == ("class", "level")
    assert common_groups([("class", "level"), ("region", "level")]) == ("level",)
    assert common_groups([("class",), ()]) == ()
    first = ShownTable(("class", "level"), 9, {"class": {"a": 9}, "level": {"1": 9}}, {("a", "1"): 9})
    turned = ShownTable(("level", "class"), 7, {"class": {"a": 7}, "level": {"1": 7}}, {("1", "a"): 7})
    assert unite(("class", "level"), [first, turned], 2).cells == [[Added(16, False)]]
    assert unite(("level",), [first, turned], 2) == CountUnion(Added(16, False), {"1": Added(16, False)}, {}, ())
    assert unite((), [first, turned], 2) == CountUnion(Added(16, False), {}, {}, ())
    margins_alone = ShownTable(("class", "level"), 5, {"class": {"a": 5}, "level": {"1": 5}}, None)
    assert unite(("class", "level"), [first, margins_alone], 2).cells == [[Added(9, True)]]
    assert unite(("class", "level"), [margins_alone], 1).cells == ()


def test_of_very_many_cells_the_margins_are_shown() -> None:
    def table(at: int) -> ShownTable:
        return ShownTable(("class", "day"), 6, {"class": {"a": 6}, "day": {f"{at:04d}": 6}}, {("a", f"{at:04d}"): 6})

    many = [table(at) for at in range(MOST_CELLS)]
    assert len(unite(("class", "day"), many, None).cells[0]) == MOST_CELLS
    wider = unite(("class", "day"), [*many, table(MOST_CELLS)], None)
    assert (wider.cells, wider.shown_figures) == ((), 1 + 1 + MOST_CELLS + 1)
