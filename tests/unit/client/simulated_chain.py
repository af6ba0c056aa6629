"""The chain on which a simulated gateway is enrolled and, if it took anything, has anchored one batch."""

from typing import Any

from ledger.core.anchor import GENESIS_HEAD, next_head
from ledger.core.chainfile import ChainFile, ContractPin, Trust
from ledger.core.codes import AgencyKind, Role
from ledger.core.documents import parse_item
from ledger.core.hexadecimal import to_hex
from ledger.core.history import Block, ChainEvent
from ledger.core.signature import address_of
from ledger.core.verify import ChainFacts
from tests.unit.client.simulated_gateway import (
    API_KEY,
    DESK_KEY,
    DOMAIN,
    GATEWAY,
    GENESIS,
    NOW,
    PUBLISHER,
    VERSION,
    SimulatedGateway,
    transaction_of,
)


def chain_facts(
    gateway: SimulatedGateway, *, anchored: bool = True, published: bool = True, key_roles: int = Role.API_SIGN.bit
) -> ChainFacts:
    pins = {
        name: ContractPin(DOMAIN.record_anchors if name == "RecordAnchors" else "0x" + "0" * 40, GENESIS)
        for name in ("AgencyRegistry", "Catalogue", "Parameters", "RecordAnchors")
    }
    blocks = [Block(number, _hash(number), _hash(number - 1), gateway.now - 200 + 100 * number) for number in range(3)]
    events = [
        _event(1, 0, "AgencyRegistry", "AgencyRegistered", _agency(GATEWAY, AgencyKind.DATA_BUREAU)),
        _event(1, 1, "AgencyRegistry", "AgencyRegistered", _agency(PUBLISHER, AgencyKind.COMMUNITY)),
        _event(1, 2, "AgencyRegistry", "KeyBound", _bound(API_KEY, GATEWAY, key_roles)),
        _event(1, 3, "AgencyRegistry", "KeyBound", _bound(DESK_KEY, PUBLISHER, Role.SUBMIT.bit | Role.READ.bit)),
        _event(1, 4, "Catalogue", "ItemPublished", _published(gateway)),
    ]
    if not published:
        events.pop()
    if anchored and gateway.taken:
        events.append(_event(2, 0, "RecordAnchors", "Anchored", _anchored(gateway)))
    trust = Trust(DOMAIN.chain_id, GENESIS, pins, "anvil", 1, None, {})
    chain = ChainFile(DOMAIN.chain_id, GENESIS, pins, tuple(blocks), tuple(events))
    return ChainFacts(trust, chain, chain.history())


def _published(gateway: SimulatedGateway) -> dict[str, Any]:
    item = parse_item(gateway.item)
    return {
        "item": gateway.item_number,
        "version": VERSION,
        "responsible": GATEWAY,
        "shareClass": 1,
        "schemaHash": to_hex(gateway.schema.hash),
        "publisherKinds": item.publisher_bitmap,
        "readerKinds": item.reader_bitmap,
        "purposes": item.purpose_bitmap,
        "class1Profile": to_hex(gateway.profile.hash),
        "maskPolicyHash": to_hex(bytes(32)),
        "documentHash": to_hex(item.hash),
    }


def _anchored(gateway: SimulatedGateway) -> dict[str, Any]:
    root, entries = gateway.anchor()
    head = next_head(GENESIS_HEAD, GATEWAY, 1, root, len(entries), 1)
    return {
        "gateway": GATEWAY,
        "batch": 1,
        "root": to_hex(root),
        "leafCount": len(entries),
        "firstSequence": 1,
        "head": to_hex(head),
    }


def _hash(number: int) -> str:
    return GENESIS if number == 0 else "0x" + f"{number % (1 << 64):064x}"


def _event(block: int, place: int, contract: str, name: str, args: dict[str, Any]) -> ChainEvent:
    return ChainEvent(block, place, transaction_of(block), contract, name, args)


def _agency(number: int, kind: int) -> dict[str, Any]:
    return {"agency": number, "kind": int(kind), "region": 990101, "allowedRoles": 8191}


def _bound(key: bytes, agency: int, roles: int) -> dict[str, Any]:
    return {"key": address_of(key), "agency": agency, "roles": roles, "validFrom": 0, "validUntil": NOW + 10**6}
