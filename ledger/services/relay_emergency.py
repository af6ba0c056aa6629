"""Judge the life of an emergency before it is promised: opening, co-signature, end.

What the contract would refuse is refused here. What is owed afterwards: `relay_review`.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise

from ledger.action_errors import (
    CoSignatureRequired,
    ItemNotOpen,
    NotOnChainYet,
    NotParty,
    ReviewerMissing,
    SameKey,
    SecondAgencyRequired,
)
from ledger.core.codes import Role, ShareClass
from ledger.core.keccak import keccak256
from ledger.core.overdue_reviews import overdue_reviews
from ledger.core.reviewers import assigned_reviewer
from ledger.core.typed_messages import message_from_json
from ledger.services.relay_judging import ZERO_ADDRESS, Judged, under_way

_REGION_LIMIT = 10**15
_MOST_ITEMS = 16


def judge_open(judged: Judged) -> None:
    """Raise unless an EMERGENCY key may open: content, a reviewer, co-signature and second agency where required."""
    message = judged.message
    agency = judged.require_role(Role.EMERGENCY)
    _require_content(judged)
    reviewer = assigned_reviewer(judged.history, agency, judged.call.as_of)
    if reviewer == 0:
        raise ReviewerMissing("ReviewerMissing: no active agency is assigned that is not the opener")
    keys = [key for key in (message["key"], message["supervisor"], message["secondAgencyKey"]) if key != ZERO_ADDRESS]
    if len(set(keys)) != len(keys):
        raise SameKey("opening, co-signing and the second agency's signature are three persons' acts")
    judged.call.transaction.lock_about(keccak256(agency.to_bytes(4, "big") + message["caseRef"]))
    if message["supervisor"] != ZERO_ADDRESS:
        judged.require_role(Role.SUPERVISE, "supervisor", agency)
    elif _was_opened(judged, agency):
        raise CoSignatureRequired("CoSignatureRequired: this case was opened before by the same agency")
    _require_second_agency(judged, agency, reviewer)


def _require_content(judged: Judged) -> None:
    message = judged.message
    judged.require_hashes("CaseRefMissing", "caseRef")
    judged.require(0 < message["region"] < _REGION_LIMIT, "RegionInvalid: region is a code of 1 to 15 digits")
    judged.require_reason()
    judged.require_expiry("expiresAt", judged.history.parameter("emergencyLife", judged.call.as_of))
    items = message["items"]
    judged.require(1 <= len(items) <= _MOST_ITEMS, f"ItemCountInvalid: 1 to {_MOST_ITEMS} items")
    judged.require(all(a < b for a, b in pairwise((0, *items))), "ItemsNotAscending: items ascend, each once")
    for number in items:
        item = judged.history.items.get(number)
        args = item.newest(judged.call.as_of) if item else None
        if args is None or args["shareClass"] == ShareClass.NOT_SHARED:
            raise ItemNotOpen(f"ItemNotOpen: item {number} is not published, retired or never shared")


def _was_opened(judged: Judged, agency: int) -> bool:
    case_ref = judged.message["caseRef"]
    opened = ((e.agency, e.case_ref) for e in tuple(judged.history.emergencies.values()))
    opening = ((action.agency, m["caseRef"]) for action, m in under_way(judged.call, "OpenEmergency"))
    return (agency, case_ref) in (*opened, *opening)


def _require_second_agency(judged: Judged, agency: int, reviewer: int) -> None:
    if judged.message["secondAgencyKey"] != ZERO_ADDRESS:
        second = judged.require_role(Role.SUPERVISE, "secondAgencyKey")
        if second in (agency, reviewer):
            raise NotParty("SecondAgencyInvalid: an agency that is neither the opener nor the reviewer signs")
        return
    history = judged.history
    opening = sum(action.agency == agency for action, _ in under_way(judged.call, "OpenEmergency"))
    overdue = overdue_reviews(history.emergencies.values(), agency, judged.include_by, opening)
    limit = history.parameter("overdueReviewLimit", judged.call.as_of)
    if overdue > limit:
        raise SecondAgencyRequired(f"SecondAgencyRequired: {overdue} reviews are overdue, {limit} may be")


def judge_co_sign(judged: Judged) -> None:
    """Raise unless a SUPERVISE key of the opener's agency, not the opener's own, signs a live emergency first."""
    agency, opener, signed = _living(judged)
    if judged.message["key"] == opener:
        raise SameKey("the key that opened the emergency would co-sign it")
    judged.require_role(Role.SUPERVISE, agency=agency)
    signed = signed or judged.was_received("CoSignEmergency")
    judged.require_state(not signed, "AlreadyCoSigned")


def judge_end(judged: Judged) -> None:
    """Raise unless an EMERGENCY or SUPERVISE key of the opener's agency ends a live emergency."""
    agency, _, _ = _living(judged)
    require_opener(judged, agency)


def require_opener(judged: Judged, agency: int) -> None:
    """Raise unless the key has role EMERGENCY or SUPERVISE of the agency that opened."""
    key, as_of = judged.message["key"], judged.call.as_of
    has_first = judged.history.why_not_entitled(key, Role.EMERGENCY, None, as_of) is None
    judged.require_role(Role.EMERGENCY if has_first else Role.SUPERVISE, agency=agency)


def _living(judged: Judged) -> tuple[int, str, bool]:
    """Return agency, opening key and whether it was co-signed at the opening, of a live emergency.

    One that is on its way to the chain counts: what is sent after it is mined after it.
    """
    judged.require_state(not judged.was_received("EndEmergency"), "EmergencyOver: its end was received")
    co_signed = judged.was_received("CoSignEmergency")
    emergency = judged.history.emergencies.get(judged.about)
    if emergency is not None:
        signed = co_signed or emergency.co_signed is not None
        over = emergency.ended is not None or judged.now >= _end(signed, emergency.expires_at, emergency.unsigned_until)
        judged.require_state(not over, "EmergencyOver")
        return emergency.agency, emergency.key, emergency.co_signed is not None
    opening = next((action for action in judged.received if action.name == "OpenEmergency"), None)
    if opening is None:
        judged.known(judged.history.emergencies, "emergency")
        raise NotOnChainYet
    message = message_from_json("OpenEmergency", opening.message)
    signed_then = message["supervisor"] != ZERO_ADDRESS
    unsigned_until = opening.received_at + judged.history.parameter("emergencyLifeUnsigned", judged.call.as_of)
    end = _end(signed_then or co_signed, message["expiresAt"], min(unsigned_until, message["expiresAt"]))
    judged.require_state(judged.now < end, "EmergencyOver")
    return opening.agency, message["key"], signed_then


def _end(signed: bool, expires_at: int, unsigned_until: int) -> int:
    return expires_at if signed else unsigned_until


JUDGES: Mapping[str, Callable[[Judged], None]] = {
    "OpenEmergency": judge_open,
    "CoSignEmergency": judge_co_sign,
    "EndEmergency": judge_end,
}
