"""The followed chain: blocks, events, and what they settle, moved in one transaction with the cursor."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from ledger.core.codes import Mark
from ledger.core.decision import HIDING_MARKS
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.history import Block, ChainEvent
from ledger.core.member_facts import is_release
from ledger.rows import FollowedBlock, FollowedState
from ledger.store.locks import FOLLOW_LOCK, MARKS_LOCK
from ledger.store.outbox import Outbox
from ledger.store.session import Row

LOCK = f"SELECT pg_try_advisory_xact_lock({FOLLOW_LOCK})"
STATE_COLUMNS = "generation, checked_at, (SELECT max(number) FROM blocks)"
STATE = f"SELECT {STATE_COLUMNS} FROM following"
BLOCK_COLUMNS = "number, hash, parent_hash, time"
HEAD = f"SELECT {BLOCK_COLUMNS} FROM blocks ORDER BY number DESC LIMIT 1"
BLOCK = f"SELECT {BLOCK_COLUMNS} FROM blocks WHERE number = %s"
AFTER = f"SELECT {BLOCK_COLUMNS}, transactions FROM blocks WHERE number > %s ORDER BY number LIMIT %s"
EVENTS = """
    SELECT block, log_index, tx_hash, contract, name, args FROM events
    WHERE block > %s AND block <= %s ORDER BY block, log_index"""
COPY_BLOCKS = "COPY blocks (number, hash, parent_hash, time, transactions) FROM STDIN (FORMAT BINARY)"
BLOCK_TYPES = ("int8", "bytea", "bytea", "int8", "bytea[]")
COPY_EVENTS = "COPY events (block, log_index, tx_hash, contract, name, args) FROM STDIN (FORMAT BINARY)"
EVENT_TYPES = ("int8", "int4", "bytea", "text", "text", "text")
CHECKED = "UPDATE following SET checked_at = %s WHERE checked_at < %s"
ANCHORED = """
    UPDATE batches SET anchored_block = %s, anchored_at = %s, anchored_transaction = %s, followed_at = clock_timestamp()
    WHERE gateway = %s AND batch = %s AND root = %s AND leaf_count = %s AND first_sequence = %s"""
LOCK_MARKS = f"SELECT pg_advisory_xact_lock({MARKS_LOCK})"
ADD_MARK = """
    INSERT INTO hiding_marks (record_id, block, log_index, agency, version, mark) VALUES (%s, %s, %s, %s, %s, %s)"""
HIDE = """
    UPDATE records SET hidden = true
    WHERE record_id = %s AND publisher = %s AND %s IN (0, version) AND NOT hidden"""
DUE = """
    UPDATE records SET erase_marked_at = %s
    WHERE record_id = %s AND publisher = %s AND %s IN (0, version) AND erased_at IS NULL AND erase_marked_at IS NULL"""
# A hold was released: what its publisher marked erased meanwhile is asked for again.
DUE_AGAIN = f"""
    UPDATE records SET erase_marked_at = %s
    WHERE record_id = %s AND erased_at IS NULL AND erase_marked_at IS NULL AND EXISTS (
        SELECT FROM hiding_marks WHERE hiding_marks.record_id = records.record_id AND agency = publisher
            AND mark = {int(Mark.ERASED)} AND hiding_marks.version IN (0, records.version))"""
FORGET_BLOCKS = "DELETE FROM blocks WHERE number > %s"
FORGET_EVENTS = "DELETE FROM events WHERE block > %s"
FORGET_ANCHORS = """
    UPDATE batches SET anchored_block = NULL, anchored_at = NULL, anchored_transaction = NULL, followed_at = NULL
    WHERE anchored_block > %s"""
FORGET_MARKS = """
    WITH gone AS (DELETE FROM hiding_marks WHERE block > %s RETURNING record_id)
    UPDATE records SET hidden = withheld OR EXISTS (
        SELECT FROM hiding_marks WHERE block <= %s AND hiding_marks.record_id = records.record_id
            AND agency = publisher AND hiding_marks.version IN (0, records.version))
    FROM gone WHERE records.record_id = gone.record_id"""
NEW_GENERATION = "UPDATE following SET generation = generation + 1"


def block_of(row: Row) -> Block:
    """Return the block of a row of BLOCK_COLUMNS."""
    return Block(row[0], to_hex(row[1]), to_hex(row[2]), row[3])


class Following(Outbox):
    """See `ledger.ports.Transaction`, followed chain."""

    _seen: FollowedState | None = None
    """What this transaction read last, so that a look asks once; None after it moved the cursor itself."""

    def lock_following(self) -> bool:
        """Take the right to move the cursor until this transaction ends; False if another process has it."""
        return bool(self._value(LOCK))

    def followed_state(self) -> FollowedState:
        """Return generation, time of the last look and newest followed block number, in one small query."""
        self._seen = FollowedState(*self._one(STATE))
        return self._seen

    def seen_state(self) -> FollowedState:
        """Return the followed state as this transaction read it last, or reads it now."""
        return self._seen or self.followed_state()

    def followed_head(self) -> Block | None:
        """Return the newest followed block."""
        row = self._row(HEAD)
        return None if row is None else block_of(row)

    def followed_block(self, number: int) -> Block | None:
        """Return a followed block's header."""
        row = self._row(BLOCK, (number,))
        return None if row is None else block_of(row)

    def generation(self) -> int:
        """Return how often the followed chain was rewound; a cached history of another generation is void."""
        return self.followed_state().generation

    def note_checked(self, checked_at: int) -> None:
        """Note that the chain's head was seen at this time and holds nothing new."""
        self._seen = None
        self._run(CHECKED, (checked_at, checked_at))

    def blocks_after(self, number: int, limit: int) -> Sequence[FollowedBlock]:
        """Return followed blocks with a greater number, with their events, in order."""
        rows = self._rows(AFTER, (number, limit))
        if not rows:
            return []
        events: dict[int, list[ChainEvent]] = {}
        for row in self._rows(EVENTS, (number, rows[-1][0])):
            events.setdefault(row[0], []).append(ChainEvent(row[0], row[1], to_hex(row[2]), *row[3:]))
        return [FollowedBlock(block_of(row), events.get(row[0], []), [to_hex(tx) for tx in row[4]]) for row in rows]

    def add_followed(self, blocks: Iterable[FollowedBlock], checked_at: int) -> None:
        """Store blocks and events, settle batches that they anchor, hide records that they mark, move the cursor.

        All in this one transaction.
        """
        followed = list(blocks)
        self._copy(COPY_BLOCKS, BLOCK_TYPES, [_block_row(block) for block in followed])
        events = [(block.block, event) for block in followed for event in block.events]
        if events:
            self._copy(COPY_EVENTS, EVENT_TYPES, [_event_row(event) for _, event in events])
        for block, event in events:
            if (event.kind, event.name) == ("RecordAnchors", "Anchored"):
                self._anchored(block, event)
            elif (event.kind, event.name) == ("RecordAnchors", "Marked"):
                self._marked(block, event)
        if followed:
            self._unsettle_missing(followed[0].block.number, followed[-1].block.number)
        self.note_checked(checked_at)

    def _anchored(self, block: Block, event: ChainEvent) -> None:
        args = event.args
        place = (block.number, block.time, from_hex(event.transaction, 32))
        identity = (args["gateway"], args["batch"], from_hex(args["root"], 32))
        self._run(ANCHORED, (*place, *identity, args["leafCount"], args["firstSequence"]))

    def _marked(self, block: Block, event: ChainEvent) -> None:
        args = event.args
        record_id = from_hex(args["recordId"], 32)
        if is_release(args["mark"], args["reason"]):
            self._run(DUE_AGAIN, (block.time, record_id))
        if args["mark"] not in HIDING_MARKS:
            return
        self._rows(LOCK_MARKS)
        place = (record_id, event.block, event.log_index)
        self._run(ADD_MARK, (*place, args["agency"], args["version"], args["mark"]))
        whose = (record_id, args["agency"], args["version"])
        self._run(HIDE, whose)
        if args["mark"] == Mark.ERASED:
            self._run(DUE, (block.time, *whose))

    def rewind(self, block: int) -> None:
        """Forget followed blocks after `block` and what they settled; raises the history's generation."""
        self._seen = None
        self._rows(LOCK_MARKS)
        self._run(FORGET_MARKS, (block, block))
        for statement in (FORGET_ANCHORS, FORGET_EVENTS, FORGET_BLOCKS):
            self._run(statement, (block,))
        self._run(NEW_GENERATION)
        self.unsettle_after(block)


def _block_row(followed: FollowedBlock) -> tuple[Any, ...]:
    block = followed.block
    hashes = [from_hex(tx_hash, 32) for tx_hash in followed.transactions]
    return block.number, from_hex(block.hash, 32), from_hex(block.parent_hash, 32), block.time, hashes


def _event_row(event: ChainEvent) -> tuple[Any, ...]:
    args = json.dumps(dict(event.args), separators=(",", ":"))
    return event.block, event.log_index, from_hex(event.transaction, 32), event.contract, event.name, args
