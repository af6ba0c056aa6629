"""Find hashed documents. What a hash names never changes, so what was parsed once is kept."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from ledger.core.canonical import decode
from ledger.core.code_sets import CodeSet, parse_code_set
from ledger.core.documents import MaskProfile, parse_profile
from ledger.core.keccak import keccak256
from ledger.core.mask_policy import MaskPolicy, parse_mask_policy
from ledger.core.schema import Schema, parse_schema
from ledger.core.scope import Scope, parse_scope
from ledger.core.stored import ViewWriter
from ledger.errors import NotFound, StoreError
from ledger.ports import Transaction

Parsed = TypeVar("Parsed")

MOST_KEPT = 256
"""Parsed documents that a process keeps of each sort; there are a few dozen."""
MOST_SCOPES = 32_768
"""Every request and consent has one of its own, of some five hundred bytes once parsed."""

_SCHEMAS: dict[bytes, Schema] = {}
_CODED: dict[bytes, Schema] = {}
_CODE_SETS: dict[bytes, CodeSet] = {}
_PROFILES: dict[bytes, MaskProfile] = {}
_POLICIES: dict[bytes, MaskPolicy] = {}
_SCOPES: dict[bytes, Scope] = {}
_BITMAPS: dict[tuple[bytes, bytes], tuple[int, int]] = {}
_WRITERS: dict[tuple[bytes, int], ViewWriter] = {}


def find_document(transaction: Transaction, document_hash: bytes) -> tuple[str, bytes]:
    """Return (media type, bytes) of a hashed document; raises NotFound."""
    found = transaction.document(document_hash)
    if found is None:
        raise NotFound("no document with this hash is here")
    return found


def schema_of(transaction: Transaction, schema_hash: bytes) -> Schema:
    """Return the schema with this hash; raises StoreError if the gateway does not hold it."""
    return _parsed(transaction, schema_hash, _SCHEMAS, parse_schema)


def schema_to_publish(transaction: Transaction, schema_hash: bytes) -> Schema:
    """Return the schema with this hash and the code sets that it names, as intake asks for them.

    Raises StoreError if the gateway does not hold one of them, SchemaError for a code set that is named without a hash.
    """
    schema = _CODED.get(schema_hash)
    if schema is None:
        found = schema_of(transaction, schema_hash)
        _make_room(_CODED)
        schema = _CODED[schema_hash] = found.with_code_sets(lambda digest: code_set_of(transaction, digest))
    return schema


def code_set_of(transaction: Transaction, code_set_hash: bytes) -> CodeSet:
    """Return the code set with this hash; raises StoreError if the gateway does not hold it."""
    return _parsed(transaction, code_set_hash, _CODE_SETS, parse_code_set)


def profile_of(transaction: Transaction, profile_hash: bytes) -> MaskProfile:
    """Return the mask profile with this hash; raises StoreError if the gateway does not hold it."""
    return _parsed(transaction, profile_hash, _PROFILES, parse_profile)


def mask_policy_of(transaction: Transaction, policy_hash: bytes) -> MaskPolicy | None:
    """Return the mask policy with this hash, None where the item has none (zero); raises StoreError."""
    return _parsed(transaction, policy_hash, _POLICIES, parse_mask_policy) if any(policy_hash) else None


def scopes_of(transaction: Transaction, hashes: Iterable[bytes]) -> Mapping[bytes, Scope]:
    """Return those scopes whose documents were given to this gateway, by hash; raises StoreError."""
    scopes = {scope_hash: _SCOPES.get(scope_hash) for scope_hash in hashes}
    missing = [scope_hash for scope_hash, scope in scopes.items() if scope is None]
    if missing:
        for scope_hash, (_, content) in transaction.documents_named(missing).items():
            scopes[scope_hash] = _kept(scope_hash, content, _SCOPES, parse_scope, MOST_SCOPES)
    return {scope_hash: scope for scope_hash, scope in scopes.items() if scope is not None}


def unread_scopes(hashes: Iterable[bytes]) -> tuple[bytes, ...]:
    """Return those of these scopes that this process has not read yet."""
    return tuple(scope_hash for scope_hash in hashes if scope_hash not in _SCOPES)


def keep_scopes(documents: Mapping[bytes, bytes | None]) -> None:
    """Keep scopes that were read, by hash, so that `scopes_of` need not; raises StoreError."""
    for scope_hash, content in documents.items():
        if content is not None:
            _kept(scope_hash, content, _SCOPES, parse_scope, MOST_SCOPES)


def granted_bitmap(transaction: Transaction, profile_hash: bytes, schema: Schema) -> tuple[int, int] | None:
    """Return the slots that a profile opens in a schema (bitmap, bit i = slot i) and its tier; raises StoreError.

    Slots that this schema does not have are left out: another version of an item can only narrow. None if the profile
    is not known here, or zero.
    """
    found = _BITMAPS.get((profile_hash, schema.hash))
    if found is None:
        if not any(profile_hash) or (profile_hash not in _PROFILES and transaction.document(profile_hash) is None):
            return None
        profile = profile_of(transaction, profile_hash)
        _make_room(_BITMAPS)
        found = _BITMAPS[(profile_hash, schema.hash)] = (profile.bitmap_within(tuple(schema.index)), int(profile.tier))
    return found


def view_writer(schema: Schema, opened: int) -> ViewWriter:
    """Return the writer of views of a schema that open the slots in a bitmap."""
    writer = _WRITERS.get((schema.hash, opened))
    if writer is None:
        _make_room(_WRITERS)
        writer = _WRITERS[(schema.hash, opened)] = ViewWriter(schema, opened)
    return writer


def _parsed(
    transaction: Transaction, document_hash: bytes, kept: dict[bytes, Parsed], parse: Callable[[object], Parsed]
) -> Parsed:
    document = kept.get(document_hash)
    if document is None:
        _, content = transaction.document(document_hash) or (None, None)
        document = _kept(document_hash, content, kept, parse, MOST_KEPT)
    return document


def _kept(
    document_hash: bytes,
    content: bytes | None,
    kept: dict[bytes, Parsed],
    parse: Callable[[object], Parsed],
    most: int,
) -> Parsed:
    if content is None or keccak256(content) != document_hash:
        raise StoreError(f"the document 0x{document_hash.hex()} is not here as it was hashed")
    _make_room(kept, most)
    # Canonical it was when it was taken, and by its hash it is what was taken.
    document = kept[document_hash] = parse(decode(content))
    return document


def _make_room(kept: dict[Any, Any], most: int = MOST_KEPT) -> None:
    if len(kept) >= most:
        kept.clear()
