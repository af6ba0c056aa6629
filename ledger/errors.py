"""Every error of the project, in one tree.

    GongzhiError
    ├── FormatError            bytes or members that no format of ours allows
    │   ├── CanonicalJsonError ── JsonFloat, JsonDuplicateKey
    │   ├── OpeningInvalid ── OpeningMismatch  (they never say what the header held)
    │   ├── SchemaError ── PersonalInOpen
    │   ├── CodeUnknown
    │   ├── RuleError
    │   ├── SignatureError     bytes that are no strict signature, digest or private key
    │   ├── UnsupportedFormat
    │   └── BackupInvalid      a backup that is not what its manifest says
    ├── VerificationError      a numbered step of a verification failed
    ├── RequestError           a signed request that cannot be taken (`reason` is a code of draft ERC-8128)
    ├── SubmissionRefused      a submission or an action that may not be taken
    │   ├── WrongGateway, WrongRoot, StaleStatement, ForeignPublisher, DerivedMismatch
    │   ├── what is wrong with an action: ledger/action_errors.py, some below NotEntitled and Conflict
    │   ├── AttachmentRefused: ledger/attachment_errors.py, some below TooLarge and Conflict
    │   └── NotEntitled ── KeyEnded, RoleMissing, KindNotAllowed, ItemUnknown
    ├── LookRefused            a look that was decided against (refusal codes of the policy)
    ├── NotFound, TooLarge, TooMany
    ├── Conflict ── VersionConflict, NotAnchoredYet, LegalHold, DatabaseInUse
    ├── ChainError ── TransactionFailed, ChainBehind
    │                          the chain refused, is behind, is another one or does not answer
    ├── StreamDiverged         the chain holds batches of this gateway that its database does not have
    ├── StoreError, KeyProviderError ── SignerUnreachable, SignerFaulty
    │                          the database, a key provider or a signer does not do its part
    ├── EngineError            an embedded engine does not start or stop
    ├── GatewayUnreachable     the gateway does not answer its client; what was sent may or may not have arrived
    ├── GatewayProblem         the gateway answered with a problem that this version does not know
    ├── RowRejected            a row of a source file that cannot become a record (`reason` says why)
    ├── PromiseBroken          a gateway answered the client with something that does not check
    ├── CouncilRefused: ledger/council_errors.py; PersonsSampleDiffers, PersonsAnswerRefused: ledger/person_errors.py
    ├── ProfileUnsafe          a mask profile that opens what its tier may not see
    └── UsageError             the command line was given something it cannot use

A class is one stable `code`, one line `when`, one line `remedy`; problem bodies, the command line and the reference
page print the same three. Messages never hold a value of a record.
"""

from typing import ClassVar


class GongzhiError(Exception):
    """Root of the tree.

    `detail` says what was found and what was expected, without values of records.
    """

    code: ClassVar[str] = "internal"
    when: ClassVar[str] = "something that should not happen happened"
    remedy: ClassVar[str] = "report it with the log lines of this request"

    def __init__(self, detail: str = "", **context: object) -> None:
        super().__init__(detail or self.when)
        self.detail = detail or self.when
        self.context = context


class FormatError(GongzhiError):
    code = "format_invalid"
    when = "a document does not have the members, shapes or lengths of its format"
    remedy = "compare the document with the format's reference page"


class CanonicalJsonError(FormatError):
    code = "json_not_canonical"
    when = "JSON with a float, a duplicate key, a lone surrogate, a non-NFC string, a large integer or trailing bytes"
    remedy = "send canonical JSON (RFC 8785): decimals as strings, strings in NFC, integers within 2^53-1"


class JsonFloat(CanonicalJsonError):
    code = "json_float"
    when = "JSON with a number that has a fraction or an exponent, or with NaN or Infinity"
    remedy = "write decimals as strings"


class JsonDuplicateKey(CanonicalJsonError):
    code = "json_duplicate_key"
    when = "a JSON object with the same member name twice"
    remedy = "send every member once"


class UnsupportedFormat(FormatError):
    code = "format_unsupported"
    when = "a format or suite name that this version does not know"
    remedy = "use a version of gongzhi that knows it"


class SchemaError(FormatError):
    code = "schema_mismatch"
    when = "a value does not fit its slot, or slots do not fit the schema"
    remedy = "compare the record with the schema document of its item version"


class PersonalInOpen(SchemaError):
    code = "personal_in_open"
    when = "an open text, which everybody may see, holds what looks like an identity number or a mobile phone"
    remedy = "write it into the slot that is meant for it: a name, phone or number, or the description"


class CodeUnknown(FormatError):
    code = "code_unknown"
    when = "a value is not in the code set of its slot"
    remedy = "use a code of the set that is named: `gongzhi codes show` lists them; map the codes of another system"


class RuleError(FormatError):
    code = "derivation_failed"
    when = "a value cannot be masked by the rule of its slot because it is malformed"
    remedy = "correct the original value; a malformed value is never passed through"


class SignatureError(FormatError):
    code = "signature_malformed"
    when = "bytes that are no strict signature (65 bytes r‖s‖v, low s, v 27 or 28), no 32-byte digest or no private key"
    remedy = "sign again with a library that gives low s, and write v as 27 or 28"


class OpeningInvalid(FormatError):
    code = "opening_invalid"
    when = "the header Gongzhi-Opening is missing, malformed, or holds an id that is none of its kind"
    remedy = "check kind, length and check character of the id, then ask again with a fresh blind"


class OpeningMismatch(OpeningInvalid):
    code = "opening_mismatch"
    when = "the header Gongzhi-Opening does not open the subjectCommitment that the signed body holds"
    remedy = "make the commitment from the same blind and id that the header carries, then ask again"


class VerificationError(GongzhiError):
    """Raised at the first step that fails; `step` is the number in the formats page, 0 where it has none."""

    code = "verification_failed"
    when = "a numbered step of the verification failed"
    remedy = "see the step in the verification reference; keep the file as evidence"

    def __init__(self, step: int, detail: str, *, expected: str = "", actual: str = "", blames: str = "") -> None:
        super().__init__(detail)
        self.step, self.expected, self.actual, self.blames = step, expected, actual, blames


class RequestError(GongzhiError):
    """`reason` is a value of `ledger.core.request_signature.RequestReason`."""

    code = "request_not_authentic"
    when = "a request's signature is missing, malformed, out of time, or does not cover what it must"
    remedy = "sign the request again; `reason` says what was wrong"

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class HistoryError(GongzhiError):
    code = "history_invalid"
    when = "chain events or blocks do not follow from one another"
    remedy = "fetch the chain file anew from a node that you trust; compare nodes of different members"


class EngineError(GongzhiError):
    code = "engine_failed"
    when = "an embedded engine does not start, answer or stop"
    remedy = "see `gongzhi logs`; `gongzhi status` names the process"


class UsageError(GongzhiError):
    code = "usage"
    when = "the command was given arguments that it cannot use"
    remedy = "see the command's --help"


class ChainError(GongzhiError):
    code = "chain_unavailable"
    when = "the chain does not answer, is behind, or is not the one that is configured"
    remedy = "see `gongzhi status`; writes are kept and sent when the chain is back"


class SealingError(GongzhiError):
    code = "unsealing_failed"
    when = "sealed bytes do not open: another key, altered bytes, or another record version"
    remedy = "verify the ledger; if the bytes are as anchored, the key provider holds another key"


class NotFound(GongzhiError):
    code = "not_found"
    when = "nothing is there under that id for this caller"
    remedy = "compare the id; a record that was accepted elsewhere is at its own gateway"


class Conflict(GongzhiError):
    code = "conflict"
    when = "the same id was used before with other content"
    remedy = "ask what is stored under the id, then send with a fresh one"


class VersionConflict(Conflict):
    code = "version_conflict"
    when = "a record version is there already, or `previous` is not the root of the version before it"
    remedy = "read the newest version, and publish the next one on top of it"


class NotAnchoredYet(Conflict):
    code = "not_anchored_yet"
    when = "a bundle of a record whose entry is not anchored and confirmed on chain yet"
    remedy = "ask again after the acceptance's anchorBy; usually a few seconds are enough"


class SubmissionRefused(GongzhiError):
    code = "submission_refused"
    when = "a submission's signer, item, schema, root, times or records are not what they must be"
    remedy = "see `detail` for what was expected; nothing was stored"


class WrongRoot(SubmissionRefused):
    code = "records_root_mismatch"
    when = "recordsRoot or recordCount is not that of the records that were sent"
    remedy = "recompute the root over the records as sent, then sign again"


class NotEntitled(SubmissionRefused):
    code = "not_entitled"
    when = "the signer may not do this: key, role, agency, kind of agency, or item at that time"
    remedy = "see `detail`; keys and items are in /v1/agencies and /v1/catalogue"


class KeyEnded(NotEntitled):
    code = "key_ended"
    when = "the key was revoked, retired or had expired"
    remedy = "sign with a key that is in force; an ADMIN of the agency binds a new one"


class RoleMissing(NotEntitled):
    code = "role_missing"
    when = "the key is bound without the role that this needs"
    remedy = "sign with a key that has the role; roles of keys are in /v1/agencies"


class KindNotAllowed(NotEntitled):
    code = "publisher_kind_not_allowed"
    when = "agencies of this kind may not publish the item"
    remedy = "see the item's publisherKinds in /v1/catalogue"


class ItemUnknown(NotEntitled):
    code = "item_unknown"
    when = "the item or its version was not published, or the item is retired"
    remedy = "see /v1/catalogue for items and versions"


class WrongGateway(SubmissionRefused):
    code = "gateway_foreign"
    when = "a submission that names another gateway than this one"
    remedy = "send it to the gateway that it names, or sign it for this one"


class DerivedMismatch(SubmissionRefused):
    code = "derived_value_mismatch"
    when = "a derived value that was sent along is not what the slot's rule gives"
    remedy = "derive with the rules of this version, or send no derived values"


class StaleStatement(SubmissionRefused):
    code = "statement_stale"
    when = "`signedAt` lies too far from the gateway's clock for its anchoring promise to be kept"
    remedy = "check the clock, then sign again with the same submissionId and a fresh signedAt"


class ForeignPublisher(SubmissionRefused):
    code = "publisher_foreign"
    when = "a next version of a record by another agency than its publisher"
    remedy = "publish a record of your own about it, or mark it disputed"


class LookRefused(GongzhiError):
    """A decision against a look; `reason` is the policy's refusal code."""

    code = "look_refused"
    when = "the decision about this look was negative; the refusal is logged and anchored"
    remedy = "see `reason` and `needed`"

    def __init__(self, reason: int, name: str, needed: str) -> None:
        super().__init__(f"{name}: {needed}", reason=reason, name=name, needed=needed)
        self.reason, self.name, self.needed = reason, name, needed


class TooLarge(GongzhiError):
    code = "too_large"
    when = "more than 5,000 records or 8 MiB in one submission, or more than a page or a limit allows"
    remedy = "send it in several parts"


class TooMany(GongzhiError):
    code = "too_many_requests"
    when = "the agency's rate or concurrency limit is reached"
    remedy = "wait as long as Retry-After says"


class StoreError(GongzhiError):
    code = "store_unavailable"
    when = "the database does not answer"
    remedy = "see `gongzhi status`; nothing was acknowledged, so it is safe to send again"


class KeyProviderError(GongzhiError):
    code = "key_unavailable"
    when = "a signing key or a key provider cannot be opened or used"
    remedy = "check the key's URI, its file mode and its password file"


class SignerUnreachable(KeyProviderError):
    code = "signer_unreachable"
    when = "a remote signer does not answer in time, or its TLS certificate does not check"
    remedy = "see whether the signer runs, its URL, and the setting's CA file and client certificate"


class SignerFaulty(KeyProviderError):
    code = "signer_faulty"
    when = "a remote signer answers with something else than the signature that it was asked for"
    remedy = "see the signer's log and which key it holds; what it answered is not used"


class TransactionFailed(ChainError):
    code = "transaction_failed"
    when = "a contract refuses the call; it was quarantined and will not be retried"
    remedy = "see the contract's error in `detail`; `gongzhi explain` shows the transaction"


class PromiseBroken(GongzhiError):
    code = "promise_broken"
    when = "a gateway's acceptance, disclosure, view or bundle does not check against what was asked and signed"
    remedy = "keep the receipt: it is evidence against the gateway; do not use the data"


class GatewayUnreachable(GongzhiError):
    """`outcome_unknown` says whether what was sent may have arrived."""

    code = "gateway_unreachable"
    when = "the gateway does not answer, not even after several attempts"
    remedy = "run the command again; what is in the outbox is kept and sent once"

    def __init__(self, detail: str = "", *, outcome_unknown: bool = False) -> None:
        super().__init__(detail)
        self.outcome_unknown = outcome_unknown


class GatewayProblem(GongzhiError):
    code = "gateway_problem"
    when = "the gateway answered with an error that this version of the client does not know"
    remedy = "see `detail` for the gateway's own code; update the client"


class RowRejected(GongzhiError):
    """A row that cannot become a record; never holds the row's values."""

    code = "row_rejected"
    when = "a row of a source file does not give what the mapping and the schema need"
    remedy = "correct the row or the mapping; the report names row, path and reason"

    def __init__(self, path: str, reason: str, accepted: tuple[str, ...] = (), first_row: int | None = None) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason
        self.accepted, self.first_row = accepted, first_row


class ChainBehind(ChainError):
    code = "chain_behind"
    when = "the node has only the first part of the chain that was followed: it is catching up, or was set back"
    remedy = "wait for the node; an embedded chain is brought back by `gongzhi up`"


class StreamDiverged(GongzhiError):
    code = "stream_diverged"
    when = "the chain holds batches of this gateway that its database does not have; nothing is anchored"
    remedy = "the database is older than the chain: restore a newer backup, or see `gongzhi admin refetch` and `void`"


class LegalHold(Conflict):
    code = "legal_hold"
    when = "a mark `erased` on a record that its publisher, an auditor or a supervisor holds for a legal reason"
    remedy = "keep the record; what may be erased is the versions that are not held, one by one"


class BackupInvalid(FormatError):
    code = "backup_invalid"
    when = "a backup lacks a file, or holds one that is not what its manifest says"
    remedy = "use another backup; nothing of this one was restored"


class DatabaseInUse(Conflict):
    code = "database_in_use"
    when = "a restore into a database or data folder that holds something already"
    remedy = "restore into a fresh database and an empty data folder; nothing was overwritten"


class ProfileUnsafe(GongzhiError):
    code = "profile_unsafe"
    when = "a mask profile of a catalogue item opens what its tier may not see, or a schema has no fields map"
    remedy = "change what `detail` names, and see `gongzhi profile lint` and `preview`; nothing was published"
