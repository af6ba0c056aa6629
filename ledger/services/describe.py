"""Describe what is on chain anyway: agencies, catalogue, parameters, anchors, the chain itself."""

from collections.abc import Mapping
from typing import Any

from ledger.core.hexadecimal import to_hex
from ledger.core.history import (
    ACTIVE,
    DEFAULT_PARAMETERS,
    AgencyFacts,
    AnchorFacts,
    AsOf,
    Dated,
    History,
    ItemFacts,
    KeyFacts,
    latest,
)
from ledger.errors import NotFound, StoreError
from ledger.ports import Transaction
from ledger.services.endpoints import describe_endpoint
from ledger.services.gateway import Gateway


def describe_agencies(history: History, transaction: Transaction) -> list[dict[str, Any]]:
    """Return every member agency with its keys, and where its gateway is."""
    return [_agency(history, transaction, number) for number in sorted(history.agencies)]


def describe_agency(history: History, transaction: Transaction, number: int) -> dict[str, Any]:
    """Return one member agency with its keys, and where its gateway is; raises NotFound."""
    if number not in history.agencies:
        raise NotFound(f"no agency has the number {number}")
    return _agency(history, transaction, number)


def describe_catalogue(history: History) -> list[dict[str, Any]]:
    """Return every catalogue item with its versions."""
    return [_item(number, history.items[number]) for number in sorted(history.items)]


def describe_item(history: History, number: int) -> dict[str, Any]:
    """Return one catalogue item with its versions; raises NotFound."""
    if number not in history.items:
        raise NotFound(f"no item has the number {number}")
    return _item(number, history.items[number])


def describe_parameters(history: History) -> dict[str, int]:
    """Return the parameters in force at the newest block, in seconds."""
    as_of = _now(history)
    return {name: history.parameter(name, as_of) for name in sorted(DEFAULT_PARAMETERS)}


def describe_anchors(history: History, gateway: int, after: int, limit: int) -> list[dict[str, Any]]:
    """Return anchored batches of a gateway with a greater number than `after`, at most `limit`, in order."""
    stream = history.anchors.get(gateway, [])
    return [_anchor(anchor) for anchor in stream if anchor.batch > after][:limit]


def describe_chain(gateway: Gateway, transaction: Transaction, history: History) -> dict[str, Any]:
    """Return the chain, its contracts, and how far this gateway has followed it; raises StoreError."""
    chain: Mapping[str, Any] | None = transaction.setting("chain")
    if chain is None:
        raise StoreError("the deployment's chain is not recorded in the database")
    block = history.newest_block
    stream = history.anchors.get(gateway.agency, [])
    return {
        "chainId": chain["chainId"],
        "genesis": chain["genesis"],
        "contracts": {**chain["contracts"], **_successors(gateway, history)},
        "gateway": gateway.agency,
        "block": None if block is None else {"number": block.number, "hash": block.hash, "time": block.time},
        "batches": stream[-1].batch if stream else 0,
    }


def _successors(gateway: Gateway, history: History) -> dict[str, dict[str, str]]:
    """Return the contracts that succeeded the first RecordAnchors, the one in force last; none of unknown code."""
    if gateway.line is None:
        return {}
    named = {entry.address: entry.code_hash for entry in history.governance.contracts}
    successors = gateway.line.contracts(history)[1:]
    return {one.name: {"address": one.address, "codeHash": named[one.address]} for one in successors}


def _now(history: History) -> AsOf:
    newest = history.newest_block
    return AsOf(0) if newest is None else history.at_block(newest.number)


def _agency(history: History, transaction: Transaction, number: int) -> dict[str, Any]:
    facts: AgencyFacts = history.agencies[number]
    return {
        "id": number,
        "kind": facts.kind,
        "region": str(facts.region),
        "status": latest(facts.statuses, _now(history), ACTIVE),
        "allowedRoles": facts.allowed_roles,
        "endpoint": describe_endpoint(history, transaction, number, _now(history)),
        "keys": [_key(key, bound) for key, bound in tuple(history.keys.items()) if bound.agency == number],
    }


def _key(key: str, facts: KeyFacts) -> dict[str, Any]:
    ended = None if facts.ended is None else {"block": facts.ended.block, "time": facts.ended.time}
    return {
        "key": key,
        "roles": facts.roles,
        "validFrom": facts.valid_from,
        "validUntil": facts.valid_until,
        "boundAtBlock": facts.bound.block,
        "ended": ended,
        "revoked": facts.revoked is not None,
        "suspectFrom": facts.suspect_from,
    }


def _item(number: int, facts: ItemFacts) -> dict[str, Any]:
    retired = None if facts.retired is None else {"block": facts.retired.block, "time": facts.retired.time}
    versions = [_version(facts.versions[version]) for version in sorted(facts.versions)]
    return {"item": number, "retired": retired, "versions": versions}


def _version(dated: Dated) -> dict[str, Any]:
    args: Mapping[str, Any] = dated.value
    return {**args, "publishedAtBlock": dated.since.block}


def _anchor(anchor: AnchorFacts) -> dict[str, Any]:
    return {
        "gateway": anchor.gateway,
        "batch": anchor.batch,
        "root": to_hex(anchor.root),
        "leafCount": anchor.leaf_count,
        "firstSequence": anchor.first_sequence,
        "head": to_hex(anchor.head),
        "transaction": anchor.transaction,
        "block": anchor.point.block,
        "anchoredAt": anchor.point.time,
    }
