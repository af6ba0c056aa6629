"""A small ledger in memory with real formats and real signatures: chain events, a gateway's stream, an export.

It does what members do and nothing else: whoever wants to lie changes its inputs, or the lines of its export.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

from ledger.core.anchor import GENESIS_HEAD, next_head
from ledger.core.audit.whole import item_args
from ledger.core.canonical import document_hash, encode
from ledger.core.codes import Authority, Basis, EntryType, Purpose, QueryType, Tier
from ledger.core.commitment import CommittedRecord, RecordContent, commit
from ledger.core.documents import CatalogueItem, MaskProfile
from ledger.core.eip712 import ZERO32
from ledger.core.entry import entry_digest
from ledger.core.export import (
    ExportedAction,
    ExportedEntry,
    ExportedLook,
    ExportManifest,
)
from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256
from ledger.core.merkle import MerkleTree, entry_leaf, opening_leaf, record_leaf
from ledger.core.points import ANCHORS
from ledger.core.receipt import Opening
from ledger.core.request_base import SignableRequest
from ledger.core.request_signature import prepare
from ledger.core.schema import Schema
from ledger.core.signature import address_of, sign_digest
from ledger.core.statements import ENTRY_STATEMENTS, StatementDomain, statement_digest
from ledger.core.typed_messages import MESSAGES, message_digest
from tests.simulated_chain import SimulatedChain, agency_args, binding_args
from tests.simulated_consortium import (
    CONTRACTS,
    GATEWAY,
    ITEM,
    KINDS,
    OTHER_GATEWAY,
    READER,
    ROLES,
    address,
    item_version,
    marked,
    number32,
    originals,
    private_key,
)
from tests.simulated_stream import Export, StreamEntry, Submitted, record_lines


@dataclass
class SimulatedLedger(SimulatedChain):
    """One chain, one gateway's stream, members with keys. Time moves by `now`; `beside` makes a second gateway."""

    entries: list[StreamEntry] = field(default_factory=list)
    unanchored: list[StreamEntry] = field(default_factory=list)
    documents: dict[str, str] = field(default_factory=dict)
    schemas: dict[bytes, Schema] = field(default_factory=dict)
    """Schemas of other items than the incident, by hash."""
    head: bytes = GENESIS_HEAD
    batches: list[int] = field(default_factory=list)
    """Times at which batches were anchored."""
    gateway: int = GATEWAY
    gateway_key: str = "gateway"
    anchors: str = ANCHORS
    """What the contract that the stream is anchored in is called by."""
    _requests: int = 0

    def __post_init__(self) -> None:
        self.domain = StatementDomain(self.chain_id, CONTRACTS["RecordAnchors"].address)
        self.items: dict[int, tuple[Schema, MaskProfile, CatalogueItem]] = {}
        self.mine([])
        setup = [("AgencyRegistry", "AgencyRegistered", agency_args(number)) for number in KINDS]
        setup += [("AgencyRegistry", "KeyBound", binding_args(name)) for name in ROLES]
        setup += [("Parameters", "ParameterSet", {"name": "anchorDelay", "value": 300})]
        self.mine(setup)
        self.publish_item(1)

    def beside(self) -> "SimulatedLedger":
        """Return another gateway's stream on the same chain; it begins at this one's time."""
        other = copy(self)
        other.gateway, other.gateway_key, other._requests = OTHER_GATEWAY, "other-gateway", self._requests + 1_000_000
        other.entries, other.unanchored, other.batches, other.head = [], [], [], GENESIS_HEAD
        return other

    # --- the catalogue ---

    def keep(self, *documents: Mapping[str, Any]) -> None:
        """Keep hashed documents, as exports hold them."""
        for document in documents:
            self.documents[to_hex(document_hash(document))] = encode(document).decode()

    def publish_item(self, version: int, open_phone: bool = False) -> None:
        """Publish a version of the item; `open_phone` widens its class-1 profile by the phone's original."""
        schema, profile, item = self.items[version] = item_version(version, open_phone)
        self.keep(schema.document, profile.document, item.document)
        self.mine([("Catalogue", "ItemPublished", item_args(item))])

    # --- what members and the gateway sign ---

    def committed(
        self, number: int, version: int = 1, previous: bytes = ZERO32, item_version: int = 1
    ) -> CommittedRecord:
        """Commit a made-up incident."""
        content = RecordContent(
            number32("record", number), version, previous, number32("salt", number, version), originals(number)
        )
        return commit(self.items[item_version][0], content)

    def sign_submission(
        self, records: Sequence[CommittedRecord], *, key: str = "publisher", signed_at: int | None = None, **other: Any
    ) -> Submitted:
        """Sign a submission of `records`; `other` members replace those of the message."""
        leaves = [record_leaf(r.record_id, r.version, r.record_root) for r in records]
        message = {
            "submissionId": number32("submission", self.gateway, len(self.entries), len(self.unanchored)),
            "gateway": self.gateway,
            "publisher": ROLES[key][0],
            "item": ITEM,
            "itemVersion": 1,
            "schemaHash": self.items[1][0].hash,
            "recordCount": len(records),
            "recordsRoot": MerkleTree(leaves).root,
            "signedAt": self.now if signed_at is None else signed_at,
            **other,
        }
        signature = self.sign("Submission", message, key)
        digests = [number32("ciphertext", r.record_id, r.version) for r in records]
        return Submitted(message, address(key), signature, list(records), digests)

    def accept(self, submitted: Submitted) -> StreamEntry:
        """Append a submission to the stream, whatever it says."""
        entry = StreamEntry(
            EntryType.SUBMISSION,
            submitted.message,
            submitted.signer,
            submitted.signature,
            submitted.sealed_hash,
            submitted,
        )
        self.unanchored.append(entry)
        return entry

    def submit(self, *numbers: int, **options: Any) -> StreamEntry:
        """Publish made-up incidents by their numbers."""
        return self.accept(self.sign_submission([self.committed(number) for number in numbers], **options))

    def sign(self, statement: str, message: Mapping[str, Any], key: str) -> bytes:
        """Sign a statement with a simulated key."""
        return sign_digest(statement_digest(self.domain, statement, message), private_key(key))

    def state(self, entry_type: EntryType, message: dict[str, Any], key: str = "", **kept: Any) -> StreamEntry:
        """Append a statement of the gateway to the stream."""
        key = key or self.gateway_key
        signature = self.sign(ENTRY_STATEMENTS[entry_type], message, key)
        entry = StreamEntry(entry_type, message, address(key), signature, **kept)
        self.unanchored.append(entry)
        return entry

    def request(self, key: str, path: str, headers: Mapping[str, str], query: str = "") -> dict[str, Any]:
        """Sign a request; returns what the gateway keeps of it: base and signature."""
        self._requests += 1
        prepared = prepare(
            SignableRequest("GET", "http", "gateway.example", path, query, headers),
            address_of(private_key(key)),
            created=self.now,
            expires=self.now + 60,
            request_nonce=f"{self._requests:021d}A",
            chain_id=self.chain_id,
        )
        return {
            "base": prepared.base.decode("ascii"),
            "request_signature": sign_digest(prepared.digest, private_key(key)),
        }

    def disclosure(self, kept: Mapping[str, Any], openings: Sequence[Opening], **other: Any) -> dict[str, Any]:
        """Return the message of a disclosure as an honest gateway makes it; `other` members replace its."""
        _, profile, item = self.items[1]
        leaves = [opening_leaf(o.record_id, o.version, o.record_root, o.opened) for o in openings]
        return {
            "gateway": self.gateway,
            "request": keccak256(kept["base"].encode("ascii")),
            "reader": READER,
            "readerKey": address("reader"),
            "officer": ZERO32,
            "caseRef": ZERO32,
            "item": ITEM,
            "itemVersion": 1,
            "authority": int(Authority.CLASS1),
            "authorityId": item.hash,
            "basis": int(Basis.STATUTORY_DUTY),
            "purpose": int(Purpose.INCIDENT_RESPONSE),
            "tier": int(Tier.T5),
            "profile": profile.hash,
            "recordCount": len(openings),
            "openingsRoot": MerkleTree(leaves).root if leaves else ZERO32,
            "factsBlock": len(self.blocks) - 1,
            "asOfBatch": len(self.batches),
            "disclosedAt": self.now,
            "anchorBy": self.now + 300,
            **other,
        }

    def class1_bitmap(self, item_version: int = 1) -> int:
        """Return what the class-1 profile opens."""
        schema, profile, _ = self.items[item_version]
        return profile.bitmap(list(schema.index))

    def headers(self, **other: str) -> dict[str, str]:
        """Return the headers of a class-1 look; `other` ones by their last word."""
        said = {"item": ITEM, "purpose": 2, "basis": 3, "basis-ref": to_hex(number32("duty"))}
        said |= {name.replace("_", "-"): value for name, value in other.items()}
        return {f"gongzhi-{name}": str(value) for name, value in said.items()}

    def look(
        self,
        *records: CommittedRecord,
        key: str = "reader",
        path: str | None = None,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        opened: int | None = None,
        **other: Any,
    ) -> StreamEntry:
        """Answer a look: at one record by its path, at several or none by a search."""
        if path is None:
            path = f"/v1/records/{to_hex(records[0].record_id)}" if len(records) == 1 else "/v1/records"
        kept = self.request(key, path, self.headers() if headers is None else headers, query)
        bitmap = self.class1_bitmap() if opened is None else opened
        openings = tuple(Opening(r.record_id, r.version, r.record_root, bitmap) for r in records)
        reader = {"reader": ROLES[key][0], "readerKey": address(key)}
        message = self.disclosure(kept, openings, **{**reader, **other})
        return self.state(EntryType.DISCLOSURE, message, openings=openings, **kept)

    def own_look(self, record: CommittedRecord, key: str = "publisher-reads") -> StreamEntry:
        """Answer a publisher's look at its own record: every slot opens."""
        nothing = {"authority": int(Authority.OWN), "authorityId": ZERO32, "profile": ZERO32, "tier": 0}
        return self.look(record, key=key, headers=self.headers(authority="own"), opened=(1 << 9) - 1, **nothing)

    def refuse(self, key: str = "rival-reads", reason: int = 3, **other: Any) -> StreamEntry:
        """Refuse a look."""
        kept = self.request(key, "/v1/records", self.headers())
        message = {
            "gateway": self.gateway,
            "request": keccak256(kept["base"].encode("ascii")),
            "reader": ROLES[key][0],
            "readerKey": address(key),
            "item": ITEM,
            "authority": int(Authority.CLASS1),
            "authorityId": self.items[1][2].hash,
            "purpose": 2,
            "reason": reason,
            "factsBlock": len(self.blocks) - 1,
            "refusedAt": self.now,
            "anchorBy": self.now + 300,
            **other,
        }
        return self.state(EntryType.REFUSAL, message, **kept)

    def query(self, key: str = "auditor", **other: Any) -> StreamEntry:
        """Answer an auditor's export request."""
        headers = {"gongzhi-item": "0", "gongzhi-purpose": "12", "gongzhi-basis": "3", "gongzhi-authority": "audit"}
        headers["gongzhi-basis-ref"] = to_hex(number32("duty"))
        kept = self.request(key, "/v1/export", headers)
        message = {
            "gateway": self.gateway,
            "request": keccak256(kept["base"].encode("ascii")),
            "reader": ROLES[key][0],
            "readerKey": address(key),
            "queryType": int(QueryType.EXPORT),
            "item": 0,
            "basis": 3,
            "purpose": 12,
            "resultCount": len(self.entries),
            "factsBlock": len(self.blocks) - 1,
            "answeredAt": self.now,
            "anchorBy": self.now + 300,
            **other,
        }
        return self.state(EntryType.QUERY, message, **kept)

    def receive(self, name: str, said: Mapping[str, Any], *signers: str, **other: Any) -> StreamEntry:
        """Take a typed message for relay, signed by these keys; `said` are its members but for the bookkeeping."""
        signers = signers or ("publisher",)
        count = len(self.entries) + len(self.unanchored)
        message = {"key": address(signers[0]), "nonce": count << 64, "deadline": self.now + 3600, **said}
        contract = MESSAGES[name].contract
        address_there = self.domain.record_anchors if contract == ANCHORS else CONTRACTS[contract].address
        digest = message_digest(name, message, self.chain_id, address_there)
        received = {
            "gateway": self.gateway,
            "action": digest,
            "receivedAt": self.now,
            "includeBy": self.now + 300,
            "anchorBy": self.now + 300,
            **other,
        }
        entry = self.state(EntryType.RECEIVED, received)
        signatures = tuple(sign_digest(digest, private_key(signer)) if signer else b"" for signer in signers)
        entry.action = ExportedAction(0, name, message, signatures)
        return entry

    def void(self, batch: int, first: int, count: int) -> StreamEntry:
        """Declare numbers void."""
        message = {
            "gateway": self.gateway,
            "batch": batch,
            "firstSequence": first,
            "count": count,
            "reason": 1,
            "declaredAt": self.now,
            "anchorBy": self.now + 300,
        }
        return self.state(EntryType.VOID, message)

    # --- anchoring ---

    def digest(self, entry: StreamEntry) -> bytes:
        """Return an entry's digest."""
        statement = statement_digest(self.domain, ENTRY_STATEMENTS[entry.entry_type], entry.message)
        return entry_digest(statement, entry.signer, entry.signature, entry.annex)

    def anchor(self, seconds: int = 2) -> None:
        """Number what was not anchored yet and anchor it, `seconds` later."""
        first = len(self.entries) + 1
        for place, entry in enumerate(self.unanchored):
            entry.sequence = first + place
        leaves = [entry_leaf(entry.entry_type, entry.sequence, self.digest(entry)) for entry in self.unanchored]
        root, count, batch = MerkleTree(leaves).root, len(leaves), len(self.batches) + 1
        self.head = next_head(self.head, self.gateway, batch, root, count, first)
        args = {
            "gateway": self.gateway,
            "batch": batch,
            "root": to_hex(root),
            "leafCount": count,
            "firstSequence": first,
        }
        self.mine([(self.anchors, "Anchored", {**args, "head": to_hex(self.head)})], seconds)
        self.batches.append(self.now)
        self.entries += self.unanchored
        self.unanchored = []

    # --- what outsiders get ---

    def export(self) -> Export:
        """Return the lines of an honest export."""
        manifest = ExportManifest(
            self.chain_id, self.domain.record_anchors, self.gateway, len(self.batches), len(self.entries), self.now
        )
        export = Export(manifest, [], [], [], dict(self.documents))
        for entry in self.entries:
            exported = ExportedEntry(
                entry.sequence, entry.entry_type, entry.message, entry.signer, entry.signature, entry.annex
            )
            export.entries.append(exported.members())
            if entry.submitted is not None:
                schema = self.schemas.get(entry.message["schemaHash"], self.items[1][0])
                export.records += record_lines(schema, entry.sequence, entry.submitted)
            elif entry.base:
                look = ExportedLook(entry.sequence, entry.base, entry.request_signature, entry.openings)
                export.looks.append(look.members())
            elif entry.action is not None:
                export.actions.append(replace(entry.action, sequence=entry.sequence).members())
        return export


DISPUTE: dict[str, Any] = {"recordId": number32("elsewhere"), "version": 0, "mark": 3, "reason": 1}
"""A mark on a record of another gateway."""


def honest_ledger() -> SimulatedLedger:
    """Return a ledger with two submissions, a correction, looks of each sort, a refusal and an export's query."""
    ledger = SimulatedLedger()
    ledger.submit(1, 2, 3)
    ledger.submit(4)
    ledger.anchor()
    first = ledger.committed(1)
    ledger.look(first)
    ledger.look(ledger.committed(2), ledger.committed(3))
    ledger.look()
    ledger.own_look(ledger.committed(4))
    ledger.refuse()
    ledger.anchor()
    correction = ledger.committed(1, version=2, previous=first.record_root)
    ledger.accept(ledger.sign_submission([correction]))
    ledger.anchor()
    ledger.look(correction)
    ledger.look(first, query="version=1")
    ledger.query()
    ledger.receive("Mark", DISPUTE)
    ledger.mine([marked(DISPUTE["recordId"], DISPUTE["mark"])])
    ledger.anchor()
    return ledger
