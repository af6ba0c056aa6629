"""Attachments: taken and sealed before the record that names them, bound to it by the submission.

An upload is kept by its salted digest. The salt comes with the record, so that it is only then that content and digest
are compared: whoever uploads something else has no record that names it, and it is removed after a while.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.attachment_errors import (
    AttachmentMedia,
    AttachmentMissing,
    AttachmentQuota,
    AttachmentRefused,
    AttachmentTooLarge,
)
from ledger.attachment_rows import SealedAttachment, StagedAttachment
from ledger.core.attachment import (
    PDF,
    FileValue,
    attached_files,
    attachment_associated_data,
    file_places,
    require_content,
)
from ledger.core.codes import Role
from ledger.core.commitment import CommittedRecord
from ledger.core.image_metadata import require_no_metadata
from ledger.core.schema import Schema
from ledger.core.sealing import AEAD_NONCE_BYTES, DATA_KEY_BYTES, seal, unseal
from ledger.errors import StoreError
from ledger.ports import Transaction
from ledger.rows import DailyKey
from ledger.services.authenticate import Call
from ledger.services.seal import DailyKeys


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent: the salted digest by which a record will name it, media type and content."""

    digest: bytes
    media: str
    content: bytes


def stage_attachment(call: Call, upload: Upload, daily: DailyKey) -> StagedAttachment:
    """Seal and keep an upload of the caller's agency; sending it again, or another in its place, changes nothing else.

    Raises NotEntitled without role SUBMIT, AttachmentTooLarge, AttachmentMedia, AttachmentMetadata, AttachmentQuota.
    """
    call.require_role(Role.SUBMIT)
    rules = call.gateway.attachment_rules
    if len(upload.content) > rules.most_bytes:
        raise AttachmentTooLarge(f"it has {len(upload.content)} bytes; at most {rules.most_bytes} are taken")
    if upload.media == PDF and not rules.pdf:
        raise AttachmentMedia("this gateway takes no PDF; send the pages as pictures")
    require_no_metadata(upload.media, upload.content)
    waiting = call.transaction.staged_bytes(call.agency, upload.digest)
    known = call.transaction.attachment_state(call.agency, upload.digest)
    if known is not None and known.bound:
        return known
    if waiting + len(upload.content) > rules.staged_bytes:
        raise AttachmentQuota(f"{waiting} bytes wait for their records; at most {rules.staged_bytes} may")
    call.transaction.stage_attachment(_sealed(call.agency, upload, daily), call.now)
    return StagedAttachment(call.now, bound=False)


def bind_attachments(call: Call, schema: Schema, committed: Sequence[CommittedRecord], keys: DailyKeys) -> None:
    """Bind every file that these records of the caller name to its slot, in the transaction that stores the records.

    Raises AttachmentMissing, AttachmentMismatch, AttachmentTooMany or AttachmentMedia, naming record and path; nothing
    may be stored then.
    """
    if not file_places(schema):
        return
    for place, made in enumerate(committed):
        try:
            for slot, value in attached_files(schema, made):
                _bind(call, keys, made, slot, value, schema.slots[slot].path)
        except AttachmentRefused as error:
            raise type(error)(f"record {place}: {error.detail}") from error


def _bind(call: Call, keys: DailyKeys, made: CommittedRecord, slot: int, value: FileValue, path: str) -> None:
    staged = call.transaction.staged_attachment(call.agency, value.digest)
    if staged is None:
        raise AttachmentMissing(f"{path}: nothing was uploaded under its digest")
    content = open_attachment(call.transaction, keys, staged)
    try:
        require_content(value, made.salts[slot], content, staged.media)
    except AttachmentRefused as error:
        raise type(error)(f"{path}: {error.detail}") from error
    if not call.transaction.bind_attachment(call.agency, value.digest, made.record_id, made.version, slot):
        raise StoreError("the attachment that is locked is not there")


def open_attachment(transaction: Transaction, keys: DailyKeys, sealed: SealedAttachment) -> bytes:
    """Return the content of an attachment; raises SealingError, KeyProviderError."""
    associated = attachment_associated_data(sealed.publisher, sealed.digest)
    daily = keys.by_id(transaction, sealed.daily_key_id)
    return unseal(unseal(daily.clear, sealed.wrapped_key, associated), sealed.ciphertext, associated)


def _sealed(publisher: int, upload: Upload, daily: DailyKey) -> SealedAttachment:
    random = os.urandom(DATA_KEY_BYTES + 2 * AEAD_NONCE_BYTES)
    data_key, rest = random[:DATA_KEY_BYTES], random[DATA_KEY_BYTES:]
    associated = attachment_associated_data(publisher, upload.digest)
    return SealedAttachment(
        publisher=publisher,
        digest=upload.digest,
        media=upload.media,
        length=len(upload.content),
        ciphertext=seal(data_key, rest[:AEAD_NONCE_BYTES], upload.content, associated),
        wrapped_key=seal(daily.clear, rest[AEAD_NONCE_BYTES:], data_key, associated),
        daily_key_id=daily.key_id,
    )
