"""An item version as this gateway keeps it: its documents found by their hashes, the item's first."""

from collections.abc import Callable
from typing import Any

from ledger.core.canonical import decode
from ledger.core.code_sets import CodeSet, parse_code_set
from ledger.core.documents import parse_item, parse_profile
from ledger.core.mask_policy import parse_mask_policy
from ledger.core.schema import Schema, parse_schema
from ledger.errors import NotFound
from ledger.services.catalogue_documents import ItemDocuments

FindDocument = Callable[[bytes], bytes | None]
"""Canonical bytes of a document by its Keccak-256, None where it is not kept."""


def stored_item(find: FindDocument, document_hash: bytes) -> ItemDocuments:
    """Return an item version with every document that it names.

    Raises NotFound where one of them is not kept here, FormatError or SchemaError where one is not what it should be.
    """
    item = parse_item(_read(find, document_hash))
    schema = parse_schema(_read(find, item.schema_hash))
    code_sets = {one.hash: one for one in _code_sets(find, schema)}
    class1 = None if item.class1_profile is None else parse_profile(_read(find, item.class1_profile))
    if item.mask_policy_hash is None:
        return ItemDocuments(item, schema, class1, None, (), code_sets)
    policy = parse_mask_policy(_read(find, item.mask_policy_hash))
    profiles = tuple(parse_profile(_read(find, one.profile)) for one in policy.profiles)
    return ItemDocuments(item, schema, class1, policy, profiles, code_sets)


def _code_sets(find: FindDocument, schema: Schema) -> list[CodeSet]:
    named = {slot.code_set.hash for slot in schema.slots if slot.code_set is not None}
    return [parse_code_set(_read(find, one)) for one in sorted(one for one in named if one is not None)]


def _read(find: FindDocument, document_hash: bytes) -> Any:
    content = find(document_hash)
    if content is None:
        raise NotFound("a document of the item version on chain is not kept here")
    return decode(content)
