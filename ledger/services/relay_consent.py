"""Judge messages of ConsentRegistry before they are promised: what the contract would refuse is refused here."""

from collections.abc import Callable, Mapping

from ledger.action_errors import NonceUnusable, NotParty, SelfConsent, StateMismatch, TermsRefused, WitnessUnfit
from ledger.core.access_facts import ConsentFacts
from ledger.core.codes import CaptureMode, Role
from ledger.core.consent_documents import check_evidence
from ledger.core.consent_soundness import TAKEN_BY_RECIPIENT, why_not_bearing
from ledger.core.entitlement import why_not_witness
from ledger.services.relay_judging import TIME_LIMIT, ZERO_ADDRESS, Judged, under_way
from ledger.tag_rows import TagUse

_CONTROLLED = (CaptureMode.OWN_KEY, CaptureMode.GUARDIAN)
_KNOWN_CATEGORIES = (1 << 53) - 2
_LAST_PURPOSE = 52


def judge_record(judged: Judged) -> None:
    """Raise unless a consent may be recorded: capture, terms, documents, active agencies, a fresh subject tag.

    A key that controls a consent is nobody's: it signs with nonce 0, which it has once. Otherwise a SUBMIT key of the
    agency signs that captured it.
    """
    _require_capture(judged)
    _require_terms(judged)
    if judged.message["capturedBy"] == judged.message["recipient"]:
        raise SelfConsent(TAKEN_BY_RECIPIENT)
    for member in ("recipient", "holder"):
        agency = judged.message[member]
        judged.require(judged.is_active(agency), f"AgencyNotActive: {member} {agency} is not an active agency")
    _require_fresh_tag(judged)
    judged.require_document("scopeHash")
    fault = why_not_bearing(judged.history, judged.require_document("textHash"), judged.message)
    judged.require(fault is None, fault or "")
    _require_evidence(judged)


def _require_evidence(judged: Judged) -> None:
    """Raise unless evidence is here, the consent's own, and its second witness, if any, another person of an agency.

    Raises DocumentMissing, WitnessUnfit or FormatError.
    """
    evidence = judged.require_document("evidenceHash")
    if evidence.witness is not None:
        for as_of in (judged.call.as_of, judged.by_then):
            why = why_not_witness(judged.history, evidence.witness, judged.message, as_of)
            if why is not None:
                raise WitnessUnfit(why)
    check_evidence(evidence, judged.message)


def _require_capture(judged: Judged) -> None:
    message = judged.message
    mode, key = message["captureMode"], message["key"]
    judged.require(mode in tuple(CaptureMode), "CaptureModeUnknown: captureMode is 1 to 5")
    controlled = mode in _CONTROLLED
    said = (message["controller"], message["capturedBy"] != 0)
    expected = (key, False) if controlled else (ZERO_ADDRESS, True)
    judged.require(said == expected, "CaptureInconsistent: either a controller who signs, or an agency that captured")
    if not controlled:
        judged.require_role(Role.SUBMIT, agency=message["capturedBy"])
    elif message["nonce"] != 0:
        raise NonceUnusable("ControllerNotFresh: a key that controls a consent signs with nonce 0")


def _require_terms(judged: Judged) -> None:
    message = judged.message
    judged.require_hashes("SubjectTagMissing", "subjectTag")
    judged.require_hashes("DocumentHashMissing", "scopeHash", "textHash", "evidenceHash")
    categories, purpose = message["categories"], message["purpose"]
    judged.require(categories != 0 and not categories & ~_KNOWN_CATEGORIES, "CategoriesInvalid: bits 1 to 52")
    judged.require(1 <= purpose <= _LAST_PURPOSE, "PurposeInvalid: purpose is 1 to 52")
    judged.require(
        message["validFrom"] < message["validUntil"] and judged.include_by < message["validUntil"] < TIME_LIMIT,
        f"ValidityInvalid: validFrom lies before validUntil, and that after {judged.include_by}",
    )


def _require_fresh_tag(judged: Judged) -> None:
    tag = judged.message["subjectTag"]
    judged.call.transaction.lock_about(tag)
    if tag in judged.history.subject_tags or any(
        message["subjectTag"] == tag for _, message in under_way(judged.call, "RecordConsent")
    ):
        raise StateMismatch("SubjectTagUsed: ask for a fresh tag of the next period")
    made, said = judged.call.transaction.renew_tag(tag, judged.now), judged.message
    if made is None:  # The consent would open nothing here, for ever: nobody knows whom it is about.
        raise TermsRefused("the subject tag is not here, or is no more: ask this gateway for a fresh tag")
    # Whoever asked for the tag said for whom and for what: another recipient or purpose is another consent.
    fits = made.use == TagUse(tag, said["recipient"], said["purpose"])
    judged.require(fits, "the subject tag was made for another recipient or purpose")
    guarded = made.of_child and said["captureMode"] != CaptureMode.GUARDIAN
    judged.require(not guarded, "the person is under 14: a guardian consents, captureMode 2")


def judge_withdraw(judged: Judged) -> None:
    """Raise unless the controller, or a SUBMIT key of the agency that captured the consent, withdraws it first."""
    consent = judged.known(judged.history.consents, "consent")
    _require_controller(judged, consent)
    withdrawn = consent.withdrawn is not None or judged.was_received("WithdrawConsent")
    judged.require_state(not withdrawn, "ConsentAlreadyWithdrawn")
    judged.require_reason()


def _require_controller(judged: Judged, consent: ConsentFacts) -> None:
    key = judged.message["key"]
    if consent.captured_by == 0:
        if key != consent.controller:
            raise NotParty("NotController: only the key that controls the consent withdraws it")
        return
    # A suspended agency still withdraws what it witnessed, so its status is not asked for.
    facts = judged.history.keys.get(key)
    may = (
        facts is not None
        and facts.agency == consent.captured_by
        and facts.roles >> Role.SUBMIT & 1
        and (facts.ended is None or not judged.call.as_of.covers(facts.ended))
        and facts.valid_from <= judged.now
        and judged.include_by < facts.valid_until
    )
    if not may:
        raise NotParty(f"NotController: a SUBMIT key of agency {consent.captured_by} withdraws this consent")


JUDGES: Mapping[str, Callable[[Judged], None]] = {"RecordConsent": judge_record, "WithdrawConsent": judge_withdraw}
