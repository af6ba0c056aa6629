"""Which tables of counts there are, `gongzhi-counts/1`, and how many have to stand behind a figure (policy page).

`{"format","version","settleDays","default":[table…],"items":[{"item","tables":[table…]}…]}`, a table
`{"from","region","period","by"}`: from a month on, records are counted by region codes of so many digits and by whole
months or days, grouped by at most two of class, category (of the class, before its `/`), level, region (the next
level below) and day.

An item that holds the same matters as others, as incidents with their originals do, has no tables of its own:
`{"item","tables":[],"countedIn":[item…]}` names the counted ones. The rests of two tables of the same matters differ,
and their comparison would tell small figures.

**Each record stands in one table alone.** Regions of one length and whole periods never overlap, an item has one table
at a time, and a table is made once, when its period is over and settled. So no two answers can be subtracted from
each other: another window, another grouping, a later state. A new table of an item holds for later periods.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import MAXYEAR, UTC, datetime
from typing import Any, Final

from ledger.core.codes import AgencyKind
from ledger.core.shapes import array, format_members, from_one, members_of, text, unsigned
from ledger.errors import FormatError

FORMAT: Final = "gongzhi-counts/1"
REGION_DIGITS: Final = (6, 9, 12)
"""District, street, community (GB/T 2260 and the statistical code)."""
FINER_DIGITS: Final[Mapping[int, int]] = {6: 9, 9: 12, 12: 15}
MONTH, DAY, REGION = "month", "day", "region"
GROUPS: Final = ("class", "category", "level", REGION, DAY)
MOST_GROUPS: Final = 2
SECONDS_A_DAY: Final = 86_400

CONSORTIUM_K, DEFAULT_K, PUBLIC_K = 5, 10, 20
THRESHOLDS: Final = (CONSORTIUM_K, DEFAULT_K, PUBLIC_K)
"""Ascending: each table is made from the one before."""
_CONSORTIUM = frozenset(AgencyKind(code) for code in (*range(1, 13), 20, 21, 22))
"""Departments, districts, streets and communities: public bodies with duties and members of the consortium."""


def threshold_for(agency_kind: int) -> int:
    """Return how many have to stand behind a figure that an agency of a kind is shown.

    5 for departments, districts, streets and communities; 20 for evaluators, whose work is public, and for kinds that
    this version does not know; 10 for all others.
    """
    if agency_kind in _CONSORTIUM:
        return CONSORTIUM_K
    known = agency_kind in frozenset(AgencyKind)
    return DEFAULT_K if known and agency_kind != AgencyKind.EVALUATOR else PUBLIC_K


@dataclass(frozen=True, slots=True)
class TableRule:
    """One table: from which month (`YYYY-MM`), by regions of how many digits, by month or day, grouped by what."""

    since: str
    region_digits: int
    period: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CountRules:
    """The tables of each item, oldest first; those of items that are not listed; days until a period is settled.

    `counted_in` are items without tables, each with those in which its matters are counted.
    """

    version: int
    settle_days: int
    default: tuple[TableRule, ...]
    items: Mapping[int, tuple[TableRule, ...]]
    counted_in: Mapping[int, tuple[int, ...]] = field(default_factory=dict)

    def rule_of(self, item: int, period: str) -> TableRule | None:
        """Return the table of an item for a period that begins with `YYYY-MM`, None before the first one."""
        rules = self.items.get(item, self.default)
        return next((rule for rule in reversed(rules) if rule.since <= period[:7]), None)

    def is_settled(self, until: int, now: int) -> bool:
        """Say whether a period that ended before `until` (Unix seconds) is settled at `now`."""
        return now >= self.settled_at(until)

    def settled_at(self, until: int) -> int:
        """Return when (Unix seconds) a period that ended before `until` is settled."""
        return until + self.settle_days * SECONDS_A_DAY


def period_bounds(period: str, unit: str, utc_offset_seconds: int) -> tuple[int, int]:
    """Return first second and end (half-open, Unix seconds) of a month `YYYY-MM` or a day `YYYY-MM-DD` in local time.

    `unit` is `month` or `day`. Raises FormatError for anything else.
    """
    shape = "%Y-%m" if unit == MONTH else "%Y-%m-%d"
    try:
        start = datetime.strptime(period, shape).replace(tzinfo=UTC)
    except ValueError:
        raise FormatError(f"period: expected a {unit} as {'YYYY-MM' if unit == MONTH else 'YYYY-MM-DD'}") from None
    if start.strftime(shape) != period or not 1970 <= start.year < MAXYEAR:
        raise FormatError(f"period: expected a {unit} as {'YYYY-MM' if unit == MONTH else 'YYYY-MM-DD'}")
    begin = int(start.timestamp())
    if unit == MONTH:
        following = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
        end = int(following.timestamp())
    else:
        end = begin + SECONDS_A_DAY
    return begin - utc_offset_seconds, end - utc_offset_seconds


def parse_count_rules(document: object) -> CountRules:
    """Return the rules of a document; raises UnsupportedFormat or FormatError."""
    names = ("format", "version", "settleDays", "default", "items")
    members = format_members(document, FORMAT, names, what="counts")
    items: dict[int, tuple[TableRule, ...]] = {}
    elsewhere: dict[int, tuple[int, ...]] = {}
    for value in array(members["items"], what="counts items"):
        has_none = isinstance(value, Mapping) and value.get("tables") == []
        given = members_of(value, ("item", "tables", *(("countedIn",) if has_none else ())), what="counts item")
        number = from_one(given["item"], 32, what="counts item")
        if number in items or number in elsewhere:
            raise FormatError("counts items: an item stands twice")
        if has_none:
            elsewhere[number] = _partners(given["countedIn"])
        else:
            items[number] = _rules(given["tables"])
    if any(partner in elsewhere for partners in elsewhere.values() for partner in partners):
        raise FormatError("counts countedIn: expected items that have tables")
    return CountRules(
        from_one(members["version"], 32, what="counts version"),
        unsigned(members["settleDays"], 16, what="counts settleDays"),
        _rules(members["default"]),
        items,
        elsewhere,
    )


def _partners(value: object) -> tuple[int, ...]:
    partners = tuple(from_one(one, 32, what="counts countedIn") for one in array(value, what="counts countedIn"))
    if not partners:
        raise FormatError("counts countedIn: expected the items in which the same matters are counted")
    return partners


def _rules(value: object) -> tuple[TableRule, ...]:
    rules = tuple(_rule(one) for one in array(value, what="counts tables"))
    months = [rule.since for rule in rules]
    if not rules or months != sorted(set(months)):
        raise FormatError("counts tables: at least one, each from a later month than the one before")
    return rules


def _rule(value: object) -> TableRule:
    given = members_of(value, ("from", "region", "period", "by"), what="counts table")
    since = text(given["from"], what="counts from")
    period_bounds(since, MONTH, 0)
    if given["region"] not in REGION_DIGITS:
        raise FormatError(f"counts region: expected {', '.join(map(str, REGION_DIGITS))} digits")
    if given["period"] not in (MONTH, DAY):
        raise FormatError("counts period: expected month or day")
    return TableRule(since, given["region"], given["period"], _groups(given["by"], given["period"]))


def _groups(value: object, period: Any) -> tuple[str, ...]:
    by = tuple(text(group, what="counts by") for group in array(value, what="counts by", most=MOST_GROUPS))
    if len(set(by)) != len(by) or not set(by) <= set(GROUPS):
        raise FormatError(f"counts by: expected at most {MOST_GROUPS} of {', '.join(GROUPS)}, each once")
    if DAY in by and period == DAY:
        raise FormatError("counts by: days are groups of a month")
    return by
