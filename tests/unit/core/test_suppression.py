"""Counts that show nobody, attacked: every table of counts that fits what is shown is tried."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from hashlib import sha256
from itertools import permutations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.suppression import MOST_CELLS, NOTHING, CountTable, Figure, suppress, table_of

pytestmark = pytest.mark.unit
ROWS, COLUMNS = "abcd", "wxyz"
Micro = Sequence[tuple[int, str, str]]
"""Records as (person, row, column)."""


def counted(micro: Micro, *, is_about_persons: bool = False) -> CountTable:
    """Count records as the database does: by both groups, by each, and all."""
    found: dict[tuple[str | None, str | None], list[int]] = defaultdict(list)
    found[None, None] = []
    for person, row, column in micro:
        for key in ((row, column), (row, None), (None, column), (None, None)):
            found[key].append(person)
    figures = {
        key: Figure(len(persons), len(set(persons)) if is_about_persons else len(persons))
        for key, persons in found.items()
    }
    return table_of(figures, is_about_persons=is_about_persons)


def shown_of(full: CountTable, k: int) -> CountTable:
    """What may be shown; who joins a rest goes by the alphabet."""
    return suppress(full, k, str.encode)


def table(counts: Sequence[Sequence[int]]) -> CountTable:
    """A table of these records, one person each."""
    return counted(
        [(0, ROWS[r], COLUMNS[c]) for r, row in enumerate(counts) for c, n in enumerate(row) for _ in range(n)]
    )


def completions(shown: CountTable) -> Iterator[Mapping[tuple[int, int], int]]:
    """Every way to fill the hidden cells so that each row and column has its total."""
    rows = [total.records for total in shown.row_totals]
    columns = [total.records for total in shown.column_totals]
    for r, line in enumerate(shown.cells):
        for c, figure in enumerate(line):
            if (r, c) not in shown.hidden:
                rows[r] -= figure.records
                columns[c] -= figure.records
    places = sorted(shown.hidden)

    def fill(at: int, filled: dict[tuple[int, int], int]) -> Iterator[Mapping[tuple[int, int], int]]:
        if at == len(places):
            if not any(rows) and not any(columns):
                yield dict(filled)
            return
        r, c = places[at]
        for value in range(min(rows[r], columns[c]) + 1):
            rows[r] -= value
            columns[c] -= value
            yield from fill(at + 1, {**filled, (r, c): value})
            rows[r] += value
            columns[c] += value

    yield from fill(0, {})


def known_too_well(shown: CountTable, k: int) -> list[tuple[int, int]]:
    """The hidden cells whose possible values lie less than k apart."""
    values = defaultdict(set)
    for filled in completions(shown):
        for place, value in filled.items():
            values[place].add(value)
    assert set(values) == shown.hidden, "the true counts fit"
    return [place for place, seen in values.items() if max(seen) - min(seen) < k]


small_counts = st.integers(2, 3).flatmap(
    lambda width: st.lists(st.lists(st.integers(0, 5), min_size=width, max_size=width), min_size=2, max_size=3)
)


@given(small_counts, st.integers(2, 4))
@settings(max_examples=120, deadline=None)
def test_no_hidden_cell_can_be_worked_out_from_what_is_shown(counts: list[list[int]], k: int) -> None:
    shown = shown_of(table(counts), k)
    assert known_too_well(shown, k) == []
    for figures in (shown.row_totals, shown.column_totals):
        assert all(figure.records >= k for figure in figures)
    for r, line in enumerate(shown.cells):
        assert all(figure.records >= k or (r, c) in shown.hidden for c, figure in enumerate(line))


def determined(shown: CountTable) -> set[tuple[int, int]]:
    """The hidden cells that follow from the equations of rows and columns alone (Gauss, exact fractions)."""
    places = sorted(shown.hidden)
    lines = [
        [Fraction(int(place[side] == line)) for place in places]
        for side, size in ((0, len(shown.rows)), (1, len(shown.columns)))
        for line in range(size)
    ]
    pivots: dict[int, list[Fraction]] = {}
    for line in lines:
        for at, row in pivots.items():
            line = [a - line[at] * b for a, b in zip(line, row, strict=True)]
        first = next((at for at, value in enumerate(line) if value), None)
        if first is not None:
            line = [value / line[first] for value in line]
            pivots = {at: [a - row[first] * b for a, b in zip(row, line, strict=True)] for at, row in pivots.items()}
            pivots[first] = line
    return {places[at] for at, row in pivots.items() if sum(map(bool, row)) == 1}


@given(st.lists(st.lists(st.integers(0, 30), min_size=6, max_size=6), min_size=5, max_size=5))
@settings(max_examples=40, deadline=None)
def test_no_hidden_cell_of_a_larger_table_follows_from_its_margins(counts: list[list[int]]) -> None:
    shown = shown_of(wide(counts), 10)
    assert determined(shown) == set()
    assert determined(shown_of(shown, 20)) == set()


def test_the_attack_finds_what_one_hidden_cell_in_a_row_gives_away() -> None:
    naive = replace(wide([[3, 40, 50], [60, 30, 20], [70, 8, 9]]), hidden=frozenset({(0, 0), (2, 1), (2, 2)}))
    assert (0, 0) in determined(naive)


def wide(counts: Sequence[Sequence[int]]) -> CountTable:
    """A table of any size of these records."""
    figures: Counter[tuple[str | None, str | None]] = Counter({(None, None): 0})
    for r, line in enumerate(counts):
        for c, n in enumerate(line):
            for key in ((f"r{r}", f"c{c}"), (f"r{r}", None), (None, f"c{c}"), (None, None)):
                figures[key] += n
    return table_of({key: Figure(n, n) for key, n in figures.items()}, is_about_persons=False)


records = st.lists(
    st.tuples(st.integers(0, 7), st.sampled_from(ROWS[:3]), st.sampled_from(COLUMNS[:3])), min_size=1, max_size=24
)


def labels_of(label: str | None, shown: Sequence[str | None], every: str) -> set[str]:
    return {label} if label is not None else set(every) - set(shown)


@given(records, st.integers(2, 3))
@settings(max_examples=150, deadline=None)
def test_what_a_row_or_column_hides_is_of_at_least_k_persons(micro: Micro, k: int) -> None:
    shown = shown_of(counted(micro, is_about_persons=True), k)
    rows = [labels_of(label, shown.rows, ROWS) for label in shown.rows]
    columns = [labels_of(label, shown.columns, COLUMNS) for label in shown.columns]

    def persons(places: set[tuple[int, int]]) -> int:
        return len({p for p, row, column in micro if any(row in rows[r] and column in columns[c] for r, c in places)})

    for r, together in enumerate(rows):
        assert len({p for p, label, _ in micro if label in together}) >= k
        gone = {place for place in shown.hidden if place[0] == r}
        assert not gone or persons(gone) >= k
    for c, together in enumerate(columns):
        assert len({p for p, _, label in micro if label in together}) >= k
        gone = {place for place in shown.hidden if place[1] == c}
        assert not gone or persons(gone) >= k
    for r, line in enumerate(shown.cells):
        assert all((r, c) in shown.hidden or persons({(r, c)}) >= k for c in range(len(line)))


@given(records, st.booleans())
@settings(max_examples=150, deadline=None)
def test_a_table_for_the_public_says_nothing_that_the_one_for_members_does_not(micro: Micro, persons: bool) -> None:
    inner = shown_of(counted(micro, is_about_persons=persons), 2)
    outer = shown_of(inner, 4)
    if outer.total is None:
        return
    assert outer.total == inner.total
    rows = [[i for i, label in enumerate(inner.rows) if _stands_in(label, shown, outer.rows)] for shown in outer.rows]
    columns = [
        [i for i, label in enumerate(inner.columns) if _stands_in(label, shown, outer.columns)]
        for shown in outer.columns
    ]
    for parts, total in zip(rows, outer.row_totals, strict=True):
        assert total.records == sum(inner.row_totals[part].records for part in parts)
    for r, line in enumerate(outer.cells):
        for c, figure in enumerate(line):
            places = [(row, column) for row in rows[r] for column in columns[c]]
            if (r, c) not in outer.hidden:
                assert not inner.hidden.intersection(places)
                assert figure.records == sum(inner.cells[row][column].records for row, column in places)


def _stands_in(label: str | None, shown: str | None, all_shown: Sequence[str | None]) -> bool:
    return label == shown if shown is not None else label is None or label not in all_shown


def test_a_table_of_fewer_than_k_shows_nothing() -> None:
    nothing = shown_of(table([[3, 2], [2, 2]]), 10)
    assert (nothing.total, nothing.rows, nothing.cells, nothing.shown_figures) == (None, (), (), 0)
    assert shown_of(nothing, 20).total is None
    assert shown_of(table([[3, 2], [2, 3]]), 10).total == Figure(10, 10)
    assert shown_of(counted([]), 1).total is None


def test_small_groups_are_merged_without_a_label_with_another_that_hides_them() -> None:
    full = counted([(0, "a", "w")] * 30 + [(0, "b", "w")] * 12 + [(0, "c", "w")] * 2)
    shown = shown_of(full, 10)
    assert margins(shown) == {"b": 12, None: 32}
    # One column alone is the whole table again: its cells would be the rows' totals.
    assert (shown.columns, shown.cells, shown.shown_figures) == ((None,), (), 4)
    # Who joins goes by the order that is given, not by size.
    assert margins(suppress(full, 10, {"a": b"2", "b": b"1", "c": b"0", "w": b""}.__getitem__)) == {"a": 30, None: 14}
    many = shown_of(counted([(0, "a", "w")] * 30 + [(0, "b", "w")] * 6 + [(0, "c", "w")] * 5), 10)
    assert many.rows == (None,)


def test_a_rest_is_made_where_nothing_is_small_so_that_no_missing_label_is_empty() -> None:
    full = counted([(0, row, "w") for row in "abc" for _ in range(12)])
    assert margins(shown_of(full, 5)) == {"b": 12, "c": 12, None: 12}
    # For a greater k the rest stays what it is, or takes what is small then; a small rest is joined by another.
    assert margins(shown_of(shown_of(full, 5), 10)) == {"b": 12, "c": 12, None: 12}
    mixed = table_of(_margins(Counter(a=12, b=7, c=30)), is_about_persons=False)
    assert margins(shown_of(shown_of(mixed, 5), 10)) == {"c": 30, None: 19}
    small = table_of(_margins(Counter(a=6, b=12, c=30)), is_about_persons=False)
    assert margins(shown_of(shown_of(small, 5), 10)) == {"c": 30, None: 18}


def margins(shown: CountTable) -> dict[str | None, int]:
    """Labels of rows with their records."""
    return dict(zip(shown.rows, [total.records for total in shown.row_totals], strict=True))


def test_who_knows_the_rule_works_no_missing_group_out() -> None:
    k, most, labels = 3, 8, "abc"
    behind: dict[tuple[tuple[str | None, int], ...], set[tuple[int, ...]]] = defaultdict(set)
    for counts in product(range(most), repeat=len(labels)):
        full = table_of(_margins(Counter(dict(zip(labels, counts, strict=True)))), is_about_persons=False)
        full = replace(full, rows=tuple(r for r, n in margins(full).items() if n), row_totals=_positive(full))
        for order in permutations((b"1", b"2", b"3")):
            shown = suppress(full, k, dict(zip(labels, order, strict=True)).__getitem__)
            behind[tuple(margins(shown).items())].add(counts)
    told = []
    for shown_rows, tables in behind.items():
        missing = [place for place, label in enumerate(labels) if label not in dict(shown_rows)]
        if not shown_rows or dict(shown_rows)[None] >= most:
            continue  # nothing is shown, or larger counts than were tried would fit too
        for place in missing:
            values = {counts[place] for counts in tables}
            alone = len(missing) == 1 and min(values) >= k
            if not alone and max(values) - min(values) < k:
                told.append((shown_rows, labels[place], values))
    assert len(behind) > 100
    assert told == []


def test_who_knows_the_rule_works_no_hidden_cell_out_by_what_was_hidden_with_it() -> None:
    k, columns, first = 3, (6, 6, 3), 9
    behind: dict[CountTable, set[tuple[int, ...]]] = defaultdict(set)
    for upper in product(*(range(most + 1) for most in columns)):
        if sum(upper) != first:
            continue
        lower = tuple(most - n for most, n in zip(columns, upper, strict=True))
        for key in range(30):
            order = partial(digest_of, bytes([key]))
            shown = suppress(with_rest(wide([upper, lower])), k, order)
            if shown.cells:
                cells = tuple(
                    tuple(NOTHING if (r, c) in shown.hidden else figure for c, figure in enumerate(line))
                    for r, line in enumerate(shown.cells)
                )
                behind[replace(shown, cells=cells)].add((*upper, *lower))
    assert behind
    for tables in behind.values():
        for values in (set(column) for column in zip(*tables, strict=True)):
            assert len(values) > 1 or min(values) >= k


def digest_of(key: bytes, label: str) -> bytes:
    return sha256(key + label.encode()).digest()


def _positive(full: CountTable) -> tuple[Figure, ...]:
    return tuple(total for total in full.row_totals if total.records)


def test_one_person_with_very_many_records_is_not_told_by_them() -> None:
    """A cell of 16 records of one person has room for 8, not for k alone, as far as its row and column have it."""
    cells = [[(16, 1), (2, 2), (9, 9)], [(2, 2), (2, 2), (9, 9)], [(10, 10), (11, 11), (12, 12)]]
    figures = tuple(tuple(Figure(*cell) for cell in line) for line in cells)
    rows = tuple(Figure(sum(c.records for c in line), sum(c.units for c in line)) for line in figures)
    columns = tuple(
        Figure(sum(c.records for c in line), sum(c.units for c in line)) for line in zip(*figures, strict=True)
    )
    full = CountTable((*"ab", None), (*"wx", None), rows, columns, figures, Figure(73, 58), True)
    shown = shown_of(full, 2)
    values = [filled[0, 0] for filled in completions(shown)]
    assert max(values) - min(values) >= 8
    # Where the records are of as many persons they are shown.
    several = replace(full, cells=((Figure(16, 16), *figures[0][1:]), *figures[1:]))
    assert (0, 0) not in shown_of(several, 2).hidden


def test_where_every_group_is_small_the_total_alone_is_left() -> None:
    shown = shown_of(counted([(0, row, "w") for row in "abcd" for _ in range(6)]), 10)
    assert (shown.rows, [total.records for total in shown.row_totals]) == ((None,), [24])


def test_a_small_cell_is_hidden_with_a_rectangle_of_others() -> None:
    shown = shown_of(with_rest(table([[3, 40, 50], [60, 30, 20], [70, 80, 90]])), 10)
    ((other_row, other_column),) = {place for place in shown.hidden if place[0] and place[1]}
    assert shown.hidden == {(0, 0), (0, other_column), (other_row, 0), (other_row, other_column)}
    assert shown.shown_figures == 1 + 3 + 3 + 5
    # Corners of 9 and 8 give a cell too little room; larger ones are taken.
    assert len(shown_of(with_rest(table([[3, 12, 50], [12, 30, 20], [70, 80, 90]])), 10).hidden) == 4


def with_rest(full: CountTable) -> CountTable:
    """The same table, whose last row and column are the rest already."""
    return replace(full, rows=(*full.rows[:-1], None), columns=(*full.columns[:-1], None))


def test_small_cells_that_have_room_among_themselves_hide_no_other() -> None:
    shown = shown_of(with_rest(table([[9, 9, 50], [9, 9, 50], [9, 9, 50]])), 10)
    assert shown.hidden == {(r, c) for r in range(3) for c in range(2)}


def test_persons_count_however_many_records_each_has() -> None:
    micro = [(1, "a", "w")] * 50 + [(person, row, column) for person in range(40) for row, column in ("ax", "bw", "bx")]
    shown = shown_of(counted(micro, is_about_persons=True), 10)
    assert (0, 0) in shown.hidden
    assert shown_of(counted(micro), 10).hidden == frozenset()
    # Two cells of one and the same person hide nobody: a third one joins them.
    twice = [(1, "a", "w")] * 30 + [(1, "a", "x")] * 30 + [(1, "b", "w")] * 30 + [(1, "b", "x")] * 30
    others = [
        (person, row, column)
        for person in range(20)
        for row, columns in (("a", "yz"), ("b", "yz"), ("c", "wxyz"))
        for column in columns
    ]
    hidden = shown_of(with_rest(counted([*twice, *others], is_about_persons=True)), 10).hidden
    assert hidden >= {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert {(0, 2), (0, 3)} & hidden
    assert {(1, 2), (1, 3)} & hidden


def test_a_table_of_very_many_cells_shows_its_margins() -> None:
    side = int(MOST_CELLS**0.5) + 1
    wide = [(0, f"r{row:03d}", f"c{column:03d}") for row in range(side) for column in range(side)]
    shown = shown_of(counted(wide), 5)
    assert (len(shown.rows), shown.cells) == (side, ())
    assert shown_of(shown, 10).cells == ()


def test_a_table_by_one_group_or_none_has_no_cells() -> None:
    shown = shown_of(table_of(_margins(Counter(a=30, b=2, c=11)), is_about_persons=False), 10)
    assert (shown.rows, shown.columns, shown.cells, shown.shown_figures) == (("c", None), (), (), 3)
    bare = shown_of(table_of({(None, None): Figure(12, 12)}, is_about_persons=False), 10)
    assert (bare.rows, bare.shown_figures) == ((), 1)


def _margins(counts: Counter[str]) -> dict[tuple[str | None, str | None], Figure]:
    total = counts.total()
    return {(row, None): Figure(n, n) for row, n in counts.items()} | {(None, None): Figure(total, total)}
