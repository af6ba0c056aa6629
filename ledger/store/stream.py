"""Batches of the stream: each fixed once, its entries numbered from its first sequence."""

from collections.abc import Sequence

from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.history import AnchorFacts
from ledger.errors import Conflict
from ledger.rows import NewBatch, StoredBatch
from ledger.store.locks import STREAM_LOCK
from ledger.store.session import Row, Session

LOCK = "SELECT pg_try_advisory_xact_lock(%s # %s::bigint)"
UNNUMBERED = """
    SELECT entry_id, entry_type, digest, created_at FROM entries
    WHERE sequence IS NULL AND entry_id > %s ORDER BY entry_id LIMIT %s"""
OWN_NUMBER = "SELECT pg_current_xact_id()::text::bigint"
OLDEST_WRITER = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
NEWEST_ENTRY = "SELECT COALESCE(max(entry_id), 0) FROM entries"
BATCH_COLUMNS = """
    gateway, batch, root, leaf_count, first_sequence, created_at, intent, anchored_block, anchored_transaction"""
NEWEST = f"SELECT {BATCH_COLUMNS} FROM batches WHERE gateway = %s ORDER BY batch DESC LIMIT 1"
BATCH = f"SELECT {BATCH_COLUMNS} FROM batches WHERE gateway = %s AND batch = %s"
AFTER = f"SELECT {BATCH_COLUMNS} FROM batches WHERE gateway = %s AND batch > %s ORDER BY batch LIMIT %s"
UNANCHORED = f"SELECT {BATCH_COLUMNS} FROM batches WHERE gateway = %s AND anchored_block IS NULL ORDER BY batch"
ADD = """
    INSERT INTO batches (gateway, batch, root, leaf_count, first_sequence, created_at, intent)
    VALUES (%s, %s, %s, %s, %s, %s, %s)"""
NUMBER = """
    UPDATE entries SET batch = %s, sequence = %s + place - 1
    FROM unnest(%s::bigint[]) WITH ORDINALITY AS ordered (id, place)
    WHERE entry_id = id AND sequence IS NULL"""
ADOPT = """
    INSERT INTO batches (gateway, batch, root, leaf_count, first_sequence, created_at, intent,
        anchored_block, anchored_at, anchored_transaction, followed_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, clock_timestamp())"""
CARRY = "UPDATE batches SET intent = %s WHERE gateway = %s AND batch = %s"
LEAVES = """
    SELECT entry_type, sequence, digest FROM batches JOIN entries
        ON sequence >= first_sequence AND sequence < first_sequence + leaf_count
    WHERE gateway = %s AND batches.batch = %s ORDER BY sequence"""


def stored_batch(row: Row) -> StoredBatch:
    """Return the batch of a row of BATCH_COLUMNS."""
    columns = list(row)
    columns[8] = None if row[8] is None else to_hex(row[8])
    return StoredBatch(*columns)


class Stream(Session):
    """See `ledger.ports.Transaction`, stream."""

    def lock_stream(self, gateway: int) -> bool:
        """Take the right to fix batches until this transaction ends; False if another process has it."""
        return bool(self._value(LOCK, (STREAM_LOCK << 8, gateway)))

    def unnumbered(self, limit: int, after: int = 0) -> Sequence[tuple[int, int, bytes, int]]:
        """Return (entry id, entry type, entry digest, created_at) of entries that have no number yet, oldest first.

        Those with an entry id of at most `after` are left out.
        """
        return [(row[0], row[1], row[2], row[3]) for row in self._rows(UNNUMBERED, (after, limit))]

    def transaction_number(self) -> int:
        """Return this transaction's number, greater than that of each one that wrote before."""
        number: int = self._value(OWN_NUMBER)
        return number

    def oldest_writer(self) -> int:
        """Return the number of the oldest transaction that writes and is not over, this one included."""
        number: int = self._value(OLDEST_WRITER)
        return number

    def newest_entry_id(self) -> int:
        """Return the greatest entry id, 0 if there is no entry."""
        newest: int = self._value(NEWEST_ENTRY)
        return newest

    def newest_batch(self, gateway: int) -> StoredBatch | None:
        """Return the newest fixed batch."""
        row = self._row(NEWEST, (gateway,))
        return None if row is None else stored_batch(row)

    def batch(self, gateway: int, batch: int) -> StoredBatch | None:
        """Return a fixed batch."""
        row = self._row(BATCH, (gateway, batch))
        return None if row is None else stored_batch(row)

    def batches_after(self, gateway: int, batch: int, limit: int) -> Sequence[StoredBatch]:
        """Return fixed batches with a greater number, in order."""
        return [stored_batch(row) for row in self._rows(AFTER, (gateway, batch, limit))]

    def unanchored_batches(self, gateway: int) -> Sequence[StoredBatch]:
        """Return fixed batches that are not confirmed on chain, in order."""
        return [stored_batch(row) for row in self._rows(UNANCHORED, (gateway,))]

    def add_batch(self, batch: NewBatch) -> None:
        """Fix a batch and number its entries from its first sequence, in the order given.

        Raises Conflict if the batch, or one of its entries' numbers, is there already.
        """
        identity = (batch.gateway, batch.batch, batch.root, len(batch.entry_ids), batch.first_sequence)
        self._run(ADD, (*identity, batch.created_at, batch.intent))
        self._number(batch.batch, batch.first_sequence, batch.entry_ids)

    def adopt_batch(self, anchor: AnchorFacts, entry_ids: Sequence[int]) -> None:
        """Take over a batch that stands in a followed block and is not known here; its entries that are here follow.

        `entry_ids` are all of them in order, or none. Raises Conflict if the batch or a number is there already.
        """
        identity = (anchor.gateway, anchor.batch, anchor.root, anchor.leaf_count, anchor.first_sequence)
        place = (anchor.point.block, anchor.point.time, from_hex(anchor.transaction, 32))
        intent = f"anchor/{anchor.gateway}/{anchor.batch}"
        self._run(ADOPT, (*identity, anchor.point.time, intent, *place))
        self._number(anchor.batch, anchor.first_sequence, entry_ids)

    def _number(self, batch: int, first_sequence: int, entry_ids: Sequence[int]) -> None:
        if self._run(NUMBER, (batch, first_sequence, list(entry_ids))) != len(entry_ids):
            raise Conflict("an entry of this batch is numbered already")

    def carry_batch(self, gateway: int, batch: int, intent: str) -> None:
        """Note that another transaction of the outbox carries the batch from now on."""
        self._run(CARRY, (intent, gateway, batch))

    def leaves_of_batch(self, gateway: int, batch: int) -> Sequence[tuple[int, int, bytes]]:
        """Return (entry type, sequence, entry digest) of a batch's entries, in order."""
        return [(row[0], row[1], row[2]) for row in self._rows(LEAVES, (gateway, batch))]
