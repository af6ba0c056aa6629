"""Publishing at a gateway: send, ask, check the acceptance, keep it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.client.attaching import AttachedFile
from ledger.client.desk import Desk
from ledger.client.looking import Looking
from ledger.client.looks import AskedLook
from ledger.client.promises import accepted_attempt, broken, check_acceptance, parse_statement
from ledger.client.queries import shaped
from ledger.client.submissions import (
    SignedContent,
    SubmissionContent,
    message_of,
    record_text,
    records_root,
    request_body,
    sign,
)
from ledger.client.transport import SignedAnswer
from ledger.core.bundle import SignedSubmission
from ledger.core.codes import Authority
from ledger.core.commitment import RecordContent, commit
from ledger.core.eip712 import ZERO32
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.schema import Schema
from ledger.core.shapes import array, unsigned
from ledger.core.statements import StatementDomain
from ledger.errors import FormatError, PromiseBroken

MOST_WAIT_SECONDS = 30
_CLOSED_AFTERWARDS = {"connection": "close"}
"""A connection belongs to one process of a gateway: over kept ones all of a publisher's work may go to the same."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A submission as its gateway answered for it; `sequence` and `batch` are None until it is anchored."""

    submission_id: bytes
    state: str
    entry: bytes
    accepted_at: int
    anchor_by: int
    times: Mapping[str, Any]
    sequence: int | None
    batch: int | None
    duplicates: tuple[int, ...] = ()
    """Places of records that collect again what the item holds about the same person."""


class Publishing:
    """The publisher's part of the client."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @property
    def domain(self) -> StatementDomain:
        """The domain of the RecordAnchors in force."""
        return self._desk.facts.domain

    def sign(self, content: SubmissionContent, domain: StatementDomain | None = None) -> SignedContent:
        """Sign a content now, in the agency's name, for this gateway; raises KeyProviderError.

        `domain` is that of the RecordAnchors in force unless another one is given.
        """
        desk = self._desk
        message = message_of(content, desk.facts.gateway, desk.agency, desk.transport.now())
        return sign(message, domain or desk.facts.domain, desk.signer)

    def untried(self, tried: Collection[StatementDomain]) -> StatementDomain | None:
        """Ask the directory again; return a domain that counts now and is none of `tried`, None if there is none.

        The gateway may have heard of a successor before this client, or not yet.
        """
        self._desk.follow()
        counting = self._desk.facts.domains_at(self._desk.transport.now())
        return next((domain for domain in counting if domain not in tried), None)

    def upload(self, file: AttachedFile) -> None:
        """Send a file that a record will name; sending it again changes nothing.

        Raises GatewayUnreachable, AttachmentTooLarge, AttachmentRefused, AttachmentQuota, PromiseBroken.
        """
        headers = {"gongzhi-attachment": to_hex(file.digest)}
        answer = self._desk.transport.post(
            "/v1/attachments", file.content, headers, repeatable=True, media_type=file.media
        )
        if answer.members("digest", "state")["digest"] != to_hex(file.digest):
            broken("the answer is about another attachment")

    def send(self, content: SubmissionContent, attempts: Sequence[SignedContent], wait_seconds: int = 0) -> Accepted:
        """Send the newest of `attempts` once; returns the checked acceptance, which may be of an earlier attempt.

        `wait_seconds` (≤ 30) lets the gateway answer only when the submission is anchored. Raises GatewayUnreachable
        (`outcome_unknown`: ask by id before signing anew), the gateway's refusals, LookRefused where what a refusal
        would tell of stored records is refused (checked and kept), PromiseBroken.
        """
        path = "/v1/submissions" + (f"?wait={min(wait_seconds, MOST_WAIT_SECONDS)}" if wait_seconds else "")
        body = request_body(content, attempts[-1])
        answer = self._desk.transport.post(path, body, _CLOSED_AFTERWARDS, repeatable=False)
        if answer.status == 403:
            self._refused(answer, content.item)
        return self._accepted(answer, content.submission_id, attempts)

    def ask(self, submission_id: bytes, attempts: Sequence[SignedContent]) -> Accepted:
        """Ask what became of a submission; raises NotFound if the gateway never accepted it, PromiseBroken."""
        answer = self._desk.transport.get(f"/v1/submissions/{to_hex(submission_id)}")
        return self._accepted(answer, submission_id, attempts)

    def state(self, submission_id: bytes) -> Mapping[str, Any]:
        """Return how far a submission is: `state`, `times`, `sequence`, `batch` as the gateway tells them."""
        answer = self._desk.transport.get(f"/v1/submissions/{to_hex(submission_id)}")
        return answer.members("submissionId", "state", "times", "sequence", "batch")

    def commit_at_gateway(self, schema: Schema, records: Sequence[RecordContent]) -> bytes:
        """Let the gateway commit `records` (it stores nothing) and return recordsRoot, recomputed before it is trusted.

        Raises PromiseBroken if a digest or the root is not what the records give.
        """
        texts = b",".join(record_text(record) for record in records)
        content = b'{"schemaHash":"' + to_hex(schema.hash).encode() + b'","records":[' + texts + b"]}"
        answer = self._desk.transport.post("/v1/commit", content, repeatable=True).members("recordsRoot", "records")
        own = [commit(schema, record) for record in records]
        for made, given in zip(own, answer["records"], strict=False):
            if not isinstance(given, dict) or given.get("digests") != [to_hex(digest) for digest in made.digests]:
                broken("the gateway committed other values than the records hold")
            if given.get("recordRoot") != to_hex(made.record_root):
                broken("the gateway computed another record root")
        root = records_root((made.record_id, made.version, made.record_root) for made in own)
        if answer["recordsRoot"] != to_hex(root) or len(answer["records"]) != len(own):
            broken("the gateway computed another root over the records")
        return root

    def _refused(self, answer: SignedAnswer, item: int) -> None:
        """Check, keep and raise the refusal of the question that a submission asks of the records that are there."""
        desk = self._desk
        signer, none = desk.signer.address, 0
        window = (answer.base, answer.signature, answer.created, answer.expires)
        asked = AskedLook(*window, desk.agency, signer, item, none, none, int(Authority.CLASS1), ZERO32, ZERO32)
        Looking(desk).refuse(answer, asked)

    def _accepted(self, answer: SignedAnswer, submission_id: bytes, attempts: Sequence[SignedContent]) -> Accepted:
        names = ("submissionId", "state", "entry", "sealedHash", "acceptance", "times", "sequence", "batch")
        members = answer.members(*names)
        acceptance = parse_statement("Acceptance", members["acceptance"])
        try:
            entry, sealed = from_hex(members["entry"], 32), from_hex(members["sealedHash"], 32)
        except FormatError as error:
            raise PromiseBroken(f"the answer's entry or sealedHash has no 32 bytes: {error.detail}") from error
        duplicates = [shaped(unsigned, place, 32) for place in shaped(array, members.get("duplicates", []))]
        if members["submissionId"] != to_hex(submission_id):
            broken("the answer is about another submission")
        sent = [SignedSubmission(a.message, a.signer, a.signature, sealed) for a in attempts]
        domains = self._desk.facts.domains_at(acceptance.message["acceptedAt"])
        attempt = accepted_attempt(acceptance.message["entry"], sent, domains)
        self._desk.check(
            acceptance, attempt or sent[-1], lambda facts: check_acceptance(acceptance, entry, attempt, facts)
        )
        return Accepted(
            submission_id,
            str(members["state"]),
            entry,
            acceptance.message["acceptedAt"],
            acceptance.message["anchorBy"],
            members["times"],
            members["sequence"],
            members["batch"],
            tuple(duplicates),
        )
