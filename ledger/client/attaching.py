"""Files of a record as its publisher handles them: named by the record, uploaded before it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ledger.client.stripping import CleanFile
from ledger.core.attachment import MOST_OF_A_RECORD, file_place, file_value
from ledger.core.commitment import RecordContent, salt
from ledger.core.hexadecimal import to_hex
from ledger.core.schema import Schema
from ledger.errors import UsageError


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file by the salted digest under which a record names it, with media type and content."""

    digest: bytes
    media: str
    content: bytes


def with_files(
    schema: Schema, content: RecordContent, files: Mapping[str, CleanFile]
) -> tuple[RecordContent, tuple[AttachedFile, ...]]:
    """Return a record that names `files` (slot path → file), and the files as they are uploaded.

    Each digest is salted with the slot's own salt. Raises UsageError for a path where the schema has no file.
    """
    if len(files) > MOST_OF_A_RECORD:
        raise UsageError(f"a record has at most {MOST_OF_A_RECORD} attachments")
    originals, attached = dict(content.originals), []
    for path, file in files.items():
        place = file_place(schema, path)
        if place is None:
            raise UsageError(f"{schema.name} version {schema.version} has no file at {path}")
        value = file_value(salt(content.salt_secret, schema.slots[place].salt_message), file.content, file.media)
        originals[path] = value.json
        attached.append(AttachedFile(value.digest, file.media, file.content))
    return replace(content, originals=originals), tuple(attached)


def named_files(records: Iterable[bytes], files: Iterable[AttachedFile]) -> tuple[AttachedFile, ...]:
    """Return those of `files` that some of `records` (texts of a request body) name."""
    texts = tuple(records)
    return tuple(file for file in files if any(to_hex(file.digest).encode("ascii") in text for text in texts))
