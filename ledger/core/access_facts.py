"""What the chain says of consents, requests with their grants, and emergencies (contracts page).

Each is known by its id, 32 bytes. All times are Unix seconds; expiry is computed, never stored. An ended thing stays
ended: nothing here ever becomes live again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.core.hexadecimal import from_hex
from ledger.core.points import AsOf, Dated, Point, latest


@dataclass(slots=True)
class ConsentFacts:
    """A recorded consent (ConsentRecorded), and its withdrawal if there was one.

    `categories` is a bitmap of `DataCategory`; `controller` the zero address where the agency `captured_by` witnessed.
    """

    id: bytes
    recipient: int
    holder: int
    subject_tag: bytes
    categories: int
    purpose: int
    scope_hash: bytes
    text_hash: bytes
    evidence_hash: bytes
    controller: str
    captured_by: int
    capture_mode: int
    valid_from: int
    valid_until: int
    recorded: Point
    withdrawn: Point | None = None
    withdraw_reason: int = 0

    def is_live(self, as_of: AsOf) -> bool:
        """Say whether it was recorded, in time [valid_from, valid_until) and not withdrawn at that moment."""
        if not as_of.covers(self.recorded) or not self.valid_from <= as_of.time < self.valid_until:
            return False
        return self.withdrawn is None or not as_of.covers(self.withdrawn)


@dataclass(frozen=True, slots=True)
class GrantTerms:
    """What a holder granted (AccessGranted); `uses` 0 = not limited, `destroy_by` 0 = need not be destroyed."""

    key: str
    item_version: int
    profile: bytes
    expires_at: int
    uses: int
    terms: int
    destroy_by: int
    assessment: bytes


@dataclass(slots=True)
class AccessFacts:
    """A request (AccessRequested) and what became of it; a grant has the id of its request.

    `key` asked, `deciding_key` decided. `basis_ref` is the consent's id where `basis` is 1.
    """

    id: bytes
    reader: int
    holder: int
    key: str
    item: int
    item_version: int
    purpose: int
    basis: int
    basis_ref: bytes
    scope_hash: bytes
    profile: bytes
    until: int
    requested: Point
    grant: GrantTerms | None = None
    granted: Point | None = None
    refused: Point | None = None
    refusal_reason: int = 0
    reason_hash: bytes = bytes(32)
    deciding_key: str = ""
    revoked: Point | None = None
    withdrawn: Point | None = None
    closed: Point | None = None
    outcome: int = 0

    def is_granted(self, as_of: AsOf) -> bool:
        """Say whether it was granted by that moment, whatever became of the grant since."""
        return self.granted is not None and as_of.covers(self.granted)

    def is_usable(self, as_of: AsOf) -> bool:
        """Say whether there was a grant in time, neither revoked nor closed, at that moment.

        Whether both agencies are active and a consent is live is asked of the history.
        """
        if self.grant is None or not self.is_granted(as_of) or as_of.time >= self.grant.expires_at:
            return False
        return not any(end is not None and as_of.covers(end) for end in (self.revoked, self.closed))


@dataclass(frozen=True, slots=True)
class ReviewFacts:
    """One review of an emergency: verdict 1 justified, 2 justified with faults, 3 not justified."""

    reviewer: int
    verdict: int
    document_hash: bytes
    point: Point


@dataclass(slots=True)
class EmergencyFacts:
    """An emergency (EmergencyOpened) and what became of it.

    `expires_at` is its end once it is co-signed, `unsigned_until` its end without; `region` is a region code as a
    number. `deferrals` hold (until, reason). `co_signer` is the key that co-signed, at once or later, or empty.
    """

    id: bytes
    agency: int
    case_ref: bytes
    key: str
    supervisor: str
    second_agency: int
    region: int
    reason: int
    note_hash: bytes
    expires_at: int
    unsigned_until: int
    review_due_at: int
    opened: Point
    items: set[int] = field(default_factory=set)
    reviewers: list[Dated] = field(default_factory=list)
    co_signed: Point | None = None
    co_signer: str = ""
    ended: Point | None = None
    reviews: list[ReviewFacts] = field(default_factory=list)
    notified: Point | None = None
    deferrals: list[Dated] = field(default_factory=list)
    destroyed: Point | None = None
    kept: Point | None = None

    def reviewer(self, as_of: AsOf) -> int:
        """Return the agency that was assigned to review at that moment."""
        number: int = latest(self.reviewers, as_of, 0)
        return number

    def ends_at(self, as_of: AsOf) -> int:
        """Return the first second after its life, as that moment knows it (Unix seconds)."""
        if self.ended is not None and as_of.covers(self.ended):
            return self.ended.time
        is_signed = self.co_signed is not None and as_of.covers(self.co_signed)
        return self.expires_at if is_signed else self.unsigned_until

    def is_live(self, as_of: AsOf) -> bool:
        """Say whether it was open at that moment: opened, not over. Whether its agency is active is the history's."""
        if self.ended is not None and as_of.covers(self.ended):
            return False
        return as_of.covers(self.opened) and as_of.time < self.ends_at(as_of)


def consent_of(args: Mapping[str, Any], point: Point) -> ConsentFacts:
    """Return the consent of a ConsentRecorded event."""
    return ConsentFacts(
        id=from_hex(args["consent"], 32),
        recipient=args["recipient"],
        holder=args["holder"],
        subject_tag=from_hex(args["subjectTag"], 32),
        categories=args["categories"],
        purpose=args["purpose"],
        scope_hash=from_hex(args["scopeHash"], 32),
        text_hash=from_hex(args["textHash"], 32),
        evidence_hash=from_hex(args["evidenceHash"], 32),
        controller=args["controller"],
        captured_by=args["capturedBy"],
        capture_mode=args["captureMode"],
        valid_from=args["validFrom"],
        valid_until=args["validUntil"],
        recorded=point,
    )


def access_of(args: Mapping[str, Any], point: Point) -> AccessFacts:
    """Return the request of an AccessRequested event."""
    return AccessFacts(
        id=from_hex(args["request"], 32),
        reader=args["reader"],
        holder=args["holder"],
        key=args["key"],
        item=args["item"],
        item_version=args["itemVersion"],
        purpose=args["purpose"],
        basis=args["basis"],
        basis_ref=from_hex(args["basisRef"], 32),
        scope_hash=from_hex(args["scopeHash"], 32),
        profile=from_hex(args["profile"], 32),
        until=args["until"],
        requested=point,
    )


def grant_of(args: Mapping[str, Any]) -> GrantTerms:
    """Return the terms of an AccessGranted event."""
    return GrantTerms(
        key=args["key"],
        item_version=args["itemVersion"],
        profile=from_hex(args["profile"], 32),
        expires_at=args["expiresAt"],
        uses=args["uses"],
        terms=args["terms"],
        destroy_by=args["destroyBy"],
        assessment=from_hex(args["assessment"], 32),
    )


def emergency_of(args: Mapping[str, Any], point: Point) -> EmergencyFacts:
    """Return the emergency of an EmergencyOpened event; its items follow in events of their own."""
    return EmergencyFacts(
        id=from_hex(args["emergency"], 32),
        agency=args["agency"],
        case_ref=from_hex(args["caseRef"], 32),
        key=args["key"],
        supervisor=args["supervisor"],
        second_agency=args["secondAgency"],
        region=args["region"],
        reason=args["reason"],
        note_hash=from_hex(args["noteHash"], 32),
        expires_at=args["expiresAt"],
        unsigned_until=args["unsignedUntil"],
        review_due_at=args["reviewDueAt"],
        opened=point,
        reviewers=[Dated(point, args["reviewer"])],
        co_signed=point if int(args["supervisor"], 16) else None,
        co_signer=args["supervisor"] if int(args["supervisor"], 16) else "",
    )
