"""The simulated ledger with a class-2 item, and the consents, grants and emergencies that open it."""

from dataclasses import replace
from typing import Any

from ledger.core.audit.whole import item_args
from ledger.core.codes import AgencyKind, Authority, Basis, CaptureMode, DataCategory, Purpose, ShareClass, Tier
from ledger.core.commitment import CommittedRecord
from ledger.core.consent_documents import WITNESSED_MODES, ConsentText, Evidence, SecondWitness
from ledger.core.documents import CatalogueItem, MaskProfile
from ledger.core.eip712 import ZERO32
from ledger.core.hexadecimal import to_hex
from ledger.core.mask_policy import MaskPolicy, PolicyProfile
from ledger.core.schema import parse_schema
from ledger.core.scope import Scope
from ledger.core.signature import sign_digest
from tests.simulated_consortium import (
    FOREVER,
    GATEWAY,
    OTHER_GATEWAY,
    PUBLISHER,
    READER,
    address,
    incident_schema,
    number32,
    private_key,
)
from tests.simulated_ledger import SimulatedLedger
from tests.simulated_stream import StreamEntry

SHARED, CLOSED = 6, 7
"""Items with the incident's schema, of class 2 and 3."""
NOBODY = "0x" + "00" * 20
HOUR, DAY = 3_600, 86_400
SCHEMA = parse_schema(incident_schema())
OPEN = tuple((slot.path, slot.kind) for slot in SCHEMA.slots if slot.is_stored_open)
PHONE, NAME = ("/phone", "o"), ("/name", "o")


def profile(tier: Tier, purpose: int, *more: tuple[str, str], item: int = SHARED) -> MaskProfile:
    """Return a profile that opens what is stored in clear, and more."""
    named = {*OPEN, *more}
    slots = tuple((slot.path, slot.kind) for slot in SCHEMA.slots if (slot.path, slot.kind) in named)
    return MaskProfile(item, 1, tier, purpose, slots)


NARROW = MaskProfile(SHARED, 1, Tier.T1, 0, (("/region", "o"), ("/class", "o")))
OF_COMMUNITIES = profile(Tier.T3, 0, NAME)
FOR_EVERY_PURPOSE = profile(Tier.T5, 0)
GRANTED = profile(Tier.T5, Purpose.INCIDENT_RESPONSE, NAME)
SEEN_BY_RESIDENT = profile(Tier.T5, Purpose.RIGHTS_AND_AUDIT, NAME, PHONE)
IN_EMERGENCY = profile(Tier.E, 0, PHONE)
PROFILES = (NARROW, OF_COMMUNITIES, FOR_EVERY_PURPOSE, GRANTED, SEEN_BY_RESIDENT, IN_EMERGENCY)
SCOPE = Scope(number32("scope"), ("990101",), None, None, None, None)
ELSEWHERE = Scope(number32("elsewhere"), ("990102",), None, None, None, None)


WORDS = {"zh": "文本", "en": "text"}
TEXT = ConsentText(
    *("shown", 1, WORDS, (Purpose.INCIDENT_RESPONSE,), (DataCategory.GENERAL, DataCategory.SENSITIVE)),
    *((AgencyKind.FIRE,), WORDS, WORDS, WORDS, WORDS, WORDS),
)


def evidence_of(name: str, mode: CaptureMode, witness: str = "publisher-reads") -> Evidence:
    """Return evidence of a consent by its name; one that an agency took was witnessed by this key of the publisher."""
    paper = number32("paper") if mode is CaptureMode.WITNESSED_PAPER else None
    bare = Evidence(number32("salt of", name), mode, number32("tag of", name), TEXT.hash, paper=paper)
    if mode not in WITNESSED_MODES:
        return bare
    signature = sign_digest(bare.witnessed_digest, private_key(witness))
    return replace(bare, witness=SecondWitness(PUBLISHER, address(witness), signature))


def opened(shown: MaskProfile) -> int:
    """Return the bitmap of what a profile opens."""
    return shown.bitmap(tuple(SCHEMA.index))


class AuthorityLedger(SimulatedLedger):
    """A simulated ledger with records 1 to 3 of the class-2 item; chain events are mined as members cause them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        policy = MaskPolicy(SHARED, 1, tuple(PolicyProfile(one.tier, one.purpose, one.hash) for one in PROFILES))
        self.keep(SCOPE.document, ELSEWHERE.document, policy.document, *(one.document for one in PROFILES))
        self._publish(SHARED, ShareClass.CONDITIONAL, policy.hash)
        self._publish(CLOSED, ShareClass.NOT_SHARED, policy.hash)
        self.submit(1, 2, 3, item=SHARED)
        self.anchor()

    def _publish(self, number: int, share_class: ShareClass, policy: bytes) -> None:
        name, kinds = {"zh": "原件", "en": "Originals"}, ((AgencyKind.COMMUNITY,), (AgencyKind.FIRE,))
        ground = {"zh": "法律", "en": "law"} if share_class is ShareClass.NOT_SHARED else None
        item = CatalogueItem(
            *(number, 1, name, GATEWAY, share_class, ground, SCHEMA.hash, *kinds, (Purpose.INCIDENT_RESPONSE,)),
            *(policy, None, 0, 2, 10, 20),
        )
        self.keep(item.document)
        self.mine([("Catalogue", "ItemPublished", item_args(item))])

    def consent(self, name: str = "consent", **changes: Any) -> bytes:
        """Record a person's consent to the reader, its text and evidence kept; returns its id."""
        consent = number32(name)
        evidence = evidence_of(name, CaptureMode(changes.get("captureMode", CaptureMode.WITNESSED_PAPER)))
        self.keep(TEXT.document, evidence.document)
        hashes = {"subjectTag": evidence.subject_tag, "scopeHash": SCOPE.hash}
        hashes |= {"textHash": TEXT.hash, "evidenceHash": evidence.hash}
        args = {
            "consent": to_hex(consent),
            **{member: to_hex(value) for member, value in hashes.items()},
            "recipient": READER,
            "holder": PUBLISHER,
            "categories": 0b110,
            "purpose": 2,
            "controller": NOBODY,
            "capturedBy": PUBLISHER,
            "captureMode": 3,
            "validFrom": 0,
            "validUntil": FOREVER,
        }
        self.mine([("ConsentRegistry", "ConsentRecorded", args | changes)])
        return consent

    def withdraw_consent(self, consent: bytes) -> None:
        """Withdraw a consent."""
        self.mine([("ConsentRegistry", "ConsentWithdrawn", {"consent": to_hex(consent), "reason": 1})])

    def ask(self, name: str = "request", **changes: Any) -> bytes:
        """Ask the publisher for a grant; returns the request's id."""
        request = number32(name)
        args = {
            "request": to_hex(request),
            "reader": READER,
            "holder": PUBLISHER,
            "key": address("reader-requests"),
            "item": SHARED,
            "itemVersion": 1,
            "purpose": 2,
            "basis": 3,
            "basisRef": to_hex(number32("duty")),
            "scopeHash": to_hex(SCOPE.hash),
            "profile": to_hex(GRANTED.hash),
            "until": FOREVER,
        }
        self.mine([("AccessLedger", "AccessRequested", args | changes)])
        return request

    def decide(self, request: bytes, **changes: Any) -> None:
        """Grant a request."""
        args = {
            "request": to_hex(request),
            "key": address("publisher-decides"),
            "itemVersion": 1,
            "profile": to_hex(GRANTED.hash),
            "expiresAt": self.now + 30 * DAY,
            "uses": 0,
            "terms": 0,
            "destroyBy": 0,
            "assessment": to_hex(ZERO32),
        }
        self.mine([("AccessLedger", "AccessGranted", args | changes)])

    def grant(self, name: str = "request", asked: dict[str, Any] | None = None, **terms: Any) -> bytes:
        """Ask for a grant and give it; returns its id."""
        request = self.ask(name, **(asked or {}))
        self.decide(request, **terms)
        return request

    def grant_by_consent(self, consent: bytes, name: str = "request", **asked: Any) -> bytes:
        """Give a grant whose basis is a consent; returns its id."""
        return self.grant(name, {"basis": int(Basis.CONSENT), "basisRef": to_hex(consent), **asked})

    def end_grant(self, grant: bytes, event: str = "GrantRevoked", **args: Any) -> None:
        """Revoke or close a grant."""
        said = {"grant": to_hex(grant), **({"outcome": 1} if event == "GrantClosed" else {"reason": 1})}
        self.mine([("AccessLedger", event, said | args)])

    def emergency(self, name: str = "emergency", items: tuple[int, ...] = (SHARED,), **changes: Any) -> bytes:
        """Open an emergency of the reader; returns its id."""
        emergency = to_hex(number32(name))
        args = {
            "emergency": emergency,
            "agency": READER,
            "caseRef": to_hex(number32("case")),
            "region": 990101,
            "key": address("reader-emergency"),
            "supervisor": NOBODY,
            "secondAgency": 0,
            "reason": 1,
            "noteHash": to_hex(number32("note")),
            "reviewer": OTHER_GATEWAY,
            "reviewDueAt": self.now + 15 * DAY,
            "expiresAt": self.now + 3 * DAY,
            "unsignedUntil": self.now + 2 * HOUR,
        }
        listed = [
            ("EmergencyAccess", "EmergencyItemOpened", {"emergency": emergency, "item": number}) for number in items
        ]
        self.mine([("EmergencyAccess", "EmergencyOpened", args | changes), *listed])
        return number32(name)

    def co_sign(self, emergency: bytes) -> None:
        """Co-sign an emergency."""
        args = {"emergency": to_hex(emergency), "key": address("reader-supervises")}
        self.mine([("EmergencyAccess", "EmergencyCoSigned", args)])

    def end_emergency(self, emergency: bytes) -> None:
        """End an emergency."""
        args = {"emergency": to_hex(emergency), "key": address("reader-emergency")}
        self.mine([("EmergencyAccess", "EmergencyEnded", args)])

    # --- looks ---

    def granted_look(
        self,
        grant: bytes,
        *numbers: int,
        shown: MaskProfile = GRANTED,
        said: dict[str, str] | None = None,
        **other: Any,
    ) -> StreamEntry:
        """Answer a look under a grant at records by their numbers; `said` headers and `other` members replace its."""
        words = {"item": str(SHARED), "authority": "grant", "grant": to_hex(grant), **(said or {})}
        authority = {"authority": int(Authority.GRANT), "authorityId": grant}
        return self._shared_look(numbers, shown, words, {**authority, **other})

    def consented_look(self, grant: bytes, *numbers: int, **other: Any) -> StreamEntry:
        """Answer a look under a grant that rests on a consent."""
        headers = {"basis": "1", **other.pop("said", {})}
        return self.granted_look(grant, *numbers, said=headers, **{"basis": int(Basis.CONSENT), **other})

    def emergency_look(
        self,
        emergency: bytes,
        *numbers: int,
        shown: MaskProfile = IN_EMERGENCY,
        said: dict[str, str] | None = None,
        **other: Any,
    ) -> StreamEntry:
        """Answer a look under an emergency at records by their numbers."""
        case = other.pop("caseRef", number32("case"))
        words = {"item": str(SHARED), "basis": "4", "authority": "emergency", "emergency": to_hex(emergency)}
        words |= {"case": to_hex(case), **(said or {})}
        authority = {"authority": int(Authority.EMERGENCY), "authorityId": emergency, "basis": 4, "caseRef": case}
        return self._shared_look(numbers, shown, words, {**authority, **other})

    def _shared_look(
        self, numbers: tuple[int, ...], shown: MaskProfile, words: dict[str, str], other: dict[str, Any]
    ) -> StreamEntry:
        records: list[CommittedRecord] = [self.committed(number) for number in numbers]
        said = {"item": SHARED, "profile": shown.hash, "tier": int(shown.tier), **other}
        return self.look(*records, headers=self.headers(**words), opened=opened(shown), **said)
