"""Counts of any region and time: tables that were made once are added up, and tell no more than one by one."""

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from ledger.core.codes import EntryType
from ledger.core.count_tables import period_bounds
from ledger.count_rows import KeptCounts
from ledger.services import make_counts, statistics
from ledger.store.postgres import PostgresStore
from tests.api.consortium import Consortium
from tests.api.counting import (
    DAY,
    DECEMBER,
    EVALUATOR,
    HERE,
    STREET,
    THERE,
    caring,
    consortium,
    count,
    counting,
    margins,
    publish,
)
from tests.api.members import FIRE_READER, PROPERTY_KEY, Key
from tests.api.persons import CARE, entries_of

pytestmark = pytest.mark.api
__all__ = ["caring", "consortium", "counting"]
NOVEMBER, OCTOBER = DECEMBER - 20 * DAY, DECEMBER - 50 * DAY
DECEMBER_BEGINS, DECEMBER_ENDS = period_bounds("2026-12", "month", 8 * 3_600)
NEXT_STREET, OTHER_COUNTY = "990101002", "990102001"


@pytest.fixture
def counted(counting: Consortium) -> Consortium:
    """Two streets of one county and one of another in three months, with small ones among them."""
    publish(counting, (12, "visit", HERE), (30, "visit", THERE), (11, "alert", HERE), (7, "alert", THERE))
    publish(counting, (9, "visit", NEXT_STREET + "001"), (8, "alert", NEXT_STREET + "002"))
    publish(counting, (25, "alert", HERE), (6, "plan", THERE), (3, "visit", NEXT_STREET + "001"), at=NOVEMBER)
    publish(counting, (14, "visit", OTHER_COUNTY + "001"), (2, "visit", HERE), at=NOVEMBER)
    publish(counting, (5, "plan", THERE), (23, "plan", HERE), at=OCTOBER)
    return counting


def figures(answer: dict[str, Any]) -> Counter[Any]:
    """Every figure of an answer by its place."""
    found: Counter[Any] = Counter({("n", None): answer["n"]} if answer["n"] is not None else {})
    for side in ("rows", "columns"):
        found.update({(side, margin["value"]): margin["n"] for margin in answer[side]})
    for row, line in zip(answer["rows"], answer["cells"], strict=False):
        for column, cell in zip(answer["columns"], line, strict=True):
            if cell is not None:
                found[row["value"], column["value"]] = cell["n"]
    return found


def kept(consortium: Consortium) -> tuple[int, int]:
    """How many periods are made, and how many rows are kept with them."""
    with psycopg.connect(consortium.dsn) as connection:
        row = connection.execute("SELECT count(*) FILTER (WHERE region = ''), count(*) FROM kept_counts").fetchone()
    assert row is not None
    return row[0], row[1]


@pytest.mark.parametrize("caller", [FIRE_READER, PROPERTY_KEY, EVALUATOR])
@pytest.mark.parametrize("region", [None, "99", "9901", "990101", STREET])
def test_a_union_is_the_sum_of_what_its_tables_tell_one_by_one(
    counted: Consortium, caller: Key, region: str | None
) -> None:
    union = count(counted, caller, region, "2026-Q4").json()
    expected: Counter[Any] = Counter()
    tables = 0
    for month in ("2026-10", "2026-11", "2026-12"):
        for street in (STREET, NEXT_STREET, OTHER_COUNTY):
            if street.startswith(region or ""):
                alone = count(counted, caller, street, month).json()
                tables += alone["n"] is not None
                expected += figures(alone)
    assert figures(union) == expected
    assert (union["tables"], union["periods"]) == (tables, 3)
    assert min(expected.values()) >= union["k"]
    message = entries_of(counted, EntryType.QUERY)[0]
    assert message["resultCount"] == len(expected)


def test_a_time_of_one_region_is_complete_where_every_month_shows_the_figure(counted: Consortium) -> None:
    found = count(counted, period="2026-10..2026-12").json()
    assert (found["n"], found["atLeast"], found["tables"]) == (121, False, 3)
    assert (found["until"] - found["from"], found["madeAt"]) == (92 * DAY, counted.now)
    rests = [line["atLeast"] for side in ("rows", "columns") for line in found[side] if line["value"] is None]
    assert rests == [False, False]
    # No month shows each class, since each has a rest.
    assert all(line["atLeast"] for line in found["rows"] if line["value"] is not None)
    # In November the street next door has three records, in October none: both look the same.
    other = count(counted, region=NEXT_STREET, period="2026-11..2026-12").json()
    assert (other["n"], other["atLeast"], other["tables"]) == (17, True, 1)
    assert count(counted, region=NEXT_STREET, period="2026-10..2026-11").json()["n"] is None


def test_a_year_is_its_months(counted: Consortium) -> None:
    year, months = (count(counted, period=period).json() for period in ("2026", "2026-01..2026-12"))
    assert {**year, "period": "", "query": None} == {**months, "period": "", "query": None}
    assert (year["n"], year["atLeast"], year["tables"], year["periods"]) == (121, True, 3, 12)


def test_regions_that_are_added_up_are_what_there_is_at_least(counted: Consortium) -> None:
    for region in ("990101", "99", None):
        found = count(counted, region=region).json()
        assert (found["region"], found["n"], found["atLeast"], found["tables"]) == (region, 77, True, 2)
        assert all(line["atLeast"] for line in (*found["rows"], *found["columns"]))


def test_a_community_is_shown_by_its_street_s_table_alone(counted: Consortium) -> None:
    street = count(counted).json()
    columns = margins(street["columns"])
    for region in (HERE, THERE):
        found = count(counted, region=region).json()
        assert (found["n"], found["by"]) == (columns.get(region), ["class"])
        if region in columns:
            place = [line["value"] for line in street["columns"]].index(region)
            shown = {
                row["value"]: line[place]["n"]
                for row, line in zip(street["rows"], street["cells"], strict=False)
                if row["value"] is not None and line[place] is not None
            }
            assert margins(found["rows"]) == {**shown, None: found["n"] - sum(shown.values())}
            assert not found["atLeast"]
    assert count(counted, region=STREET + "999").json()["n"] is None


def test_a_union_makes_its_tables_together_and_once(counted: Consortium) -> None:
    first = count(counted, region=None, period="2026-Q4").json()
    publish(counted, (40, "visit", HERE), (40, "visit", "990103001001"), at=NOVEMBER)
    counted.advance(60)
    counted.add_block()
    again = count(counted, region=None, period="2026-Q4").json()
    assert {**again, "query": None} == {**first, "query": None}
    assert count(counted, region="990103001", period="2026-11").json()["n"] is None
    assert kept(counted) == (3, 8)


def test_who_waits_for_another_s_making_shows_what_the_other_made(counted: Consortium) -> None:
    about = {
        "from": DECEMBER_BEGINS,
        "until": DECEMBER_ENDS,
        "region": 9,
        "by": ["class", "region"],
        "counted": "persons",
    }
    store = PostgresStore(counted.dsn)
    with ThreadPoolExecutor(1) as pool, psycopg.connect(counted.dsn, autocommit=True) as watcher:
        with store.begin() as other:
            other.lock_about(b"counts/" + CARE.to_bytes(4, "big"))
            asked = pool.submit(count, counted)
            while not asked.done() and not watcher.execute("SELECT FROM pg_locks WHERE NOT granted").fetchall():
                time.sleep(0.01)
            other.keep_counts(CARE, [KeptCounts("", "2026-12", 3, 77, json.dumps(about))])
        found = asked.result().json()
    store.close()
    assert (found["n"], found["madeAt"]) == (None, 77)


@pytest.mark.parametrize(
    ("region", "period", "code"),
    [
        ("9901011", "2026-11", "table_not_counted"),
        ("99010100x", "2026-11", "table_not_counted"),
        (HERE + "001", "2026-Q4", "table_not_counted"),
        ("990101", "2025-12..2026-02", "table_not_counted"),
        ("990101", "2026-11-01..2026-11-30", "table_not_counted"),
        ("990101", "2026-11-31", "table_not_counted"),
        ("990101", "2026-11..2027-01", "period_open"),
        ("990101", "1970..9998", "count_too_wide"),
        ("990101", "2026-01..2056-07", "count_too_wide"),
    ],
)
def test_what_cannot_be_added_up_is_refused_and_changes_nothing(
    counted: Consortium, region: str, period: str, code: str
) -> None:
    before = counted.rows()
    answer = count(counted, region=region, period=period)
    assert (answer.status_code, answer.json()["code"]) == (409 if code == "period_open" else 422, code)
    assert counted.rows() == before
    if code == "count_too_wide":
        assert "at most 366 are added up" in answer.json()["detail"]


def test_more_shown_tables_than_one_answer_adds_up_are_refused_by_what_the_caller_is_shown(
    counted: Consortium, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "MOST_TABLES", 3)
    entries = len(entries_of(counted, EntryType.QUERY))
    answer = count(counted, region=None, period="2026-Q4")
    assert (answer.status_code, answer.json()["code"]) == (422, "count_too_wide")
    assert "more than 3 tables" in answer.json()["detail"]
    assert len(entries_of(counted, EntryType.QUERY)) == entries + 1
    assert entries_of(counted, EntryType.QUERY)[0]["resultCount"] == 0
    # The public is shown three of the five.
    assert count(counted, EVALUATOR, None, "2026-Q4").json()["tables"] == 3
    # What was made for the refused question stays.
    publish(counted, (40, "visit", HERE))
    assert count(counted).json()["n"] == 60


def test_one_question_makes_so_many_periods_and_says_how_many_are_left(
    counted: Consortium, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make_counts, "MOST_MADE", 2)
    first, second = (count(counted, period="2026-08..2026-12") for _ in range(2))
    for answer, made in ((first, 2), (second, 4)):
        assert (answer.status_code, answer.json()["code"]) == (409, "tables_in_making")
        assert f"{made} of 5 periods are made" in answer.json()["detail"]
    assert count(counted, period="2026-08..2026-12").json()["n"] == 121
    # Each question is an entry, and those that only made tables show no figure.
    shown = [message["resultCount"] > 0 for message in entries_of(counted, EntryType.QUERY)]
    assert sorted(shown) == [False, False, True]


@pytest.mark.parametrize(
    ("made", "change"),
    [
        ("2026-12", {"by": ["level", "region"]}),
        ("2026-12", {"region": 6}),
        ("2026-12", {"from": DECEMBER_BEGINS - 3_600, "until": DECEMBER_ENDS - 3_600}),
        ("2026-12", {"until": DECEMBER_ENDS - 3_600}),
        ("2026-12-05", {"from": DECEMBER_BEGINS + 4 * DAY, "until": DECEMBER_BEGINS + 5 * DAY}),
        ("2027-01", {"from": DECEMBER_ENDS - 3_600, "until": DECEMBER_ENDS + 30 * DAY}),
    ],
)
def test_rules_whose_past_was_changed_are_noticed_before_anything_is_made(
    counted: Consortium, monkeypatch: pytest.MonkeyPatch, made: str, change: dict[str, Any]
) -> None:
    assert count(counted).status_code == 200
    with psycopg.connect(counted.dsn) as connection:
        row = connection.execute("SELECT tables FROM kept_counts WHERE region = ''").fetchone()
        assert row is not None
        other = json.dumps({**json.loads(row[0]), **change})
        connection.execute("UPDATE kept_counts SET period = %s, tables = %s WHERE region = ''", (made, other))
    before = counted.rows(), kept(counted)
    monkeypatch.setattr(make_counts, "MOST_MADE", 1)
    for period in ("2026-12", "2026-08..2026-12"):
        answer = count(counted, period=period)
        assert (answer.status_code, answer.json()["code"]) == (422, "table_not_counted")
        assert f"was counted otherwise in {made}, by version 3 of the rules" in answer.json()["detail"]
        assert (counted.rows(), kept(counted)) == before


def test_the_month_before_a_made_one_is_made(counted: Consortium) -> None:
    for period in ("2026-12", "2026-11"):
        assert count(counted, period=period).status_code == 200
