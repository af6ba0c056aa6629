"""Which tables of counts there are: one for each record, of whole regions and whole, settled periods."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from ledger.core.codes import AgencyKind
from ledger.core.count_tables import TableRule, parse_count_rules, period_bounds, threshold_for
from ledger.domain import COUNTS_TABLE, load_document
from ledger.errors import FormatError, UnsupportedFormat

pytestmark = pytest.mark.unit
CHINA = 8 * 3600
ROW: dict[str, Any] = {"from": "2026-01", "region": 9, "period": "month", "by": ["class", "level"]}
LATER: dict[str, Any] = {"from": "2026-06", "region": 12, "period": "day", "by": []}
TABLE: dict[str, Any] = {
    "format": "gongzhi-counts/1",
    "version": 4,
    "settleDays": 3,
    "default": [ROW],
    "items": [{"item": 7, "tables": [ROW, LATER]}],
}


def test_an_item_has_one_table_at_a_time() -> None:
    rules = parse_count_rules(TABLE)
    first, later = TableRule("2026-01", 9, "month", ("class", "level")), TableRule("2026-06", 12, "day", ())
    assert rules.version == 4
    assert [rules.rule_of(7, period) for period in ("2025-12", "2026-01", "2026-05", "2026-06", "2026-06-01")] == [
        *(None, first, first, later, later)
    ]
    assert rules.rule_of(8, "2030-01") == first


def test_an_item_without_tables_names_those_in_which_its_matters_are_counted() -> None:
    rules = parse_count_rules({**TABLE, "items": [{"item": 9, "tables": [], "countedIn": [7, 8]}]})
    assert rules.counted_in == {9: (7, 8)}
    assert parse_count_rules(TABLE).counted_in == {}


def test_a_period_is_settled_some_days_after_its_end() -> None:
    rules = parse_count_rules(TABLE)
    assert rules.settled_at(1_000_000) == 1_000_000 + 3 * 86_400
    assert [rules.is_settled(0, now) for now in (3 * 86_400 - 1, 3 * 86_400)] == [False, True]


def test_periods_are_whole_months_and_days_of_local_time_that_never_overlap() -> None:
    def utc(year: int, month: int, day: int, hour: int = 0) -> int:
        return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp())

    assert period_bounds("2026-11", "month", CHINA) == (utc(2026, 10, 31, 16), utc(2026, 11, 30, 16))
    assert period_bounds("2026-12", "month", 0) == (utc(2026, 12, 1), utc(2027, 1, 1))
    assert period_bounds("2024-02-29", "day", CHINA) == (utc(2024, 2, 28, 16), utc(2024, 2, 29, 16))
    months = [period_bounds(f"2026-{month:02d}", "month", CHINA) for month in range(1, 13)]
    assert all(earlier[1] == later[0] for earlier, later in pairwise(months))


@pytest.mark.parametrize(
    ("period", "unit"),
    [
        ("2026-13", "month"),
        ("2026-1", "month"),
        ("2026-01-01", "month"),
        ("2026-02-30", "day"),
        ("2026-01", "day"),
        ("1969-12", "month"),
        ("9999-12", "month"),
        ("", "day"),
        ("2026-01-1", "day"),
    ],
)
def test_what_is_no_period_is_refused(period: str, unit: str) -> None:
    with pytest.raises(FormatError, match="period"):
        period_bounds(period, unit, CHINA)


@pytest.mark.parametrize(
    ("kind", "k"),
    [
        (AgencyKind.POLICE, 5),
        (AgencyKind.COMMUNITY, 5),
        (AgencyKind.DISTRICT, 5),
        (AgencyKind.PROPERTY_COMPANY, 10),
        (AgencyKind.HOSPITAL, 10),
        (AgencyKind.AUDITOR, 10),
        (AgencyKind.SUPERVISOR, 10),
        (AgencyKind.EVALUATOR, 20),
        (0, 20),
        (99, 20),
    ],
)
def test_the_threshold_goes_by_who_asks(kind: int, k: int) -> None:
    assert threshold_for(kind) == k


def test_the_rules_in_force_can_be_read() -> None:
    rules = parse_count_rules(load_document(COUNTS_TABLE))
    assert rules.settle_days >= 1
    assert rules.rule_of(4_000, "2026-10") == rules.default[0]


@pytest.mark.parametrize(
    "change",
    [
        {"version": 0},
        {"settleDays": -1},
        {"remark": 1},
        {"default": []},
        {"items": TABLE["items"] * 2},
        {"items": [{"item": 7, "tables": []}]},
        {"items": [{"item": 7, "tables": [], "countedIn": []}]},
        {"items": [{"item": 7, "tables": [], "countedIn": ["8"]}]},
        {"items": [{"item": 7, "tables": [], "countedIn": [7]}]},
        {"items": [{"item": 7, "tables": [ROW], "countedIn": [8]}]},
        {"items": [{"item": 7, "tables": [], "countedIn": [8]}, {"item": 8, "tables": [], "countedIn": [9]}]},
        {"items": [{"item": 7, "tables": [], "countedIn": [8]}] * 2},
        {"items": [7]},
        {"default": [LATER, ROW]},
        {"default": [ROW, ROW]},
        *[
            {"default": [{**ROW, **wrong}]}
            for wrong in (
                *({"from": "2026"}, {"from": 2026}, {"region": 8}, {"period": "week"}, {"by": ["name"]}),
                *({"by": ["class", "class"]}, {"by": ["class", "level", "day"]}, {"period": "day", "by": ["day"]}),
            )
        ],
    ],
)
def test_what_are_no_rules_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        parse_count_rules({**TABLE, **change})


def test_another_format_is_unsupported() -> None:
    with pytest.raises(UnsupportedFormat):
        parse_count_rules({**TABLE, "format": "gongzhi-counts/2"})
