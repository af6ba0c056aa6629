"""Relayed actions: how far they are."""

from fastapi import APIRouter
from starlette.responses import Response

from api.answer_shapes import ACTION
from api.answers import action_document, bytes32, json_response
from api.auth import SignedRequest, answer
from api.context import Context
from api.openapi import signed
from api.parameters import Hash
from ledger.services.mark import find_action

router = APIRouter(tags=["marks"])


@router.get("/v1/actions/{digest}", **signed("How far an action is", ACTION))
def show(context: Context, request: SignedRequest, digest: Hash) -> Response:
    """Return an action of the caller's agency with the times of its states: received, submitted, final or failed."""
    wanted = bytes32(digest, "action digest")
    return json_response(action_document(answer(context, request, lambda call: find_action(call, wanted))))
