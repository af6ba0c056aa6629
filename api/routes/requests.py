"""Requests for access with their grants, for members."""

from starlette.responses import Response

from api.access_lists import Agency, Cursor, Item, Part, Rows, State, list_response
from api.access_shapes import REQUEST, REQUESTS
from api.answers import bytes32, json_response
from api.auth import SignedRequest, answer
from api.context import Context
from api.openapi import signed
from api.parameters import Hash
from api.routing import routes
from ledger.services.list_access import find_request, list_requests

router = routes("requests")


@router.get("/v1/requests", **signed("Requests for access, newest first", REQUESTS))
def index(
    context: Context,
    request: SignedRequest,
    agency: Agency = None,
    role: Part = "",
    state: State = "",
    item: Item = None,
    cursor: Cursor = None,
    limit: Rows = 50,
) -> Response:
    """Return requests in which an agency is `reader` or `holder`, with their grants; any member sees them."""
    wanted = agency, role, state, item
    return list_response(context, request, list_requests, "requests", wanted, (cursor, limit))


@router.get("/v1/requests/{request_id}", **signed("One request", REQUEST))
def show(context: Context, request: SignedRequest, request_id: Hash) -> Response:
    """Return a request as the chain and the received actions say; `stands` says how far it is itself."""
    wanted = bytes32(request_id, "request id")
    return json_response(answer(context, request, lambda call: find_request(call, wanted)))
