"""What all checks of one ledger stand on: chain history, the stream's domain and gateway, the hashed documents."""

import json
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from ledger.core.access_facts import ConsentFacts
from ledger.core.audit.slots import SlotPlan
from ledger.core.consent_documents import parse_consent_text, parse_evidence
from ledger.core.consent_soundness import ConsentProof, why_not_sound
from ledger.core.documents import MaskProfile, parse_profile
from ledger.core.history import History
from ledger.core.mask_policy import MaskPolicy, parse_mask_policy
from ledger.core.member_facts import AnchorFacts
from ledger.core.points import ANCHORS
from ledger.core.received import ReceivedAction
from ledger.core.schema import Schema, parse_schema
from ledger.core.scope import Scope, parse_scope
from ledger.core.statements import StatementDomain
from ledger.errors import FormatError


class Hashed(Protocol):
    """A parsed document that knows the Keccak-256 of its canonical bytes."""

    @property
    def hash(self) -> bytes:
        """32 bytes."""


Parsed = TypeVar("Parsed", bound=Hashed)


@dataclass
class Ground:
    """The same for every part of a ledger; made once per process.

    `documents` are texts by their hash, which was checked. Entries up to `judged_until` were judged by an earlier
    complete verification with the same head: their content is recomputed, their signatures and decisions are not.
    `is_partial`: only some batches are there or looked at, so nothing can be said about what is not found.
    """

    history: History
    domain: StatementDomain
    gateway: int
    documents: Mapping[bytes, str]
    judged_until: int = 0
    is_partial: bool = False
    wanted: frozenset[bytes] = frozenset()
    """Entry digests that receipts ask for."""
    begins_after: int | None = None
    """Block of the newest batch before an export that continues another, None where it begins with the ledger."""
    reads_keys: bool = True
    """Whether a look may depend on a record's region, time or class: there are grants, consents or emergencies."""
    contracts: Mapping[str, str] = field(default_factory=dict)
    """Addresses by contract name: what typed messages were signed for."""
    received: Mapping[bytes, Sequence[ReceivedAction]] = field(default_factory=dict)
    """Received actions in stream order, by the object that they bear on."""
    recorded: Set[bytes] = frozenset()
    """Consents whose message was received here to be relayed."""
    later_domains: Mapping[str, StatementDomain] = field(default_factory=dict)
    """Domains of the contracts that succeeded the first RecordAnchors, by their names."""
    exported_at: int = 0
    """When the export was made, as it says itself: what was to be erased long before must be gone from it."""
    _plans: dict[bytes, SlotPlan | None] = field(default_factory=dict)
    _bitmaps: dict[tuple[bytes, bytes], int | None] = field(default_factory=dict)
    _parsed: dict[tuple[str, bytes], Any] = field(default_factory=dict)
    _unsound: dict[bytes, str | None] = field(default_factory=dict)

    @property
    def blamed(self) -> str:
        """The gateway, as reports name it."""
        return f"gateway {self.gateway}"

    def domain_at(self, anchor: AnchorFacts) -> StatementDomain:
        """Return the domain in which the statements of a batch were signed: that of the contract where it stands."""
        return self.later_domains.get(anchor.contract, self.domain)

    def addresses(self, kind: str) -> Sequence[str]:
        """Return the addresses of a contract and of all that succeeded it: what typed messages may be signed for."""
        first = [address for name, address in self.contracts.items() if name == kind]
        later = [domain.record_anchors for domain in self.later_domains.values() if kind == ANCHORS]
        return [*first, *later]

    def plan(self, schema_hash: bytes) -> SlotPlan | None:
        """Return how records of a schema are recomputed, or None if its document is not there or no schema."""
        if schema_hash not in self._plans:
            schema = self.schema(schema_hash)
            self._plans[schema_hash] = SlotPlan.of(schema) if schema else None
        return self._plans[schema_hash]

    def schema(self, schema_hash: bytes) -> Schema | None:
        """Return the schema with this hash, None if its document is not there or is none."""
        return self._document("schema", schema_hash, parse_schema)

    def scope_of(self, scope_hash: bytes) -> Scope | None:
        """Return the scope with this hash, None if its document is not there or is none."""
        return self._document("scope", scope_hash, parse_scope)

    def mask_policy_of(self, policy_hash: bytes) -> MaskPolicy | None:
        """Return the mask policy with this hash, None if its document is not there or is none."""
        return self._document("mask policy", policy_hash, parse_mask_policy)

    def profile_of(self, profile_hash: bytes) -> MaskProfile | None:
        """Return the mask profile with this hash, None if its document is not there or is none."""
        return self._document("profile", profile_hash, parse_profile)

    def why_unsound(self, consent: ConsentFacts) -> str | None:
        """Return why nothing may rest on a consent on chain, None if it is sound.

        Before an export that continues another its message may stand: then its witness was judged there.
        """
        if consent.id not in self._unsound:
            was_received = self.begins_after is not None or consent.id in self.recorded
            self._unsound[consent.id] = self._fault_of(consent, was_received)
        return self._unsound[consent.id]

    def is_sound_by_what_was_not_read(self, consent: ConsentFacts) -> bool:
        """Say whether a consent is sound only if its message stands before this export, while it was mined after that.

        Such a message may have been on its way to the chain, or the consent was sent there past the gateway.
        """
        if self.begins_after is None or consent.id in self.recorded or consent.recorded.block <= self.begins_after:
            return False
        return self.is_sound(consent) and self._fault_of(consent, was_received=False) is not None

    def _fault_of(self, consent: ConsentFacts, was_received: bool) -> str | None:
        text = self._document("consent text", consent.text_hash, parse_consent_text)
        evidence = self._document("evidence", consent.evidence_hash, parse_evidence)
        return why_not_sound(self.history, consent, ConsentProof(text, evidence, was_received))

    def is_sound(self, consent: ConsentFacts) -> bool:
        """Say whether a request, grant or look may rest on a consent."""
        return self.why_unsound(consent) is None

    def profile_bitmap(self, profile_hash: bytes, schema_hash: bytes) -> int | None:
        """Return the slots that a profile opens in a schema (bit i = slot i); None if it cannot be told.

        Slots that this schema does not have are left out: another version of an item can only narrow.
        """
        key = profile_hash, schema_hash
        if key not in self._bitmaps:
            plan, profile = self.plan(schema_hash), self.profile_of(profile_hash)
            named = None if plan is None or profile is None else profile.bitmap_within(tuple(plan.schema.index))
            self._bitmaps[key] = named
        return self._bitmaps[key]

    def _document(self, sort: str, document_hash: bytes, parse: Callable[[object], Parsed]) -> Parsed | None:
        key = sort, document_hash
        if key not in self._parsed:
            self._parsed[key] = self._parse(document_hash, parse)
        found: Parsed | None = self._parsed[key]
        return found

    def _parse(self, document_hash: bytes, parse: Callable[[object], Parsed]) -> Parsed | None:
        text = self.documents.get(document_hash)
        if text is None:
            return None
        try:
            parsed = parse(json.loads(text))
        except (FormatError, ValueError):
            return None
        return parsed if parsed.hash == document_hash else None
