"""Signed actions that a gateway has received: what each bears on, what it cuts or opens at once, and since when its
effect stands on chain (architecture, decision 5; ADR 7).

A received action counts from the moment that its RECEIVED entry is committed, mined or not. Who promised a block for it
is judged by `stands_at`. Times are Unix seconds, ids and digests 32 bytes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.core.access_facts import AccessFacts, ConsentFacts, EmergencyFacts, GrantTerms
from ledger.core.codes import Mark
from ledger.core.eip712 import address_word, word
from ledger.core.history import History
from ledger.core.keccak import keccak256
from ledger.core.points import Point

GRANTED, REFUSED = 1, 2
"""Values of `decision` in a DecideAccess."""
ABOUT: Mapping[str, str | None] = {
    "Mark": "recordId",
    "RecordConsent": None,
    "WithdrawConsent": "consent",
    "RequestAccess": None,
    "DecideAccess": "request",
    "RevokeGrant": "grant",
    "WithdrawRequest": "request",
    "CloseGrant": "grant",
    "OpenEmergency": None,
    "CoSignEmergency": "emergency",
    "EndEmergency": "emergency",
    "ReviewEmergency": "emergency",
    "NoteNotified": "emergency",
    "DeferNotice": "emergency",
    "NoteDestroyed": "emergency",
    "KeepData": "emergency",
}
"""The messages that a gateway relays, and the member that names what each bears on; None makes its object itself."""
STOPPED_BY_PAUSE = frozenset({"RecordConsent", "RequestAccess", "DecideAccess"})
"""Of these, what a paused contract refuses; nothing that ends or reviews something is ever stopped."""


@dataclass(frozen=True, slots=True)
class ReceivedAction:
    """An action taken for relay; `message` has bytes32 as bytes, `sequence` is that of its RECEIVED entry if numbered.

    `agency` is the one that the first signer's key is bound to, 0 for a key of nobody (a resident's).
    """

    digest: bytes
    name: str
    message: Mapping[str, Any]
    received_at: int
    include_by: int
    sequence: int | None = None
    agency: int = 0


@dataclass(frozen=True, slots=True)
class OpenedEmergency:
    """An emergency as its opening message states it."""

    message: Mapping[str, Any]
    digest: bytes
    agency: int
    received_at: int
    include_by: int


@dataclass(frozen=True, slots=True)
class CoSignature:
    """A co-signature of an emergency: the key that signed it, when it was received, by when it was to be on chain."""

    key: str
    received_at: int
    include_by: int


@dataclass(frozen=True, slots=True)
class ReceivedFacts:
    """What received actions say, mined or not. Grants, consents and emergencies by id; times are `received_at`."""

    revoked: frozenset[bytes]
    """Grants that were revoked or closed."""
    withdrawn: frozenset[bytes]
    ended: Mapping[bytes, int]
    co_signed: Mapping[bytes, Sequence[CoSignature]]
    """As received: whether the key may supervise is asked of the history."""
    opened: Mapping[bytes, OpenedEmergency]


AT_ONCE = ("RevokeGrant", "CloseGrant", "WithdrawConsent", "EndEmergency", "CoSignEmergency", "OpenEmergency")
"""The messages that count before a block holds them: all that `received_facts` takes."""


def received_facts(actions: Iterable[ReceivedAction]) -> ReceivedFacts:
    """Return what these actions say together; of two that say the same, the earlier one counts."""
    revoked: set[bytes] = set()
    withdrawn: set[bytes] = set()
    ended: dict[bytes, int] = {}
    co_signed: dict[bytes, list[CoSignature]] = {}
    opened: dict[bytes, OpenedEmergency] = {}
    for one in actions:
        message, at = one.message, one.received_at
        if one.name in ("RevokeGrant", "CloseGrant"):
            revoked.add(message["grant"])
        elif one.name == "WithdrawConsent":
            withdrawn.add(message["consent"])
        elif one.name == "EndEmergency":
            ended[message["emergency"]] = min(at, ended.get(message["emergency"], at))
        elif one.name == "CoSignEmergency":
            co_signed.setdefault(message["emergency"], []).append(CoSignature(message["key"], at, one.include_by))
        elif one.name == "OpenEmergency":
            opened[one.digest] = OpenedEmergency(message, one.digest, one.agency, at, one.include_by)
    return ReceivedFacts(frozenset(revoked), frozenset(withdrawn), ended, co_signed, opened)


def consent_id(message: Mapping[str, Any]) -> bytes:
    """Return the id (32 bytes) of the consent that a RecordConsent message records (contracts page)."""
    return keccak256(
        message["subjectTag"]
        + word(message["recipient"])
        + word(message["holder"])
        + word(message["categories"])
        + word(message["purpose"])
        + message["scopeHash"]
        + message["textHash"]
        + message["evidenceHash"]
        + address_word(message["controller"])
        + word(message["capturedBy"])
        + message["salt"]
    )


def about_of(name: str, message: Mapping[str, Any], digest: bytes) -> bytes:
    """Return the id (32 bytes) of what a relayed message bears on.

    A record, consent, request (whose grant has the same id) or emergency; of what a message makes, the id that it gets.
    """
    member = ABOUT[name]
    if member is not None:
        about: bytes = message[member]
        return about
    return consent_id(message) if name == "RecordConsent" else digest


def stands_at(
    history: History, name: str, message: Mapping[str, Any], digest: bytes, agency: int, not_before: int = 0
) -> int | None:
    """Return the block time at which the effect of an action stands on chain, None if it does not stand.

    `agency` is the one for which its first signer acts. A hold may be set and released again and again: of these, one
    that stands before `not_before` (Unix seconds) is another one.
    """
    if name == "Mark":
        said = agency, message["version"], message["mark"], message["reason"]
        marks = history.marks.get(message["recordId"], ())
        begin = not_before if message["mark"] == Mark.HOLD else 0
        same = (m.point for m in marks if (m.agency, m.version, m.mark, m.reason) == said)
        found = (point for point in same if point.time >= begin)
        return _time(next(found, None))
    about = about_of(name, message, digest)
    if name in _CONSENT:
        consent = history.consents.get(about)
        return None if consent is None else _time(_CONSENT[name](consent))
    if name in _ACCESS:
        access = history.accesses.get(about)
        return None if access is None else _time(_ACCESS[name](access, message))
    emergency = history.emergencies.get(about)
    return None if emergency is None else _time(_EMERGENCY[name](emergency, message, agency))


def _time(point: Point | None) -> int | None:
    return None if point is None else point.time


def _decided(access: AccessFacts, message: Mapping[str, Any]) -> Point | None:
    if message["decision"] == GRANTED:
        members = ("key", "itemVersion", "profile", "expiresAt", "uses", "terms", "destroyBy", "assessment")
        return access.granted if access.grant == GrantTerms(*(message[member] for member in members)) else None
    said = message["key"], message["reason"], message["reasonHash"]
    return access.refused if (access.deciding_key, access.refusal_reason, access.reason_hash) == said else None


def _closed(access: AccessFacts, message: Mapping[str, Any]) -> Point | None:
    return access.closed if access.outcome == message["outcome"] else None


def _reviewed(emergency: EmergencyFacts, message: Mapping[str, Any], agency: int) -> Point | None:
    said = agency, message["verdict"], message["documentHash"]
    reviews = emergency.reviews
    return next((r.point for r in reviews if (r.reviewer, r.verdict, r.document_hash) == said), None)


def _deferred(emergency: EmergencyFacts, message: Mapping[str, Any], _: int) -> Point | None:
    said = message["until"], message["reason"]
    return next((deferral.since for deferral in emergency.deferrals if deferral.value == said), None)


_CONSENT: Mapping[str, Callable[[ConsentFacts], Point | None]] = {
    "RecordConsent": lambda consent: consent.recorded,
    "WithdrawConsent": lambda consent: consent.withdrawn,
}
_ACCESS: Mapping[str, Callable[[AccessFacts, Mapping[str, Any]], Point | None]] = {
    "RequestAccess": lambda access, _: access.requested,
    "DecideAccess": _decided,
    "RevokeGrant": lambda access, _: access.revoked,
    "WithdrawRequest": lambda access, _: access.withdrawn,
    "CloseGrant": _closed,
}
_EMERGENCY: Mapping[str, Callable[[EmergencyFacts, Mapping[str, Any], int], Point | None]] = {
    "OpenEmergency": lambda emergency, _, __: emergency.opened,
    "CoSignEmergency": lambda emergency, _, __: emergency.co_signed,
    "EndEmergency": lambda emergency, _, __: emergency.ended,
    "ReviewEmergency": _reviewed,
    "NoteNotified": lambda emergency, _, __: emergency.notified,
    "DeferNotice": _deferred,
    "NoteDestroyed": lambda emergency, _, __: emergency.destroyed,
    "KeepData": lambda emergency, _, __: emergency.kept,
}
