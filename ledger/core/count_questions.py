"""What a question for counts asks for: which fixed tables (`ledger.core.count_tables`) are added up.

A region is the beginning of region codes, a period one or several whole months or days. Where an item is counted by
streets and months, the year of a district is the union of its streets' twelve months. Everything here follows from
the question and the rules alone, never from what is stored.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta
from typing import Final

from ledger.action_errors import CountTooWide, TableNotCounted
from ledger.core.count_tables import DAY, FINER_DIGITS, MONTH, REGION, CountRules, TableRule

EVERYWHERE: Final = ""
"""The region of all that the gateway holds: the beginning of every code."""
REGION_DIGITS: Final = (2, 4, 6, 9, 12, 15)
"""Province, city, county, street, community, grid (GB/T 2260 and the statistical code, with a grid)."""
MOST_PERIODS: Final = 366
"""Of the tables of one region: a year of days, thirty years of months."""
PERIODS: Final = "YYYY-MM-DD, YYYY-MM, YYYY-Q1 to Q4, YYYY, or FIRST..LAST of them"
_FIRST_YEAR: Final = 1970
_PART: Final = re.compile(r"([0-9]{4})(?:-(?:Q([1-4])|([0-9]{2})(?:-([0-9]{2}))?))?")


@dataclass(frozen=True, slots=True)
class AskedPeriod:
    """A month or day of whose tables some are asked for, and the rule that made them."""

    name: str
    rule: TableRule


def asked_region(region: str | None) -> str:
    """Return the beginning of the codes that are asked for; None is everywhere. Raises TableNotCounted."""
    if region is None:
        return EVERYWHERE
    if len(region) not in REGION_DIGITS or not (region.isascii() and region.isdigit()):
        raise TableNotCounted(f"region: expected a code of {_listed(REGION_DIGITS)} digits, or none for all regions")
    return region


def asked_periods(rules: CountRules, item: int, region: str, period: str) -> Sequence[AskedPeriod]:
    """Return the periods whose tables answer a question about a region, first to last, each with its rule.

    `period` is one of `PERIODS`, both ends included. Raises TableNotCounted for anything else, for a time before the
    item's first table, for days of a table by months, for a region that its table does not tell apart and for an item
    whose matters are counted in another one; CountTooWide for more than `MOST_PERIODS`.
    """
    if item in rules.counted_in:
        others = rules.counted_in[item]
        named = f"item {others[0]}" if len(others) == 1 else f"items {_listed(others, 'and')}"
        raise TableNotCounted(f"item {item} has no tables: its matters are counted in {named}, ask for those")
    unit, names = _named(period)
    asked: list[AskedPeriod] = []
    for name in names:
        rule = rules.rule_of(item, name)
        if rule is None:
            raise TableNotCounted(f"item {item} has no table for so early a period as {name}")
        _check_region(item, rule, region)
        if unit == DAY and rule.period == MONTH:
            raise TableNotCounted(f"item {item} is counted by month: ask for whole months")
        within = _days_of(name) if unit == MONTH and rule.period == DAY else [name]
        asked.extend(AskedPeriod(one, rule) for one in within)
    if len(asked) > MOST_PERIODS:
        raise _too_many(len(asked))
    return asked


def is_union_of_regions(region: str, asked: Sequence[AskedPeriod]) -> bool:
    """Say whether a region is shorter than a table's, so that nobody knows how many tables stand behind the answer."""
    return any(len(region) < one.rule.region_digits for one in asked)


def shown_groups(rule: TableRule, region: str) -> Sequence[str]:
    """Return by what groups a region is shown: those of its table, without its own where it is one of them."""
    return [group for group in rule.by if group != REGION or len(region) <= rule.region_digits]


def _check_region(item: int, rule: TableRule, region: str) -> None:
    digits, finer = rule.region_digits, FINER_DIGITS[rule.region_digits]
    by_region = REGION in rule.by
    if len(region) <= digits or (by_region and len(region) == finer):
        return
    also = f", and of {finer} as its groups" if by_region else ""
    raise TableNotCounted(f"item {item} is counted by regions of {digits} digits{also}: ask for one of them or wider")


def _named(period: str) -> tuple[str, list[str]]:
    """Return the unit and the months or days of a period, at most `MOST_PERIODS`."""
    first, between, last = period.partition("..")
    unit, begin, end = _part(first)
    if between:
        other, begun, ended = _part(last)
        if other != unit or begun < begin or ended < end:
            raise TableNotCounted(
                "period: expected FIRST..LAST of months or of days, where LAST neither begins nor ends before FIRST"
            )
        end = ended
    count = end - begin + 1
    if count > MOST_PERIODS:
        raise _too_many(count)
    spell = _month if unit == MONTH else _day
    return unit, [spell(number) for number in range(begin, end + 1)]


def _part(text: str) -> tuple[str, int, int]:
    """Return the unit, and the numbers of the first and last month or day."""
    found = _PART.fullmatch(text)
    if found is None or not _FIRST_YEAR <= int(found[1]) < MAXYEAR:
        raise TableNotCounted(f"period: expected {PERIODS}, from {_FIRST_YEAR} on")
    year, january = int(found[1]), int(found[1]) * 12
    if found[2]:
        quarter = int(found[2])
        return MONTH, january + 3 * quarter - 3, january + 3 * quarter - 1
    if not found[3]:
        return MONTH, january, january + 11
    month = int(found[3])
    if not 1 <= month <= 12:
        raise TableNotCounted("period: there is no such month")
    if not found[4]:
        return MONTH, january + month - 1, january + month - 1
    try:
        number = date(year, month, int(found[4])).toordinal()
    except ValueError:
        raise TableNotCounted("period: there is no such day") from None
    return DAY, number, number


def _month(number: int) -> str:
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def _day(number: int) -> str:
    return date.fromordinal(number).isoformat()


def _days_of(month: str) -> Iterator[str]:
    day = date.fromisoformat(f"{month}-01")
    while day.isoformat()[:7] == month:
        yield day.isoformat()
        day += timedelta(days=1)


def _too_many(count: int) -> CountTooWide:
    return CountTooWide(f"{count} periods are asked for; at most {MOST_PERIODS} are added up")


def _listed(numbers: Sequence[int], joined: str = "or") -> str:
    return f"{', '.join(map(str, numbers[:-1]))} {joined} {numbers[-1]}"
