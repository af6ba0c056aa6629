"""A gateway in memory behind the real wire format, with real signatures, that can be told to lie.

`before_signing[statement]` changes a statement's message before it is signed, `after_signing` an answer's members
afterwards. It keeps everything in dictionaries; `api/` is the gateway that is meant to be run.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import httpx

from ledger.core import merkle
from ledger.core.bundle import AnchorClaim, Bundle, SignedSubmission, bundle_document, view_document
from ledger.core.canonical import decode, document_hash, encode
from ledger.core.code_sets import CodeSet
from ledger.core.codes import Authority
from ledger.core.commitment import CommittedRecord, RecordContent, commit
from ledger.core.documents import MaskProfile
from ledger.core.eip712 import ZERO32
from ledger.core.entry import entry_digest, sealed_hash
from ledger.core.export import ExportCounts, ExportedDocument, ExportManifest, tagged_line
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.receipt import Opening, opening_document
from ledger.core.request_base import SignableRequest, combined_fields, content_sha256
from ledger.core.request_signature import VerifiedRequest, verify
from ledger.core.schema import Schema
from ledger.core.signature import address_of, recover, sign_digest
from ledger.core.statements import StatementDomain, message_from_json, message_to_json, statement_digest
from ledger.core.stored import stored_slots, view_of
from ledger.core.typed_messages import message_digest
from ledger.core.typed_messages import message_from_json as typed_from_json
from ledger.errors import GongzhiError
from tests.unit.client.simulated_catalogue import (
    CODE_SETS,
    GATEWAY,
    ITEM,
    PUBLISHER,
    SCHEMA,
    VERSION,
    item_document,
    profile,
)

NOW = 1_767_226_000
DOMAIN = StatementDomain(20265801, "0x3f4ff0048ad4feed531ee62311b205bec49bfcd3")
API_KEY, DESK_KEY, OTHER_KEY = (bytes([number]) * 32 for number in (1, 2, 3))
GENESIS = "0x" + "9e" * 32
Statement = dict[str, Any]
Route = Callable[[list[str], dict[str, str], dict[str, Any]], tuple[int, dict[str, Any]]]
"""A further route by the first part of its path: the parts behind it, the query, the body."""


@dataclass
class Taken:
    """A submission that the gateway accepted."""

    message: Mapping[str, Any]
    signer: str
    signature: bytes
    digest: bytes
    records: list[CommittedRecord]
    sealed: bytes
    answer: dict[str, Any]


@dataclass
class SimulatedGateway:
    """The gateway. `clock` is its own and its client's."""

    profile: MaskProfile = field(default_factory=profile)
    api_key: bytes = API_KEY
    now: int = NOW
    before_signing: dict[str, Callable[[Statement], Statement]] = field(default_factory=dict)
    after_signing: Callable[[str, dict[str, Any]], dict[str, Any]] = lambda _, answer: answer
    refuse_with: int | None = None
    page: int = 2
    further: dict[str, Route] = field(default_factory=dict)
    further_public: dict[str, Route] = field(default_factory=dict)
    item_number: int = ITEM
    schema: Schema = SCHEMA
    code_sets: Mapping[bytes, CodeSet] = field(default_factory=lambda: CODE_SETS)
    past: list[dict[str, Any]] = field(default_factory=list)
    """What it answers to the question for records past their retention."""

    def __post_init__(self) -> None:
        self.taken: dict[str, Taken] = {}
        self.nonces: set[str] = set()
        self.newest_request = ZERO32
        self.calls: list[str] = []
        self.item = item_document(self.profile.hash) | {
            "item": self.item_number,
            "schemaHash": to_hex(self.schema.hash),
        }
        self.documents = {
            to_hex(self.schema.hash): encode(self.schema.document),
            **{to_hex(digest): encode(one.document) for digest, one in self.code_sets.items()},
            to_hex(self.profile.hash): encode(self.profile.document),
            to_hex(document_hash(self.item)): encode(self.item),
        }

    # --- the wire

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.respond)

    def respond(self, request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode("ascii")
        status, body = self.handle(request.method, target, request.headers, request.read())
        return httpx.Response(status, content=body)

    def handle(self, method: str, target: str, headers: Mapping[str, str], content: bytes) -> tuple[int, bytes]:
        path, _, query = target.partition("?")
        self.calls.append(f"{method} {path}")
        try:
            status, answer = self._route(method, path, query, headers, content)
        except GongzhiError as error:
            status, answer = _STATUS.get(error.code, 422), {"code": error.code, "detail": error.detail}
        return status, answer if isinstance(answer, bytes) else json.dumps(answer, ensure_ascii=False).encode()

    def _route(
        self, method: str, path: str, query: str, headers: Mapping[str, str], content: bytes
    ) -> tuple[int, dict[str, Any] | bytes]:
        parts = path.strip("/").split("/")[1:]
        if parts[0] == "documents":
            if parts[1] not in self.documents:
                raise _error("not_found")
            return 200, self.documents[parts[1]]
        if parts[0] == "catalogue":
            args = {"item": self.item_number, "version": VERSION, "documentHash": to_hex(document_hash(self.item))}
            told = {"item": self.item_number, "retired": None, "versions": [args]}
            return 200, told if parts[1:] else {"items": [told]}
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        if parts[0] in self.further_public:
            return self.further_public[parts[0]](parts[1:], asked, {})
        request = self._verified(method, path, query, headers, content)
        body = decode(content) if content else {}
        assert isinstance(body, dict)
        if parts[0] in self.further:
            status, answer = self.further[parts[0]](parts[1:], asked, body)
            return status, self._changed(path, answer)
        if parts[0] == "submissions":
            return 200, self._submissions(parts, body)
        if parts[0] == "commit":
            return 200, self._changed(path, self._commit(body))
        if parts[0] == "marks":
            return 202, self._changed(path, self._mark(body))
        if parts[0] == "retention":
            return 200, {"records": self.past, "next": None}
        if parts[0] == "export":
            return 200, self._export()
        return self._look(path, parts, asked, headers, request)

    def _verified(
        self, method: str, path: str, query: str, headers: Mapping[str, str], content: bytes
    ) -> VerifiedRequest:
        counted = ("content-digest", "content-type", "idempotency-key", "signature", "signature-input")
        lines = [(n, v) for n, v in headers.items() if n.lower() in counted or n.lower().startswith("gongzhi-")]
        signable = SignableRequest(
            method, "http", headers["host"], path, query, combined_fields(lines), content_sha256(content)
        )
        verified = verify(signable, now=self.now, chain_id=DOMAIN.chain_id)
        assert verified.request_nonce not in self.nonces
        self.nonces.add(verified.request_nonce)
        self.newest_request = verified.request
        return verified

    def _changed(self, path: str, answer: dict[str, Any]) -> dict[str, Any]:
        return self.after_signing(path, answer)

    def sign(self, name: str, message: Statement) -> dict[str, Any]:
        message = self.before_signing.get(name, lambda same: same)(dict(message))
        signature = sign_digest(statement_digest(DOMAIN, name, message), self.api_key)
        return {
            "message": message_to_json(name, message),
            "signer": address_of(self.api_key),
            "signature": to_hex(signature),
        }

    # --- publishing

    def _submissions(self, parts: list[str], body: dict[str, Any]) -> dict[str, Any]:
        if len(parts) == 2:
            if parts[1] not in self.taken:
                raise _error("not_found")
            return self._changed("/v1/submissions/{id}", self.taken[parts[1]].answer)
        message = message_from_json("Submission", body["message"])
        signature = from_hex(body["signature"])
        digest = statement_digest(DOMAIN, "Submission", message)
        submission_id = to_hex(message["submissionId"])
        earlier = self.taken.get(submission_id)
        if earlier is not None:
            if earlier.digest != digest:
                raise _error("conflict")
            return earlier.answer
        if message["signedAt"] < self.now - 150:
            raise _error("statement_stale")
        records = [commit(self.schema, _content(record)) for record in body["records"]]
        root = merkle.MerkleTree([merkle.record_leaf(r.record_id, r.version, r.record_root) for r in records]).root
        assert root == message["recordsRoot"]
        sealed = sealed_hash([document_hash(to_hex(made.record_root)) for made in records])
        signer = recover(digest, signature)
        answer = self._acceptance(message, entry_digest(digest, signer, signature, sealed), sealed)
        self.taken[submission_id] = Taken(message, signer, signature, digest, records, sealed, answer)
        return self._changed("/v1/submissions", answer)

    def _acceptance(self, message: Mapping[str, Any], entry: bytes, sealed: bytes) -> dict[str, Any]:
        promise = {
            "gateway": GATEWAY,
            "entry": entry,
            "acceptedAt": self.now,
            "anchorBy": min(message["signedAt"], self.now) + 300,
        }
        return {
            "submissionId": to_hex(message["submissionId"]),
            "state": "accepted",
            "entry": to_hex(entry),
            "sealedHash": to_hex(sealed),
            "acceptance": self.sign("Acceptance", promise),
            "times": {"accepted": self.now},
            "sequence": None,
            "batch": None,
        }

    def _commit(self, body: dict[str, Any]) -> dict[str, Any]:
        records = [commit(self.schema, _content(record)) for record in body["records"]]
        root = merkle.MerkleTree([merkle.record_leaf(r.record_id, r.version, r.record_root) for r in records]).root
        return {
            "recordsRoot": to_hex(root),
            "records": [
                {
                    "recordId": to_hex(made.record_id),
                    "version": made.version,
                    "recordRoot": to_hex(made.record_root),
                    "digests": [to_hex(digest) for digest in made.digests],
                }
                for made in records
            ],
        }

    def _mark(self, body: dict[str, Any]) -> dict[str, Any]:
        message = typed_from_json("Mark", body["message"])
        digest = message_digest("Mark", message, DOMAIN.chain_id, DOMAIN.record_anchors)
        assert recover(digest, from_hex(body["signature"])) == message["key"]
        times = {"receivedAt": self.now, "includeBy": self.now + 300, "anchorBy": self.now + 300}
        promise = {"gateway": GATEWAY, "action": digest, **times}
        return {"action": to_hex(digest), "state": "received", "received": self.sign("Received", promise)}

    # --- looking

    def _look(
        self, path: str, parts: list[str], query: dict[str, str], headers: Mapping[str, str], request: VerifiedRequest
    ) -> tuple[int, dict[str, Any]]:
        common = {
            "gateway": GATEWAY,
            "request": request.request,
            "reader": PUBLISHER,
            "readerKey": request.address,
            "item": int(headers["gongzhi-item"]),
            "authority": int(Authority.CLASS1),
            "authorityId": document_hash(self.item),
            "purpose": int(headers["gongzhi-purpose"]),
            "factsBlock": 1,
            "anchorBy": self.now + 300,
        }
        if self.refuse_with is not None:
            refusal = self.sign("Refusal", {**common, "reason": self.refuse_with, "refusedAt": self.now})
            members = {"code": "look_refused", "reason": self.refuse_with, "name": "n", "needed": "x"}
            return 403, self._changed(path, {**members, "refusal": refusal})
        found = [made for taken in self.taken.values() for made in taken.records]
        following = None
        if len(parts) > 1:
            found = [made for made in found if to_hex(made.record_id) == parts[1]]
            found = [made for made in found if query.get("version") in (None, str(made.version))][-1:]
        else:
            found = [*{made.record_id: made for made in found}.values()]
            start = int(query.get("cursor", "0"))
            following = str(start + self.page) if len(found) > start + self.page else None
            found = found[start : start + self.page]
        return 200, self._changed(path, self._served(found, common, headers, following, bundle=len(parts) == 3))

    def _served(
        self,
        found: list[CommittedRecord],
        common: Statement,
        headers: Mapping[str, str],
        following: str | None,
        *,
        bundle: bool,
    ) -> dict[str, Any]:
        opened = self.profile.bitmap([(slot.path, slot.kind) for slot in self.schema.slots])
        openings = [Opening(made.record_id, made.version, made.record_root, opened) for made in found]
        leaves = [merkle.opening_leaf(o.record_id, o.version, o.record_root, o.opened) for o in openings]
        of = {"publisher": PUBLISHER, "item": self.item_number}
        message = {
            **common,
            "officer": _commitment(headers, "gongzhi-officer"),
            "caseRef": _commitment(headers, "gongzhi-case"),
            "itemVersion": VERSION,
            "basis": int(headers["gongzhi-basis"]),
            "tier": int(self.profile.tier),
            "profile": self.profile.hash,
            "recordCount": len(openings),
            "openingsRoot": merkle.MerkleTree(leaves).root if leaves else ZERO32,
            "asOfBatch": 0,
            "disclosedAt": self.now,
        }
        answer = {
            "disclosure": self.sign("Disclosure", message),
            "openings": [opening_document(opening) for opening in openings],
            "marks": {},
            "next": following,
            "submissions": {to_hex(made.record_id): of for made in found},
        }
        if bundle:
            return {**answer, "bundle": self._bundle(found[0], opened)}
        return {**answer, "views": [self._view(made, opened) for made in found]}

    def _view(self, made: CommittedRecord, opened: int) -> dict[str, Any]:
        stored = stored_slots(self.schema, made)
        return view_document(view_of(self.schema, made.record_id, made.version, made.previous, stored, opened))

    def anchor(self) -> tuple[bytes, list[tuple[int, int, bytes]]]:
        """The root and leaves (entry type, sequence, digest) of one batch over everything that was taken."""
        entries = [
            (1, place, entry_digest(taken.digest, taken.signer, taken.signature, taken.sealed))
            for place, taken in enumerate(self.taken.values(), 1)
        ]
        return merkle.MerkleTree([merkle.entry_leaf(*entry) for entry in entries]).root, entries

    def _bundle(self, made: CommittedRecord, opened: int) -> dict[str, Any]:
        root, entries = self.anchor()
        tree = merkle.MerkleTree([merkle.entry_leaf(*entry) for entry in entries])
        place, taken = next((p, t) for p, t in enumerate(self.taken.values(), 1) if made in t.records)
        leaves = [merkle.record_leaf(r.record_id, r.version, r.record_root) for r in taken.records]
        proof = merkle.MerkleTree(leaves).proof(merkle.record_leaf(made.record_id, made.version, made.record_root))
        stored = stored_slots(self.schema, made)
        return bundle_document(
            Bundle(
                view_of(self.schema, made.record_id, made.version, made.previous, stored, opened),
                self.schema.document,
                SignedSubmission(taken.message, taken.signer, taken.signature, taken.sealed),
                tuple(proof),
                AnchorClaim(
                    DOMAIN.chain_id, DOMAIN.record_anchors, GATEWAY, 1, root, len(entries), 1, transaction_of(2), 2
                ),
                place,
                tuple(tree.proof(merkle.entry_leaf(*entries[place - 1]))),
            )
        )

    def _export(self) -> bytes:
        manifest = ExportManifest(DOMAIN.chain_id, DOMAIN.record_anchors, GATEWAY, 0, 0, self.now)
        lines = [tagged_line("manifest", manifest.members())]
        for document_id, content in self.documents.items():
            document = ExportedDocument(from_hex(document_id), "application/json", content.decode())
            lines.append(tagged_line("document", document.members()))
        lines.append(tagged_line("end", ExportCounts(0, 0, 0, 0).members()))
        changed = self._changed("/v1/export", {"lines": lines})["lines"]
        return "".join(line + "\n" for line in changed).encode()


_STATUS = {"not_found": 404, "conflict": 409, "statement_stale": 422, "too_many_requests": 429}


def _error(code: str) -> GongzhiError:
    error = GongzhiError(code)
    error.code = code
    return error


def _content(record: Mapping[str, Any]) -> RecordContent:
    ids = {name: from_hex(record[name], 32) for name in ("recordId", "previous", "saltSecret")}
    return RecordContent(ids["recordId"], record["version"], ids["previous"], ids["saltSecret"], record["originals"])


def _commitment(headers: Mapping[str, str], name: str) -> bytes:
    return from_hex(headers[name], 32) if name in headers else ZERO32


def transaction_of(block: int) -> str:
    """A transaction hash for a block's only transaction."""
    return "0x" + f"{block:064x}"


def originals(number: int) -> dict[str, Any]:
    """A record of synthetic people."""
    return {
        "/region": "990101001002",
        "/occurredAt": NOW - 3600 - number,
        "/recordedAt": NOW - 3000 - number,
        "/class": "fire/structure",
        "/place/point": "40.0883549,-75.3821004",
        "/reporter/name": "欧阳娜娜",
        "/reporter/phone": f"1380013{number:04d}",
        "/synthetic": True,
    }
