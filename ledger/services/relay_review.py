"""Judge what is owed after an emergency before it is promised: review, notices, destruction.

What the contract would refuse is refused here.
"""

from collections.abc import Callable, Mapping

from ledger.action_errors import NotOnChainYet, NotParty, SelfReview
from ledger.core.access_facts import EmergencyFacts
from ledger.core.codes import Role
from ledger.core.reviewers import JUSTIFIED, LAST_VERDICT, may_review
from ledger.services.relay_emergency import require_opener
from ledger.services.relay_judging import Judged


def judge_review(judged: Judged) -> None:
    """Raise unless a REVIEW key of the assigned agency, never of the opener's, reviews an emergency that is over."""
    message = judged.message
    emergency = judged.known(judged.history.emergencies, "emergency")
    if judged.require_role(Role.REVIEW) == emergency.agency:
        raise SelfReview(f"agency {emergency.agency} opened the emergency")
    _require_over(judged, emergency)
    judged.require(1 <= message["verdict"] <= LAST_VERDICT, "VerdictUnknown: verdict is 1 to 3")
    judged.require_hashes("DocumentHashMissing", "documentHash")
    _require_reviewer(judged, emergency)
    first = not emergency.reviews and not judged.was_received("ReviewEmergency")
    adverse = message["verdict"] > JUSTIFIED
    judged.require_state(first or adverse, "VerdictNotAdverse: after a first review only adverse ones are appended")


def _require_reviewer(judged: Judged, emergency: EmergencyFacts) -> None:
    agency = judged.require_role(Role.REVIEW)
    if not may_review(judged.history, emergency, agency, judged.call.as_of):
        assigned = emergency.reviewer(judged.call.as_of)
        raise NotParty(f"NotParty: agency {assigned} was assigned to review; the key is of agency {agency}")


def judge_notified(judged: Judged) -> None:
    """Raise unless the opener's agency states, once, that the residents were told."""
    _owed(judged, "documentHash")
    _require_no_notice(judged)


def judge_defer(judged: Judged) -> None:
    """Raise unless the opener's agency puts the notice off, for a reason, within the parameter."""
    emergency = judged.known(judged.history.emergencies, "emergency")
    require_opener(judged, emergency.agency)
    judged.require_reason()
    judged.require_expiry("until", judged.history.parameter("noticeDeferral", judged.call.as_of))
    _require_no_notice(judged)


def judge_destroyed(judged: Judged) -> None:
    """Raise unless the opener's agency states, once, that it destroyed what it got."""
    emergency = _owed(judged, "documentHash")
    destroyed = emergency.destroyed is not None or judged.was_received("NoteDestroyed")
    judged.require_state(not destroyed, "DestructionSettled: the data was destroyed")


def judge_keep(judged: Judged) -> None:
    """Raise unless the opener's agency states, before anything else, why it keeps what it got."""
    emergency = _owed(judged, "assessment")
    settled = emergency.destroyed or emergency.kept or judged.was_received("NoteDestroyed", "KeepData")
    judged.require_state(not settled, "DestructionSettled: the data was destroyed or is kept")


def _owed(judged: Judged, document: str) -> EmergencyFacts:
    emergency = judged.known(judged.history.emergencies, "emergency")
    _require_over(judged, emergency)
    require_opener(judged, emergency.agency)
    judged.require_hashes("DocumentHashMissing", document)
    return emergency


def _require_no_notice(judged: Judged) -> None:
    emergency = judged.known(judged.history.emergencies, "emergency")
    given = emergency.notified is not None or judged.was_received("NoteNotified")
    judged.require_state(not given, "NoticeAlreadyGiven")


def _require_over(judged: Judged, emergency: EmergencyFacts) -> None:
    # A co-signature that is under way may still prolong it.
    signed = emergency.co_signed is not None or judged.was_received("CoSignEmergency")
    if emergency.ended is None and judged.was_received("EndEmergency"):
        raise NotOnChainYet("the end of the emergency is on its way to the chain")
    if emergency.ended is None:
        end = emergency.expires_at if signed else emergency.unsigned_until
        judged.require_state(judged.now >= end, f"EmergencyStillLive: it lives until {end}")


JUDGES: Mapping[str, Callable[[Judged], None]] = {
    "ReviewEmergency": judge_review,
    "NoteNotified": judge_notified,
    "DeferNotice": judge_defer,
    "NoteDestroyed": judge_destroyed,
    "KeepData": judge_keep,
}
