"""Attachments: the value of a `file` slot, its salted digest, and what may be attached (formats page, section 2).

PERMANENT: `digest` = Keccak-256(slot salt ‖ content), the salt being that of the slot (path, `o`) of the record version
that names the file. So the digest is as unguessable as the slot's own commitment, and whoever is shown the slot holds
the salt by which he checks the content.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.attachment_errors import AttachmentMedia, AttachmentMismatch, AttachmentTooMany
from ledger.core.canonical import JsonValue, decode
from ledger.core.commitment import CommittedRecord
from ledger.core.eip712 import word
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.keccak import keccak256
from ledger.core.schema import ORIGINAL, Schema
from ledger.core.shapes import members_of, text, unsigned

JPEG, PNG, PDF = "image/jpeg", "image/png", "application/pdf"
MEDIA_TYPES = (JPEG, PNG, PDF)
MOST_OF_A_RECORD = 8
"""Attachments of one record version."""
FILE_TYPE = "file"
_MAGIC = ((JPEG, b"\xff\xd8\xff"), (PNG, b"\x89PNG\r\n\x1a\n"), (PDF, b"%PDF-"))
_SEALED = b"gongzhi-attachment/1"


@dataclass(frozen=True, slots=True)
class FileValue:
    """The value of a `file` slot: salted digest (32 bytes), length in bytes, media type."""

    digest: bytes
    length: int
    media: str

    @property
    def json(self) -> dict[str, JsonValue]:
        """The value as a record's originals carry it."""
        return {"digest": to_hex(self.digest), "bytes": self.length, "media": self.media}


def attachment_digest(salt: bytes, content: bytes) -> bytes:
    """Return Keccak-256(salt ‖ content), 32 bytes."""
    return keccak256(salt + content)


def file_value(salt: bytes, content: bytes, media: str) -> FileValue:
    """Return the value of the slot with this salt that names `content`."""
    return FileValue(attachment_digest(salt, content), len(content), media)


def parse_file_value(value: JsonValue) -> FileValue:
    """Return a slot's value; raises FormatError."""
    members = members_of(value, ("digest", "bytes", "media"), what="file")
    length = unsigned(members["bytes"], 53, what="file bytes")
    return FileValue(from_hex(members["digest"], 32, what="file digest"), length, text(members["media"], what="media"))


def file_places(schema: Schema) -> Sequence[int]:
    """Return the places of the slots that name files."""
    return [place for place, slot in enumerate(schema.slots) if slot.type == FILE_TYPE and slot.is_original]


def file_place(schema: Schema, path: str) -> int | None:
    """Return the place of the `file` slot at `path`, None where the schema has no such slot."""
    place = schema.index.get((path, ORIGINAL))
    return place if place is not None and schema.slots[place].type == FILE_TYPE else None


def attached_files(schema: Schema, committed: CommittedRecord) -> Sequence[tuple[int, FileValue]]:
    """Return the files that a record names, each with the place of its slot.

    Raises AttachmentTooMany, or AttachmentMedia for a media type that is never taken.
    """
    found = []
    for place in file_places(schema):
        if committed.values[place] != b"null":
            value = parse_file_value(decode(committed.values[place]))
            if value.media not in MEDIA_TYPES:
                path = schema.slots[place].path
                raise AttachmentMedia(f"{path}: its media type is not one of {', '.join(MEDIA_TYPES)}")
            found.append((place, value))
    if len(found) > MOST_OF_A_RECORD:
        raise AttachmentTooMany(f"{len(found)} attachments; a record has at most {MOST_OF_A_RECORD}")
    return found


def require_content(value: FileValue, salt: bytes, content: bytes, media: str) -> None:
    """Raise AttachmentMismatch unless `content` of type `media` is what the slot with this salt names."""
    if media != value.media:
        raise AttachmentMismatch("its media type is not the one in the record")
    if len(content) != value.length:
        raise AttachmentMismatch(f"it has {len(content)} bytes, the record says {value.length}")
    if attachment_digest(salt, content) != value.digest:
        raise AttachmentMismatch("its digest under the slot's salt is another")


def media_of(content: bytes) -> str | None:
    """Return the media type that the first bytes say, None for one that is never taken."""
    return next((media for media, magic in _MAGIC if content.startswith(magic)), None)


def attachment_associated_data(publisher: int, digest: bytes) -> bytes:
    """Return what binds a sealed attachment: its format, its publisher (32-byte word) and the digest that names it."""
    return _SEALED + word(publisher) + digest
