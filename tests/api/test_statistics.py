"""Counts that show nobody, on the real surface: one table for each record, made once, smaller for the public."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from ledger.core.codes import EntryType, Purpose, QueryType
from tests.api.consortium import Consortium
from tests.api.counting import (
    DAY,
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
from tests.api.members import COMMUNITY, FIRE, FIRE_READER, PROPERTY_KEY, PUBLISHER, Key
from tests.api.persons import CARE, FLAG, entries_of

pytestmark = pytest.mark.api
__all__ = ["caring", "consortium", "counting"]


def test_a_table_shows_what_at_least_k_persons_stand_behind(counting: Consortium) -> None:
    publish(counting, (12, "visit", HERE), (30, "visit", THERE), (41, "alert", HERE), (2, "alert", THERE))
    publish(counting, (2, "plan", HERE), (1, "plan", THERE))
    answer = count(counting)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["n"], found["k"], found["counted"], found["by"]) == (88, 5, "persons", ["class", "region"])
    assert (found["ruleVersions"], found["madeAt"], found["until"] - found["from"]) == ([3], counting.now, 31 * DAY)
    assert (found["periods"], found["tables"], found["atLeast"]) == (1, 1, False)
    # Three plans hide behind one of the others, two alerts behind the three other cells, a community in the rest.
    assert margins(found["columns"]) in ({HERE: 55, None: 33}, {THERE: 33, None: 55})
    assert margins(found["rows"]) in ({"alert": 43, None: 45}, {"visit": 42, None: 46})
    assert found["cells"] == [[None, None], [None, None]]


def test_that_a_group_is_empty_is_not_told(counting: Consortium) -> None:
    publish(counting, (6, "visit", HERE), (6, "visit", THERE))
    found = count(counting).json()
    assert margins(found["rows"]) == {None: 12}
    assert [line["n"] for line in found["columns"]] == [6, 6]
    assert sorted(line["value"] is None for line in found["columns"]) == [False, True]


def test_the_answer_is_a_signed_query_that_counts_its_figures(counting: Consortium) -> None:
    publish(counting, (12, "visit", HERE), (30, "visit", THERE))
    found = count(counting).json()
    message = entries_of(counting, EntryType.QUERY)[-1]
    assert found["query"]["message"] == message
    figures = 1 + len(found["rows"]) + len(found["columns"])
    expected = {"reader": FIRE, "queryType": int(QueryType.STATISTICS), "item": CARE, "resultCount": figures}
    assert expected.items() <= message.items()
    empty = count(counting, region="990101002").json()
    assert (empty["n"], empty["rows"], empty["cells"], empty["tables"]) == (None, [], [], 0)
    assert empty["query"]["message"]["resultCount"] == 0


def test_who_asks_decides_how_many_have_to_stand_behind_a_figure(counting: Consortium) -> None:
    publish(counting, (7, "visit", HERE), (8, "alert", THERE))
    assert [count(counting, caller).json()["k"] for caller in (FIRE_READER, PROPERTY_KEY, EVALUATOR)] == [5, 10, 20]
    assert margins(count(counting).json()["rows"]) in ({"visit": 7, None: 8}, {"alert": 8, None: 7})
    outside = count(counting, PROPERTY_KEY).json()
    assert (outside["n"], margins(outside["rows"])) == (15, {None: 15})
    assert count(counting, EVALUATOR).json()["n"] is None


def test_many_records_of_few_persons_are_not_shown(counting: Consortium) -> None:
    publish(counting, (40, "visit", HERE), persons=4)
    assert count(counting).json()["n"] is None


def test_a_table_asked_for_again_after_another_record_is_the_same(counting: Consortium) -> None:
    publish(counting, (12, "visit", HERE), (30, "visit", THERE))
    first = count(counting).json()
    publish(counting, (1, "visit", HERE))
    counting.advance(60)
    counting.add_block()
    again = count(counting).json()
    assert {**again, "query": None} == {**first, "query": None}
    assert again["query"]["message"]["request"] != first["query"]["message"]["request"]
    with psycopg.connect(counting.dsn) as connection:
        kept = connection.execute("SELECT region, period FROM kept_counts ORDER BY region").fetchall()
    assert kept == [("", "2026-12"), (STREET, "2026-12")]


def test_a_region_that_was_empty_or_small_when_its_period_was_made_stays_unshown(counting: Consortium) -> None:
    """Else who counts the late submissions would know how many were there before them."""
    publish(counting, (4, "visit", "990101002003"))
    assert count(counting).json()["n"] is None
    publish(counting, (40, "visit", "990101002003"), (40, "visit", HERE))
    unshown = [count(counting, region=region).json() for region in ("990101002", STREET, "990101003")]
    assert [(one["n"], one["madeAt"]) for one in unshown] == [(None, counting.now)] * 3
    # The next period is another table.
    assert count(counting, period="2026-11").json()["n"] is None


def test_a_table_that_is_asked_for_at_once_is_made_once(counting: Consortium) -> None:
    publish(counting, (12, "visit", HERE), (30, "visit", THERE))
    with ThreadPoolExecutor(4) as pool:
        answers = [answer.json() for answer in pool.map(lambda _: count(counting), range(4))]
    assert all({**answer, "query": None} == {**answers[0], "query": None} for answer in answers)
    assert answers[0]["n"] == 42


@pytest.mark.parametrize(
    ("region", "period"),
    [
        (HERE + "001", "2026-12"),
        (STREET[:8], "2026-12"),
        (STREET, "2026-12-15"),
        (STREET, "2026-12..2026-11"),
        (STREET, "2025-12"),
        (STREET, "2026-13"),
        ("99010100a", "2026-12"),
    ],
)
def test_no_window_overlaps_another_so_that_none_can_be_subtracted(
    counting: Consortium, region: str, period: str
) -> None:
    publish(counting, (12, "visit", HERE), (30, "visit", THERE))
    before = counting.rows()
    answer = count(counting, region=region, period=period)
    assert answer.status_code == 422
    assert answer.json()["code"] == "table_not_counted"
    assert counting.rows() == before


def test_a_period_that_is_not_settled_is_not_counted(counting: Consortium) -> None:
    answer = count(counting, period="2027-01")
    assert (answer.status_code, answer.json()["code"]) == (409, "period_open")
    settled_at = int(answer.json()["detail"].split("from ")[1].split(" ")[0])
    counting.clock.now = settled_at - 1
    counting.add_block()
    assert count(counting, period="2027-01").json()["code"] == "period_open"
    counting.clock.now = settled_at
    counting.add_block()
    assert count(counting, period="2027-01").status_code == 200


@pytest.mark.parametrize(
    ("caller", "headers", "name"),
    [
        (PUBLISHER, {}, "key_not_entitled"),
        (FIRE_READER, {"item": "0"}, "item_unknown"),
        (FIRE_READER, {"item": "999"}, "item_unknown"),
        (FIRE_READER, {"purpose": str(int(Purpose.SUPPLIES))}, "purpose_not_allowed"),
        (FIRE_READER, {"item": str(FLAG)}, "item_not_shared"),
    ],
)
def test_what_may_not_be_asked_is_refused_and_entered(
    counting: Consortium, caller: Key, headers: dict[str, str], name: str
) -> None:
    answer = count(counting, caller, **headers)
    assert (answer.status_code, answer.json()["name"]) == (403, name)
    assert len(entries_of(counting, EntryType.REFUSAL)) == 1


def test_withdrawn_records_are_not_counted(counting: Consortium) -> None:
    publish(counting, (12, "visit", HERE))
    with psycopg.connect(counting.dsn) as connection:
        connection.execute("UPDATE records SET hidden = true WHERE publisher = %s", (COMMUNITY,))
    assert count(counting).json()["n"] is None
