"""A small consortium with a conditional item, and what its offices sign: consents, requests, decisions, emergencies.

Each act returns its call; the ids of requests and emergencies are the digests of their messages.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.chain.contracts.binding import Call
from ledger.core.codes import Role
from ledger.core.keccak import keccak256
from tests.contracts.sandbox import COMMUNITY, DATA_BUREAU, DAY, NOBODY, Key, Member, Sandbox

ITEM, OPEN_ITEM, SHUT_ITEM, OTHER_ITEM = 5, 1, 9, 6
PURPOSE, OTHER_PURPOSE = 2, 7
FIRE, HOSPITAL = 8, 34
STATUTORY, CONSENTED = 3, 1
OWN_KEY, GUARDIAN, PAPER = 1, 2, 3
GRANTED, REFUSED = 1, 2
SUSPENDED = 2


def word(text: str) -> bytes:
    """Return 32 bytes without meaning, made of a text."""
    return keccak256(text.encode())


@dataclass
class Consented:
    """A recorded consent: its id, its message, the key that may withdraw it."""

    identifier: bytes
    message: Mapping[str, Any]
    key: Key


@dataclass
class Asked:
    """A message whose digest is an id, and the call that takes it."""

    identifier: bytes
    message: Mapping[str, Any]
    call: Call


class Offices:
    """The reader (fire), the holder (a community), a reviewing agency with its substitute, and their keys."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.authority = sandbox.register(kind=DATA_BUREAU)
        self.holder = sandbox.register(kind=COMMUNITY)
        self.reader = sandbox.register(kind=FIRE)
        self.reviewers = sandbox.register(kind=42)
        self.substitute = sandbox.register(kind=40)
        self.requester = sandbox.bind(self.reader, Role.REQUEST)
        self.decider = sandbox.bind(self.holder, Role.DECIDE)
        self.opener = sandbox.bind(self.reader, Role.EMERGENCY)
        self.supervisor = sandbox.bind(self.reader, Role.SUPERVISE)
        self.second = sandbox.bind(self.holder, Role.SUPERVISE)
        self.reviewer = sandbox.bind(self.reviewers, Role.REVIEW)
        self.witness = sandbox.bind(self.holder, Role.SUBMIT)
        self._made = 0
        sandbox.govern(sandbox.catalogue.set_catalogue_authority(self.authority.agency))
        for name, member in (("reviewAgency", self.reviewers), ("reviewAgencySubstitute", self.substitute)):
            sandbox.govern(sandbox.parameters.set(name, member.agency))
        for item, share_class in ((ITEM, 2), (OPEN_ITEM, 1), (SHUT_ITEM, 3), (OTHER_ITEM, 2)):
            sandbox.send(self.item(item, shareClass=share_class))

    def fresh(self, what: str) -> bytes:
        """Return 32 bytes that nobody has used."""
        self._made += 1
        return word(f"{what} {self._made}")

    def item(self, item: int, version: int = 1, **changes: Any) -> Call:
        """Return the publication of an item: communities publish, fire brigades and hospitals read."""
        admin = self.authority.admin
        share_class = changes.get("shareClass", 2)
        members = {
            "authorityAdmin": NOBODY,
            "item": item,
            "version": version,
            "responsible": self.authority.agency,
            "shareClass": share_class,
            "schemaHash": word("schema"),
            "publisherKinds": 1 << COMMUNITY,
            "readerKinds": 1 << FIRE | 1 << HOSPITAL,
            "purposes": 1 << PURPOSE | 1 << OTHER_PURPOSE,
            "maskPolicyHash": word("masks"),
            "class1Profile": word("profile") if share_class == 1 else bytes(32),
            "updateEverySeconds": 0,
            **dict.fromkeys(("checkDays", "answerDays", "deliverDays"), 2),
            "documentHash": word("item"),
        }
        return self.sandbox.relayed("PublishItem", admin, **(members | changes))

    def act(self, name: str, key: Key, /, *others: Key, **members: Any) -> Asked:
        """Return a signed message, its digest and the call that takes it."""
        message = self.sandbox.message(name, key=key.address, **members)
        signatures = self.sandbox.sign(name, message, key, *others)
        return Asked(self.sandbox.digest(name, message), message, self.sandbox.call(name, message, *signatures))

    # consents
    def consent(self, mode: int = OWN_KEY, key: Key | None = None, **changes: Any) -> tuple[Consented, Call]:
        """Return a consent of a person whom only the tag names, and the call that records it."""
        witnessed = mode >= PAPER
        signer = key or (self.witness if witnessed else self.sandbox.key())
        members = {
            "subjectTag": self.fresh("tag"),
            "recipient": self.reader.agency,
            "holder": self.holder.agency,
            "categories": 1 << 3,
            "purpose": PURPOSE,
            "scopeHash": self.fresh("scope"),
            "textHash": word("text"),
            "evidenceHash": self.fresh("evidence"),
            "controller": NOBODY if witnessed else signer.address,
            "capturedBy": self.holder.agency if witnessed else 0,
            "captureMode": mode,
            "validFrom": self.sandbox.now - DAY,
            "validUntil": self.sandbox.now + 90 * DAY,
            "salt": self.fresh("salt"),
        }
        asked = self.act("RecordConsent", signer, **(members | changes))
        return Consented(consent_id(asked.message), asked.message, signer), asked.call

    def consented(self, mode: int = OWN_KEY, **changes: Any) -> Consented:
        """Record a consent."""
        consent, call = self.consent(mode, **changes)
        self.sandbox.send(call)
        return consent

    def withdrawal(self, consent: Consented, key: Key | None = None, reason: int = 1) -> Call:
        """Return the withdrawal of a consent."""
        return self.act("WithdrawConsent", key or consent.key, consent=consent.identifier, reason=reason).call

    # requests and grants
    def ask(self, key: Key | None = None, **changes: Any) -> Asked:
        """Return a request for a year's records of the holder, by duty."""
        members = {
            "holder": self.holder.agency,
            "item": ITEM,
            "itemVersion": 1,
            "purpose": PURPOSE,
            "basis": STATUTORY,
            "basisRef": word("duty"),
            "scopeHash": self.fresh("scope"),
            "profile": word("profile"),
            "until": self.sandbox.now + 30 * DAY,
        }
        return self.act("RequestAccess", key or self.requester, **(members | changes))

    def asked(self, **changes: Any) -> bytes:
        """Send a request; return its id."""
        asked = self.ask(**changes)
        self.sandbox.send(asked.call)
        return asked.identifier

    def decision(self, request: bytes, decision: int = GRANTED, key: Key | None = None, **changes: Any) -> Call:
        """Return a decision by the holder."""
        nothing = {
            **dict.fromkeys(("itemVersion", "expiresAt", "uses", "terms", "destroyBy", "reason"), 0),
            **dict.fromkeys(("profile", "assessment", "reasonHash"), bytes(32)),
        }
        terms = {"itemVersion": 1, "profile": word("profile"), "expiresAt": self.sandbox.now + 10 * DAY}
        members = nothing | (terms if decision == GRANTED else {"reason": 1}) | changes
        return self.act("DecideAccess", key or self.decider, request=request, decision=decision, **members).call

    def granted(self, **changes: Any) -> bytes:
        """Send a request and its approval; return the grant's id."""
        grant = self.asked(**changes)
        self.sandbox.send(self.decision(grant))
        return grant

    # emergencies
    def alarm(
        self, *, key: Key | None = None, supervisor: Key | None = None, second: Key | None = None, **changes: Any
    ) -> Asked:
        """Return an emergency of the reader for a case of its own, with the signatures of whoever is given."""
        members = {
            "supervisor": supervisor.address if supervisor else NOBODY,
            "secondAgencyKey": second.address if second else NOBODY,
            "caseRef": self.fresh("case"),
            "items": (OPEN_ITEM, ITEM),
            "region": 990101,
            "reason": 1,
            "noteHash": word("note"),
            "expiresAt": self.sandbox.now + DAY,
        }
        name, signer = "OpenEmergency", key or self.opener
        message = self.sandbox.message(name, key=signer.address, **(members | changes))
        by = [self.sandbox.sign(name, message, who)[0] if who else b"" for who in (signer, supervisor, second)]
        return Asked(self.sandbox.digest(name, message), message, self.sandbox.call(name, message, *by))

    def opened(self, **changes: Any) -> bytes:
        """Open an emergency; return its id."""
        alarm = self.alarm(**changes)
        self.sandbox.send(alarm.call)
        return alarm.identifier

    def ended(self, **changes: Any) -> bytes:
        """Open and end an emergency; return its id."""
        emergency = self.opened(**changes)
        self.sandbox.send(self.about("EndEmergency", emergency))
        return emergency

    def about(self, name: str, emergency: bytes, key: Key | None = None, **members: Any) -> Call:
        """Return what somebody says of an emergency: the opener, but for co-signatures and reviews."""
        usual = {"CoSignEmergency": self.supervisor, "ReviewEmergency": self.reviewer}.get(name, self.opener)
        about: dict[str, dict[str, Any]] = {
            "ReviewEmergency": {"verdict": 1, "documentHash": word("review")},
            "NoteNotified": {"documentHash": word("letters")},
            "DeferNotice": {"until": self.sandbox.now + DAY, "reason": 1},
            "NoteDestroyed": {"documentHash": word("shredder")},
            "KeepData": {"assessment": word("assessment")},
        }
        return self.act(name, key or usual, emergency=emergency, **(about.get(name, {}) | members)).call

    def suspend(self, member: Member, status: int = SUSPENDED) -> None:
        """Set a member's status."""
        self.sandbox.govern(self.sandbox.registry.set_status(member.agency, status))


def consent_id(message: Mapping[str, Any]) -> bytes:
    """Return a consent's id by the contracts page: the Keccak-256 of its members as words of 32 bytes."""
    order = "subjectTag recipient holder categories purpose scopeHash textHash evidenceHash controller capturedBy salt"
    words = []
    for name in order.split():
        value = message[name]
        if isinstance(value, str):
            value = int(value, 16)
        words.append(value if isinstance(value, bytes) else value.to_bytes(32, "big"))
    return keccak256(b"".join(words))
