"""Publishing one record with its files, at most once however often it is started.

    STATE/job.json   salted digest of what is published, and the record's id
    STATE/outbox/    the submission on its way, with its files (`ledger.client.outbox`)

The folder holds originals in clear until they are accepted: only its owner enters it.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ledger.attachment_errors import AttachmentMissing
from ledger.client.attaching import with_files
from ledger.client.durable import private_folder, write_durably
from ledger.client.outbox import ClientOutbox
from ledger.client.publishing import Publishing
from ledger.client.stripping import CleanFile
from ledger.client.submissions import SubmissionContent, contents, new_record
from ledger.core.canonical import JsonValue, decode, encode
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.keccak import keccak256
from ledger.core.schema import Schema
from ledger.core.shapes import members_of
from ledger.errors import FormatError, SubmissionRefused, TooLarge, UsageError

FORMAT = "gongzhi-record-job/1"
NAME = "record"


@dataclass(frozen=True)
class RecordSource:
    """What is to be published: item version, originals by path, files by the path of their slots."""

    item: int
    item_version: int
    originals: Mapping[str, JsonValue]
    files: Mapping[str, CleanFile]

    def prepared(self, schema: Schema) -> tuple[bytes, SubmissionContent]:
        """Return the id of a fresh record with a fresh salt secret, and its submission; raises as `contents` does."""
        record, attached = with_files(schema, new_record(self.originals), self.files)
        [content] = contents(schema, self.item, self.item_version, [record])
        return record.record_id, replace(content, attachments=attached)

    def digest(self, salt: bytes) -> bytes:
        """Return a digest by which the same source is known again, and nothing can be guessed."""
        files = {path: to_hex(keccak256(salt + file.content)) for path, file in self.files.items()}
        about = {"item": self.item, "version": self.item_version, "originals": dict(self.originals), "files": files}
        return keccak256(salt + encode(about))


class RecordJob:
    """One record on its way to one gateway, under one state folder."""

    def __init__(self, state: Path) -> None:
        self.state = private_folder(state)
        self.outbox = ClientOutbox(state / "outbox")
        self._path = state / "job.json"

    def begin(self, source: RecordSource, schema: Schema) -> bytes:
        """Put the record into the outbox, unless it stands there or was accepted; returns its id.

        Another source takes the place of one that was not accepted. Raises UsageError if one was, and what
        `RecordSource.prepared` raises.
        """
        known = self._known(source)
        if known is not None and self.outbox.holds(NAME):
            return known
        if NAME in self.outbox.sent():
            raise UsageError(f"{self.state} holds another record that was published; give another --state for this one")
        self.outbox.discard(NAME)
        record_id, content = source.prepared(schema)
        salt = os.urandom(32)
        members = {"salt": to_hex(salt), "source": to_hex(source.digest(salt)), "recordId": to_hex(record_id)}
        write_durably(self._path, encode({"format": FORMAT, **members}))
        self.outbox.put(NAME, content)
        return record_id

    def send(self, publishing: Publishing, wait_seconds: int = 0) -> Mapping[str, JsonValue]:
        """Send what is not accepted yet; returns the submission's id, entry and times. Raises as the outbox does.

        What the gateway refuses for good is not kept.
        """
        try:
            for _ in self.outbox.send_all(publishing, wait_seconds):
                pass
        except AttachmentMissing:
            raise  # removed meanwhile; it is uploaded again
        except (FormatError, SubmissionRefused, TooLarge):
            self.outbox.discard(NAME)
            raise
        return self.outbox.sent()[NAME]

    def _known(self, source: RecordSource) -> bytes | None:
        if not self._path.exists():
            return None
        members = members_of(decode(self._path.read_bytes()), ("format", "salt", "source", "recordId"), what="job")
        salt = from_hex(members["salt"], 32, what="job salt")
        same = members["source"] == to_hex(source.digest(salt)) and members["format"] == FORMAT
        return from_hex(members["recordId"], 32, what="job recordId") if same else None
