"""A small consortium on a real PostgreSQL and a real fold of chain events, and callers that sign what they send.

The chain is written as the follower writes it (blocks with their events), so no node is needed; contracts are tested
elsewhere. Times are those of a clock that a test moves.
"""

import base64
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import psycopg

from api.app import create_app
from api.settings import ApiSettings
from ledger.core.anchor import GENESIS_HEAD, next_head
from ledger.core.canonical import encode
from ledger.core.codes import AgencyKind, Role, bitmap_of
from ledger.core.commitment import CommittedRecord, RecordContent, commit
from ledger.core.hexadecimal import to_hex
from ledger.core.history import Block, ChainEvent
from ledger.core.keccak import keccak256
from ledger.core.merkle import MerkleTree, entry_leaf, record_leaf
from ledger.core.request_base import SignableRequest, content_sha256
from ledger.core.request_signature import sign
from ledger.core.signature import address_of, sign_digest
from ledger.core.statements import StatementDomain, message_to_json, statement_digest
from ledger.keys.file_provider import FileKeyProvider
from ledger.rows import FollowedBlock, NewBatch
from ledger.services.catalogue_documents import ItemDocuments, item_documents
from ledger.services.facts import HistoryCache
from ledger.services.gateway import Gateway
from ledger.services.mark import Relay
from ledger.store.postgres import PostgresStore
from tests.api.documented import check_documented
from tests.api.serving import served

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
    for name in ("AgencyRegistry", "Catalogue", "Parameters")
} | {"RecordAnchors": {"address": ANCHORS, "codeHash": to_hex(keccak256(b"code"))}}
CHAIN = {"chainId": CHAIN_ID, "genesis": to_hex(keccak256(b"genesis")), "contracts": CONTRACTS}
RELAY_ADDRESS = "0x" + "77" * 20
TABLES = ("entries", "submissions", "records", "sealed", "evidence", "answers", "actions", "outbox")


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
        "/class": "fire/building",
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

    def body(self, signer: Key = PUBLISHER) -> bytes:
        """The request body, signed by `signer`."""
        signature = signer.sign_digest(statement_digest(DOMAIN, "Submission", self.message))
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


LOOK = {
    "gongzhi-item": "1",
    "gongzhi-purpose": "2",
    "gongzhi-basis": "3",
    "gongzhi-basis-ref": "0x" + "11" * 32,
    "gongzhi-officer": "0x" + "22" * 32,
}


@dataclass
class Clock:
    """A clock that a test moves."""

    now: int = BEGINNING + 100

    def read(self) -> int:
        """Return Unix seconds."""
        return self.now


@dataclass
class Consortium:
    """The gateway under test, its followed chain, and what callers need to talk to it."""

    dsn: str
    store: PostgresStore
    gateway: Gateway
    settings: ApiSettings
    client: httpx.Client
    clock: Clock
    blocks: list[Block] = field(default_factory=list)

    @property
    def now(self) -> int:
        """The gateway's clock."""
        return self.clock.now

    # the chain
    def add_block(self, events: Sequence[tuple[str, str, Mapping[str, Any]]] = (), time: int | None = None) -> Block:
        """Append a followed block with events (contract, name, args)."""
        number = len(self.blocks)
        parent = self.blocks[-1].hash if self.blocks else to_hex(bytes(32))
        at = time if time is not None else self.now
        block = Block(number, to_hex(keccak256(f"{self.dsn} {number} {len(events)}".encode())), parent, at)
        transaction = to_hex(keccak256(block.hash.encode()))
        logged = [
            ChainEvent(number, place, transaction, contract, name, args)
            for place, (contract, name, args) in enumerate(events)
        ]
        with self.store.begin() as opened:
            opened.add_followed([FollowedBlock(block, logged, [transaction] if logged else [])], self.now)
        self.blocks.append(block)
        return block

    def note_checked(self) -> None:
        """Let the follower see that nothing is new."""
        with self.store.begin() as opened:
            opened.note_checked(self.now)

    def advance(self, seconds: int) -> None:
        """Move the clock, with a follower that goes on seeing the head."""
        self.clock.now += seconds
        self.note_checked()

    def anchor_all(self) -> Block:
        """Number what waits, fix one batch, and let the chain anchor it."""
        with self.store.begin() as opened:
            waiting = opened.unnumbered(65_536)
            newest = opened.newest_batch(GATEWAY)
            first = newest.first_sequence + newest.leaf_count if newest else 1
            number = newest.batch + 1 if newest else 1
            leaves = [entry_leaf(row[1], first + place, row[2]) for place, row in enumerate(waiting)]
            root = MerkleTree(leaves).root
            entry_ids = [row[0] for row in waiting]
            opened.add_batch(NewBatch(GATEWAY, number, root, first, entry_ids, self.now, f"batch:{number}"))
        stream = self.gateway_history().anchors.get(GATEWAY, [])
        head = stream[-1].head if stream else GENESIS_HEAD
        args = {
            "gateway": GATEWAY,
            "batch": number,
            "root": to_hex(root),
            "leafCount": len(leaves),
            "firstSequence": first,
            "head": to_hex(next_head(head, GATEWAY, number, root, len(leaves), first)),
        }
        return self.add_block([("RecordAnchors", "Anchored", args)])

    def gateway_history(self) -> Any:
        with self.store.begin() as opened:
            return self.gateway.facts.history(opened)

    # requests
    def send(
        self,
        caller: Key | None,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        spoil: Mapping[str, str] | None = None,
        created: int | None = None,
        request_nonce: str | None = None,
    ) -> httpx.Response:
        """Send a request as `caller` signs it (None: unsigned); `spoil` changes headers after the signature."""
        sent = dict(headers or {})
        return self.send_raw(
            caller, method, path, urlencode(query or {}), sent, body, spoil or {}, created, request_nonce
        )

    def send_raw(
        self,
        caller: Key | None,
        method: str,
        path: str,
        query: str,
        headers: Mapping[str, str],
        body: bytes,
        spoil: Mapping[str, str] | None = None,
        created: int | None = None,
        request_nonce: str | None = None,
    ) -> httpx.Response:
        """Send a request whose path and query are percent-encoded already; see `send`."""
        sent = {**headers, **({"content-type": "application/json"} if body else {})}
        if caller is not None:
            begin = self.now if created is None else created
            nonce = request_nonce or base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")
            signable = SignableRequest(method, "https", AUTHORITY, path, query, sent, content_sha256(body))
            sent |= sign(
                signable, caller.private, created=begin, expires=begin + 60, request_nonce=nonce, chain_id=CHAIN_ID
            )
        target = f"{path}?{query}" if query else path
        answer = self.client.request(method, target, headers={**sent, **(spoil or {})}, content=body)
        check_documented(method, path, answer)
        return answer

    def publish(self, given: Draft, caller: Key = PUBLISHER, signer: Key | None = None) -> httpx.Response:
        """Send a submission."""
        return self.send(caller, "POST", "/v1/submissions", body=given.body(signer or caller))

    def published(self, count: int = 1, **changes: Any) -> Draft:
        """Publish fresh records and return what was published."""
        given = draft([record_content(**changes) for _ in range(count)], self.now)
        answer = self.publish(given)
        assert answer.status_code == 202, answer.text
        return given

    def look(self, caller: Key, path: str, query: Mapping[str, Any] | None = None, **headers: str) -> httpx.Response:
        """Send a look; `headers` by name without `gongzhi-`, underscores for hyphens, empty to leave one out."""
        changed = {f"gongzhi-{name.replace('_', '-')}": value for name, value in headers.items()}
        sent = {name: value for name, value in (LOOK | changed).items() if value}
        return self.send(caller, "GET", path, query=query, headers=sent)

    def rows(self) -> dict[str, int]:
        """Rows of every table that a request could change, but for nonces."""
        with psycopg.connect(self.dsn) as connection:
            counts = {}
            for table in TABLES:
                row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
                counts[table] = row[0] if row else 0
            return counts


def found(events: Sequence[Key] = KEYS) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Events of the first block: agencies, keys, the incident item."""
    made: list[tuple[str, str, Mapping[str, Any]]] = [
        (
            "AgencyRegistry",
            "AgencyRegistered",
            {"agency": number, "kind": int(kind), "region": 990101, "allowedRoles": 8191},
        )
        for number, kind in AGENCIES.items()
    ]
    made += [("AgencyRegistry", "KeyBound", bound(held)) for held in events]
    return [*made, ("Catalogue", "ItemPublished", published_args())]


def bound(held: Key, valid_from: int = BEGINNING - 1, valid_until: int = BEGINNING + 10**7) -> dict[str, Any]:
    """Args of the event that binds a key."""
    return {
        "key": held.address,
        "agency": held.agency,
        "roles": held.roles,
        "validFrom": valid_from,
        "validUntil": valid_until,
    }


def published_args(**changes: Any) -> dict[str, Any]:
    """Args of the event that publishes the incident item."""
    item = DOCUMENTS.item
    args = {
        "item": item.item,
        "version": item.version,
        "responsible": item.responsible,
        "shareClass": int(item.share_class),
        "schemaHash": to_hex(item.schema_hash),
        "publisherKinds": item.publisher_bitmap,
        "readerKinds": item.reader_bitmap,
        "purposes": item.purpose_bitmap,
        "maskPolicyHash": to_hex(item.mask_policy_hash or bytes(32)),
        "class1Profile": to_hex(item.class1_profile or bytes(32)),
        "updateEverySeconds": 0,
        "checkDays": 2,
        "answerDays": 10,
        "deliverDays": 20,
        "documentHash": to_hex(item.hash),
    }
    return args | changes


@contextmanager
def running_consortium(dsn: str, data_folder: Path) -> Iterator[Consortium]:
    """Give a consortium on a migrated, empty database, its API behind a real HTTP server."""
    store = PostgresStore(dsn, connections=8)
    clock = Clock()
    gateway = Gateway(
        agency=GATEWAY,
        domain=DOMAIN,
        store=store,
        facts=HistoryCache(),
        api_signer=API_KEY,
        key_provider=FileKeyProvider(bytes(range(32))),
        clock=clock.read,
    )
    settings = ApiSettings("https", AUTHORITY, data_folder, threads=6)
    with served(create_app(gateway, settings, Relay(RELAY_ADDRESS, encoded))) as client:
        made = Consortium(dsn, store, gateway, settings, client, clock)
        with store.begin() as opened:
            opened.set_setting("chain", CHAIN)
            for document_hash, content in DOCUMENTS.documents.items():
                opened.add_document(document_hash, "application/json", content, BEGINNING)
        made.add_block([], BEGINNING - 10)
        made.add_block(found(), BEGINNING)
        made.add_block([], made.now)
        yield made
    store.close()


def encoded(name: str, message: Mapping[str, Any], signatures: Sequence[bytes]) -> tuple[str, bytes]:
    """Call data that stands for the contract's: what it holds is the worker's and the contract's concern."""
    return ANCHORS, encode([name, str(message["nonce"]), *[to_hex(signature) for signature in signatures]])
