"""Explanations: where something is, what happened to it, what it waits for."""

from starlette.responses import Response

from api.answer_shapes import EXPLANATION
from api.answers import bytes32, json_response
from api.auth import SignedRequest, answer
from api.context import Context
from api.openapi import signed
from api.parameters import Hash
from api.routing import routes
from ledger.services.explain import explain

router = routes("entries")


@router.get("/v1/explanations/{identifier}", **signed("Where something is", EXPLANATION))
def show(context: Context, request: SignedRequest, identifier: Hash) -> Response:
    """Return what is known about a submissionId, an entry digest, an action digest or a recordId."""
    wanted = bytes32(identifier, "id")
    return json_response(answer(context, request, lambda call: explain(call, wanted)))
