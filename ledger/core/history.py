"""What the chain says, folded from its events in (block, log index) order (architecture, decision 6).

The same fold serves the gateway that decides and the auditor who judges. Questions are asked "as of" a time or as of a
place in the chain; contract views, which answer "now", are never asked about the past. An event takes effect at its
block's time; key validity is half-open [validFrom, validUntil).
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping

from ledger.core.anchor import GENESIS_HEAD, next_head
from ledger.core.chain_state import FOLDS, ChainState
from ledger.core.codes import Role
from ledger.core.event_shapes import check_args
from ledger.core.hexadecimal import to_hex
from ledger.core.member_facts import ACTIVE, AgencyFacts, AnchorFacts, ItemFacts, KeyFacts, MarkFacts
from ledger.core.points import ANCHORS, END_OF_BLOCK, AsOf, Block, ChainEvent, Dated, Point, anchors_number, latest
from ledger.errors import FormatError, HistoryError

__all__ = [
    "ACTIVE",
    "DEFAULT_PARAMETERS",
    "END_OF_BLOCK",
    "AgencyFacts",
    "AnchorFacts",
    "AsOf",
    "Block",
    "ChainEvent",
    "Dated",
    "History",
    "ItemFacts",
    "KeyFacts",
    "MarkFacts",
    "Point",
    "head_text",
    "latest",
    "stream_faults",
]

DAY = 86_400
DEFAULT_PARAMETERS: Mapping[str, int] = {
    "anchorDelay": 300,
    "factsAge": 60,
    "suspectWindow": 30 * DAY,
    "grantLife": 365 * DAY,
    "emergencyLife": 3 * DAY,
    "emergencyLifeUnsigned": 2 * 3_600,
    "reviewWithin": 15 * DAY,
    "noticeWithin": 30 * DAY,
    "noticeDeferral": 90 * DAY,
    "destroyWithin": 30 * DAY,
    "overdueReviewLimit": 2,
    "reviewAgency": 0,
    "reviewAgencySubstitute": 0,
}
"""In force until a ParameterSet event says otherwise; times in seconds."""


class History(ChainState):
    """The fold. Feed blocks and events in order with `add_block` and `apply`; ask as of any moment."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: dict[int, Block] = {}
        self.newest_block: Block | None = None
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
        fold = FOLDS.get((event.kind, event.name))
        if fold is not None:
            self._require_named(event)
            try:
                check_args(event.kind, event.name, event.args)
                fold(self, Point(event.block, event.log_index, block.time), event)
            except FormatError as error:
                raise HistoryError(f"event {event.name} in block {event.block}: {error.detail}") from error
            except KeyError as missing:
                raise HistoryError(f"event {event.name} in block {event.block}: unknown {missing}") from None

    def _require_named(self, event: ChainEvent) -> None:
        """Raise HistoryError for an event of a RecordAnchors that the directory has not named by then."""
        number = anchors_number(event.contract) or 1
        if number > 1 and number > sum(entry.name == ANCHORS for entry in self.governance.contracts):
            raise HistoryError(f"block {event.block} has an event of {event.contract}, which nobody has named")

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

    def first_block_after(self, time: int) -> Block | None:
        """Return the oldest block whose time is greater than `time`."""
        place = bisect_right(self._times, time)
        return self.blocks[self._numbers[place]] if place < len(self._times) else None

    def parameter(self, name: str, as_of: AsOf) -> int:
        """Return the value (seconds) of a parameter at that moment."""
        value: int = latest(self.parameters.get(name, []), as_of, DEFAULT_PARAMETERS[name])
        return value

    def anchor(self, gateway: int, batch: int) -> AnchorFacts | None:
        """Return a batch of a gateway, or None."""
        return self.anchor_of.get((gateway, batch))

    def newest_batch(self, gateway: int, as_of: AsOf) -> int:
        """Return the number of the newest batch of a gateway that was anchored by then, 0 if none."""
        stream = self.anchors.get(gateway, [])
        place = bisect_right(stream, False, key=lambda anchor: not as_of.covers(anchor.point))
        return stream[place - 1].batch if place else 0

    def why_not_entitled(self, key: str, role: Role | None, agency: int | None, as_of: AsOf) -> str | None:
        """Return why `key` may not act in `role` (for `agency`, any if None) at that moment, or None if it may.

        Without a role, it is enough that the key is one of an active agency's.
        """
        refusal = self.why_key_not(key, role, agency, as_of)
        if refusal is None and not self.agencies[self.keys[key].agency].is_active(as_of):
            return f"agency {self.keys[key].agency} is not active"
        return refusal

    def why_key_not(self, key: str, role: Role | None, agency: int | None, as_of: AsOf) -> str | None:
        """Return what `why_not_entitled` does, whether the key's agency is active or not."""
        facts = self.keys.get(key)
        if facts is None or not as_of.covers(facts.bound):
            return "the key is not bound to any agency"
        if agency is not None and facts.agency != agency:
            return f"the key is bound to agency {facts.agency}, not {agency}"
        if role is not None and not facts.roles >> role & 1:
            return f"the key does not have role {role.name}"
        if as_of.time < facts.valid_from:
            return "the key is not valid yet"
        if as_of.time >= facts.valid_until:
            return "the key has expired"
        if facts.ended is not None and as_of.covers(facts.ended):
            revoked = facts.revoked is not None and as_of.covers(facts.revoked)
            return "the key was revoked" if revoked else "the key was retired"
        return None

    def marks_by(self, record_id: bytes, publisher: int, version: int, as_of: AsOf) -> set[int]:
        """Return the marks of `publisher` that stood then on this version of the record (or on all versions)."""
        standing: set[tuple[int, int]] = set()
        for mark in self.marks.get(record_id, ()):
            if mark.agency == publisher and mark.version in (0, version) and as_of.covers(mark.point):
                change = standing.discard if mark.is_release else standing.add
                change((mark.mark, mark.version))
        return {mark for mark, _ in standing}


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
