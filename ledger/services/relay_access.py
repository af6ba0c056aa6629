"""Judge messages of AccessLedger before they are promised: what the contract would refuse is refused here."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from ledger.action_errors import ConsentUnfit, ItemNotOpen, ProfileNotListed, SelfDecision
from ledger.core.access_facts import AccessFacts, GrantTerms
from ledger.core.codes import Basis, Role, ShareClass
from ledger.core.documents import MaskProfile
from ledger.core.grant_rules import is_listed, opened_classes, why_beyond_request, why_terms_unfit, why_tier_unfit
from ledger.core.hexadecimal import from_hex
from ledger.core.mask_table import MaskTable
from ledger.core.received import GRANTED, REFUSED
from ledger.domain import load_document
from ledger.services.consent_proofs import why_unsound
from ledger.services.find_document import mask_policy_of, profile_of, schema_of
from ledger.services.profile_files import mask_table
from ledger.services.relay_judging import Judged

_KNOWN_TERMS = 15
_LAST_OUTCOME = 2
_ENDS = ("RevokeGrant", "CloseGrant")
_SETTLES = ("DecideAccess", "WithdrawRequest")
_OF_A_GRANT = ("itemVersion", "profile", "expiresAt", "uses", "terms", "destroyBy", "assessment")


def judge_request(judged: Judged) -> None:
    """Raise unless a REQUEST key may ask: item, purpose, kinds, basis, a listed profile, a scope that is known here."""
    message = judged.message
    reader = judged.require_role(Role.REQUEST)
    judged.require_hashes("ScopeHashMissing", "scopeHash")
    judged.require_hashes("ProfileMissing", "profile")
    judged.require_until("until", 1 << 64)
    judged.require(message["basis"] in tuple(Basis), "BasisUnknown: basis is 1 to 7")
    judged.require_hashes("BasisRefMissing", "basisRef")
    holder = message["holder"]
    judged.require(holder != reader, "HolderIsReader: an agency's own records need no grant")
    args = _open_item(judged, message["item"], message["itemVersion"], message["purpose"])
    judged.require(judged.is_active(holder), f"AgencyNotActive: holder {holder} is not an active agency")
    _require_kind(judged, args, "publisherKinds", holder)
    _require_kind(judged, args, "readerKinds", reader)
    if message["basis"] == Basis.CONSENT:
        _matching_end(judged, message["basisRef"], reader, holder, message["purpose"])
    _require_listed(judged, args, message["profile"], message["purpose"])
    _require_tier(judged, message["profile"], reader)
    judged.require_document("scopeHash")


def judge_decide(judged: Judged) -> None:
    """Raise unless a DECIDE key of the holder decides, once, within what the item, consent and parameters allow."""
    message = judged.message
    access = judged.known(judged.history.accesses, "request")
    _require_undecided(judged, access)
    if judged.require_role(Role.DECIDE) == access.reader:
        raise SelfDecision(f"agency {access.reader} asked; agency {access.holder} decides")
    judged.require_role(Role.DECIDE, agency=access.holder)
    if message["decision"] == GRANTED:
        _judge_grant(judged, access)
        return
    judged.require(message["decision"] == REFUSED, "DecisionInconsistent: decision is 1 (grant) or 2 (refuse)")
    empty = not any(any(value) if isinstance(value := message[m], bytes) else value for m in _OF_A_GRANT)
    judged.require(empty, "DecisionInconsistent: a refusal has no terms of a grant")
    judged.require_reason()


def _judge_grant(judged: Judged, access: AccessFacts) -> None:
    message = judged.message
    plain = message["reason"] == 0 and not any(message["reasonHash"])
    judged.require(plain, "DecisionInconsistent: a grant has no reason of a refusal")
    judged.require_hashes("ProfileMissing", "profile")
    judged.require(not message["terms"] & ~_KNOWN_TERMS, "TermsUnknown: terms are bits 0 to 3")
    args = _open_item(judged, access.item, message["itemVersion"], access.purpose)
    if message["itemVersion"] != access.item_version:
        _require_kind(judged, args, "readerKinds", access.reader)
    latest = judged.now + judged.history.parameter("grantLife", judged.call.as_of)
    if access.basis == Basis.CONSENT:
        end = _matching_end(judged, access.basis_ref, access.reader, access.holder, access.purpose)
        latest = min(latest, end)
    judged.require_until("expiresAt", latest)
    _require_listed(judged, args, message["profile"], access.purpose)
    _require_within_request(judged, access)
    # The chain takes any profile in a request: one that is not listed would bound nothing, and name any tier.
    asked = _open_item(judged, access.item, access.item_version, access.purpose)
    _require_listed(judged, asked, access.profile, access.purpose)
    _require_tier(judged, access.profile, access.reader)
    _require_terms(judged, args, profile_of(judged.call.transaction, message["profile"]))


def _require_tier(judged: Judged, profile: bytes, reader: int) -> None:
    """Raise ProfileNotListed where a profile is of a tier under which no agency of the reader's kind looks."""
    kind = judged.history.agencies[reader].kind
    asked = profile_of(judged.call.transaction, profile)
    unfit = why_tier_unfit(asked, reader, kind, _mask_table().tiers_of(kind))
    if unfit is not None:
        raise ProfileNotListed(unfit)


@cache
def _mask_table() -> MaskTable:
    return mask_table(load_document)


def _require_within_request(judged: Judged, access: AccessFacts) -> None:
    """Raise TermsRefused where a grant lasts longer or opens more than was asked."""
    transaction, given = judged.call.transaction, _terms(judged.message)
    profiles: tuple[MaskProfile | None, MaskProfile | None] = (None, None)
    if given.profile != access.profile:
        known = transaction.document(access.profile) is not None
        judged.require(known, "GrantBeyondRequest: the profile that was asked is not known here; ask anew")
        profiles = profile_of(transaction, given.profile), profile_of(transaction, access.profile)
    beyond = why_beyond_request(access, given, *profiles)
    judged.require(beyond is None, beyond or "")


def _require_terms(judged: Judged, args: Mapping[str, Any], profile: MaskProfile) -> None:
    """Raise TermsRefused where terms do not fit what the profile opens, or end before the promised block."""
    classes = opened_classes(profile, schema_of(judged.call.transaction, from_hex(args["schemaHash"])))
    unfit = why_terms_unfit(_terms(judged.message), classes, judged.include_by)
    judged.require(unfit is None, unfit or "")


def _terms(message: Mapping[str, Any]) -> GrantTerms:
    return GrantTerms(
        key=message["key"],
        item_version=message["itemVersion"],
        profile=message["profile"],
        expires_at=message["expiresAt"],
        uses=message["uses"],
        terms=message["terms"],
        destroy_by=message["destroyBy"],
        assessment=message["assessment"],
    )


def judge_revoke(judged: Judged) -> None:
    """Raise unless a DECIDE key of the holder revokes a standing grant, for a reason."""
    access = _granted(judged)
    judged.require_role(Role.DECIDE, agency=access.holder)
    judged.require_reason()


def judge_withdraw(judged: Judged) -> None:
    """Raise unless a REQUEST key of the reader withdraws an undecided request."""
    access = judged.known(judged.history.accesses, "request")
    _require_undecided(judged, access)
    judged.require_role(Role.REQUEST, agency=access.reader)


def judge_close(judged: Judged) -> None:
    """Raise unless a REQUEST key of the reader closes a standing grant with a known outcome."""
    access = _granted(judged)
    judged.require_role(Role.REQUEST, agency=access.reader)
    judged.require(1 <= judged.message["outcome"] <= _LAST_OUTCOME, "OutcomeUnknown: outcome is 1 or 2")


def _require_undecided(judged: Judged, access: AccessFacts) -> None:
    settled = access.granted or access.refused or access.withdrawn or judged.was_received(*_SETTLES)
    judged.require_state(not settled, "StateWrong: the request was granted, refused or withdrawn")


def _granted(judged: Judged) -> AccessFacts:
    access = judged.known(judged.history.accesses, "grant")
    over = access.revoked or access.closed or judged.was_received(*_ENDS)
    judged.require_state(
        access.granted is not None and not over, "StateWrong: no grant, or one that is revoked or closed"
    )
    return access


def _open_item(judged: Judged, number: int, version: int, purpose: int) -> Mapping[str, Any]:
    item = judged.history.items.get(number)
    args = item.version(version, judged.call.as_of) if item else None
    if args is None:
        raise ItemNotOpen(f"ItemNotOpen: item {number} version {version} is not published, or retired")
    if args["shareClass"] != ShareClass.CONDITIONAL:
        raise ItemNotOpen(f"ShareClassNotConditional: item {number} is of class {args['shareClass']}")
    allowed = purpose != 0 and args["purposes"] >> purpose & 1
    judged.require(bool(allowed), f"PurposeNotAllowed: item {number} is not shared for purpose {purpose}")
    return args


def _require_kind(judged: Judged, args: Mapping[str, Any], member: str, agency: int) -> None:
    kind = judged.history.agencies[agency].kind
    admitted = bool(args[member] >> kind & 1)
    judged.require(admitted, f"AgencyKindNotAdmitted: kind {kind} is not in {member} of item {args['item']}")


def _require_listed(judged: Judged, args: Mapping[str, Any], profile: bytes, purpose: int) -> None:
    policy = mask_policy_of(judged.call.transaction, from_hex(args["maskPolicyHash"]))
    if not is_listed(policy, profile, purpose):
        named = f"item {args['item']} version {args['version']}"
        raise ProfileNotListed(f"the mask policy of {named} does not list profile 0x{profile.hex()} for {purpose}")


def _matching_end(judged: Judged, consent_id: bytes, reader: int, holder: int, purpose: int) -> int:
    """Return until when the consent of a request is live; a withdrawal that is under way waits or is seen."""
    judged.call.transaction.share_about([consent_id])
    consent = judged.history.consents.get(consent_id)
    if consent is None or (consent.recipient, consent.holder, consent.purpose) != (reader, holder, purpose):
        raise ConsentUnfit(f"ConsentMismatch: expected a consent to agency {reader} of {holder} for purpose {purpose}")
    actions = judged.call.transaction.actions_about([consent_id])
    withdrawn = any(action.name == "WithdrawConsent" for action in actions)
    if withdrawn or not consent.is_live(judged.call.as_of) or judged.include_by >= consent.valid_until:
        raise ConsentUnfit("ConsentMismatch: the consent was withdrawn, has ended or has not begun")
    why = why_unsound(judged.call.transaction, judged.history, consent)
    if why is not None:
        raise ConsentUnfit(f"nothing may rest on the consent: {why}")
    return consent.valid_until


JUDGES: Mapping[str, Callable[[Judged], None]] = {
    "RequestAccess": judge_request,
    "DecideAccess": judge_decide,
    "RevokeGrant": judge_revoke,
    "WithdrawRequest": judge_withdraw,
    "CloseGrant": judge_close,
}
