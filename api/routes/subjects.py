"""Queries about persons: is there a record already, and tokens and tags in an id's place. Each leaves an entry.

The signed body holds a commitment to the id; the id itself comes in the header Gongzhi-Opening and is forgotten.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from starlette.responses import Response

from api.answers import json_response
from api.auth import Received, SignedRequest, answer
from api.context import ApiContext, Context
from api.look_headers import query_asked_by
from api.openapi import query
from api.routing import routes
from api.subject_shapes import (
    CONSENT_TAG,
    COVERAGE,
    LIST_BODY,
    OUTWARD_TOKEN,
    PUBLISHERS_TOKEN,
    PUBLISHERS_TOKENS,
    SUBJECT_BODY,
    TAG_BODY,
)
from ledger.core import queries
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.shapes import array, members_of, unsigned
from ledger.core.subjects import MOST_LISTED, SubjectOpening
from ledger.errors import FormatError, LookRefused
from ledger.services.asked import Asked
from ledger.services.authenticate import Call
from ledger.services.coverage import coverage
from ledger.services.queries import all_opened, opened
from ledger.services.subjects import (
    PublishersTokens,
    tag_for_consent,
    token_for_publishing,
    token_for_reader,
    tokens_for_publishing,
)

router = routes("subjects")
Answer = TypeVar("Answer")


@router.post(
    queries.COVERAGE.path,
    **query(
        "Ask whether records about a person exist in an item", COVERAGE, role=queries.COVERAGE.role, body=SUBJECT_BODY
    ),
)
def ask_coverage(context: Context, request: SignedRequest) -> Response:
    """Return how many current records there are, and time and publisher of the newest; no record and no value."""
    made = _answered(context, request, coverage)
    found = made.found
    newest = {"recordedAt": found.recorded_at, "publisher": found.publisher} if found.count else None
    members = {"exists": found.count > 0, "count": found.count, "newest": newest}
    return json_response({"query": made.query.document(), **members})


@router.post(
    queries.TOKEN.path,
    **query("Get your token of a person", OUTWARD_TOKEN, role=queries.TOKEN.role, body=SUBJECT_BODY),
)
def ask_token(context: Context, request: SignedRequest) -> Response:
    """Return the caller's token of a person: another one for each agency, purpose and epoch."""
    made = _answered(context, request, token_for_reader)
    return json_response(
        {"query": made.query.document(), "token": made.token, "epoch": made.epoch, "endsAt": made.ends_at}
    )


@router.post(
    queries.SUBJECT.path,
    **query("Get what records about a person commit", PUBLISHERS_TOKEN, role=queries.SUBJECT.role, body=SUBJECT_BODY),
)
def ask_subject(context: Context, request: SignedRequest) -> Response:
    """Return the value of `/subject` for records about a person; it is sealed and opened to nobody else."""
    made = _answered(context, request, token_for_publishing)
    return json_response({"query": made.query.document(), "subject": to_hex(made.subject)})


@router.post(
    queries.SUBJECT_LIST.path,
    **query(
        f"Get what records about 1 to {MOST_LISTED} persons commit",
        PUBLISHERS_TOKENS,
        role=queries.SUBJECT_LIST.role,
        body=LIST_BODY,
    ),
)
def ask_subjects(context: Context, request: SignedRequest) -> Response:
    """Return the values of `/subject` for records about several persons, in the order of their commitments."""

    def action(call: Call) -> PublishersTokens | LookRefused:
        given = members_of(request.json(), LIST_BODY["required"], what="query")["subjectCommitments"]
        listed = array(given, what="subjectCommitments", most=MOST_LISTED)
        commitments = [from_hex(one, 32, what="subjectCommitment") for one in listed]
        if not commitments:
            raise FormatError("subjectCommitments: expected at least one")
        openings = all_opened(request.opening(), commitments)
        return tokens_for_publishing(call, query_asked_by(request.headers), openings)

    made = answer(context, request, action)
    return json_response({"query": made.query.document(), "subjects": [to_hex(token) for token in made.subjects]})


@router.post(
    queries.TAG.path,
    **query("Get a fresh subject tag for a consent", CONSENT_TAG, role=queries.TAG.role, body=TAG_BODY),
)
def ask_tag(context: Context, request: SignedRequest) -> Response:
    """Return a tag that no consent carries yet, for a consent to `recipient` for the purpose in Gongzhi-Purpose."""

    def make(call: Call, asked: Asked, opening: SubjectOpening) -> Any:
        return tag_for_consent(call, asked, opening, _recipient(request))

    made = _answered(context, request, make)
    return json_response(
        {"query": made.query.document(), "subjectTag": to_hex(made.tag.tag), "period": made.tag.period}
    )


def _answered(
    context: ApiContext, request: Received, ask: Callable[[Call, Asked, SubjectOpening], Answer | LookRefused]
) -> Answer:
    """Answer an authentic query; the opening is read behind the signature's check and handed to `ask` alone."""

    def action(call: Call) -> Answer | LookRefused:
        commitment = from_hex(_members(request)["subjectCommitment"], 32, what="subjectCommitment")
        return ask(call, query_asked_by(request.headers), opened(request.opening(), commitment))

    return answer(context, request, action)


def _recipient(request: Received) -> int:
    return unsigned(_members(request)["recipient"], 32, what="recipient")


def _members(request: Received) -> Mapping[str, Any]:
    names = TAG_BODY if request.path == queries.TAG.path else SUBJECT_BODY
    return members_of(request.json(), names["required"], what="query")
