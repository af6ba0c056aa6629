"""Join a consortium as another gateway: the catalogue's documents come from a gateway that has them, by their hashes.

Nothing is taken on trust: which documents there are is the chain's word, and each is hashed before it is kept.
"""

from collections.abc import Callable, Iterator
from typing import Any

from ledger.core.canonical import decode_canonical
from ledger.core.chainfile import Trust, contracts_document
from ledger.core.eip712 import ZERO32
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.history import History
from ledger.core.keccak import keccak256
from ledger.core.mask_policy import parse_mask_policy
from ledger.core.schema import parse_schema
from ledger.errors import FormatError
from ledger.ports import Store
from ledger.services.catalogue_documents import JSON
from ledger.services.deploy import DEPLOYMENT_SETTING

_OF_ITEM = ("documentHash", "schemaHash", "class1Profile")


def named_documents(history: History) -> Iterator[bytes]:
    """Yield the hash of every catalogue document, calendar, duty list and endpoint document that the chain names."""
    for item in history.items.values():
        for version in item.versions.values():
            args: Any = version.value
            yield from (from_hex(args[name], 32, what=name) for name in _OF_ITEM)
    for dated in (*history.calendars, *history.duty_lists):
        yield dated.value[1]
    for agency in history.agencies.values():
        yield from (named.value for named in agency.gateway_documents[-1:])


def schemas(history: History) -> Iterator[bytes]:
    """Yield the hash of every schema that the chain names; each names code sets."""
    for item in history.items.values():
        for version in item.versions.values():
            args: Any = version.value
            yield from_hex(args["schemaHash"], 32, what="schemaHash")


def code_sets_of(schema_document: bytes) -> Iterator[bytes]:
    """Yield the hash of every code set that the canonical bytes of a schema name; raises FormatError."""
    for slot in parse_schema(decode_canonical(schema_document)).slots:
        if slot.code_set is not None and slot.code_set.hash is not None:
            yield slot.code_set.hash


def mask_policies(history: History) -> Iterator[bytes]:
    """Yield the hash of every mask policy that the chain names; each lists profiles."""
    for item in history.items.values():
        for version in item.versions.values():
            args: Any = version.value
            yield from_hex(args["maskPolicyHash"], 32, what="maskPolicyHash")


def adopt_documents(
    store: Store, history: History, trust: Trust, fetch: Callable[[bytes], bytes | None], now: int
) -> tuple[int, list[str]]:
    """Note the deployment and keep the documents that the chain names, as `fetch` gives them by hash.

    Returns how many were new here, and the hashes (0x hex) of those that the other gateway does not have. Repeating it
    changes nothing. Raises FormatError for a document with another hash, StoreError.
    """
    kept = 0
    missing: list[str] = []
    with store.begin() as transaction:
        if transaction.setting(DEPLOYMENT_SETTING) is None:
            transaction.set_setting(DEPLOYMENT_SETTING, deployment_of(trust))
    wanted = [*named_documents(history)]
    for policy_hash in mask_policies(history):
        policy = _kept(store, policy_hash, fetch, now)
        if policy is None:
            missing += [to_hex(policy_hash)] if policy_hash != ZERO32 else []
            continue
        kept += policy[1]
        wanted += [one.profile for one in parse_mask_policy(decode_canonical(policy[0])).profiles]
    for schema_hash in dict.fromkeys(schemas(history)):
        schema = _kept(store, schema_hash, fetch, now)
        if schema is not None:
            kept += schema[1]
            wanted += code_sets_of(schema[0])
    for document_hash in dict.fromkeys(wanted):
        found = _kept(store, document_hash, fetch, now)
        if found is not None:
            kept += found[1]
        elif document_hash != ZERO32:
            missing.append(to_hex(document_hash))
    return kept, missing


def deployment_of(trust: Trust) -> dict[str, Any]:
    """Return what a gateway that joins knows of the deployment: chain, genesis, contracts."""
    return {"chainId": trust.chain_id, "genesis": trust.genesis, "contracts": contracts_document(trust.contracts)}


def _kept(
    store: Store, document_hash: bytes, fetch: Callable[[bytes], bytes | None], now: int
) -> tuple[bytes, bool] | None:
    """Return a document and whether it was new here, None where nobody has it."""
    if document_hash == ZERO32:
        return None
    with store.begin() as transaction:
        found = transaction.document(document_hash)
    if found is not None:
        return found[1], False
    content = fetch(document_hash)
    if content is None:
        return None
    if keccak256(content) != document_hash:
        raise FormatError(f"the document that was given for {to_hex(document_hash)} has another hash")
    with store.begin() as transaction:
        transaction.add_document(document_hash, JSON, content, now)
    return content, True
