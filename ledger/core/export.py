"""An auditor's export, `gongzhi-export/1`: lines of the stream and files of the directory (formats page, section 7).

PERMANENT. Over the wire every line is canonical JSON tagged by a member `line`; in the directory the same members stand
without the tag, one file per sort: manifest.json, entries.ndjson, records.ndjson, looks.ndjson, actions.ndjson
(sequence order) and documents/<hash>.json. Shapes only; whether they tell the truth is judged in `ledger.core.audit`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.core import typed_messages
from ledger.core.canonical import decode, encode_text
from ledger.core.codes import EntryType
from ledger.core.hexadecimal import from_hex, to_address, to_hex
from ledger.core.keccak import keccak256
from ledger.core.receipt import Opening, opening_document, parse_openings
from ledger.core.shapes import array, members_of, text, unsigned
from ledger.core.statements import ENTRY_STATEMENTS, message_from_json, message_to_json
from ledger.errors import FormatError, UnsupportedFormat

FORMAT = "gongzhi-export/1"
MANIFEST_FILE = "manifest.json"
ENTRIES_FILE = "entries.ndjson"
RECORDS_FILE = "records.ndjson"
LOOKS_FILE = "looks.ndjson"
ACTIONS_FILE = "actions.ndjson"
DOCUMENTS_FOLDER = "documents"

_MANIFEST = ("format", "chainId", "contract", "gateway", "lastBatch", "lastSequence", "exportedAt")
_COUNTS = ("entries", "records", "looks", "actions")
_DOCUMENT = ("hash", "media", "content")
_ENTRY = ("sequence", "entryType", "message", "signer", "signature", "annex")
_RECORD = (
    *("sequence", "position", "recordId", "version", "previous"),
    *("values", "salts", "digests", "ciphertextDigest"),
)
_TOMBSTONE = ("sequence", "position", "recordId", "version", "previous", "recordRoot", "ciphertextDigest")
_LOOK = ("sequence", "base", "signature", "openings")
_ACTION = ("sequence", "action", "message", "signatures")


@dataclass(frozen=True, slots=True)
class ExportCounts:
    """How many lines of each sort an export holds: its last line over the wire, part of the manifest on disk."""

    entries: int
    records: int
    looks: int
    actions: int

    def members(self) -> dict[str, Any]:
        """Return the JSON members."""
        return {name: getattr(self, name) for name in _COUNTS}


@dataclass(frozen=True, slots=True)
class ExportManifest:
    """Of which stream an export is, and up to where. `exported_at` in Unix seconds by the gateway's clock."""

    chain_id: int
    contract: str
    gateway: int
    last_batch: int
    last_sequence: int
    exported_at: int

    def members(self) -> dict[str, Any]:
        """Return the JSON members of the stream's first line (without the tag)."""
        return {
            "format": FORMAT,
            "chainId": self.chain_id,
            "contract": self.contract,
            "gateway": self.gateway,
            "lastBatch": self.last_batch,
            "lastSequence": self.last_sequence,
            "exportedAt": self.exported_at,
        }


@dataclass(frozen=True, slots=True)
class ExportedDocument:
    """A hashed document: Keccak-256 of the UTF-8 bytes of `content`, which is exactly the text that was hashed."""

    hash: bytes
    media: str
    content: str

    def members(self) -> dict[str, Any]:
        """Return the JSON members of its line."""
        return {"hash": to_hex(self.hash), "media": self.media, "content": self.content}


@dataclass(frozen=True, slots=True)
class ExportedEntry:
    """An anchored entry. `message` as its statement expects it (bytes32 as bytes)."""

    sequence: int
    entry_type: EntryType
    message: Mapping[str, Any]
    signer: str
    signature: bytes
    annex: bytes

    @property
    def statement(self) -> str:
        """Name of the entry's statement, as `Submission`."""
        return ENTRY_STATEMENTS[self.entry_type]

    def members(self) -> dict[str, Any]:
        """Return the JSON members of its line."""
        return entry_members(
            self.sequence,
            self.entry_type,
            message_to_json(self.statement, self.message),
            self.signer,
            self.signature,
            self.annex,
        )


@dataclass(frozen=True, slots=True)
class ExportedRecord:
    """A record as a gateway stores it: stored-open slots by value and salt, the others by digest, in schema order.

    `values` are canonical JSON texts; `salts` and `digests` are concatenated, 32 bytes each; `position` counts from 0
    within the submission that stands under `sequence`.
    """

    sequence: int
    position: int
    record_id: bytes
    version: int
    previous: bytes
    values: list[str]
    salts: bytes
    digests: bytes
    ciphertext_digest: bytes

    def members(self) -> dict[str, Any]:
        """Return the JSON members of its line."""
        return {
            "sequence": self.sequence,
            "position": self.position,
            "recordId": to_hex(self.record_id),
            "version": self.version,
            "previous": to_hex(self.previous),
            "values": list(self.values),
            "salts": to_hex(self.salts),
            "digests": to_hex(self.digests),
            "ciphertextDigest": to_hex(self.ciphertext_digest),
        }


@dataclass(frozen=True, slots=True)
class ExportedTombstone:
    """What is left of an erased record: its place in the submission under `sequence`, its root, what was sealed.

    It stands in records.ndjson in the place of the record's line; schema and publisher are the submission's.
    """

    sequence: int
    position: int
    record_id: bytes
    version: int
    previous: bytes
    record_root: bytes
    ciphertext_digest: bytes

    def members(self) -> dict[str, Any]:
        """Return the JSON members of its line."""
        return {
            "sequence": self.sequence,
            "position": self.position,
            "recordId": to_hex(self.record_id),
            "version": self.version,
            "previous": to_hex(self.previous),
            "recordRoot": to_hex(self.record_root),
            "ciphertextDigest": to_hex(self.ciphertext_digest),
        }


@dataclass(frozen=True, slots=True)
class ExportedLook:
    """The signed request behind a disclosure, refusal or query, and what a disclosure opened, in the page's order."""

    sequence: int
    base: str
    signature: bytes
    openings: tuple[Opening, ...]

    def members(self) -> dict[str, Any]:
        """Return the JSON members of its line."""
        return {
            "sequence": self.sequence,
            "base": self.base,
            "signature": to_hex(self.signature),
            "openings": [opening_document(opening) for opening in self.openings],
        }


@dataclass(frozen=True, slots=True)
class ExportedAction:
    """The signed message behind a RECEIVED entry: its name, the message (bytes32 as bytes), and its signatures.

    Signatures are in the order of the message's signers, empty for one that is the zero address.
    """

    sequence: int
    action: str
    message: Mapping[str, Any]
    signatures: tuple[bytes, ...]

    def members(self) -> dict[str, Any]:
        """Return the JSON members of its line."""
        message = typed_messages.message_to_json(self.action, self.message)
        return action_members(self.sequence, self.action, message, self.signatures)


def action_members(
    sequence: int, action: str, message: Mapping[str, Any], signatures: Sequence[bytes]
) -> dict[str, Any]:
    """Return the members of an action's line from the JSON form of its message, as a store keeps it."""
    return {
        "sequence": sequence,
        "action": action,
        "message": dict(message),
        "signatures": [to_hex(signature) for signature in signatures],
    }


def entry_members(
    sequence: int, entry_type: int, message: Mapping[str, Any], signer: str, signature: bytes, annex: bytes
) -> dict[str, Any]:
    """Return the members of an entry's line from the JSON form of its message, as a store keeps it."""
    return {
        "sequence": sequence,
        "entryType": int(entry_type),
        "message": dict(message),
        "signer": signer,
        "signature": to_hex(signature),
        "annex": to_hex(annex),
    }


def tagged_line(tag: str, members: Mapping[str, Any]) -> str:
    """Return one line of the stream, canonical JSON without its line break: `tag` is manifest, document, entry …"""
    return encode_text({"line": tag, **members})


def parse_tagged_line(line: bytes | str) -> tuple[str, dict[str, Any]]:
    """Return tag and members of one line of the stream; raises FormatError. The members are checked by `parse_*`."""
    value = decode(line)
    if not isinstance(value, dict):
        raise FormatError("export line: expected an object")
    return text(value.pop("line", None), what="tag of an export line"), value


def parse_members(line: bytes | str) -> dict[str, Any]:
    """Return the members of one line of a file of the directory; raises FormatError."""
    value = decode(line)
    if not isinstance(value, dict):
        raise FormatError("export line: expected an object")
    return value


def parse_manifest_line(members: object) -> ExportManifest:
    """Return the manifest of the stream's first line; raises FormatError or UnsupportedFormat."""
    if isinstance(members, dict) and members.get("format") != FORMAT:
        raise UnsupportedFormat(f"export: expected format {FORMAT}")
    given = members_of(members, _MANIFEST, what="export manifest")
    return ExportManifest(
        chain_id=unsigned(given["chainId"], 53, what="manifest chainId"),
        contract=to_address(given["contract"], what="manifest contract"),
        gateway=unsigned(given["gateway"], 32, what="manifest gateway"),
        last_batch=unsigned(given["lastBatch"], 53, what="manifest lastBatch"),
        last_sequence=unsigned(given["lastSequence"], 53, what="manifest lastSequence"),
        exported_at=unsigned(given["exportedAt"], 53, what="manifest exportedAt"),
    )


def parse_counts(members: object) -> ExportCounts:
    """Return the counts of the stream's last line; raises FormatError."""
    given = members_of(members, _COUNTS, what="export counts")
    return ExportCounts(*(unsigned(given[name], 53, what=f"export {name}") for name in _COUNTS))


def manifest_document(manifest: ExportManifest, counts: ExportCounts) -> dict[str, Any]:
    """Return the JSON value of manifest.json: the first and the last line of the stream in one."""
    return {**manifest.members(), **counts.members()}


def parse_manifest(data: bytes | str) -> tuple[ExportManifest, ExportCounts]:
    """Return manifest and counts of manifest.json; raises FormatError or UnsupportedFormat."""
    value = decode(data)
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise UnsupportedFormat(f"export: expected format {FORMAT}")
    members_of(value, (*_MANIFEST, *_COUNTS), what="export manifest")
    return (
        parse_manifest_line({name: value[name] for name in _MANIFEST}),
        parse_counts({name: value[name] for name in _COUNTS}),
    )


def parse_document(members: object) -> ExportedDocument:
    """Return a document whose content has the hash that it is filed under; raises FormatError if it has not."""
    given = members_of(members, _DOCUMENT, what="export document")
    document = ExportedDocument(
        from_hex(given["hash"], 32, what="document hash"),
        text(given["media"], what="document media"),
        text(given["content"], what="document content"),
    )
    if keccak256(document.content.encode("utf-8", "surrogatepass")) != document.hash:
        raise FormatError("export document: the content does not have this hash")
    return document


def parse_entry(members: object) -> ExportedEntry:
    """Return the entry of a line's members; raises FormatError, or UnsupportedFormat for an unknown entry type."""
    given = members_of(members, _ENTRY, what="export entry")
    number = unsigned(given["entryType"], 8, what="entryType")
    try:
        entry_type = EntryType(number)
    except ValueError:
        raise UnsupportedFormat("export entry: an entry type that this version does not know") from None
    return ExportedEntry(
        unsigned(given["sequence"], 53, what="entry sequence"),
        entry_type,
        message_from_json(ENTRY_STATEMENTS[entry_type], given["message"]),
        to_address(given["signer"], what="entry signer"),
        from_hex(given["signature"], 65, what="entry signature"),
        from_hex(given["annex"], 32, what="entry annex"),
    )


def parse_record(members: object) -> ExportedRecord:
    """Return the record of a line's members; raises FormatError. Speed matters: there is one per record."""
    given = members_of(members, _RECORD, what="export record")
    values = given["values"]
    if not isinstance(values, list) or not {*map(type, values)} <= {str}:
        raise FormatError("record values: expected an array of canonical JSON texts")
    salts, digests = from_hex(given["salts"], what="record salts"), from_hex(given["digests"], what="record digests")
    if len(salts) != 32 * len(values) or len(digests) % 32:
        raise FormatError("record: expected 32 bytes per salt and per digest, and a salt per value")
    return ExportedRecord(
        unsigned(given["sequence"], 53, what="record sequence"),
        unsigned(given["position"], 32, what="record position"),
        from_hex(given["recordId"], 32, what="recordId"),
        unsigned(given["version"], 32, what="record version"),
        from_hex(given["previous"], 32, what="record previous"),
        values,
        salts,
        digests,
        from_hex(given["ciphertextDigest"], 32, what="ciphertextDigest"),
    )


def parse_tombstone(members: object) -> ExportedTombstone:
    """Return the tombstone of a line's members; raises FormatError."""
    given = members_of(members, _TOMBSTONE, what="export tombstone")
    return ExportedTombstone(
        unsigned(given["sequence"], 53, what="record sequence"),
        unsigned(given["position"], 32, what="record position"),
        from_hex(given["recordId"], 32, what="recordId"),
        unsigned(given["version"], 32, what="record version"),
        from_hex(given["previous"], 32, what="record previous"),
        from_hex(given["recordRoot"], 32, what="record root"),
        from_hex(given["ciphertextDigest"], 32, what="ciphertextDigest"),
    )


def parse_record_line(members: Mapping[str, Any]) -> ExportedRecord | ExportedTombstone:
    """Return what a line of records.ndjson holds: a record, or the tombstone of an erased one; raises FormatError."""
    return parse_tombstone(members) if "recordRoot" in members else parse_record(members)


def parse_look(members: object) -> ExportedLook:
    """Return the look of a line's members; raises FormatError."""
    given = members_of(members, _LOOK, what="export look")
    return ExportedLook(
        unsigned(given["sequence"], 53, what="look sequence"),
        text(given["base"], what="look base"),
        from_hex(given["signature"], 65, what="look signature"),
        parse_openings(given["openings"]),
    )


def parse_action(members: object) -> ExportedAction:
    """Return the action of a line's members; raises FormatError, or UnsupportedFormat for an unknown message."""
    given = members_of(members, _ACTION, what="export action")
    action = text(given["action"], what="action name")
    if action not in typed_messages.MESSAGES:
        raise UnsupportedFormat("export action: a message that this version does not know")
    return ExportedAction(
        unsigned(given["sequence"], 53, what="action sequence"),
        action,
        typed_messages.message_from_json(action, given["message"]),
        tuple(from_hex(one, what="action signature") for one in array(given["signatures"], what="action signatures")),
    )
