"""Take a submission: recompute everything, seal it, answer with a signed promise (architecture, way of a record)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.action_errors import DuplicateSubject
from ledger.core.codes import EntryType, Role
from ledger.core.commitment import CommittedRecord
from ledger.core.entry import entry_digest, sealed_hash
from ledger.core.hexadecimal import from_hex
from ledger.core.history import AsOf
from ledger.core.shapes import members_of
from ledger.core.signature import recover
from ledger.core.statements import message_from_json, message_to_json, statement_digest
from ledger.errors import (
    Conflict,
    ForeignPublisher,
    LookRefused,
    NotEntitled,
    StoreError,
    VersionConflict,
    WrongGateway,
    WrongRoot,
)
from ledger.rows import DailyKey, NewEntry, NewRecord, NewSubmission, StoredSubmission
from ledger.services.attach import bind_attachments
from ledger.services.authenticate import Call
from ledger.services.collect_once import Collected, judge_collected
from ledger.services.commit_records import GivenRecord, commit_records, parse_records, tree_of
from ledger.services.duties import keep_steps
from ledger.services.find_document import schema_to_publish
from ledger.services.refuse import refuse_unpublishable, refuse_unseen_chain, refuse_untimely
from ledger.services.seal import DailyKeys, seal_record
from ledger.services.sign import sign_statement
from ledger.services.subjects import subjects_of


@dataclass(frozen=True, slots=True)
class SignedSubmission:
    """A submission as it was sent, with what follows from its statement alone."""

    message: Mapping[str, Any]
    signature: bytes
    signer: str
    digest: bytes
    """Statement digest."""
    records: Sequence[GivenRecord]

    @property
    def publisher(self) -> int:
        """Agency that publishes."""
        publisher: int = self.message["publisher"]
        return publisher

    @property
    def submission_id(self) -> bytes:
        """32 random bytes, unique per publisher."""
        submission_id: bytes = self.message["submissionId"]
        return submission_id


def parse_submission(call: Call, body: object) -> SignedSubmission:
    """Return the submission in a request body; raises FormatError, SignatureError, TooLarge or VersionConflict.

    It is signed for the RecordAnchors in force, or for an earlier one if it was taken then.
    """
    members = members_of(body, ("message", "signature", "records"), what="submission")
    message = message_from_json("Submission", members["message"])
    signature = from_hex(members["signature"], 65, what="signature")
    digest = _digest_of(call, message)
    records = parse_records(members["records"])
    return SignedSubmission(message, signature, recover(digest, signature), digest, records)


def _digest_of(call: Call, message: Mapping[str, Any]) -> bytes:
    digests = [statement_digest(domain, "Submission", message) for domain in reversed(call.domains)]
    if len(digests) > 1:
        taken = call.transaction.submission(message["publisher"], message["submissionId"])
        if taken is not None and taken.statement_digest in digests:
            return taken.statement_digest
    return digests[0]


def publish(
    call: Call, given: SignedSubmission, daily: DailyKey, keys: DailyKeys
) -> StoredSubmission | DuplicateSubject | LookRefused:
    """Judge, commit, seal and store a submission, or return what its submissionId was answered first.

    Raises a SubmissionRefused (gateway, signer, item, times, root), SchemaError, CodeUnknown, RuleError, Conflict,
    VersionConflict or ForeignPublisher; ChainError while the chain's head is not seen. Nothing is stored then, nor when
    it returns the error of an item that is collected once, but for what is entered and counted with it (see
    `judge_collected`).
    """
    call.require_role(Role.SUBMIT)
    if given.publisher != call.agency:
        raise NotEntitled(f"the request is signed by agency {call.agency}, the submission by {given.publisher}")
    earlier = first_answer(call, given)
    if earlier is not None:
        return earlier
    _judge(call, given)
    schema = schema_to_publish(call.transaction, given.message["schemaHash"])
    committed = commit_records(schema, given.records)
    _check_root(given, committed)
    _check_versions(call, given, committed)
    subjects = subjects_of(schema, given.records, given.message["item"], given.publisher)
    collected = judge_collected(call, given.message["item"], given.submission_id, subjects)
    if not isinstance(collected, Collected):
        return collected
    bind_attachments(call, schema, committed, keys)
    call.transaction.add_subjects(subjects)
    sealed = [
        seal_record(schema, made, record.content.salt_secret, record.content.originals, daily)
        for made, record in zip(committed, given.records, strict=True)
    ]
    stored = _store(call, given, sealed, collected)
    signed_at = given.message["signedAt"]
    keep_steps(call.transaction, schema, stored.entry.entry_id, given.publisher, signed_at, sealed)
    return stored


def first_answer(call: Call, given: SignedSubmission) -> StoredSubmission | None:
    """Return what is stored under the submissionId, None if nothing; raises Conflict if it is something else."""
    stored = call.transaction.submission(given.publisher, given.submission_id)
    if stored is not None and stored.statement_digest != given.digest:
        raise Conflict("this submissionId was used for another submission")
    return stored


def _judge(call: Call, given: SignedSubmission) -> None:
    gateway = given.message["gateway"]
    if gateway != call.gateway.agency:
        raise WrongGateway(f"the submission names gateway {gateway}, this is {call.gateway.agency}")
    if given.message["recordCount"] != len(given.records):
        raise WrongRoot(f"recordCount is {given.message['recordCount']}, {len(given.records)} records were sent")
    refuse_unseen_chain(call.history, call.transaction.seen_state().checked_at, call.now, call.as_of)
    refuse_untimely(call.history, given.message, call.now)
    refuse_unpublishable(call.history, given.message, given.signer, call.now)


def _check_root(given: SignedSubmission, committed: Sequence[CommittedRecord]) -> None:
    root = tree_of(committed).root
    if root != given.message["recordsRoot"]:
        raise WrongRoot(f"the records give the root 0x{root.hex()}")


def _check_versions(call: Call, given: SignedSubmission, committed: Sequence[CommittedRecord]) -> None:
    heads = call.transaction.record_heads([made.record_id for made in committed])
    for place, made in enumerate(committed):
        head = heads.get(made.record_id)
        if head is None:
            if made.version > 1:
                raise VersionConflict(f"record {place}: no version before {made.version} is here")
        elif made.version > 1 and head.publisher != given.publisher:
            raise ForeignPublisher(f"record {place} is of agency {head.publisher}")
        elif made.version != head.version + 1:
            raise VersionConflict(f"record {place}: the newest version here is {head.version}")
        elif made.previous != head.record_root:
            raise VersionConflict(f"record {place}: `previous` is not the root of version {head.version}")


def _store(call: Call, given: SignedSubmission, records: Sequence[NewRecord], collected: Collected) -> StoredSubmission:
    annex = sealed_hash([record.ciphertext_digest for record in records])
    digest = entry_digest(given.digest, given.signer, given.signature, annex)
    message = given.message
    delay = call.history.parameter("anchorDelay", AsOf(message["signedAt"]))
    promise = {
        "gateway": call.gateway.agency,
        "entry": digest,
        "acceptedAt": call.now,
        "anchorBy": min(message["signedAt"], call.now) + delay,
    }
    acceptance = sign_statement(call.gateway, call.domain, "Acceptance", promise)
    entry = NewEntry(
        entry_type=int(EntryType.SUBMISSION),
        message=message_to_json("Submission", message),
        signer=given.signer,
        signature=given.signature,
        annex=annex,
        digest=digest,
        agency=given.publisher,
        created_at=call.now,
        anchor_by=promise["anchorBy"],
    )
    call.transaction.add_submission(
        NewSubmission(
            entry=entry,
            submission_id=given.submission_id,
            publisher=given.publisher,
            item=message["item"],
            item_version=message["itemVersion"],
            schema_hash=message["schemaHash"],
            statement_digest=given.digest,
            accepted_at=call.now,
            acceptance_signature=acceptance.signature,
            acceptance_signer=acceptance.signer,
            records=records,
            about_persons=collected.about_persons,
            duplicates=collected.duplicates,
        )
    )
    stored = call.transaction.submission(given.publisher, given.submission_id)
    if stored is None:
        raise StoreError("the submission that was just stored is not there")
    return stored
