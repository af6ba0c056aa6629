"""Record commitments, suite `rc-keccak-v1` (formats page, section 3).

PERMANENT. Speed matters here: one HMAC and two Keccaks a slot, everything constant precomputed on the slot.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ledger.core.canonical import JsonValue, encode
from ledger.core.eip712 import ZERO32, type_hash, word
from ledger.core.keccak import keccak256
from ledger.core.rules import RuleContext, derive, redact_strings
from ledger.core.schema import Schema
from ledger.errors import SchemaError

SUITE = "rc-keccak-v1"
FIELD_TYPE = type_hash("FieldV1(bytes32 recordId,string path,string kind,bytes32 salt,string value)")
RECORD_TYPE = type_hash(
    "RecordV1(bytes32 recordId,uint32 version,bytes32 previous,bytes32 schemaHash,bytes32[] fields)"
)
_NULL = encode(None)
_HASH_OF_NULL = keccak256(_NULL)
"""Most slots of a long schema hold null: what is the same for all of them is made once."""


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
    return hmac.digest(salt_secret, salt_message, "sha256")


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
    record_id, secret = content.record_id, content.salt_secret
    salts = tuple([hmac.digest(secret, slot.salt_message, "sha256") for slot in schema.slots])
    prefix = FIELD_TYPE + record_id
    digests = tuple(
        [
            keccak256(prefix + slot.hashes + salt32 + (_HASH_OF_NULL if value is _NULL else keccak256(value)))
            for slot, salt32, value in zip(schema.slots, salts, values, strict=True)
        ]
    )
    root = record_root(record_id, content.version, content.previous, schema.hash, digests)
    return CommittedRecord(record_id, content.version, content.previous, values, salts, digests, root)


def slot_values(schema: Schema, originals: Mapping[str, JsonValue]) -> tuple[bytes, ...]:
    """Return the canonical bytes of every slot's value, originals as given and derived ones by their rules.

    Raises SchemaError, RuleError and CanonicalJsonError; messages name paths, never values.
    """
    known = 0
    occurred_at = originals.get("/occurredAt")
    values = []
    for slot in schema.slots:
        value = originals.get(slot.path)
        if slot.is_original:
            known += slot.path in originals
        elif value is not None:  # null gives null
            value = derive(slot.kind, value, _context(occurred_at, slot.redact, originals))
        if value is None:
            slot.require(value)
            values.append(_NULL)
            continue
        if not slot.fits(value):
            slot.require(value)
        values.append(encode(value))
    if known != len(originals):
        unknown = sorted(set(originals) - set(schema.original_paths))
        raise SchemaError(f"{len(unknown)} paths are not in the schema; it has {', '.join(schema.original_paths)}")
    return tuple(values)


def _context(occurred_at: JsonValue, redact: tuple[str, ...], originals: Mapping[str, JsonValue]) -> RuleContext:
    at = occurred_at if isinstance(occurred_at, int) and not isinstance(occurred_at, bool) else None
    return RuleContext(
        occurred_at=at, redact=redact_strings([originals.get(path) for path in redact]) if redact else ()
    )


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
