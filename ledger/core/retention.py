"""How long records are kept: a table by item and purpose, `gongzhi-retention/1` (policy page, "Erasure and retention").

`{"format","version","entryDays","items":[{"item","purposes":[{"purpose","days"}…]}…]}`. A record serves every purpose
of its item, so the longest period counts. `entryDays` is for entries of the stream that say who provided and who
looked; the law asks for three years at least, and no shorter number is taken.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.core.codes import Purpose
from ledger.core.shapes import array, code_of, format_members, from_one, members_of
from ledger.errors import FormatError

FORMAT = "gongzhi-retention/1"
LEAST_ENTRY_DAYS = 1_096
"""Three years, a leap day among them."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Days for entries of the stream, and days by item and purpose."""

    entry_days: int
    items: Mapping[int, Mapping[Purpose, int]]

    def days_of(self, item: int) -> int | None:
        """Return how many days a record of an item is kept, None where the table does not list it."""
        purposes = self.items.get(item)
        return max(purposes.values()) if purposes else None


def parse_retention(document: object) -> Retention:
    """Return the table of a document; raises UnsupportedFormat or FormatError (also for entries kept too shortly)."""
    members = format_members(document, FORMAT, ("format", "version", "entryDays", "items"), what="retention")
    from_one(members["version"], 32, what="retention version")
    entry_days = from_one(members["entryDays"], 16, what="retention entryDays")
    if entry_days < LEAST_ENTRY_DAYS:
        raise FormatError(f"retention entryDays: at least {LEAST_ENTRY_DAYS}, three years")
    items: dict[int, Mapping[Purpose, int]] = {}
    for value in array(members["items"], what="retention items"):
        given = members_of(value, ("item", "purposes"), what="retention item")
        number = from_one(given["item"], 32, what="retention item")
        if number in items:
            raise FormatError("retention items: an item stands twice")
        items[number] = _purposes(given["purposes"])
    return Retention(entry_days, items)


def _purposes(value: object) -> Mapping[Purpose, int]:
    days: dict[Purpose, int] = {}
    for one in array(value, what="retention purposes"):
        given = members_of(one, ("purpose", "days"), what="retention purpose")
        purpose = code_of(Purpose, given["purpose"], what="retention purpose")
        if purpose in days:
            raise FormatError("retention purposes: a purpose stands twice")
        days[purpose] = from_one(given["days"], 16, what="retention days")
    if not days:
        raise FormatError("retention purposes: at least one")
    return days
