"""Asking a holder for records, deciding what was asked, and what becomes of a grant (contracts page, AccessLedger)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.client.catalogue import item_document
from ledger.client.desk import Desk
from ledger.client.grounds import commit_reference
from ledger.client.preparing import Hashed, Preparing, Signing, salted_reasons
from ledger.core.access_facts import AccessFacts
from ledger.core.action_file import PreparedAction
from ledger.core.canonical import decode
from ledger.core.codes import AccessDecision, Basis, Outcome, Purpose, Tier
from ledger.core.consent_documents import Reasons
from ledger.core.documents import CatalogueItem
from ledger.core.eip712 import ZERO32
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.mask_policy import MaskPolicy, PolicyProfile
from ledger.core.scope import Scope, parse_scope
from ledger.errors import NotFound, UsageError


@dataclass(frozen=True, slots=True)
class AskedAccess:
    """What is asked of a holder: records of an item within a scope, for a purpose, on a legal basis, until a time.

    `reference` is the duty, article or contract, of which only a salted commitment is sent; with basis LB1 `consent` is
    the consent's id instead. `profile` is a hash of the item's mask policy; None takes the one of `tier`, or the only
    one that serves the purpose. `until` in Unix seconds.
    """

    holder: int
    item: int
    purpose: Purpose
    basis: Basis
    scope: Scope
    until: int
    reference: str | None = None
    consent: bytes | None = None
    tier: Tier | None = None
    profile: bytes | None = None


@dataclass(frozen=True, slots=True)
class GrantedTerms:
    """Terms of a grant; None takes what was asked. `uses` 0 = not limited, `terms` a bitmap of `Term`, `destroy_by` in
    Unix seconds (0: need not be destroyed), `assessment` the salted impact assessment.
    """

    expires_at: int | None = None
    uses: int = 0
    terms: int = 0
    destroy_by: int = 0
    assessment: Reasons | None = None
    profile: bytes | None = None


class Requests:
    """The part of the client that asks and decides. Messages are prepared, not sent."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._preparing = desk, Preparing(desk)

    def ask(self, asked: AskedAccess, signing: Signing) -> PreparedAction:
        """Return the request; the opening of its reference is kept first.

        Raises NotFound for an item that is not in the catalogue, UsageError where the mask policy has no such profile
        or the basis lacks its reference, PromiseBroken for documents that are not what they are named as.
        """
        document = item_document(self._desk, asked.item)
        profile = self._profile(document, asked)
        members = {
            "holder": asked.holder,
            "item": document.item,
            "itemVersion": document.version,
            "purpose": int(asked.purpose),
            "basis": int(asked.basis),
            "basisRef": self._basis_ref(asked),
            "scopeHash": asked.scope.hash,
            "profile": profile,
            "until": asked.until,
        }
        return self._preparing.action("RequestAccess", signing, members, asked.scope)

    def grant(self, request: bytes, terms: GrantedTerms, signing: Signing) -> PreparedAction:
        """Return the decision to grant a request, on its own terms where `terms` says nothing else; raises NotFound."""
        asked = self.facts(request)
        given = {
            "itemVersion": asked.item_version,
            "profile": terms.profile or asked.profile,
            "expiresAt": asked.until if terms.expires_at is None else terms.expires_at,
            "uses": terms.uses,
            "terms": terms.terms,
            "destroyBy": terms.destroy_by,
            "assessment": ZERO32 if terms.assessment is None else terms.assessment.hash,
        }
        documents = () if terms.assessment is None else (terms.assessment,)
        return self._decided(request, AccessDecision.GRANTED, signing, given, *documents)

    def refuse(self, request: bytes, reason: int, words: str | None, signing: Signing) -> PreparedAction:
        """Return the decision to refuse a request, with a reason's code and, salted, the reasons in words."""
        if words is None:
            return self._decided(request, AccessDecision.REFUSED, signing, {"reason": reason})
        reasons = salted_reasons(words, reason)
        given = {"reason": reason, "reasonHash": reasons.hash}
        return self._decided(request, AccessDecision.REFUSED, signing, given, reasons)

    def revoke(self, grant: bytes, reason: int, signing: Signing) -> PreparedAction:
        """Return the holder's end of a grant; it counts from when the gateway has it."""
        return self._preparing.action("RevokeGrant", signing, {"grant": grant, "reason": reason})

    def withdraw(self, request: bytes, signing: Signing) -> PreparedAction:
        """Return the reader's withdrawal of a request that is not decided."""
        return self._preparing.action("WithdrawRequest", signing, {"request": request})

    def close(self, grant: bytes, outcome: Outcome, signing: Signing) -> PreparedAction:
        """Return the reader's end of a grant: accepted, or disputed."""
        return self._preparing.action("CloseGrant", signing, {"grant": grant, "outcome": int(outcome)})

    def facts(self, request: bytes) -> AccessFacts:
        """Return what the chain says of a request; raises NotFound, also where there is no chain to ask."""
        desk = self._desk
        for _ in range(2):
            found = desk.facts.chain.history.accesses.get(request) if desk.facts.chain else None
            if found is not None or desk.newer_facts is None:
                break
            desk.facts = desk.newer_facts()
        if found is None:
            raise NotFound("no request with this id is on the chain; a node is needed to look it up")
        return found

    def listed(self, query: Mapping[str, str]) -> Sequence[Mapping[str, Any]]:
        """Return the requests that the gateway lists for this agency, every page; its word."""
        return pages_of(self._desk, "/v1/requests", "requests", query)

    def told(self, request: bytes) -> Mapping[str, Any]:
        """Return what the gateway says of a request; raises NotFound."""
        return self._desk.transport.get(f"/v1/requests/{to_hex(request)}").members("request", "state")

    def scope(self, told: Mapping[str, Any]) -> Scope | None:
        """Return the scope of a request that `told` gives, None where the gateway tells this agency none.

        Raises FormatError or PromiseBroken.
        """
        said = told.get("message", told)
        request, scope_hash = (from_hex(one, 32, what="request") for one in (told["request"], said["scopeHash"]))
        try:
            return parse_scope(decode(self._desk.document_of(request, scope_hash)))
        except NotFound:
            return None

    def profiles(self, item: int, purpose: Purpose) -> tuple[MaskPolicy, tuple[PolicyProfile, ...]]:
        """Return an item's mask policy and what of it may be asked for a purpose; raises NotFound, UsageError."""
        return self._grantable(item_document(self._desk, item), purpose)

    def _decided(
        self,
        request: bytes,
        decision: AccessDecision,
        signing: Signing,
        given: Mapping[str, Any],
        *documents: Hashed,
    ) -> PreparedAction:
        none = dict.fromkeys(("itemVersion", "expiresAt", "uses", "terms", "destroyBy", "reason"), 0)
        hashes = dict.fromkeys(("profile", "assessment", "reasonHash"), ZERO32)
        members = {"request": request, "decision": int(decision), **none, **hashes, **given}
        return self._preparing.action("DecideAccess", signing, members, *documents)

    def _basis_ref(self, asked: AskedAccess) -> bytes:
        if asked.basis is Basis.CONSENT:
            if asked.consent is None:
                raise UsageError("a request on basis LB1 names the consent's id as its reference")
            return asked.consent
        if asked.reference is None:
            raise UsageError("a request needs a reference: the duty, article, contract or case")
        return commit_reference(asked.reference, self._desk.receipts)

    def _profile(self, document: CatalogueItem, asked: AskedAccess) -> bytes:
        policy, fitting = self._grantable(document, asked.purpose)
        if asked.profile is not None:
            if policy.listed(asked.profile) is None:
                raise UsageError("the item's mask policy does not list this profile, so nobody may grant it")
            return asked.profile
        offered = [one for one in fitting if asked.tier in (None, one.tier)]
        exact = [one for one in offered if one.purpose == asked.purpose]
        # Of one tier, the profile that was made for this purpose is meant.
        candidates = exact if asked.tier is not None and exact else offered
        if len(candidates) != 1:
            tiers = ", ".join(sorted({one.tier.name for one in fitting})) or "none"
            raise UsageError(f"give --tier or --mask-profile; for this purpose the item's mask policy has: {tiers}")
        return candidates[0].profile

    def _grantable(self, document: CatalogueItem, purpose: Purpose) -> tuple[MaskPolicy, tuple[PolicyProfile, ...]]:
        if document.mask_policy_hash is None:
            raise UsageError(f"item {document.item} has no mask policy: there is nothing that could be granted")
        policy = self._desk.mask_policy(document.mask_policy_hash)
        return policy, tuple(one for one in policy.profiles if one.serves(purpose))


def pages_of(desk: Desk, path: str, name: str, query: Mapping[str, str]) -> Sequence[Mapping[str, Any]]:
    """Return every row of a paged list of the gateway: `{name: [row…], "next": cursor or null}`."""
    rows: list[Mapping[str, Any]] = []
    cursor: str | None = None
    while True:
        asked = dict(query) if cursor is None else {**query, "cursor": cursor}
        answer = desk.transport.get(path, asked).members(name, "next")
        rows.extend(answer[name])
        cursor = answer["next"]
        if not isinstance(cursor, str):
            return rows
