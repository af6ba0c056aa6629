"""Rows of attachments, which cross the ports as those of `ledger.rows` do, and what a transaction does with them."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SealedAttachment:
    """A file that a publisher uploaded, sealed under a data key of its own.

    `digest` is the salted one by which the record names it; nothing here is a plain digest of the content.
    """

    publisher: int
    digest: bytes
    media: str
    length: int
    """Bytes of the content."""
    ciphertext: bytes
    wrapped_key: bytes
    daily_key_id: str


@dataclass(frozen=True, slots=True)
class StagedAttachment:
    """An upload as it stands: bound to a record version, or since when (Unix seconds) it waits for one."""

    staged_at: int
    bound: bool


class AttachmentKeeping(Protocol):
    """The part of `ledger.transaction.Transaction` that keeps attachments."""

    def attachment_state(self, publisher: int, digest: bytes) -> StagedAttachment | None:
        """Return how an upload stands, None if there is none."""

    def staged_bytes(self, publisher: int, but: bytes) -> int:
        """Return the bytes of an agency's uploads that no record names, without the one of digest `but`.

        Until the transaction ends no other upload of this agency is counted.
        """

    def stage_attachment(self, attachment: SealedAttachment, staged_at: int) -> bool:
        """Keep an upload in place of an earlier one of its digest; False, and nothing kept, if a record names that."""

    def staged_attachment(self, publisher: int, digest: bytes) -> SealedAttachment | None:
        """Return an upload that no record names yet, and keep others from it until the transaction ends."""

    def bind_attachment(self, publisher: int, digest: bytes, record_id: bytes, version: int, slot: int) -> bool:
        """Bind an upload to the slot of a record version, for good; False if there is none that is free."""

    def attachment(self, record_id: bytes, version: int, slot: int) -> SealedAttachment | None:
        """Return what is attached to the slot of a record version."""

    def forget_attachments(self, before: int, limit: int) -> int:
        """Delete at most `limit` uploads from before `before` that no record names; returns how many."""
