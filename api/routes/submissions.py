"""Submissions: publish records, and see how far they are."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.answer_shapes import SUBMISSION
from api.answers import bytes32, json_response, submission_document
from api.auth import SignedRequest, answer
from api.body_shapes import SUBMISSION_BODY
from api.context import ApiContext, Context
from api.look_headers import refuse_stated
from api.openapi import signed
from api.parameters import Hash
from api.routing import routes
from ledger.action_errors import DuplicateSubject
from ledger.core.codes import Role
from ledger.errors import Conflict, LookRefused
from ledger.rows import StoredSubmission
from ledger.services.authenticate import Call
from ledger.services.find_submission import find_submission, repeated_submission
from ledger.services.publish import SignedSubmission, parse_submission, publish
from ledger.services.wait import LONGEST_SECONDS, wait_until_anchored

router = routes("submissions")
Wait = Annotated[int, Query(ge=0, le=LONGEST_SECONDS, description="seconds to wait until it is anchored")]


@router.post(
    "/v1/submissions", **signed("Publish records", SUBMISSION, role=Role.SUBMIT, body=SUBMISSION_BODY, status=202)
)
def submit(context: Context, request: SignedRequest, wait: Wait = 0) -> Response:
    """Take a signed submission: everything in it is recomputed, sealed and stored before the answer.

    The answer carries the signed acceptance. The same submissionId with the same statement gets the first answer again.
    `duplicates` are places of records that collect again what the item holds about the same person; an item that
    refuses them answers `duplicate_subject` with the same `places`. Places count: against the quota of lists where the
    submission is taken (over it none are told), and as questions of coverage, with a Query, where it is refused.
    A submission states no purpose and no basis: with a header `Gongzhi-…` but the opening's it is refused.
    """
    daily = context.keys.current()
    given: list[SignedSubmission] = []

    def take(call: Call) -> StoredSubmission | DuplicateSubject | LookRefused:
        refuse_stated(request.headers)
        given.append(parse_submission(call, request.json()))
        return publish(call, given[0], daily, context.keys)

    try:
        stored = answer(context, request, take)
        context.metrics.count_published(len(given[0].records))
    except Conflict as conflict:
        if not given:
            raise
        stored = repeated_submission(context.gateway, given[0], conflict)
    return json_response(
        submission_document(context.gateway, _waited(context, stored, wait), context.gateway.clock()), 202
    )


@router.get("/v1/submissions/{submission_id}", **signed("How far a submission is", SUBMISSION))
def show(
    context: Context,
    request: SignedRequest,
    submission_id: Hash,
    publisher: Annotated[int | None, Query(ge=1, lt=2**32, description="publisher, for an AUDIT key")] = None,
    wait: Wait = 0,
) -> Response:
    """Return a submission of the caller's agency (or, to an AUDIT key, of any) as it was answered first."""
    wanted = bytes32(submission_id, "submissionId")
    stored = answer(context, request, lambda call: find_submission(call, wanted, publisher))
    return json_response(submission_document(context.gateway, _waited(context, stored, wait), context.gateway.clock()))


def _waited(context: ApiContext, stored: StoredSubmission, seconds: int) -> StoredSubmission:
    if not seconds or stored.entry.anchored_at is not None or not context.waiting.acquire(blocking=False):
        return stored
    try:
        return wait_until_anchored(context.gateway, stored.publisher, stored.submission_id, seconds)
    finally:
        context.waiting.release()
