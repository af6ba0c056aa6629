"""The catalogue as a whole, `gongzhi-catalogue-list/1`: which entries, in which order, whose, and what the national
catalogue of government information resources says of each (class, summary, format, cycle, sharing, openness).

The list is domain data: nothing on chain names it. What binds an item is the item's own document.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final

from ledger.core.canonical import document_hash
from ledger.core.code_sets import CodeSet
from ledger.core.codes import AgencyKind
from ledger.core.shapes import array, code_of, format_members, from_one, members_of, text, titles
from ledger.errors import FormatError

FORMAT = "gongzhi-catalogue-list/1"
CODE_SETS: Final[Mapping[str, str]] = {
    "class": "resource-class/1",
    "formats": "resource-format/1",
    "updateCycle": "update-cycle/1",
    "method": "share-method/1",
    "openness": "openness/1",
}
"""Which member of an entry is in which code set."""
MOST_ENTRIES = 512
_MEMBERS = ("format", "version", "title", "entries")
_ENTRY_MEMBERS = (
    *("entry", "responsible", "class", "summary", "formats", "updateCycle", "method", "condition", "openness"),
    *("publishedOn", "linked"),
)
_FILE = re.compile(r"[a-z0-9_-]+(/[a-z0-9_-]+)*\.json")


@dataclass(frozen=True)
class ListedEntry:
    """One entry of the list: its file, the kind of its responsible department, and its metadata.

    `resource_class`, `formats`, `update_cycle`, `method` and `openness` are codes of `CODE_SETS`. `condition` says
    under what it is shared, None where nothing is asked; `linked` are numbers of items that it belongs with.
    """

    entry: str
    responsible: AgencyKind
    resource_class: str
    summary: Mapping[str, str]
    formats: tuple[str, ...]
    update_cycle: str
    method: str
    condition: Mapping[str, str] | None
    openness: str
    published_on: date
    linked: tuple[int, ...]

    def code(self, item: int) -> str:
        """Return the code of an item's resource: class, a slash, the item's number in six digits."""
        return f"{self.resource_class}/{item:06d}"


@dataclass(frozen=True)
class CatalogueList:
    """A version of the list; entries in the order in which they are loaded."""

    version: int
    title: Mapping[str, str]
    entries: tuple[ListedEntry, ...]
    document: Mapping[str, Any]

    @cached_property
    def hash(self) -> bytes:
        """Keccak-256 (32 bytes) of the canonical document."""
        return document_hash(self.document)


def parse_catalogue_list(document: object) -> CatalogueList:
    """Return the list of a `gongzhi-catalogue-list/1` document (its parsed JSON).

    Raises UnsupportedFormat for another format name; FormatError for other members, an unknown kind of department, a
    file outside the folder, an entry twice, no entry, a day that is none. Whether the codes are in their code sets is
    what `check_codes` asks.
    """
    members = format_members(document, FORMAT, _MEMBERS, what="catalogue list")
    version = from_one(members["version"], 32, what="catalogue list version")
    given = array(members["entries"], what="catalogue list entries", most=MOST_ENTRIES)
    entries = tuple(_entry(one) for one in given)
    if not entries:
        raise FormatError("catalogue list entries: expected at least one")
    if len({one.entry for one in entries}) != len(entries):
        raise FormatError("catalogue list entries: an entry stands twice")
    return CatalogueList(version, titles(members["title"], what="catalogue list title"), entries, members)


def check_codes(listed: ListedEntry, code_sets: Mapping[str, CodeSet]) -> None:
    """Raise FormatError where a code of an entry is not in its code set; `code_sets` are those of `CODE_SETS`, by name
    and version (`openness/1`).
    """
    codes = {
        "class": (listed.resource_class,),
        "formats": listed.formats,
        "updateCycle": (listed.update_cycle,),
        "method": (listed.method,),
        "openness": (listed.openness,),
    }
    for member, given in codes.items():
        for code in given:
            if not code_sets[CODE_SETS[member]].accepts(code):
                raise FormatError(f"{listed.entry}: {member} is no code of {CODE_SETS[member]}")


def is_inner_file(name: str) -> bool:
    """Say whether a name is that of a JSON file inside the folder of domain data, as `catalogue/hazard.json`."""
    return _FILE.fullmatch(name) is not None


def _entry(value: object) -> ListedEntry:
    members = members_of(value, _ENTRY_MEMBERS, what="listed entry")
    file = text(members["entry"], what="listed entry")
    if not is_inner_file(file):
        raise FormatError("listed entry: expected a file of the folder, as catalogue/hazard.json")
    condition = members["condition"]
    formats = tuple(text(one, what=f"{file} formats") for one in array(members["formats"], what=f"{file} formats"))
    linked = array(members["linked"], what=f"{file} linked", most=64)
    return ListedEntry(
        entry=file,
        responsible=code_of(AgencyKind, members["responsible"], what=f"{file} responsible"),
        resource_class=text(members["class"], what=f"{file} class"),
        summary=titles(members["summary"], what=f"{file} summary"),
        formats=formats,
        update_cycle=text(members["updateCycle"], what=f"{file} updateCycle"),
        method=text(members["method"], what=f"{file} method"),
        condition=None if condition is None else titles(condition, what=f"{file} condition"),
        openness=text(members["openness"], what=f"{file} openness"),
        published_on=_day(members["publishedOn"], what=f"{file} publishedOn"),
        linked=tuple(from_one(one, 32, what=f"{file} linked") for one in linked),
    )


def _day(value: object, *, what: str) -> date:
    written = text(value, what=what)
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise FormatError(f"{what}: expected a day as YYYY-MM-DD") from None
    if day.isoformat() != written:
        raise FormatError(f"{what}: expected a day as YYYY-MM-DD")
    return day
