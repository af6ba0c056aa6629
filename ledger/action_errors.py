"""Why a signed action is not taken for relay, or a submission or count refused by a rule of its item.

Branches of the tree in `ledger.errors`, with the same three lines each.

SubmissionRefused
├── DuplicateSubject
├── TermsRefused, ItemNotOpen, ConsentUnfit, WitnessUnfit, DocumentMissing, ProfileNotListed
├── CoSignatureRequired, SecondAgencyRequired, ReviewerMissing
└── NotEntitled ── SameKey
    └── NotParty ── SelfDecision, SelfReview, SelfConsent
Conflict ── StateMismatch, NotOnChainYet, NonceUnusable, ContractPaused, PeriodOpen, TablesInMaking
FormatError ── TableNotCounted, CountTooWide
"""

from collections.abc import Sequence

from ledger.errors import Conflict, FormatError, NotEntitled, SubmissionRefused


class DuplicateSubject(SubmissionRefused):
    """`places` are the positions, from 0, of the records in the submission; problem bodies carry them too."""

    code = "duplicate_subject"
    when = "a submission collects about a person what its item holds already, and the item takes that once only"
    remedy = "leave out the records at `places`; ask `gongzhi coverage` before asking a resident again"

    @property
    def places(self) -> Sequence[int]:
        """Positions of the refused records in the submission, ascending; empty where the answer did not say."""
        given = self.context.get("places")
        return tuple(given) if isinstance(given, list | tuple) else ()


class TableNotCounted(FormatError):
    code = "table_not_counted"
    when = "a count of a region or period that the item's tables do not tell apart, or of an item without tables"
    remedy = "ask for a region, period or item that `detail` names, or for wider ones, which add tables up"


class CountTooWide(FormatError):
    code = "count_too_wide"
    when = "a count that adds up more tables than one question may"
    remedy = "ask for a shorter period or a smaller region, and add the answers up; `detail` names the limit"


class PeriodOpen(Conflict):
    code = "period_open"
    when = "a count of a period that is not over, or not settled yet"
    remedy = "ask again after the time in `detail`"


class TablesInMaking(Conflict):
    code = "tables_in_making"
    when = "a count of more periods without tables than one question makes; those of the first ones are made and kept"
    remedy = "ask again: each question makes the tables of the next periods"


class TermsRefused(SubmissionRefused):
    """`detail` begins with the name of the contract's error."""

    code = "terms_refused"
    when = "a member of an action's message is not what its contract takes: a time, a code, a purpose, a kind, a hash"
    remedy = "see `detail` for the contract's error and its bounds; correct the message and sign it again"


class ItemNotOpen(SubmissionRefused):
    code = "item_not_open"
    when = "an action names an item that is unknown, retired, not conditional (requests) or never shared (emergencies)"
    remedy = "see /v1/catalogue: class 1 needs no grant, class 3 is never shared"


class ConsentUnfit(SubmissionRefused):
    code = "consent_unfit"
    when = "the consent that a request rests on is not live, or is for other agencies or another purpose"
    remedy = "ask the person for a consent to this recipient and holder, for this purpose"


class WitnessUnfit(SubmissionRefused):
    code = "witness_unfit"
    when = "a consent's second witness is its signer or controller, or has no key of the agency that the evidence names"
    remedy = "let another person sign the evidence, with a key of his own that is bound to an active agency and in time"


class DocumentMissing(SubmissionRefused):
    code = "document_missing"
    when = "a document that the message names by hash was never given to this gateway"
    remedy = "send its canonical text along in `documents`"


class ProfileNotListed(SubmissionRefused):
    code = "profile_not_listed"
    when = (
        "a request or a grant names a mask profile that the mask policy lists not for the purpose, or for other readers"
    )
    remedy = "take a profile of the document under the item's maskPolicyHash, of a tier of the reader's kind"


class CoSignatureRequired(SubmissionRefused):
    code = "co_signature_required"
    when = "the agency opened an emergency for this case before, and the message has no supervisor's signature"
    remedy = "let a SUPERVISE key of the agency sign the opening too"


class SecondAgencyRequired(SubmissionRefused):
    code = "second_agency_required"
    when = "more reviews of the agency's emergencies are overdue than `overdueReviewLimit` allows"
    remedy = "let a SUPERVISE key of another agency, not the reviewer, sign the opening too; have the reviews done"


class ReviewerMissing(SubmissionRefused):
    code = "reviewer_missing"
    when = "no active agency other than the opener is assigned to review emergencies"
    remedy = "the governor sets `reviewAgency` or `reviewAgencySubstitute`"


class NotParty(NotEntitled):
    code = "not_party"
    when = "the signer's agency is not the one to which the contract leaves this"
    remedy = "let a key of the agency that `detail` names sign"


class SelfDecision(NotParty):
    code = "self_decision"
    when = "the agency that asked would decide its own request"
    remedy = "the holder of the records decides, with a DECIDE key"


class SelfReview(NotParty):
    code = "self_review"
    when = "the agency that opened an emergency would review it"
    remedy = "the agency that was assigned reviews, with a REVIEW key"


class SelfConsent(NotParty):
    code = "self_consent"
    when = (
        "an agency would take a consent to itself: it asks for a subject tag, or captures a consent, as its recipient"
    )
    remedy = "another agency takes the consent, best the one that holds the records"


class SameKey(NotEntitled):
    code = "same_key"
    when = "one key would sign for two persons: opening and co-signing an emergency"
    remedy = "another person co-signs, with a key of his own"


class StateMismatch(Conflict):
    """`detail` begins with the name of the contract's error."""

    code = "state_mismatch"
    when = "what an action bears on is past that: decided, withdrawn, revoked, closed, ended, reviewed or not over yet"
    remedy = "ask how it stands: /v1/requests, /v1/consents or /v1/emergencies"


class NotOnChainYet(Conflict):
    code = "not_on_chain_yet"
    when = "what an action bears on was received here and stands in no confirmed block yet"
    remedy = "send the same message again in a few seconds"


class NonceUnusable(Conflict):
    code = "nonce_unusable"
    when = "the key has signed another message with this nonce, or the one before it in its lane is not known here"
    remedy = "sign with a fresh lane: 24 random bytes, then 8 zero bytes"


class ContractPaused(Conflict):
    code = "contract_paused"
    when = "a guardian or the Council has paused the contract that would take the action"
    remedy = "send it again after the time in `detail`; what ends or reviews something is never stopped"
