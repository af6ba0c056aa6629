"""Which items are collected once: a table by item, `gongzhi-collect-once/1` (policy page, "Subjects").

`{"format","version","items":[{"item","mode","withinDays"}…]}`. A record that names a person of whom its item holds a
current record, recorded within so many days, is a duplicate: `warn` takes it and says so, `refuse` takes nothing. An
item that is not listed is collected as often as its publishers like, as alerts and visits are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ledger.core.shapes import array, format_members, from_one, members_of
from ledger.errors import FormatError

FORMAT = "gongzhi-collect-once/1"
SECONDS_A_DAY = 86_400


class OnceMode(StrEnum):
    """What becomes of a duplicate."""

    WARN = "warn"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class OnceRule:
    """What becomes of duplicates in an item, and for how many days a record counts as current."""

    mode: OnceMode
    within_days: int

    def current_since(self, now: int) -> int:
        """Return the time (Unix seconds) from which on a record that was recorded then counts at `now`."""
        return now - self.within_days * SECONDS_A_DAY


@dataclass(frozen=True, slots=True)
class CollectOnce:
    """The rules by item, and the version of the table that they stand in; version 0 has none."""

    version: int
    items: Mapping[int, OnceRule]

    def rule_of(self, item: int) -> OnceRule | None:
        """Return the rule of an item, None where it is not listed."""
        return self.items.get(item)


NO_RULES = CollectOnce(0, {})


def parse_collect_once(document: object) -> CollectOnce:
    """Return the table of a document; raises UnsupportedFormat, FormatError (also for an item that stands twice)."""
    members = format_members(document, FORMAT, ("format", "version", "items"), what="collect-once")
    version = from_one(members["version"], 32, what="collect-once version")
    items: dict[int, OnceRule] = {}
    for value in array(members["items"], what="collect-once items"):
        given = members_of(value, ("item", "mode", "withinDays"), what="collect-once item")
        number = from_one(given["item"], 32, what="collect-once item")
        if number in items:
            raise FormatError("collect-once items: an item stands twice")
        if given["mode"] not in tuple(OnceMode):
            raise FormatError(f"collect-once mode: expected one of {', '.join(OnceMode)}")
        days = from_one(given["withinDays"], 16, what="collect-once withinDays")
        items[number] = OnceRule(OnceMode(given["mode"]), days)
    return CollectOnce(version, items)
