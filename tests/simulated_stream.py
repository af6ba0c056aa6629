"""What the simulated ledger makes: signed submissions, entries of the stream, lines of an export."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ledger.core.canonical import encode
from ledger.core.codes import EntryType
from ledger.core.commitment import CommittedRecord
from ledger.core.eip712 import ZERO32
from ledger.core.entry import sealed_hash
from ledger.core.export import ExportCounts, ExportedAction, ExportedRecord, ExportManifest, manifest_document
from ledger.core.hexadecimal import to_hex
from ledger.core.receipt import Opening
from ledger.core.schema import Schema
from ledger.core.stored import stored_slots


@dataclass
class Submitted:
    """A submission that was signed: its message, key and records."""

    message: dict[str, Any]
    signer: str
    signature: bytes
    records: list[CommittedRecord]
    ciphertext_digests: list[bytes]

    @property
    def sealed_hash(self) -> bytes:
        """What stands in the entry's annex."""
        return sealed_hash(self.ciphertext_digests)


@dataclass
class StreamEntry:
    """An entry of the stream with what is kept beside it."""

    entry_type: EntryType
    message: dict[str, Any]
    signer: str
    signature: bytes
    annex: bytes = ZERO32
    submitted: Submitted | None = None
    base: str = ""
    request_signature: bytes = b""
    openings: tuple[Opening, ...] = ()
    sequence: int = 0
    action: ExportedAction | None = None
    """The signed message behind a RECEIVED entry; its own sequence does not count."""


@dataclass
class Export:
    """The lines of an export, to be written as they are or altered first."""

    manifest: ExportManifest
    entries: list[dict[str, Any]]
    records: list[dict[str, Any]]
    looks: list[dict[str, Any]]
    documents: dict[str, str]
    actions: list[dict[str, Any]] = field(default_factory=list)
    counts: ExportCounts | None = None

    def write(self, folder: Path) -> Path:
        """Write the directory; counts are those of the lines unless set."""
        counts = self.counts or ExportCounts(*(len(lines) for lines in self._files().values()))
        (folder / "documents").mkdir(parents=True)
        (folder / "manifest.json").write_bytes(encode(manifest_document(self.manifest, counts)))
        for name, lines in self._files().items():
            with (folder / f"{name}.ndjson").open("wb") as file:
                for line in lines:
                    file.write(encode(line) + b"\n")
        for hash_text, content in self.documents.items():
            (folder / "documents" / f"{hash_text}.json").write_text(content, encoding="utf-8")
        return folder

    def _files(self) -> dict[str, list[dict[str, Any]]]:
        return {"entries": self.entries, "records": self.records, "looks": self.looks, "actions": self.actions}


def record_lines(schema: Schema, sequence: int, submitted: Submitted) -> list[dict[str, Any]]:
    """Return the record lines of a submission."""
    lines = []
    for position, record in enumerate(submitted.records):
        slots = stored_slots(schema, record)
        exported = ExportedRecord(
            sequence,
            position,
            record.record_id,
            record.version,
            record.previous,
            slots.open_values.decode("utf-8").split("\n"),
            slots.open_salts,
            slots.closed_digests,
            submitted.ciphertext_digests[position],
        )
        lines.append(exported.members())
    return lines


def tombstone_line(record_line: dict[str, Any], record_root: bytes) -> dict[str, Any]:
    """Return what is left of a record's line once it is erased."""
    kept = ("sequence", "position", "recordId", "version", "previous", "ciphertextDigest")
    return {**{name: record_line[name] for name in kept}, "recordRoot": to_hex(record_root)}
