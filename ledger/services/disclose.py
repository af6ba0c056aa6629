"""Decide a look and sign what it opened: one Disclosure a page, or one Refusal (policy page, table of the decision)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ledger.core.codes import Authority, EntryType, Refusal
from ledger.core.decision import LookFacts, RecordFacts, Refused, decide
from ledger.core.eip712 import ZERO32
from ledger.core.hexadecimal import from_hex
from ledger.core.history import AsOf, MarkFacts
from ledger.core.look import Look, facts_are_stale, item_version, look_facts, record_facts
from ledger.core.merkle import MerkleTree, opening_leaf
from ledger.core.schema import Schema
from ledger.core.stored import storable_bitmap
from ledger.errors import LookRefused
from ledger.rows import LookEvidence, StoredRecord
from ledger.services.authenticate import Call
from ledger.services.find_document import profile_bitmap, schema_of
from ledger.services.sign import SignedStatement, anchor_by, append_own_entry

MOST_RECORDS = 200
"""Records of one page (formats page, section 5)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a look states that it is for, in covered headers. Commitments are 32 bytes, None where not given."""

    item: int
    purpose: int
    basis: int
    basis_reference: bytes | None
    officer: bytes | None
    case_reference: bytes | None
    authority: Authority


@dataclass(frozen=True)
class PageRules:
    """What holds for every record of a page: its item version, and what the facts say of the look."""

    call: Call
    asked: Asked
    look: Look
    facts: LookFacts
    tier: int
    schema: Schema | None
    """None where the item version is unknown; then nothing can be permitted."""

    @cached_property
    def as_of(self) -> AsOf:
        """The moment of the decision."""
        return self.call.as_of

    def refusal(self, record: StoredRecord | None = None) -> Refusal | None:
        """Return why the record (or, None, a page of this item at all) may not be served, None if it may."""
        return self._decided(None if record is None else self._facts_of(record))

    def refusal_of_unknown(self) -> Refusal:
        """Return the reason for a record that this gateway does not hold under this item."""
        return self._decided(RecordFacts(False, 0, frozenset())) or Refusal.ITEM_UNKNOWN

    def _decided(self, record: RecordFacts | None) -> Refusal | None:
        decision = decide(self.facts, record)
        return decision.reason if isinstance(decision, Refused) else None

    def _facts_of(self, record: StoredRecord) -> RecordFacts:
        return record_facts(
            self.call.history,
            self.look,
            self.as_of,
            record_id=record.record_id,
            version=record.version,
            publisher=record.publisher,
            gateway=self.call.gateway.agency,
        )


@dataclass(frozen=True, slots=True)
class Disclosed:
    """A signed Disclosure with the page that it is about."""

    statement: SignedStatement
    records: Sequence[StoredRecord]
    opened: int
    """Bitmap of slots, the same for every record of the page."""

    @property
    def openings(self) -> list[tuple[bytes, int, bytes, int]]:
        """(recordId, version, record root, bitmap) in the page's order."""
        return [(record.record_id, record.version, record.record_root, self.opened) for record in self.records]


def page_rules(call: Call, asked: Asked, version: int) -> PageRules:
    """Return the rules for records of one item version; raises StoreError if a document of the item is missing."""
    args = item_version(call.history, _look(call, asked, version), call.as_of)
    authority_id = profile_hash = ZERO32
    schema, requested, profile_open, tier = None, 0, 0, 0
    if args is not None:
        schema = schema_of(call.transaction, from_hex(args["schemaHash"]))
        requested = (1 << len(schema.slots)) - 1 if asked.authority == Authority.OWN else storable_bitmap(schema)
        if asked.authority == Authority.CLASS1:
            authority_id, profile_hash = from_hex(args["documentHash"]), from_hex(args["class1Profile"])
            requested = 0
            if any(profile_hash):
                profile_open, tier = profile_bitmap(call.transaction, profile_hash, schema)
                requested = profile_open
    look = _look(call, asked, version, authority_id, profile_hash)
    facts = look_facts(
        call.history,
        look,
        call.as_of,
        requested_open=requested,
        profile_open=profile_open,
        facts_stale=facts_stale(call),
    )
    return PageRules(call, asked, look, facts, tier, schema)


def newest_version(call: Call, item: int) -> int:
    """Return the number of an item's newest version that is in force, 0 if there is none."""
    facts = call.history.items.get(item)
    args = facts.newest(call.as_of) if facts else None
    return args["version"] if args else 0


def facts_stale(call: Call) -> bool:
    """Say whether a decision may not rely on what was followed: too old by the chain's times, or not looked at lately.

    The follower has to have seen the chain's head within half of factsAge, since a chain without traffic makes no
    blocks by which age could be told.
    """
    age = call.history.parameter("factsAge", call.as_of)
    if call.now - call.transaction.checked_at() > age / 2:
        return True
    return facts_are_stale(call.history, call.facts_block, call.now)


def refuse_look(rules: PageRules, reason: Refusal) -> LookRefused:
    """Append the signed Refusal to the stream and return (not raise: it shall be committed) the error to answer."""
    call, look = rules.call, rules.look
    message = {
        "gateway": look.gateway,
        "request": call.request.request,
        "reader": look.reader,
        "readerKey": look.reader_key,
        "item": look.item,
        "authority": look.authority,
        "authorityId": look.authority_id,
        "purpose": look.purpose,
        "reason": int(reason),
        "factsBlock": call.facts_block,
        "refusedAt": call.now,
        "anchorBy": anchor_by(call),
    }
    _, statement = append_own_entry(call, EntryType.REFUSAL, message, _evidence(call, ()))
    refused = LookRefused(int(reason), reason.slug, reason.needed)
    refused.context["refusal"] = statement.document()
    return refused


def disclose(rules: PageRules, records: Sequence[StoredRecord]) -> Disclosed:
    """Append the signed Disclosure of a page to the stream; every record was permitted and is opened alike."""
    call, look, asked = rules.call, rules.look, rules.asked
    opened = rules.facts.requested_open
    openings = [(record.record_id, record.version, record.record_root, opened) for record in records]
    root = MerkleTree([opening_leaf(*opening) for opening in openings]).root if openings else ZERO32
    message = {
        "gateway": look.gateway,
        "request": call.request.request,
        "reader": look.reader,
        "readerKey": look.reader_key,
        "officer": asked.officer or ZERO32,
        "caseRef": asked.case_reference or ZERO32,
        "item": look.item,
        "itemVersion": look.item_version,
        "authority": look.authority,
        "authorityId": look.authority_id,
        "basis": look.basis,
        "purpose": look.purpose,
        "tier": rules.tier,
        "profile": look.profile,
        "recordCount": len(records),
        "openingsRoot": root,
        "factsBlock": call.facts_block,
        "asOfBatch": call.history.newest_batch(look.gateway, call.as_of),
        "disclosedAt": call.now,
        "anchorBy": anchor_by(call),
    }
    _, statement = append_own_entry(call, EntryType.DISCLOSURE, message, _evidence(call, openings))
    return Disclosed(statement, records, opened)


def shown_marks(rules: PageRules, record: StoredRecord) -> list[MarkFacts]:
    """Return the marks that stand beside a record: its publisher's, and what other agencies dispute."""
    return [
        mark
        for mark in rules.call.history.marks.get(record.record_id, ())
        if mark.version in (0, record.version) and rules.as_of.covers(mark.point)
    ]


def _evidence(call: Call, openings: Sequence[tuple[bytes, int, bytes, int]]) -> LookEvidence:
    return LookEvidence(call.request.base, call.request.signature, openings)


def _look(call: Call, asked: Asked, version: int, authority_id: bytes = ZERO32, profile: bytes = ZERO32) -> Look:
    return Look(
        gateway=call.gateway.agency,
        reader=call.agency,
        reader_key=call.key,
        item=asked.item,
        item_version=version,
        purpose=asked.purpose,
        basis=asked.basis,
        basis_reference=asked.basis_reference is not None,
        case_reference=asked.case_reference is not None,
        authority=int(asked.authority),
        authority_id=authority_id,
        profile=profile,
    )
