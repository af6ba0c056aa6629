"""Relayed actions: signed messages that the gateway takes to the chain, and how far they are."""

from starlette.responses import Response

from api.answer_shapes import ACTION
from api.answers import JSON, action_document, bytes32, json_bytes, json_response
from api.auth import SignedRequest, answer
from api.body_shapes import ACTION_BODY
from api.context import Context
from api.openapi import signed
from api.parameters import Hash
from api.routing import routes
from ledger.errors import NotFound
from ledger.services.answer_once import answer_once
from ledger.services.authenticate import Call
from ledger.services.relay import find_action, take_action

router = routes("actions")


@router.post("/v1/actions", **signed("Act on a contract", ACTION, body=ACTION_BODY, idempotent=True, status=202))
def take(context: Context, request: SignedRequest) -> Response:
    """Take a signed message of ConsentRegistry, AccessLedger, EmergencyAccess or a mark for relay.

    The answer holds the signed promise of its block. The message's own signers count; any member may hand it over.
    """
    relay = context.relay
    if relay is None:
        raise NotFound("this gateway relays no messages")

    def make(call: Call) -> tuple[int, bytes]:
        return 202, json_bytes(action_document(take_action(call, relay, request.json())))

    key, target = request.headers.get("idempotency-key"), f"{request.method} {request.path}?{request.query}"
    status, body = answer(
        context, request, lambda call: answer_once(call, key, target, request.body, lambda: make(call))
    )
    return Response(body, status, media_type=JSON)


@router.get("/v1/actions/{digest}", **signed("How far an action is", ACTION))
def show(context: Context, request: SignedRequest, digest: Hash) -> Response:
    """Return an action of the caller's agency, or one that it handed over, with the times of its states.

    States: received, submitted, final or failed.
    """
    wanted = bytes32(digest, "action digest")
    return json_response(action_document(answer(context, request, lambda call: find_action(call, wanted))))
