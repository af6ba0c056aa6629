"""Consumed request nonces and first answers."""

from ledger.rows import FollowedState, SavedAnswer
from ledger.store.following import STATE_COLUMNS, Following

# Where the followed chain stands comes with it: each request asks both, and every round trip counts.
CONSUME = f"""
    WITH consumed AS (
        INSERT INTO nonces (key, request_nonce, expires_at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING RETURNING 1)
    SELECT EXISTS (SELECT FROM consumed), {STATE_COLUMNS} FROM following"""
FORGET = """
    DELETE FROM nonces WHERE ctid = ANY (ARRAY (
        SELECT ctid FROM nonces WHERE expires_at < %s ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED))"""
SAVED = "SELECT request_digest, status, body FROM answers WHERE agency = %s AND idempotency_key = %s"
SAVE = """
    INSERT INTO answers (agency, idempotency_key, request_digest, status, body, created_at)
    VALUES (%s, %s, %s, %s, %s, %s)"""


class Requests(Following):
    """See `ledger.ports.Transaction`, requests."""

    def consume_nonce(self, key: str, request_nonce: str, expires_at: int) -> bool:
        """Consume a request nonce; False if it was consumed before. Waits for a concurrent transaction's outcome.

        Reads the followed state too, so that `seen_state` need not.
        """
        is_fresh, *state = self._one(CONSUME, (key, request_nonce, expires_at))
        self._seen = FollowedState(*state)
        return bool(is_fresh)

    def forget_nonces(self, before: int, limit: int) -> int:
        """Delete at most `limit` nonces that expired before `before`; returns how many."""
        return self._run(FORGET, (before, limit))

    def saved_answer(self, agency: int, idempotency_key: str) -> SavedAnswer | None:
        """Return the answer that was given first under this key."""
        row = self._row(SAVED, (agency, idempotency_key))
        return None if row is None else SavedAnswer(*row)

    def save_answer(self, agency: int, idempotency_key: str, answer: SavedAnswer, created_at: int) -> None:
        """Keep an answer; raises Conflict if another transaction kept one first."""
        self._run(SAVE, (agency, idempotency_key, answer.request_digest, answer.status, answer.body, created_at))
