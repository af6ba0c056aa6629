"""Decide a look and sign what it opened: one Disclosure a page, or one Refusal (policy page, table of the decision)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ledger.core.codes import Authority, EntryType, Mark, Refusal
from ledger.core.decision import LookFacts, RecordFacts, Refused, decide
from ledger.core.eip712 import ZERO32
from ledger.core.history import AsOf, MarkFacts
from ledger.core.look import (
    Ground,
    Look,
    bounding_profile,
    categories_of,
    facts_age,
    facts_are_stale,
    item_version,
    look_facts,
    record_facts,
)
from ledger.core.merkle import MerkleTree, opening_leaf
from ledger.core.schema import Schema
from ledger.core.stored import storable_bitmap
from ledger.errors import LookRefused
from ledger.rows import LookEvidence, StoredRecord
from ledger.services.asked import Asked, look_of
from ledger.services.authenticate import Call
from ledger.services.find_document import granted_bitmap, mask_policy_of, profile_of, schema_of
from ledger.services.look_ground import Person, ground_of, is_consent_of_another, person_of_look
from ledger.services.sign import SignedStatement, anchor_by, append_own_entry

MOST_RECORDS = 200
"""Records of one page (formats page, section 5)."""


@dataclass(frozen=True)
class PageRules:
    """What holds for every record of a page: its item version, and what the facts say of the look."""

    call: Call
    asked: Asked
    ground: Ground
    look: Look
    facts: LookFacts
    tier: int
    schema: Schema | None
    """None where the item version is unknown; then nothing can be permitted."""
    person: Person
    """Whom records must be about, nobody where the look is about nobody in particular."""

    @cached_property
    def as_of(self) -> AsOf:
        """The moment of the decision."""
        return self.call.as_of

    def narrowed(self, schema: Schema, opened: int) -> "PageRules":
        """Return the rules of a look that opens the slots in bitmap `opened` and no others of those it might."""
        facts = self.facts
        if facts.requested_open & ~facts.permitted_open:
            return self  # too wide as it is
        categories = categories_of(schema, opened)
        narrow = replace(facts, requested_open=opened, permitted_open=facts.requested_open, categories=categories)
        return replace(self, facts=narrow)

    def refusal(self) -> Refusal | None:
        """Return why no page of this item may be served at all, None if one may."""
        return self._decided(None)

    def refusal_of(self, record: StoredRecord, *, about_person: bool) -> Refusal | None:
        """Return why a record may not be served, None if it may; `about_person` as `Person.record` says."""
        return self._decided(self._facts_of(record, same_subject=about_person))

    def permitted(self, records: Sequence[StoredRecord]) -> list[StoredRecord]:
        """Return those of these records that may be served."""
        about = self.person.records_about(self.call.transaction, records)
        return [one for one in records if self.refusal_of(one, about_person=one.record_id in about) is None]

    def refusal_of_unknown(self) -> Refusal:
        """Return the reason for a record that this gateway does not hold under this item."""
        return self._decided(RecordFacts(False, 0, frozenset())) or Refusal.ITEM_UNKNOWN

    def use(self) -> Refusal | None:
        """Count one use of the grant that a permitted look names; returns the refusal if none is left."""
        if self.look.authority != Authority.GRANT:
            return None
        access = self.call.history.accesses[self.look.authority_id]
        most = access.grant.uses if access.grant is not None else 0
        # Looks under one grant would wait for each other to count what nobody asks for.
        if most == 0 or self.call.transaction.use_grant(access.id, most):
            return None
        return Refusal.QUOTA_EXHAUSTED

    def _decided(self, record: RecordFacts | None) -> Refusal | None:
        decision = decide(self.facts, record)
        return decision.reason if isinstance(decision, Refused) else None

    def _facts_of(self, record: StoredRecord, *, same_subject: bool) -> RecordFacts:
        facts = self._facts_on_chain(record, same_subject)
        # A mark that was received counts before its block.
        return replace(facts, marks=facts.marks | {Mark.WITHDRAWN}) if record.hidden else facts

    def _facts_on_chain(self, record: StoredRecord, same_subject: bool) -> RecordFacts:
        return record_facts(
            self.call.history,
            self.look,
            self.as_of,
            record_id=record.record_id,
            version=record.version,
            publisher=record.publisher,
            gateway=self.call.gateway.agency,
            keys=record.keys,
            same_subject=same_subject,
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
    look = look_of(call, asked, version)
    ground = ground_of(call, look)
    args = item_version(call.history, look, call.as_of)
    profile = bounding_profile(call.history, look, call.as_of, lambda policy: mask_policy_of(call.transaction, policy))
    schema, requested, permitted, tier = None, 0, 0, 0
    if args is not None:
        schema = schema_of(call.transaction, bytes.fromhex(args["schemaHash"][2:]))
        bound = _permitted(call, look, profile, schema)
        permitted, tier = bound or (0, 0)
        # Where no known profile bounds the look, even an empty page would be too wide.
        requested = permitted if bound else _everything(schema)
        if asked.profile is not None and asked.profile != profile:
            profile = asked.profile
            requested, tier = granted_bitmap(call.transaction, profile, schema) or (_everything(schema), 0)
    look = replace(look, profile=profile or ZERO32)
    facts = look_facts(
        ground,
        look,
        call.as_of,
        requested_open=requested,
        permitted_open=permitted,
        categories=0 if schema is None else categories_of(schema, requested),
        facts_stale=facts_stale(call, look.authority),
        quota_left=asked.quota_left,
    )
    if asked.subject is not None and is_consent_of_another(call, look, asked.subject):
        facts = replace(facts, consent=None)  # the resident who looks himself gave none
    return PageRules(call, asked, ground, look, facts, tier, schema, person_of_look(call, asked))


def _permitted(call: Call, look: Look, profile: bytes | None, schema: Schema) -> tuple[int, int] | None:
    """Return the bitmap of what a look may open at most and its profile's tier, None if no profile says it.

    Raises StoreError where the profile is missing: the catalogue names it, so it was here.
    """
    if look.authority == Authority.OWN:
        return _everything(schema), 0
    if look.authority == Authority.AUDIT:
        return storable_bitmap(schema), 0
    if profile is None or not any(profile):
        return None
    profile_of(call.transaction, profile)
    return granted_bitmap(call.transaction, profile, schema)


def _everything(schema: Schema) -> int:
    return (1 << len(schema.slots)) - 1


def newest_version(call: Call, item: int) -> int:
    """Return the number of an item's newest version that is in force, 0 if there is none."""
    facts = call.history.items.get(item)
    args = facts.newest(call.as_of) if facts else None
    return args["version"] if args else 0


def facts_stale(call: Call, authority: int) -> bool:
    """Say whether a decision may not rely on what was followed: too old by the chain's times, or not looked at lately.

    The follower has to have seen the chain's head within half of the bound (factsAge; break-glass has its own), since a
    chain without traffic makes no blocks by which age could be told.
    """
    age = call.history.parameter(facts_age(authority), call.as_of)
    if call.now - call.transaction.seen_state().checked_at > age / 2:
        return True
    return facts_are_stale(call.history, call.facts_block, call.now, authority)


def refuse_look(rules: PageRules, reason: Refusal) -> LookRefused:
    """Append the signed Refusal to the stream and return (not raise: it shall be committed) the error to answer."""
    return refuse(rules.call, rules.look, reason)


def refuse(call: Call, look: Look, reason: Refusal) -> LookRefused:
    """Append the signed Refusal of a look, or of a query that states its grounds as a look; returns as above."""
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
    # So that a resident is told who looked; what is about nobody costs nothing.
    of_persons = rules.schema is not None and rules.schema.has_subject
    evidence = _evidence(call, openings)
    _, statement = append_own_entry(call, EntryType.DISCLOSURE, message, evidence, of_persons=of_persons)
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
