"""Rows for tests of the store and of what moves entries: random, well-formed, without meaning."""

import secrets
from collections.abc import Sequence

from ledger.attachment_rows import SealedAttachment
from ledger.core.stored import SearchKeys, StoredSlots
from ledger.rows import NewEntry, NewRecord, NewSubmission

ADDRESS = "0x" + "ab" * 20


def new_entry(*, entry_type: int = 3, created_at: int = 1_000, agency: int = 7) -> NewEntry:
    """An entry with a random digest."""
    message = {"gateway": 1, "request": "0x" + secrets.token_hex(32), "purpose": 3}
    return NewEntry(
        entry_type=entry_type,
        message=message,
        signer=ADDRESS,
        signature=secrets.token_bytes(65),
        annex=bytes(32),
        digest=secrets.token_bytes(32),
        agency=agency,
        created_at=created_at,
        anchor_by=created_at + 300,
    )


def new_record(
    *,
    record_id: bytes | None = None,
    version: int = 1,
    region: str | None = "990101001001",
    occurred_at: int | None = 500,
    record_class: str | None = "fire/building",
) -> NewRecord:
    """A record version of 8 open and 12 closed slots."""
    return NewRecord(
        record_id=record_id or secrets.token_bytes(32),
        version=version,
        previous=bytes(32) if version == 1 else secrets.token_bytes(32),
        record_root=secrets.token_bytes(32),
        slots=StoredSlots(b"\n".join([b'"value"'] * 8), secrets.token_bytes(8 * 32), secrets.token_bytes(12 * 32)),
        keys=SearchKeys(region, occurred_at, occurred_at, record_class, 2),
        ciphertext=secrets.token_bytes(600),
        ciphertext_digest=secrets.token_bytes(32),
        wrapped_key=secrets.token_bytes(60),
        daily_key_id="2024-01-01/1",
    )


def new_submission(
    records: Sequence[NewRecord],
    *,
    publisher: int = 7,
    item: int = 1,
    submission_id: bytes | None = None,
    created_at: int = 1_000,
) -> NewSubmission:
    """A submission of these records."""
    return NewSubmission(
        entry=new_entry(entry_type=1, created_at=created_at, agency=publisher),
        submission_id=submission_id or secrets.token_bytes(32),
        publisher=publisher,
        item=item,
        item_version=1,
        schema_hash=b"\x05" * 32,
        statement_digest=secrets.token_bytes(32),
        accepted_at=created_at,
        acceptance_signature=secrets.token_bytes(65),
        acceptance_signer=ADDRESS,
        records=records,
    )


def new_attachment(*, publisher: int = 7, digest: bytes | None = None, length: int = 5_000) -> SealedAttachment:
    """An upload of so many bytes."""
    return SealedAttachment(
        publisher=publisher,
        digest=digest or secrets.token_bytes(32),
        media="image/jpeg",
        length=length,
        ciphertext=secrets.token_bytes(length + 28),
        wrapped_key=secrets.token_bytes(60),
        daily_key_id="2024-01-01/1",
    )
