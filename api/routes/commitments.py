"""Commitments for thin clients: computed and forgotten."""

from starlette.responses import Response

from api.answer_shapes import COMMITMENTS
from api.answers import json_response
from api.auth import SignedRequest, answer
from api.body_shapes import COMMIT_BODY
from api.context import Context
from api.openapi import signed
from api.routing import routes
from ledger.core.codes import Role
from ledger.services.commit_for_client import commit_for_client

router = routes("submissions")


@router.post(
    "/v1/commit", **signed("Commit records without storing them", COMMITMENTS, role=Role.SUBMIT, body=COMMIT_BODY)
)
def commit(context: Context, request: SignedRequest) -> Response:
    """Return record roots, field digests and the records' root, storing nothing. Recompute the root before signing."""
    return json_response(answer(context, request, lambda call: commit_for_client(call, request.json())))
