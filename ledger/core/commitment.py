"""Record commitments, suite `rc-keccak-v1` (formats page, section 3).

PERMANENT. Speed matters here: one HMAC and two Keccaks a slot, everything constant precomputed on the schema.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from ledger.core.canonical import JsonValue, encode
from ledger.core.eip712 import ZERO32, type_hash, word
from ledger.core.keccak import keccak256
from ledger.core.rules import RuleContext, derive, redact_strings
from ledger.core.schema import Schema, Slot
from ledger.errors import SchemaError

SUITE = "rc-keccak-v1"
FIELD_TYPE = type_hash("FieldV1(bytes32 recordId,string path,string kind,bytes32 salt,string value)")
RECORD_TYPE = type_hash(
    "RecordV1(bytes32 recordId,uint32 version,bytes32 previous,bytes32 schemaHash,bytes32[] fields)"
)
_NULL = encode(None)
_HASH_OF_NULL = keccak256(_NULL)
"""Most slots of a long schema hold null: what is the same for all of them is made once."""
_SHA256_BLOCK_BYTES = 64
_INNER_PAD, _OUTER_PAD = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))


@dataclass(frozen=True, slots=True)
class RecordContent:
    """What a publisher hands over of one record version: identity, salt secret and the originals by path."""

    record_id: bytes
    version: int
    previous: bytes
    salt_secret: bytes
    originals: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class CommittedRecord:
    """A record with its commitment: per slot the canonical value bytes, the salt and the field digest, in order."""

    record_id: bytes
    version: int
    previous: bytes
    values: tuple[bytes, ...]
    salts: tuple[bytes, ...]
    digests: tuple[bytes, ...]
    record_root: bytes


def salt(salt_secret: bytes, salt_message: bytes) -> bytes:
    """Return HMAC-SHA256(saltSecret, `salt/v1` 00 kind 00 path), 32 bytes."""
    return salts(salt_secret, (salt_message,))[0]


def salts(salt_secret: bytes, salt_messages: Sequence[bytes]) -> tuple[bytes, ...]:
    """Return HMAC-SHA256 of each message, 32 bytes each; the secret is no longer than a block of 64 bytes.

    Written out by RFC 2104: the secret, which is the same for all, is hashed once, which halves the time. Raises
    SchemaError for a longer secret.
    """
    if len(salt_secret) > _SHA256_BLOCK_BYTES:
        raise SchemaError(f"saltSecret: expected 32 bytes, got {len(salt_secret)}")
    padded = salt_secret.ljust(_SHA256_BLOCK_BYTES, b"\x00")
    inner, outer = sha256(padded.translate(_INNER_PAD)), sha256(padded.translate(_OUTER_PAD))
    made = []
    for message in salt_messages:
        within = inner.copy()
        within.update(message)
        around = outer.copy()
        around.update(within.digest())
        made.append(around.digest())
    return tuple(made)


def field_digest(record_id: bytes, slot_hashes: bytes, salt32: bytes, value: bytes) -> bytes:
    """Return the EIP-712 hashStruct of FieldV1; `value` is canonical JSON, `slot_hashes` = Slot.hashes."""
    return keccak256(FIELD_TYPE + record_id + slot_hashes + salt32 + keccak256(value))


def record_root(record_id: bytes, version: int, previous: bytes, schema_hash: bytes, digests: Sequence[bytes]) -> bytes:
    """Return the EIP-712 hashStruct of RecordV1 over the field digests in schema order."""
    fields = keccak256(b"".join(digests))
    return keccak256(RECORD_TYPE + record_id + word(version) + previous + schema_hash + fields)


def commit(schema: Schema, content: RecordContent) -> CommittedRecord:
    """Check `content` against `schema`, derive what is derived, and commit every slot.

    Raises SchemaError (paths, types, lengths), RuleError (malformed originals) and CanonicalJsonError. A path that is
    missing counts as null; an unknown path is an error.
    """
    _check_identity(content)
    values = slot_values(schema, content.originals)
    made_salts = salts(content.salt_secret, schema.salt_messages)
    prefix = FIELD_TYPE + content.record_id
    digests = tuple(
        [
            keccak256(prefix + hashes + salt32 + (_HASH_OF_NULL if value is _NULL else keccak256(value)))
            for hashes, salt32, value in zip(schema.slot_hashes, made_salts, values, strict=True)
        ]
    )
    root = record_root(content.record_id, content.version, content.previous, schema.hash, digests)
    return CommittedRecord(content.record_id, content.version, content.previous, values, made_salts, digests, root)


def slot_values(schema: Schema, originals: Mapping[str, JsonValue]) -> tuple[bytes, ...]:
    """Return the canonical bytes of every slot's value, originals as given and derived ones by their rules.

    Raises SchemaError, RuleError and CanonicalJsonError; messages name paths, never values.
    """
    values = []
    about: RuleContext | None = None
    for slot in schema.slots:
        value = originals.get(slot.path)
        if value is None:  # null gives null
            if not slot.nullable:
                slot.require(value)
            values.append(_NULL)
            continue
        if not slot.is_original:
            about = about or _context(originals)
            value = derive(slot.kind, value, _redacting(about, slot, originals) if slot.redact else about)
        if not slot.fits(value):
            slot.require(value)
        values.append(encode(value))
    if not originals.keys() <= schema.known_paths:
        unknown = len(originals.keys() - schema.known_paths)
        raise SchemaError(f"{unknown} paths are not in the schema; it has {', '.join(schema.original_paths)}")
    return tuple(values)


def _context(originals: Mapping[str, JsonValue]) -> RuleContext:
    at = originals.get("/occurredAt")
    return RuleContext(at) if isinstance(at, int) and not isinstance(at, bool) else RuleContext()


def _redacting(about: RuleContext, slot: Slot, originals: Mapping[str, JsonValue]) -> RuleContext:
    return RuleContext(about.occurred_at, redact_strings([originals.get(path) for path in slot.redact]))


def _check_identity(content: RecordContent) -> None:
    for name, data in (
        ("recordId", content.record_id),
        ("previous", content.previous),
        ("saltSecret", content.salt_secret),
    ):
        if len(data) != 32:
            raise SchemaError(f"{name}: expected 32 bytes, got {len(data)}")
    if not 1 <= content.version < 1 << 32:
        raise SchemaError("version: expected 1 to 4294967295")
    if (content.version == 1) != (content.previous == ZERO32):
        raise SchemaError("previous: zero for version 1, and for version 1 only")
