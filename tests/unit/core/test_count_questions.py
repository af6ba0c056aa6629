"""What a question for counts asks for, by the rules alone."""

import pytest

from ledger.action_errors import CountTooWide, TableNotCounted
from ledger.core.count_questions import (
    MOST_PERIODS,
    asked_periods,
    asked_region,
    is_union_of_regions,
    shown_groups,
)
from ledger.core.count_tables import CountRules, TableRule

pytestmark = pytest.mark.unit
STREETS = TableRule("2015-03", 9, "month", ("class", "region"))
COMMUNITIES = TableRule("2016-12", 12, "day", ("level",))
RULES = CountRules(4, 3, (STREETS,), {7: (STREETS, COMMUNITIES)})
PROVINCE, COUNTY, STREET, COMMUNITY = "99", "990101", "990101001", "990101001003"


def names(period: str, region: str = COUNTY, item: int = 1) -> list[str]:
    return [one.name for one in asked_periods(RULES, item, region, period)]


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("2016-02", ["2016-02"]),
        ("2016-Q1", ["2016-01", "2016-02", "2016-03"]),
        ("2016-Q4", ["2016-10", "2016-11", "2016-12"]),
        ("2015-11..2016-02", ["2015-11", "2015-12", "2016-01", "2016-02"]),
        ("2016-02..2016-02", ["2016-02"]),
        ("2016-Q1..2016-03", ["2016-01", "2016-02", "2016-03"]),
        ("2015-Q4..2016-01", ["2015-10", "2015-11", "2015-12", "2016-01"]),
    ],
)
def test_periods_are_whole_months_with_both_ends(period: str, expected: list[str]) -> None:
    assert names(period) == expected


def test_years_have_twelve_months_and_days_count_on_into_the_next_month() -> None:
    assert names("2016") == [f"2016-{month:02d}" for month in range(1, 13)]
    assert len(names("2016..2017")) == 24
    assert names("2017-02-28..2017-03-01", item=7) == ["2017-02-28", "2017-03-01"]
    assert names("2017-02-28", item=7) == ["2017-02-28"]


def test_a_time_in_which_the_rule_changes_is_asked_of_each_one_s_tables() -> None:
    asked = asked_periods(RULES, 7, COUNTY, "2016-11..2017-01")
    assert [one.rule for one in asked] == [STREETS] + [COMMUNITIES] * 62
    assert [one.name for one in asked][:2] == ["2016-11", "2016-12-01"]
    assert asked[-1].name == "2017-01-31"
    assert len(names("2016-12", item=7)) == 31


@pytest.mark.parametrize(
    "period",
    [
        *("", "16", "2016-1", "2016-00", "2016-13", "2016-Q0", "2016-Q5", "2016-02-30", "2016-02-1", "2016-Q1-01"),
        *("1969-12", "9999-12", "2016-02..", "..2016-02", "2016-03..2016-02", "2016-02..2016-02-28", "2016...2017"),
        *("2016-01..2016-02..2016-03", "２０１６", "2016-02\n", "2016..2016-03", "2016-Q2..2016-05", "2016..2016-Q3"),
    ],
)
def test_what_is_no_period_is_refused(period: str) -> None:
    with pytest.raises(TableNotCounted, match="period"):
        names(period)


def test_a_time_before_the_first_table_and_days_of_a_table_by_months_are_refused() -> None:
    with pytest.raises(TableNotCounted, match="so early a period as 2015-02"):
        names("2015-02..2016-01")
    with pytest.raises(TableNotCounted, match="by month"):
        names("2016-02-03")


def test_an_item_without_tables_is_refused_with_those_in_which_its_matters_are_counted() -> None:
    rules = CountRules(4, 3, (STREETS,), {}, {8: (7,), 9: (1, 6, 7)})
    with pytest.raises(TableNotCounted, match="its matters are counted in item 7, ask"):
        asked_periods(rules, 8, COUNTY, "2016-02")
    with pytest.raises(TableNotCounted, match="counted in items 1, 6 and 7, ask"):
        asked_periods(rules, 9, COUNTY, "2016-02")


def test_very_many_periods_are_refused_by_their_number_before_any_is_looked_at() -> None:
    assert len(names(f"2016-01..{2016 + MOST_PERIODS // 12 - 1}-12")) == MOST_PERIODS // 12 * 12
    for period, item, count in (
        ("1970..9998", 1, 8029 * 12),
        ("1970-01-01..9998-12-31", 7, 2_932_532),
        ("2017..2018", 7, 730),
    ):
        with pytest.raises(CountTooWide, match=f"{count} periods are asked for; at most {MOST_PERIODS}"):
            names(period, item=item)


def test_a_region_is_the_beginning_of_codes_or_everywhere() -> None:
    assert asked_region(None) == ""
    for region in ("99", "9901", COUNTY, STREET, COMMUNITY, COMMUNITY + "007"):
        assert asked_region(region) == region
    for region in ("", "9", "990", "99010", "9901010", COMMUNITY + "0071", "99010100a", "９９"):
        with pytest.raises(TableNotCounted, match="2, 4, 6, 9, 12 or 15 digits"):
            asked_region(region)


def test_a_region_that_the_tables_do_not_tell_apart_is_refused_with_what_they_do() -> None:
    for region in ("", PROVINCE, STREET, COMMUNITY):
        assert names("2016-02", region) == ["2016-02"]
    with pytest.raises(TableNotCounted, match="regions of 9 digits, and of 12 as its groups"):
        names("2016-02", COMMUNITY + "007")
    with pytest.raises(TableNotCounted, match="regions of 12 digits: ask"):
        names("2017-01", COMMUNITY + "007", item=7)
    # In a longer time each of its rules has to have an answer.
    assert len(names("2016-11..2016-12", COMMUNITY, item=7)) == 32


def test_of_regions_that_are_added_up_nobody_knows_the_number() -> None:
    asked = asked_periods(RULES, 7, STREET, "2016-11")
    assert is_union_of_regions(COUNTY, asked)
    assert not is_union_of_regions(STREET, asked)
    assert not is_union_of_regions(COMMUNITY, asked)
    assert is_union_of_regions(STREET, asked_periods(RULES, 7, STREET, "2016-11..2016-12"))


def test_a_group_of_a_table_is_not_grouped_by_regions_itself() -> None:
    assert [*shown_groups(STREETS, STREET)] == ["class", "region"]
    assert [*shown_groups(STREETS, COMMUNITY)] == ["class"]
    assert [*shown_groups(COMMUNITIES, COUNTY)] == ["level"]
