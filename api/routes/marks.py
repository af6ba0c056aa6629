"""Marks on records: typed messages that the gateway relays to the chain."""

from starlette.responses import Response

from api.answer_shapes import ACTION
from api.answers import JSON, action_document, json_bytes
from api.auth import SignedRequest, answer
from api.body_shapes import MARK_BODY
from api.context import Context
from api.openapi import signed
from api.routing import routes
from ledger.core.codes import Role
from ledger.errors import NotFound
from ledger.services.answer_once import answer_once
from ledger.services.authenticate import Call
from ledger.services.relay import take_mark

router = routes("marks")


@router.post(
    "/v1/marks", **signed("Mark a record", ACTION, role=Role.SUBMIT, body=MARK_BODY, idempotent=True, status=202)
)
def mark(context: Context, request: SignedRequest) -> Response:
    """Take a signed Mark message for relay, with the signed promise of its block."""
    relay = context.relay
    if relay is None:
        raise NotFound("this gateway relays no messages")

    def make(call: Call) -> tuple[int, bytes]:
        return 202, json_bytes(action_document(take_mark(call, relay, request.json())))

    key, target = request.headers.get("idempotency-key"), f"{request.method} {request.path}?{request.query}"
    status, body = answer(
        context, request, lambda call: answer_once(call, key, target, request.body, lambda: make(call))
    )
    return Response(body, status, media_type=JSON)
