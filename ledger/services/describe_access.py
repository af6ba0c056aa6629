"""Describe consents, requests with their grants, and emergencies: what the chain says, and what is on its way to it.

`stands` says how far the object itself is: received, submitted (here, not in a followed block yet) or final; `underWay`
lists the actions about it that are not final. Times are Unix seconds.
"""

from collections.abc import Mapping
from typing import Any

from ledger.core.access_facts import AccessFacts, ConsentFacts, EmergencyFacts
from ledger.core.clocks import Clocks
from ledger.core.hexadecimal import to_hex
from ledger.core.points import AsOf, Point
from ledger.services.action_row import row_of
from ledger.services.authenticate import Call


def describe_request(call: Call, facts: AccessFacts, clocks: Clocks) -> Mapping[str, Any]:
    """Return a request and what became of it, as its facts, the steps about it and the received actions say.

    `clocks` know its steps and its first delivery; `facts` were covered by the call's moment when it was made.
    """
    as_of, grant = call.as_of, facts.grant
    ended = next((point for point in (facts.revoked, facts.closed, facts.withdrawn) if _seen(as_of, point)), None)
    return {
        "request": to_hex(facts.id),
        "state": clocks.request_state(facts),
        "stands": "final",
        "reader": facts.reader,
        "holder": facts.holder,
        "key": facts.key,
        "item": facts.item,
        "itemVersion": facts.item_version,
        "purpose": facts.purpose,
        "basis": facts.basis,
        "basisRef": to_hex(facts.basis_ref),
        "scopeHash": to_hex(facts.scope_hash),
        "profile": to_hex(facts.profile),
        "until": facts.until,
        "requestedAt": facts.requested.time,
        "checkedAt": clocks.checked_at(facts),
        "decidedBy": facts.deciding_key or None,
        "decidedAt": _time(as_of, facts.granted) or _time(as_of, facts.refused),
        "refusalReason": facts.refusal_reason if _seen(as_of, facts.refused) else None,
        "deliveredAt": clocks.delivered_at(facts),
        "endedAt": None if ended is None else ended.time,
        "grant": None
        if grant is None or not facts.is_granted(as_of)
        else {
            "itemVersion": grant.item_version,
            "profile": to_hex(grant.profile),
            "expiresAt": grant.expires_at,
            "uses": grant.uses,
            "terms": grant.terms,
            "destroyBy": grant.destroy_by,
            "assessment": to_hex(grant.assessment),
        },
        "underWay": under_way(call, facts.id),
    }


def describe_consent(call: Call, facts: ConsentFacts) -> Mapping[str, Any]:
    """Return a consent as its facts and the received actions say; it names nobody."""
    as_of, actions = call.as_of, _received(call, facts.id)
    state = "live" if facts.is_live(as_of) else "expired" if as_of.time >= facts.valid_until else "not_begun"
    return {
        "consent": to_hex(facts.id),
        "state": "withdrawn" if _seen(as_of, facts.withdrawn) else state,
        "stands": "final",
        "recipient": facts.recipient,
        "holder": facts.holder,
        "subjectTag": to_hex(facts.subject_tag),
        "categories": facts.categories,
        "purpose": facts.purpose,
        "scopeHash": to_hex(facts.scope_hash),
        "textHash": to_hex(facts.text_hash),
        "evidenceHash": to_hex(facts.evidence_hash),
        "controller": facts.controller,
        "capturedBy": facts.captured_by,
        "captureMode": facts.capture_mode,
        "validFrom": facts.valid_from,
        "validUntil": facts.valid_until,
        "recordedAt": facts.recorded.time,
        "withdrawnAt": _time(as_of, facts.withdrawn),
        "withdrawReason": facts.withdraw_reason if _seen(as_of, facts.withdrawn) else None,
        "actions": actions,
        "underWay": [action for action in actions if action["state"] != "final"],
    }


def describe_emergency(call: Call, facts: EmergencyFacts) -> Mapping[str, Any]:
    """Return an emergency as its facts and the received actions say."""
    as_of = call.as_of
    reviews = [review for review in facts.reviews if as_of.covers(review.point)]
    return {
        "emergency": to_hex(facts.id),
        "state": "open" if facts.is_live(as_of) else "reviewed" if reviews else "ended",
        "stands": "final",
        "agency": facts.agency,
        "caseRef": to_hex(facts.case_ref),
        "key": facts.key,
        "supervisor": facts.supervisor,
        "secondAgency": facts.second_agency,
        "items": sorted(facts.items),
        "region": str(facts.region),
        "reason": facts.reason,
        "noteHash": to_hex(facts.note_hash),
        "openedAt": facts.opened.time,
        "coSignedAt": _time(as_of, facts.co_signed),
        "endsAt": facts.ends_at(as_of),
        "endedAt": _time(as_of, facts.ended),
        "reviewer": facts.reviewer(as_of),
        "reviewDueAt": facts.review_due_at,
        "reviews": [
            {
                "reviewer": review.reviewer,
                "verdict": review.verdict,
                "documentHash": to_hex(review.document_hash),
                "at": review.point.time,
            }
            for review in reviews
        ],
        "notifiedAt": _time(as_of, facts.notified),
        "destroyedAt": _time(as_of, facts.destroyed),
        "keptAt": _time(as_of, facts.kept),
        "underWay": under_way(call, facts.id),
    }


def under_way(call: Call, about: bytes) -> list[dict[str, Any]]:
    """Return the received actions about an object that are not final: name, digest, state, message, times."""
    return [action for action in _received(call, about) if action["state"] != "final"]


def _received(call: Call, about: bytes) -> list[dict[str, Any]]:
    found = []
    for action in call.transaction.actions_about([about]):
        row = row_of(call, action)
        if row is not None:
            found.append(
                {
                    "action": action.name,
                    "digest": to_hex(action.digest),
                    "state": row.state,
                    "agency": action.agency,
                    "receivedAt": action.received_at,
                    "includeBy": action.include_by,
                    "message": dict(action.message),
                }
            )
    return found


def _seen(as_of: AsOf, point: Point | None) -> bool:
    return point is not None and as_of.covers(point)


def _time(as_of: AsOf, point: Point | None) -> int | None:
    return point.time if point is not None and as_of.covers(point) else None
