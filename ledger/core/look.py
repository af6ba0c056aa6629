"""From chain history to the facts of a decision: the same for the gateway that serves and the auditor who replays."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.core.codes import Authority, Role
from ledger.core.decision import ItemRules, LookFacts, RecordFacts
from ledger.core.eip712 import ZERO32
from ledger.core.hexadecimal import from_hex
from ledger.core.history import END_OF_BLOCK, AsOf, History, Point


@dataclass(frozen=True, slots=True)
class Look:
    """What a reader asks, or what a disclosure says that it answered.

    `item_version` is the version whose rules apply (that of the records served). `authority_id` and `profile` are what
    the disclosure would say; zero for OWN and AUDIT.
    """

    gateway: int
    reader: int
    reader_key: str
    item: int
    item_version: int
    purpose: int
    basis: int
    basis_reference: bool
    case_reference: bool
    authority: int
    authority_id: bytes
    profile: bytes


def moment(history: History, facts_block: int, at: int) -> AsOf:
    """Return the moment of a decision: state at the end of `factsBlock`, validity judged at time `at`."""
    return AsOf(at, end_of(history, facts_block))


def end_of(history: History, block: int) -> Point:
    """Return the place behind every event of a block; raises HistoryError if the block is not there."""
    return Point(block, END_OF_BLOCK, history.at_block(block).time)


def item_version(history: History, look: Look, as_of: AsOf) -> Mapping[str, Any] | None:
    """Return the catalogue's args of the look's item version, None if unknown or retired by then."""
    item = history.items.get(look.item)
    return item.version(look.item_version, as_of) if item else None


def look_facts(
    history: History, look: Look, as_of: AsOf, *, requested_open: int, profile_open: int, facts_stale: bool
) -> LookFacts:
    """Return the facts of a decision about `look`.

    `requested_open` is what the look would open, `profile_open` what the item's class-1 profile opens (bitmaps);
    OWN and AUDIT have no profile and may open any slot.
    """
    args = item_version(history, look, as_of)
    role = Role.AUDIT if look.authority == Authority.AUDIT else Role.READ
    agency = history.agencies.get(look.reader)
    return LookFacts(
        key_entitled=history.why_not_entitled(look.reader_key, role, look.reader, as_of) is None,
        item=ItemRules(args["shareClass"], args["purposes"], args["readerKinds"]) if args else None,
        reader=look.reader,
        reader_kind=agency.kind if agency else 0,
        purpose=look.purpose,
        basis=look.basis,
        basis_reference=look.basis_reference,
        case_reference=look.case_reference,
        authority=look.authority,
        authority_id_matches=_names_its_authority(look, args),
        requested_open=requested_open,
        permitted_open=profile_open if look.authority == Authority.CLASS1 else requested_open,
        facts_stale=facts_stale,
    )


def _names_its_authority(look: Look, args: Mapping[str, Any] | None) -> bool:
    if look.authority != Authority.CLASS1:
        return look.authority_id == ZERO32 and look.profile == ZERO32
    if args is None:
        return False
    return look.authority_id == from_hex(args["documentHash"]) and look.profile == from_hex(args["class1Profile"])


def record_facts(
    history: History, look: Look, as_of: AsOf, *, record_id: bytes, version: int, publisher: int, gateway: int
) -> RecordFacts:
    """Return the facts about one record: its gateway, its publisher and the marks that the publisher had set."""
    marks = history.marks_by(record_id, publisher, version, as_of)
    return RecordFacts(gateway == look.gateway, publisher, frozenset(marks))


def facts_are_stale(history: History, facts_block: int, disclosed_at: int) -> bool:
    """Say whether a block later than `factsBlock` exists with a time ≤ disclosedAt − factsAge (formats, section 5)."""
    block = history.blocks[facts_block]
    age = history.parameter("factsAge", AsOf(disclosed_at, Point(block.number, END_OF_BLOCK, block.time)))
    newest = history.newest_block_by(disclosed_at - age)
    return newest is not None and newest.number > facts_block
