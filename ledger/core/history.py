"""What the chain says, folded from its events in (block, log index) order (architecture, decision 6).

The same fold serves the gateway that decides and the auditor who judges. Questions are asked "as of" a time or as of a
place in the chain; contract views, which answer "now", are never asked about the past. An event takes effect at its
block's time; key validity is half-open [validFrom, validUntil).
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.core.anchor import GENESIS_HEAD, next_head
from ledger.core.codes import Role
from ledger.core.event_shapes import check_args
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.errors import FormatError, HistoryError

ACTIVE = 1
DEFAULT_PARAMETERS: Mapping[str, int] = {"anchorDelay": 300, "factsAge": 60, "suspectWindow": 30 * 86_400}
"""Seconds; in force until a ParameterSet event says otherwise."""


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """A place in the chain: block number, log index within it, and the block's time."""

    block: int
    log_index: int
    time: int


END_OF_BLOCK = 1 << 62
"""A log index behind every event of a block."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block's number, hash, parent hash (0x hex) and time (Unix seconds)."""

    number: int
    hash: str
    parent_hash: str
    time: int


@dataclass(frozen=True, slots=True)
class ChainEvent:
    """A decoded event of one of our contracts; `args` as in a chain file: numbers, 0x hex, parameter names as text."""

    block: int
    log_index: int
    transaction: str
    contract: str
    name: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AsOf:
    """A question's moment: everything whose block time is at most `time`, or up to the place `point`."""

    time: int
    point: Point | None = None

    def covers(self, point: Point) -> bool:
        """Say whether what happened at `point` had happened by this moment."""
        return point.time <= self.time if self.point is None else point <= self.point


@dataclass(frozen=True, slots=True)
class Dated:
    """A value and the point from which it holds."""

    since: Point
    value: Any


@dataclass(slots=True)
class KeyFacts:
    """The immutable binding of a key, its end if it has one (retired or revoked), and where it was revoked.

    A key that was retired may be revoked later, which says since when it is suspect and leaves its end where it is.
    """

    agency: int
    roles: int
    valid_from: int
    valid_until: int
    bound: Point
    ended: Point | None = None
    revoked: Point | None = None
    suspect_from: int = 0


@dataclass(slots=True)
class AgencyFacts:
    """A member: kind, region and the statuses it has had."""

    kind: int
    region: int
    registered: Point
    allowed_roles: int
    statuses: list[Dated] = field(default_factory=list)
    gateway_documents: list[Dated] = field(default_factory=list)

    def is_active(self, as_of: AsOf) -> bool:
        """Say whether the agency was registered and active at that moment."""
        return as_of.covers(self.registered) and latest(self.statuses, as_of, ACTIVE) == ACTIVE


@dataclass(slots=True)
class ItemFacts:
    """A catalogue item: its versions by number (ItemPublished args), and its retirement."""

    versions: dict[int, Dated] = field(default_factory=dict)
    retired: Point | None = None

    def version(self, number: int, as_of: AsOf) -> Mapping[str, Any] | None:
        """Return the published args of a version, or None if it was unknown or the item retired by then."""
        published = self.versions.get(number)
        if published is None or not as_of.covers(published.since) or self.is_retired(as_of):
            return None
        args: Mapping[str, Any] = published.value
        return args

    def newest(self, as_of: AsOf) -> Mapping[str, Any] | None:
        """Return the args of the newest version that was published by then, or None."""
        known = [number for number, dated in tuple(self.versions.items()) if as_of.covers(dated.since)]
        return self.version(max(known), as_of) if known else None

    def is_retired(self, as_of: AsOf) -> bool:
        """Say whether the item was retired by then."""
        return self.retired is not None and as_of.covers(self.retired)


@dataclass(frozen=True, slots=True)
class AnchorFacts:
    """One anchored batch of a gateway."""

    gateway: int
    batch: int
    root: bytes
    leaf_count: int
    first_sequence: int
    head: bytes
    point: Point
    transaction: str


@dataclass(frozen=True, slots=True)
class MarkFacts:
    """One mark on a record, by whichever agency; version 0 means all versions."""

    agency: int
    version: int
    mark: int
    reason: int
    point: Point


def latest(dated: list[Dated], as_of: AsOf, default: Any) -> Any:
    """Return the newest value that held at that moment, or `default`."""
    for entry in reversed(dated):
        if as_of.covers(entry.since):
            return entry.value
    return default


class History:
    """The fold. Feed blocks and events in order with `add_block` and `apply`; ask as of any moment."""

    def __init__(self) -> None:
        self.blocks: dict[int, Block] = {}
        self.agencies: dict[int, AgencyFacts] = {}
        self.keys: dict[str, KeyFacts] = {}
        self.items: dict[int, ItemFacts] = {}
        self.parameters: dict[str, list[Dated]] = {}
        self.anchors: dict[int, list[AnchorFacts]] = {}
        self.marks: dict[bytes, list[MarkFacts]] = {}
        self.catalogue_authority: list[Dated] = []
        self.newest_block: Block | None = None
        self._anchor_of: dict[tuple[int, int], AnchorFacts] = {}
        self._times: list[int] = []
        self._numbers: list[int] = []

    def add_block(self, block: Block) -> None:
        """Append a block; raises HistoryError unless it follows the newest one in number, parent and time."""
        self.append(block, ())

    def append(self, block: Block, events: Iterable[ChainEvent]) -> None:
        """Append a block with its events; raises as `add_block` and `apply` do.

        `newest_block` moves last, so a thread that asks as of it never sees half a block.
        """
        newest = self.newest_block
        if newest is not None:
            if block.number != newest.number + 1 or block.parent_hash != newest.hash:
                raise HistoryError(f"block {block.number} does not follow block {newest.number}")
            if block.time < newest.time:
                raise HistoryError(f"block {block.number} is older than the one before it")
        self.blocks[block.number] = block
        for event in events:
            self.apply(event)
        self._numbers.append(block.number)
        self._times.append(block.time)
        self.newest_block = block

    def apply(self, event: ChainEvent) -> None:
        """Fold one event; raises HistoryError if its block is unknown or it contradicts what came before.

        Events that state nothing we ask about are passed over.
        """
        block = self.blocks.get(event.block)
        if block is None:
            raise HistoryError(f"event {event.name} stands in block {event.block}, which is not there")
        fold = _FOLDS.get((event.contract, event.name))
        if fold is not None:
            try:
                check_args(event.contract, event.name, event.args)
                fold(self, Point(event.block, event.log_index, block.time), event)
            except FormatError as error:
                raise HistoryError(f"event {event.name} in block {event.block}: {error.detail}") from error
            except KeyError as missing:
                raise HistoryError(f"event {event.name} in block {event.block}: unknown {missing}") from None

    def at_block(self, number: int) -> AsOf:
        """Return the moment at the end of block `number`; raises HistoryError if it is not there."""
        block = self.blocks.get(number)
        if block is None:
            raise HistoryError(f"block {number} is not there")
        return AsOf(block.time, Point(number, END_OF_BLOCK, block.time))

    def newest_block_by(self, time: int) -> Block | None:
        """Return the newest block whose time is at most `time`."""
        place = bisect_right(self._times, time)
        return self.blocks[self._numbers[place - 1]] if place else None

    def parameter(self, name: str, as_of: AsOf) -> int:
        """Return the value (seconds) of a parameter at that moment."""
        value: int = latest(self.parameters.get(name, []), as_of, DEFAULT_PARAMETERS[name])
        return value

    def anchor(self, gateway: int, batch: int) -> AnchorFacts | None:
        """Return a batch of a gateway, or None."""
        return self._anchor_of.get((gateway, batch))

    def newest_batch(self, gateway: int, as_of: AsOf) -> int:
        """Return the number of the newest batch of a gateway that was anchored by then, 0 if none."""
        stream = self.anchors.get(gateway, [])
        place = bisect_right(stream, False, key=lambda anchor: not as_of.covers(anchor.point))
        return stream[place - 1].batch if place else 0

    def why_not_entitled(self, key: str, role: Role, agency: int | None, as_of: AsOf) -> str | None:
        """Return why `key` may not act in `role` (for `agency`, any if None) at that moment, or None if it may."""
        facts = self.keys.get(key)
        if facts is None or not as_of.covers(facts.bound):
            return "the key is not bound to any agency"
        if agency is not None and facts.agency != agency:
            return f"the key is bound to agency {facts.agency}, not {agency}"
        if not facts.roles >> role & 1:
            return f"the key does not have role {role.name}"
        if as_of.time < facts.valid_from:
            return "the key is not valid yet"
        if as_of.time >= facts.valid_until:
            return "the key has expired"
        if facts.ended is not None and as_of.covers(facts.ended):
            revoked = facts.revoked is not None and as_of.covers(facts.revoked)
            return "the key was revoked" if revoked else "the key was retired"
        if not self.agencies[facts.agency].is_active(as_of):
            return f"agency {facts.agency} is not active"
        return None

    def marks_by(self, record_id: bytes, publisher: int, version: int, as_of: AsOf) -> set[int]:
        """Return the marks that `publisher` had set by then on this version of the record (or on all versions)."""
        return {
            mark.mark
            for mark in self.marks.get(record_id, ())
            if mark.agency == publisher and mark.version in (0, version) and as_of.covers(mark.point)
        }


def _once(has_happened: bool, event: ChainEvent, what: str) -> None:
    if has_happened:
        raise HistoryError(f"block {event.block} {what} a second time")


def _registered(history: History, point: Point, event: ChainEvent) -> None:
    args = event.args
    _once(args["agency"] in history.agencies, event, "registers an agency")
    history.agencies[args["agency"]] = AgencyFacts(args["kind"], args["region"], point, args["allowedRoles"])


def _status(history: History, point: Point, event: ChainEvent) -> None:
    history.agencies[event.args["agency"]].statuses.append(Dated(point, event.args["status"]))


def _allowed_roles(history: History, _: Point, event: ChainEvent) -> None:
    history.agencies[event.args["agency"]].allowed_roles = event.args["allowedRoles"]


def _key_bound(history: History, point: Point, event: ChainEvent) -> None:
    args = event.args
    _once(args["key"] in history.keys, event, "binds a key")
    if args["agency"] not in history.agencies:
        raise HistoryError(f"block {event.block} binds a key of an agency that is not registered")
    history.keys[args["key"]] = KeyFacts(args["agency"], args["roles"], args["validFrom"], args["validUntil"], point)


def _key_retired(history: History, point: Point, event: ChainEvent) -> None:
    key = history.keys[event.args["key"]]
    _once(key.ended is not None, event, "ends a key")
    key.ended = point


def _key_revoked(history: History, point: Point, event: ChainEvent) -> None:
    key = history.keys[event.args["key"]]
    _once(key.revoked is not None, event, "revokes a key")
    key.revoked, key.suspect_from = point, event.args["suspectFrom"]
    if key.ended is None:
        key.ended = point


def _item_published(history: History, point: Point, event: ChainEvent) -> None:
    item = history.items.setdefault(event.args["item"], ItemFacts())
    _once(event.args["version"] in item.versions, event, "publishes a version of an item")
    item.versions[event.args["version"]] = Dated(point, event.args)


def _item_retired(history: History, point: Point, event: ChainEvent) -> None:
    item = history.items[event.args["item"]]
    _once(item.retired is not None, event, "retires an item")
    item.retired = point


def _authority(history: History, point: Point, event: ChainEvent) -> None:
    history.catalogue_authority.append(Dated(point, event.args["agency"]))


def _parameter(history: History, point: Point, event: ChainEvent) -> None:
    history.parameters.setdefault(event.args["name"], []).append(Dated(point, event.args["value"]))


def _anchored(history: History, point: Point, event: ChainEvent) -> None:
    args = event.args
    root, head = from_hex(args["root"], 32), from_hex(args["head"], 32)
    gateway, batch, leaf_count, first = args["gateway"], args["batch"], args["leafCount"], args["firstSequence"]
    anchor = AnchorFacts(gateway, batch, root, leaf_count, first, head, point, event.transaction)
    history.anchors.setdefault(anchor.gateway, []).append(anchor)
    history._anchor_of[(anchor.gateway, anchor.batch)] = anchor


def _marked(history: History, point: Point, event: ChainEvent) -> None:
    args = event.args
    record_id = from_hex(args["recordId"], 32)
    mark = MarkFacts(args["agency"], args["version"], args["mark"], args["reason"], point)
    history.marks.setdefault(record_id, []).append(mark)


_FOLDS: Mapping[tuple[str, str], Callable[[History, Point, ChainEvent], None]] = {
    ("AgencyRegistry", "AgencyRegistered"): _registered,
    ("AgencyRegistry", "AgencyStatusSet"): _status,
    ("AgencyRegistry", "AllowedRolesSet"): _allowed_roles,
    ("AgencyRegistry", "KeyBound"): _key_bound,
    ("AgencyRegistry", "KeyRetired"): _key_retired,
    ("AgencyRegistry", "KeyRevoked"): _key_revoked,
    ("Catalogue", "CatalogueAuthoritySet"): _authority,
    ("Catalogue", "ItemPublished"): _item_published,
    ("Catalogue", "ItemRetired"): _item_retired,
    ("Parameters", "ParameterSet"): _parameter,
    ("RecordAnchors", "Anchored"): _anchored,
    ("RecordAnchors", "Marked"): _marked,
}


def stream_faults(history: History, gateway: int) -> list[str]:
    """Return what is wrong with a gateway's stream: gaps in batches or sequences, heads that are not the fold."""
    head, faults = GENESIS_HEAD, []
    batch, sequence = 1, 1
    for anchor in history.anchors.get(gateway, []):
        if (anchor.batch, anchor.first_sequence) != (batch, sequence):
            faults.append(f"batch {anchor.batch} does not follow batch {batch - 1}")
        head = next_head(head, gateway, anchor.batch, anchor.root, anchor.leaf_count, anchor.first_sequence)
        if head != anchor.head:
            faults.append(f"the head after batch {anchor.batch} is not the fold of the events")
            head = anchor.head
        batch, sequence = anchor.batch + 1, anchor.first_sequence + anchor.leaf_count
    return faults


def head_text(history: History, gateway: int) -> str:
    """Return the newest head of a gateway's stream as 0x hex, zero if it has none."""
    stream = history.anchors.get(gateway)
    return to_hex(stream[-1].head if stream else GENESIS_HEAD)
