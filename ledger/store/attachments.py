"""Attachments: staged by an upload, bound by the submission whose record names them, erased with that record."""

from ledger.attachment_rows import SealedAttachment, StagedAttachment
from ledger.store.locks import UPLOADS_LOCK
from ledger.store.session import Session

COLUMNS = "publisher, digest, media, length, ciphertext, wrapped_key, daily_key_id"
STATE = "SELECT staged_at, record_id IS NOT NULL FROM attachments WHERE publisher = %s AND digest = %s"
# Uploads of one agency take turns, so that together they keep within its limit.
TURN = "SELECT pg_advisory_xact_lock(%s + %s)"
STAGED_BYTES = """
    SELECT COALESCE(sum(length), 0)::int8 FROM attachments
    WHERE publisher = %s AND record_id IS NULL AND digest <> %s"""
# The same digest again: its publisher corrects what he sent. What a record names never changes.
STAGE = f"""
    INSERT INTO attachments ({COLUMNS}, staged_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (publisher, digest) DO UPDATE SET media = excluded.media, length = excluded.length,
        ciphertext = excluded.ciphertext, wrapped_key = excluded.wrapped_key, daily_key_id = excluded.daily_key_id,
        staged_at = excluded.staged_at
    WHERE attachments.record_id IS NULL"""
STAGED = f"""
    SELECT {COLUMNS} FROM attachments WHERE publisher = %s AND digest = %s AND record_id IS NULL FOR UPDATE"""
BIND = """
    UPDATE attachments SET record_id = %s, version = %s, slot = %s
    WHERE publisher = %s AND digest = %s AND record_id IS NULL"""
OF_SLOT = f"SELECT {COLUMNS} FROM attachments WHERE record_id = %s AND version = %s AND slot = %s"
FORGET = """
    DELETE FROM attachments WHERE ctid = ANY (ARRAY (
        SELECT ctid FROM attachments WHERE record_id IS NULL AND staged_at < %s LIMIT %s FOR UPDATE SKIP LOCKED))"""


class Attachments(Session):
    """See `ledger.ports.Transaction`, attachments."""

    def attachment_state(self, publisher: int, digest: bytes) -> StagedAttachment | None:
        """Return how an upload stands, None if there is none."""
        row = self._row(STATE, (publisher, digest))
        return None if row is None else StagedAttachment(*row)

    def staged_bytes(self, publisher: int, but: bytes) -> int:
        """Return the bytes of an agency's uploads that no record names, without the one of digest `but`.

        Until the transaction ends no other upload of this agency is counted.
        """
        self._row(TURN, (UPLOADS_LOCK << 8, publisher))
        return int(self._value(STAGED_BYTES, (publisher, but)))

    def stage_attachment(self, attachment: SealedAttachment, staged_at: int) -> bool:
        """Keep an upload in place of an earlier one of its digest; False, and nothing kept, if a record names that."""
        identity = (attachment.publisher, attachment.digest, attachment.media, attachment.length)
        sealed = (attachment.ciphertext, attachment.wrapped_key, attachment.daily_key_id)
        return self._run(STAGE, (*identity, *sealed, staged_at)) == 1

    def staged_attachment(self, publisher: int, digest: bytes) -> SealedAttachment | None:
        """Return an upload that no record names yet, and keep others from it until the transaction ends."""
        row = self._row(STAGED, (publisher, digest))
        return None if row is None else SealedAttachment(*row)

    def bind_attachment(self, publisher: int, digest: bytes, record_id: bytes, version: int, slot: int) -> bool:
        """Bind an upload to the slot of a record version, for good; False if there is none that is free."""
        return self._run(BIND, (record_id, version, slot, publisher, digest)) == 1

    def attachment(self, record_id: bytes, version: int, slot: int) -> SealedAttachment | None:
        """Return what is attached to the slot of a record version."""
        row = self._row(OF_SLOT, (record_id, version, slot))
        return None if row is None else SealedAttachment(*row)

    def forget_attachments(self, before: int, limit: int) -> int:
        """Delete at most `limit` uploads from before `before` that no record names; returns how many."""
        return self._run(FORGET, (before, limit))
