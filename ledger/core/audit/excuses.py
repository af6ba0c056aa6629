"""Why the chain could not take an action by the time that was promised, though a gateway had relayed it honestly."""

from collections.abc import Callable, Mapping

from ledger.core.access_facts import AccessFacts, EmergencyFacts
from ledger.core.codes import Basis, Role
from ledger.core.history import AsOf, History
from ledger.core.points import Point
from ledger.core.received import GRANTED, STOPPED_BY_PAUSE, ReceivedAction, about_of
from ledger.core.reviewers import JUSTIFIED, may_review
from ledger.core.typed_messages import MESSAGES

_ZERO_ADDRESS = "0x" + "00" * 20
_EITHER = (Role.EMERGENCY, Role.SUPERVISE)
ROLES: Mapping[str, Mapping[str, tuple[Role, ...]]] = {
    "Mark": {"key": (Role.SUBMIT,)},
    "RecordConsent": {},
    "WithdrawConsent": {},
    "RequestAccess": {"key": (Role.REQUEST,)},
    "DecideAccess": {"key": (Role.DECIDE,)},
    "RevokeGrant": {"key": (Role.DECIDE,)},
    "WithdrawRequest": {"key": (Role.REQUEST,)},
    "CloseGrant": {"key": (Role.REQUEST,)},
    "OpenEmergency": {
        "key": (Role.EMERGENCY,),
        "supervisor": (Role.SUPERVISE,),
        "secondAgencyKey": (Role.SUPERVISE,),
    },
    "CoSignEmergency": {"key": (Role.SUPERVISE,)},
    "EndEmergency": {"key": _EITHER},
    "ReviewEmergency": {"key": (Role.REVIEW,)},
    "NoteNotified": {"key": _EITHER},
    "DeferNotice": {"key": _EITHER},
    "NoteDestroyed": {"key": _EITHER},
    "KeepData": {"key": _EITHER},
}
"""By message and member that names a key: the roles of which it needs one. Consents have rules of their own."""
_WITNESSED = 3
"""Capture modes from here on are signed with a SUBMIT key of an agency."""


def why_not_includable(history: History, action: ReceivedAction) -> str | None:
    """Return why no honest relay could bring the action on chain by its `include_by`, or None if one could.

    A key that had never been entitled is no excuse: then nothing was to be promised. Nor is a pause that had begun.
    """
    as_of = AsOf(action.include_by)
    if _was_paused(history, action):
        return "the contract had been paused"
    for member, roles in _roles(history, action).items():
        key = action.message[member]
        if key != _ZERO_ADDRESS and _had_ended(history, action, key, roles):
            return "a key that signed had ended, or its agency"
    for member in ("recipient", "holder"):
        agency = history.agencies.get(action.message.get(member, 0))
        if agency is not None and not agency.is_active(as_of):
            return "an agency that takes part had been suspended"
    return _OBJECT[action.name](history, action, as_of) if action.name in _OBJECT else None


def _had_ended(history: History, action: ReceivedAction, key: str, roles: tuple[Role, ...]) -> bool:
    """Say whether a key might act when the message was received, as far as a gateway knew, and no more when it was due.

    A suspended agency still withdraws what it witnessed.
    """
    why_not = history.why_key_not if action.name == "WithdrawConsent" else history.why_not_entitled

    def may_at(time: int) -> bool:
        return any(why_not(key, role, None, AsOf(time)) is None for role in roles)

    known_since = _known_since(history, action)
    return not may_at(action.include_by) and (may_at(action.received_at) or may_at(known_since))


def _known_since(history: History, action: ReceivedAction) -> int:
    """Return as of when (Unix seconds) a gateway that took an action knew the chain, at the latest."""
    return action.received_at - history.parameter("factsAge", AsOf(action.received_at))


def _was_paused(history: History, action: ReceivedAction) -> bool:
    """Say whether a pause that began on the way left an honest relay no time.

    A gateway that knew of a pause was not to promise; one that was lifted in time leaves the time to relay.
    """
    if action.name not in STOPPED_BY_PAUSE:
        return False
    begin, contract = _known_since(history, action), MESSAGES[action.name].contract
    paused_until = history.governance.paused_until
    known = paused_until(contract, AsOf(begin)) > begin
    return not known and paused_until(contract, AsOf(action.include_by)) > action.include_by


def _roles(history: History, action: ReceivedAction) -> Mapping[str, tuple[Role, ...]]:
    message = action.message
    if action.name == "RecordConsent":
        return {"key": (Role.SUBMIT,)} if message["captureMode"] >= _WITNESSED else {}
    if action.name == "WithdrawConsent":
        consent = history.consents.get(message["consent"])
        return {"key": (Role.SUBMIT,)} if consent is not None and consent.captured_by else {}
    return ROLES[action.name]


def _recorded(history: History, action: ReceivedAction, as_of: AsOf) -> str | None:
    tag = action.message["subjectTag"]
    used = any(one.subject_tag == tag and as_of.covers(one.recorded) for one in history.consents.values())
    return "another consent had the same tag" if used else None


def _withdrawn(history: History, action: ReceivedAction, as_of: AsOf) -> str | None:
    consent = history.consents.get(action.message["consent"])
    return None if consent is not None and as_of.covers(consent.recorded) else "the consent was not on chain"


def _requested(history: History, action: ReceivedAction, as_of: AsOf) -> str | None:
    item = history.items.get(action.message["item"])
    return "the item had been retired" if item is not None and item.is_retired(as_of) else None


def _on_request(history: History, action: ReceivedAction, as_of: AsOf) -> str | None:
    access = history.accesses.get(about_of(action.name, action.message, action.digest))
    if access is None or not as_of.covers(access.requested):
        return "the request was not on chain"
    if _any(as_of, access.granted, access.refused, access.withdrawn):
        return "the request had been settled otherwise"
    return _without_consent(history, action, access, as_of)


def _without_consent(history: History, action: ReceivedAction, access: AccessFacts, as_of: AsOf) -> str | None:
    if action.message.get("decision") != GRANTED or access.basis != Basis.CONSENT:
        return None
    consent = history.consents.get(access.basis_ref)
    return None if consent is not None and consent.is_live(as_of) else "the consent was not live any more"


def _on_grant(history: History, action: ReceivedAction, as_of: AsOf) -> str | None:
    access = history.accesses.get(action.message["grant"])
    if access is None or not access.is_granted(as_of):
        return "the grant was not on chain"
    return "the grant had ended otherwise" if _any(as_of, access.revoked, access.closed) else None


def _opened(history: History, action: ReceivedAction, as_of: AsOf) -> str | None:
    message = action.message
    items = (history.items.get(item) for item in message["items"])
    if any(item is not None and item.is_retired(as_of) for item in items):
        return "an item had been retired"
    said = action.agency, message["caseRef"]
    opened = any((e.agency, e.case_ref) == said and as_of.covers(e.opened) for e in history.emergencies.values())
    return "the case had been opened before" if opened and message["supervisor"] == _ZERO_ADDRESS else None


def _on_emergency(history: History, action: ReceivedAction, as_of: AsOf) -> str | None:
    emergency = history.emergencies.get(action.message["emergency"])
    if emergency is None or not as_of.covers(emergency.opened):
        return "the emergency was not on chain"
    if action.name == "ReviewEmergency":
        return _on_review(history, action, emergency, as_of)
    return _moved_on(action, emergency, as_of)


def _on_review(history: History, action: ReceivedAction, emergency: EmergencyFacts, as_of: AsOf) -> str | None:
    """Adverse reviews are appended whatever was said before; only a second favourable one is refused."""
    reviewed = any(as_of.covers(review.point) for review in emergency.reviews)
    if reviewed and action.message["verdict"] == JUSTIFIED:
        return "it had been reviewed otherwise"
    if may_review(history, emergency, action.agency, as_of):
        return None
    known = (AsOf(action.received_at), AsOf(_known_since(history, action)))
    could = any(may_review(history, emergency, action.agency, then) for then in known)
    return "another agency was to review it" if could else None


def _moved_on(action: ReceivedAction, emergency: EmergencyFacts, as_of: AsOf) -> str | None:
    if action.name in ("CoSignEmergency", "EndEmergency"):
        return "the emergency was over" if emergency.ends_at(as_of) <= as_of.time else None
    over = {"DeferNotice": emergency.notified, "KeepData": emergency.destroyed}.get(action.name)
    return "what was owed had been done otherwise" if _any(as_of, over) else None


def _any(as_of: AsOf, *points: Point | None) -> bool:
    return any(point is not None and as_of.covers(point) for point in points)


_OBJECT: Mapping[str, Callable[[History, ReceivedAction, AsOf], str | None]] = {
    "RecordConsent": _recorded,
    "WithdrawConsent": _withdrawn,
    "RequestAccess": _requested,
    "DecideAccess": _on_request,
    "WithdrawRequest": _on_request,
    "RevokeGrant": _on_grant,
    "CloseGrant": _on_grant,
    "OpenEmergency": _opened,
    "CoSignEmergency": _on_emergency,
    "EndEmergency": _on_emergency,
    "ReviewEmergency": _on_emergency,
    "NoteNotified": _on_emergency,
    "DeferNotice": _on_emergency,
    "NoteDestroyed": _on_emergency,
    "KeepData": _on_emergency,
}
