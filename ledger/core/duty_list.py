"""The duty list `gongzhi-duty-list/2`: for each matter one responsible body, who assists, the article, the deadline.

It names by hash the purposes and the bases with their flows that go with it; `gongzhi-duty-list/1` names none.

PERMANENT: its Keccak-256 over canonical bytes is what `DutyListSet` names; a change is a new version, another shape a
new format name. A basis LB3 may refer to a duty by its id.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ledger.core.canonical import document_hash
from ledger.core.codes import AgencyKind, Purpose
from ledger.core.hexadecimal import from_hex
from ledger.core.shapes import (
    array,
    ascending_codes,
    code_of,
    format_members,
    from_one,
    members_of,
    text,
    titles,
    unsigned,
)
from ledger.errors import FormatError

FORMAT_1 = "gongzhi-duty-list/1"
FORMAT = "gongzhi-duty-list/2"
MOST_DUTIES = 4_096
_MEMBERS = ("format", "version", "title", "duties")
_NAMED = ("purposes", "bases")
_DUTY_MEMBERS = ("duty", "matter", "responsible", "assisting", "article", "workingDays", "item", "purpose")
_DUTY_ID = re.compile(r"[A-Z]{1,4}-[0-9]{1,4}")


@dataclass(frozen=True)
class ListedDuty:
    """One matter: its id (`H-01`), in words, whose it is and who assists (kinds of agencies), the article it rests on.

    `working_days` is the deadline, 0 = at once (the same working day). `item` is the catalogue item that it is about,
    None for none; `purpose` what its looks are for.
    """

    duty: str
    matter: Mapping[str, str]
    responsible: AgencyKind
    assisting: tuple[AgencyKind, ...]
    article: Mapping[str, str]
    working_days: int
    item: int | None
    purpose: Purpose


@dataclass(frozen=True)
class NamedDocument:
    """A document that the duty list goes with: its file (`bases-2.json`) and the Keccak-256 (32 bytes) of it."""

    file: str
    hash: bytes


@dataclass(frozen=True)
class ListOfDuties:
    """A version of the duty list, with the documents of purposes and of bases that it names (none in format 1)."""

    version: int
    title: Mapping[str, str]
    duties: tuple[ListedDuty, ...]
    document: Mapping[str, Any]
    named: tuple[NamedDocument, ...] = ()

    @cached_property
    def hash(self) -> bytes:
        """Keccak-256 (32 bytes) of the canonical document: what `DutyListSet` names."""
        return document_hash(self.document)

    def find(self, duty: str) -> ListedDuty | None:
        """Return the duty of this id, None if the list has none."""
        return next((one for one in self.duties if one.duty == duty), None)


def parse_duty_list(document: object) -> ListOfDuties:
    """Return the list of a `gongzhi-duty-list/2` or `/1` document (its parsed JSON).

    Raises UnsupportedFormat for another format name; FormatError for other members, unknown codes, a duty or a matter
    twice (a matter has one responsible body), a responsible body that assists itself, an empty list.
    """
    first = isinstance(document, dict) and document.get("format") == FORMAT_1
    names = () if first else _NAMED
    members = format_members(document, FORMAT_1 if first else FORMAT, (*_MEMBERS, *names), what="duty list")
    version = from_one(members["version"], 32, what="duty list version")
    duties = tuple(_duty(one) for one in array(members["duties"], what="duty list duties", most=MOST_DUTIES))
    if not duties:
        raise FormatError("duty list duties: expected at least one")
    if len({one.duty for one in duties}) != len(duties):
        raise FormatError("duty list duties: a duty stands twice")
    if len({one.matter["zh"] for one in duties}) != len(duties):
        raise FormatError("duty list duties: a matter stands twice, and has one responsible body only")
    named = tuple(_named(name, members[name]) for name in names)
    return ListOfDuties(version, titles(members["title"], what="duty list title"), duties, members, named)


def _named(name: str, value: object) -> NamedDocument:
    members = members_of(value, ("version", "hash"), what=f"duty list {name}")
    version = from_one(members["version"], 32, what=f"duty list {name} version")
    return NamedDocument(f"{name}-{version}.json", from_hex(members["hash"], 32, what=f"duty list {name} hash"))


def _duty(value: object) -> ListedDuty:
    members = members_of(value, _DUTY_MEMBERS, what="duty")
    duty = text(members["duty"], what="duty id")
    if _DUTY_ID.fullmatch(duty) is None:
        raise FormatError("duty id: expected capitals, a hyphen and a number, as H-01")
    responsible = code_of(AgencyKind, members["responsible"], what=f"{duty} responsible")
    assisting = ascending_codes(AgencyKind, members["assisting"], what=f"{duty} assisting")
    if responsible in assisting:
        raise FormatError(f"{duty} assisting: the responsible body does not assist itself")
    item = members["item"]
    return ListedDuty(
        duty=duty,
        matter=titles(members["matter"], what=f"{duty} matter"),
        responsible=responsible,
        assisting=assisting,
        article=titles(members["article"], what=f"{duty} article"),
        working_days=unsigned(members["workingDays"], 16, what=f"{duty} workingDays"),
        item=None if item is None else from_one(item, 32, what=f"{duty} item"),
        purpose=code_of(Purpose, members["purpose"], what=f"{duty} purpose"),
    )
