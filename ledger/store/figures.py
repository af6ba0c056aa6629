"""Figures for health and metrics; each comes from a small or partial index, or from one row per submission."""

from collections.abc import Mapping

from ledger.store.session import Session

FIGURES = """
    WITH unnumbered AS (
        SELECT count(*) AS count, min(created_at) AS oldest, min(anchor_by) AS promise
        FROM entries WHERE sequence IS NULL),
    waiting AS (
        SELECT count(*) AS count,
            min((SELECT min(anchor_by) FROM entries
                 WHERE sequence >= first_sequence AND sequence < first_sequence + leaf_count)) AS promise
        FROM batches WHERE anchored_block IS NULL),
    open_rows AS (
        SELECT count(*) AS count, min(received_at) AS oldest
        FROM outbox WHERE state IN ('received', 'submitted'))
    SELECT
        COALESCE((SELECT max(sequence) FROM entries), 0) + unnumbered.count AS entries,
        unnumbered.count AS unnumbered,
        COALESCE(unnumbered.oldest, 0) AS oldest_unnumbered_at,
        COALESCE(LEAST(unnumbered.promise, waiting.promise), 0) AS earliest_open_anchor_by,
        COALESCE((SELECT max(batch) FROM batches), 0) AS batches,
        waiting.count AS batches_unanchored,
        (SELECT count(*) FROM submissions) AS submissions,
        COALESCE((SELECT sum(record_count) FROM submissions), 0)::bigint AS records,
        open_rows.count AS outbox_unsettled,
        COALESCE(open_rows.oldest, 0) AS oldest_unsettled_at,
        (SELECT count(*) FROM outbox WHERE state = 'failed') AS quarantined,
        COALESCE((SELECT max(number) FROM blocks), -1) AS followed_block,
        following.checked_at AS checked_at,
        following.generation AS generation,
        (SELECT count(*) FROM records WHERE erase_marked_at IS NOT NULL) AS erasures_pending,
        COALESCE((SELECT min(erase_marked_at) FROM records WHERE erase_marked_at IS NOT NULL), 0)
            AS oldest_erasure_marked_at
    FROM unnumbered, waiting, open_rows, following"""
NAMES = (
    *("entries", "unnumbered", "oldest_unnumbered_at", "earliest_open_anchor_by", "batches", "batches_unanchored"),
    *("submissions", "records", "outbox_unsettled", "oldest_unsettled_at", "quarantined", "followed_block"),
    *("checked_at", "generation", "erasures_pending", "oldest_erasure_marked_at"),
)
LATENCIES = """
    SELECT extract(epoch FROM followed_at - stored_at)::float8
    FROM entries JOIN batches ON batches.batch = entries.batch
    WHERE entry_id > %s AND followed_at IS NOT NULL ORDER BY entry_id"""


class Figures(Session):
    """See `ledger.ports.Transaction`, figures."""

    def figures(self) -> Mapping[str, int]:
        """Return counts and oldest times (Unix seconds, 0 if there is none), by the names in NAMES.

        `earliest_open_anchor_by` is the nearest promise of an entry that is not anchored; `followed_block` is -1 before
        the first block.
        """
        return dict(zip(NAMES, self._one(FIGURES), strict=True))

    def anchoring_seconds(self, after_entry_id: int) -> list[float]:
        """Return for each anchored entry after `after_entry_id` the seconds from its storing to its confirmation."""
        return [row[0] for row in self._rows(LATENCIES, (after_entry_id,))]
