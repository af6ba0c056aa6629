"""A small consortium on a real PostgreSQL and a real fold of chain events, and callers that sign what they send.

The chain is written as the follower writes it (blocks with their events), so no node is needed; contracts are tested
elsewhere. Times are those of a clock that a test moves.
"""

import base64
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
from ledger.core.collect_once import NO_RULES, CollectOnce
from ledger.core.count_tables import CountRules
from ledger.core.hexadecimal import to_hex
from ledger.core.history import Block, ChainEvent
from ledger.core.keccak import keccak256
from ledger.core.merkle import MerkleTree, entry_leaf
from ledger.core.request_base import SignableRequest, content_sha256
from ledger.core.request_signature import sign
from ledger.keys.file_provider import FileKeyProvider
from ledger.rows import FollowedBlock, NewBatch
from ledger.services.facts import HistoryCache
from ledger.services.gateway import COUNT_RULES, AttachmentRules, Gateway
from ledger.services.relay import Relay
from ledger.store.postgres import PostgresStore
from tests.api.documented import check_documented
from tests.api.members import (
    AGENCIES,
    ANCHORS,
    API_KEY,
    AUTHORITY,
    BEGINNING,
    CHAIN,
    CHAIN_ID,
    CONTRACT_ADDRESSES,
    DOCUMENTS,
    DOMAIN,
    GATEWAY,
    KEYS,
    LINE,
    PUBLISHER,
    RELAY_ADDRESS,
    TABLES,
    Draft,
    Key,
    draft,
    record_content,
)
from tests.api.serving import served

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
        sent = {**({"content-type": "application/json"} if body else {}), **headers}
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
        """Send a look; `headers` by name without `gongzhi-`, underscores for hyphens, empty to leave one out.

        The process knows the newest block by then, so that it answers the look together with those that wait, if it is
        one that can be: the first one after a block is answered alone.
        """
        self.gateway_history()
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
def running_consortium(
    dsn: str, data_folder: Path, collect_once: CollectOnce = NO_RULES, count_rules: CountRules = COUNT_RULES
) -> Iterator[Consortium]:
    """Give a consortium on a migrated, empty database, its API behind a real HTTP server."""
    store = PostgresStore(dsn, connections=8)
    clock = Clock()
    gateway = Gateway(
        agency=GATEWAY,
        domain=DOMAIN,
        line=LINE,
        store=store,
        facts=HistoryCache(),
        api_signer=API_KEY,
        key_provider=FileKeyProvider(bytes(range(32))),
        clock=clock.read,
        collect_once=collect_once,
        count_rules=count_rules,
        attachment_rules=AttachmentRules(pdf=True),
    )
    settings = ApiSettings("https", AUTHORITY, data_folder, threads=6)
    with served(create_app(gateway, settings, Relay(RELAY_ADDRESS, encoded, CONTRACT_ADDRESSES))) as client:
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
