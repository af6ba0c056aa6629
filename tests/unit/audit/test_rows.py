"""Rows of fixed size: a record's place, time and class come back as scopes judge them, however long the class is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.audit.rows import RecordRow, record_row, record_rows, with_keys
from ledger.core.scope import Scope
from ledger.core.stored import SearchKeys
from tests.simulated_consortium import number32

pytestmark = pytest.mark.unit
ROW = RecordRow(number32("record"), 1, number32("root"), bytes(32), 7, 5, 6, 1, True)


def read_back(keys: SearchKeys) -> RecordRow:
    (row,) = record_rows(record_row(with_keys(ROW, keys)))
    return row


@pytest.mark.parametrize(
    ("region", "occurred_at", "record_class"),
    [("990101001001", 1_800_000_000, "fire/alarm"), (None, None, None), ("9", 0, "火" * 21), ("1" * 15, -1, "a" * 64)],
)
def test_reserved_slots_come_back(region: str | None, occurred_at: int | None, record_class: str | None) -> None:
    keys = SearchKeys(region, occurred_at, None, record_class, None)
    row = read_back(keys)
    assert row.is_known
    assert row.keys == keys
    assert not next(record_rows(record_row(ROW))).is_known


@pytest.mark.parametrize("record_class", ["fire/" + "a" * 60, "火灾/" + "报警" * 30, "fire/" + "a" * 58 + "é" * 9])
def test_a_class_longer_than_any_scope_lists_is_cut_and_matches_by_its_beginning(record_class: str) -> None:
    row = read_back(SearchKeys("990101", None, None, record_class, None))
    assert (row.is_known, row.is_class_cut, row.keys.region) == (True, True, "990101")

    def covers(*classes: str) -> bool:
        keys = row.keys
        scope = Scope(bytes(32), ("990101",), classes=classes)
        return scope.covers(row.record_id, keys.region, keys.occurred_at, keys.record_class)

    assert covers(record_class[: record_class.index("/") + 1])
    kept = record_class.encode()[:64].decode("utf-8", "ignore")
    assert not covers(kept)
    assert not covers("flood/")
    assert covers("flood/", record_class[: record_class.index("/") + 1])


@given(st.text(min_size=1, max_size=90), st.lists(st.text(min_size=1, max_size=30), max_size=3))
def test_a_scope_judges_a_row_as_it_judges_the_record(record_class: str, classes: list[str]) -> None:
    record_class = record_class.replace("\0", "0")
    listed = tuple(one for one in (*classes, record_class[:9] + "/") if len(one.encode()) <= 64 and "\uffff" not in one)
    scope = Scope(bytes(32), ("",), classes=listed)
    row = read_back(SearchKeys(None, None, None, record_class, None))
    judged = scope.covers(row.record_id, None, None, row.keys.record_class)
    assert judged == scope.covers(row.record_id, None, None, record_class)
