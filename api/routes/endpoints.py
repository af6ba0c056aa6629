"""Where the gateways of the consortium are reached."""

from starlette.responses import Response

from api.answer_shapes import ENDPOINT
from api.answers import json_response
from api.auth import SignedRequest, answer
from api.body_shapes import ENDPOINT_BODY
from api.context import Context
from api.openapi import signed
from api.routing import routes
from ledger.services.endpoints import keep_endpoint

router = routes("chain")


@router.post("/v1/endpoints", **signed("Hand over an endpoint document", ENDPOINT, body=ENDPOINT_BODY))
def take(context: Context, request: SignedRequest) -> Response:
    """Keep the endpoint document that the chain names for an agency, so that readers find its gateway here.

    Any member may hand over any agency's: its hash stands on chain.
    """
    return json_response(answer(context, request, lambda call: keep_endpoint(call, request.json())))
