"""Who takes part in the tests' consortium, what they publish, and how a submission is drafted before it is signed."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.core.canonical import encode
from ledger.core.codes import AgencyKind, Role, bitmap_of
from ledger.core.commitment import CommittedRecord, RecordContent, commit
from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256
from ledger.core.merkle import MerkleTree, record_leaf
from ledger.core.signature import address_of, sign_digest
from ledger.core.statements import StatementDomain, message_to_json, statement_digest
from ledger.core.succession import AnchorsLine
from ledger.services.catalogue_documents import ItemDocuments, item_documents
from tests.simulated_succession import CODE

CHAIN_ID = 990_101
ANCHORS = "0x3f4ff0048ad4feed531ee62311b205bec49bfcd3"
DOMAIN = StatementDomain(CHAIN_ID, ANCHORS)
GATEWAY, COMMUNITY, FIRE, PROPERTY, AUDITOR, OTHER = 1, 2, 3, 4, 5, 6
BEGINNING = 1_800_000_000
"""Time of the consortium's first block."""
AUTHORITY = "gateway.example"
DATA = Path(__file__).parents[2] / "ledger" / "domain"
CONTRACTS = {
    name: {"address": "0x" + keccak256(name.encode())[:20].hex(), "codeHash": to_hex(keccak256(name.encode()))}
    for name in ("AgencyRegistry", "Catalogue", "Parameters", "ConsentRegistry", "AccessLedger", "EmergencyAccess")
} | {"RecordAnchors": {"address": ANCHORS, "codeHash": to_hex(keccak256(b"code"))}}
CHAIN = {"chainId": CHAIN_ID, "genesis": to_hex(keccak256(b"genesis")), "contracts": CONTRACTS}
CONTRACT_ADDRESSES = {name: pin["address"] for name, pin in CONTRACTS.items()}
LINE = AnchorsLine(CHAIN_ID, ANCHORS, registry=CONTRACT_ADDRESSES["AgencyRegistry"], code=CODE)
"""What may succeed ANCHORS."""
RELAY_ADDRESS = "0x" + "77" * 20
TABLES = (
    *("entries", "submissions", "records", "sealed", "evidence", "answers", "actions", "outbox"),
    *("subjects", "subject_tags", "query_counts", "opened_records"),
)


@dataclass(frozen=True)
class Key:
    """A test key; its private half follows from its name."""

    name: str
    agency: int
    roles: int = 0

    @property
    def private(self) -> bytes:
        return keccak256(self.name.encode())

    @property
    def address(self) -> str:
        return address_of(self.private)

    def sign_preimage(self, preimage: bytes) -> bytes:
        return self.sign_digest(keccak256(preimage))

    def sign_digest(self, digest: bytes) -> bytes:
        return sign_digest(digest, self.private)


def key(name: str, agency: int, *roles: Role) -> Key:
    return Key(name, agency, bitmap_of(roles))


API_KEY = key("api", GATEWAY, Role.API_SIGN)
PUBLISHER = key("publisher", COMMUNITY, Role.SUBMIT)
READER_OF_COMMUNITY = key("reader of the community", COMMUNITY, Role.READ)
FIRE_READER = key("fire reader", FIRE, Role.READ)
PROPERTY_KEY = key("property", PROPERTY, Role.SUBMIT, Role.READ)
AUDIT_KEY = key("auditor", AUDITOR, Role.AUDIT)
OTHER_PUBLISHER = key("other publisher", OTHER, Role.SUBMIT)
STRANGER = key("stranger", 99)
KEYS = (API_KEY, PUBLISHER, READER_OF_COMMUNITY, FIRE_READER, PROPERTY_KEY, AUDIT_KEY, OTHER_PUBLISHER)
AGENCIES = {
    GATEWAY: AgencyKind.DATA_BUREAU,
    COMMUNITY: AgencyKind.COMMUNITY,
    FIRE: AgencyKind.FIRE,
    PROPERTY: AgencyKind.PROPERTY_COMPANY,
    AUDITOR: AgencyKind.AUDITOR,
    OTHER: AgencyKind.COMMUNITY,
}


def incident_documents() -> ItemDocuments:
    """The incident item with its schema and profile."""
    entry = json.loads((DATA / "catalogue" / "incident.json").read_text("utf-8"))
    return item_documents(entry, GATEWAY, lambda name: json.loads((DATA / name).read_text("utf-8")))


DOCUMENTS = incident_documents()
SCHEMA = DOCUMENTS.schema


def originals(**changes: Any) -> dict[str, Any]:
    """A synthetic incident."""
    values = {
        "/region": "990101001003",
        "/occurredAt": BEGINNING - 3_600,
        "/recordedAt": BEGINNING - 3_000,
        "/class": "fire/structure",
        "/level": 2,
        "/persons": None,
        "/nature": "smoke in the stairwell",
        "/place/point": "31.2408,121.4789",
        "/place/address": {
            "district": "示范区",
            "street": "长江路街道",
            "community": "一社区",
            "building": "3号楼",
            "room": "402",
        },
        "/reporter/name": "欧阳测试",
        "/reporter/phone": "13800138000",
        "/reporter/idNumber": None,
        "/description": "欧阳测试 13800138000 报警",
        "/synthetic": True,
    }
    return values | {f"/{name.replace('__', '/')}": value for name, value in changes.items()}


@dataclass
class Draft:
    """A submission that a test may spoil before it is signed."""

    records: list[dict[str, Any]]
    message: dict[str, Any]
    committed: list[CommittedRecord]

    def body(self, signer: Key = PUBLISHER, domain: StatementDomain = DOMAIN) -> bytes:
        """The request body, signed by `signer`."""
        signature = signer.sign_digest(statement_digest(domain, "Submission", self.message))
        message = message_to_json("Submission", self.message)
        return encode({"message": message, "signature": to_hex(signature), "records": self.records})


def record_content(
    version: int = 1, previous: bytes = bytes(32), record_id: bytes | None = None, **changes: Any
) -> RecordContent:
    """Content of a record version with fresh secrets."""
    return RecordContent(record_id or os.urandom(32), version, previous, os.urandom(32), originals(**changes))


def draft(contents: Sequence[RecordContent], signed_at: int, **changes: Any) -> Draft:
    """A submission of these records by the community, right in every respect but `changes` of its message."""
    committed = [commit(SCHEMA, content) for content in contents]
    leaves = [record_leaf(made.record_id, made.version, made.record_root) for made in committed]
    message = {
        "submissionId": os.urandom(32),
        "gateway": GATEWAY,
        "publisher": COMMUNITY,
        "item": 1,
        "itemVersion": 1,
        "schemaHash": SCHEMA.hash,
        "recordCount": len(contents),
        "recordsRoot": MerkleTree(leaves).root,
        "signedAt": signed_at,
    }
    return Draft([record_json(content) for content in contents], message | changes, committed)


def record_json(content: RecordContent) -> dict[str, Any]:
    """A record as request bodies carry it."""
    return {
        "recordId": to_hex(content.record_id),
        "version": content.version,
        "previous": to_hex(content.previous),
        "saltSecret": to_hex(content.salt_secret),
        "originals": dict(content.originals),
    }
