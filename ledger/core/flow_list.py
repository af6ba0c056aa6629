"""Purposes `gongzhi-purposes/1` and bases with the flows they are for, `gongzhi-bases/2`: which basis for which flow.

A flow says from which kinds of agencies to which, for which purposes, and on which grounds: a basis, and how the
receiver stands (a provision of its own, entrusted by the publisher, or jointly). A list `gongzhi-duty-list/2` names
both documents by hash, so that what the catalogue authority published is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from ledger.core.canonical import document_hash
from ledger.core.codes import AgencyKind, Basis, Purpose
from ledger.core.shapes import array, ascending_codes, code_of, format_members, from_one, members_of, text, titles
from ledger.errors import FormatError

PURPOSES_FORMAT = "gongzhi-purposes/1"
BASES_FORMAT = "gongzhi-bases/2"
_PURPOSES = ("format", "version", "purposes")
_PURPOSE = ("purpose", "name", "title", "means")
_BASES = ("format", "version", "bases", "flows")
_BASIS = ("basis", "name", "title", "article", "needs")
_FLOW = ("flow", "title", "from", "to", "purposes", "grounds", "personal", "note")
_GROUND = ("basis", "relation", "needs")


class Relation(StrEnum):
    """How whoever receives stands to whoever gives (Personal Information Protection Law, Art. 20, 21, 23)."""

    PROVISION = "provision"
    ENTRUSTED = "entrusted"
    JOINT = "joint"


@dataclass(frozen=True)
class FlowGround:
    """On what a flow may rest: a basis, the relation of the two, and what it needs, in words."""

    basis: Basis
    relation: Relation
    needs: Mapping[str, str]


@dataclass(frozen=True)
class Flow:
    """One flow: its id (`B-01`), from which kinds of agencies to which, for which purposes, on which grounds.

    `publishers` and `readers` are None where it is any kind; `readers` is empty where the receiver is no member.
    `personal` says whether records about persons flow, or counts that show nobody.
    """

    flow: str
    title: Mapping[str, str]
    publishers: tuple[AgencyKind, ...] | None
    readers: tuple[AgencyKind, ...] | None
    purposes: tuple[Purpose, ...]
    grounds: tuple[FlowGround, ...]
    personal: bool
    note: Mapping[str, str]

    def fits(self, publisher: AgencyKind, reader: AgencyKind, purpose: Purpose, basis: Basis) -> bool:
        """Say whether a look or request of these kinds, for this purpose, on this basis, is of the flow."""
        return (
            (self.publishers is None or publisher in self.publishers)
            and (self.readers is None or reader in self.readers)
            and purpose in self.purposes
            and any(one.basis is basis for one in self.grounds)
        )


@dataclass(frozen=True)
class BasesAndFlows:
    """A version of the document of bases and flows."""

    version: int
    flows: tuple[Flow, ...]
    document: Mapping[str, Any]

    @cached_property
    def hash(self) -> bytes:
        """Keccak-256 (32 bytes) of the canonical document."""
        return document_hash(self.document)


def parse_purposes(document: object) -> tuple[Purpose, ...]:
    """Return the purposes that a `gongzhi-purposes/1` document says in words; raises UnsupportedFormat, FormatError."""
    members = format_members(document, PURPOSES_FORMAT, _PURPOSES, what="purposes")
    from_one(members["version"], 32, what="purposes version")
    return tuple(_purpose(one) for one in array(members["purposes"], what="purposes", most=256))


def parse_bases(document: object) -> BasesAndFlows:
    """Return the flows of a `gongzhi-bases/2` document (its parsed JSON).

    Raises UnsupportedFormat for another format name; FormatError for other members, unknown codes, a basis or a flow
    twice, a flow without a purpose or a ground.
    """
    members = format_members(document, BASES_FORMAT, _BASES, what="bases")
    bases = [_basis(one) for one in array(members["bases"], what="bases", most=32)]
    flows = tuple(_flow(one) for one in array(members["flows"], what="flows", most=256))
    for given in (bases, [one.flow for one in flows]):
        if len(set(given)) != len(given):
            raise FormatError("bases: a basis or a flow stands twice")
    return BasesAndFlows(from_one(members["version"], 32, what="bases version"), flows, members)


def _purpose(value: object) -> Purpose:
    members = members_of(value, _PURPOSE, what="purpose")
    purpose = code_of(Purpose, members["purpose"], what="purpose")
    if members["name"] != purpose.short_name:
        raise FormatError("purpose name: expected that of its number, as P01")
    titles(members["title"], what="purpose title")
    titles(members["means"], what="purpose means")
    return purpose


def _basis(value: object) -> Basis:
    members = members_of(value, _BASIS, what="basis")
    basis = code_of(Basis, members["basis"], what="basis")
    if members["name"] != basis.short_name:
        raise FormatError("basis name: expected that of its number, as LB1")
    for name in ("title", "article", "needs"):
        titles(members[name], what=f"basis {name}")
    return basis


def _flow(value: object) -> Flow:
    members = members_of(value, _FLOW, what="flow")
    name = text(members["flow"], what="flow")
    what = f"flow {name}"
    purposes = ascending_codes(Purpose, members["purposes"], what=f"{what} purposes")
    grounds = tuple(_ground(one, what) for one in array(members["grounds"], what=f"{what} grounds", most=16))
    if not purposes or not grounds:
        raise FormatError(f"{what}: expected a purpose and a ground at least")
    if not isinstance(members["personal"], bool):
        raise FormatError(f"{what} personal: expected true or false")
    return Flow(
        flow=name,
        title=titles(members["title"], what=f"{what} title"),
        publishers=_kinds(members["from"], f"{what} from"),
        readers=_kinds(members["to"], f"{what} to"),
        purposes=purposes,
        grounds=grounds,
        personal=members["personal"],
        note=titles(members["note"], what=f"{what} note"),
    )


def _ground(value: object, what: str) -> FlowGround:
    members = members_of(value, _GROUND, what=f"{what} ground")
    if members["relation"] not in tuple(Relation):
        raise FormatError(f"{what} relation: expected provision, entrusted or joint")
    basis = code_of(Basis, members["basis"], what=f"{what} basis")
    return FlowGround(basis, Relation(members["relation"]), titles(members["needs"], what=f"{what} needs"))


def _kinds(value: object, what: str) -> tuple[AgencyKind, ...] | None:
    return None if value == "any" else ascending_codes(AgencyKind, value, what=what)
