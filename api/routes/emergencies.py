"""Emergencies and what became of them, for members."""

from starlette.responses import Response

from api.access_lists import Agency, Cursor, Item, Part, Rows, State, list_response
from api.access_shapes import EMERGENCIES, EMERGENCY
from api.answers import bytes32, json_response
from api.auth import SignedRequest, answer
from api.context import Context
from api.openapi import signed
from api.parameters import Hash
from api.routing import routes
from ledger.services.list_access import find_emergency, list_emergencies

router = routes("emergencies")


@router.get("/v1/emergencies", **signed("Emergencies, newest first", EMERGENCIES))
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
    """Return emergencies in which an agency is `opener` or `reviewer`; any member sees them."""
    wanted = agency, role, state, item
    return list_response(context, request, list_emergencies, "emergencies", wanted, (cursor, limit))


@router.get("/v1/emergencies/{emergency_id}", **signed("One emergency", EMERGENCY))
def show(context: Context, request: SignedRequest, emergency_id: Hash) -> Response:
    """Return an emergency as the chain and the received actions say; `stands` says how far it is itself."""
    wanted = bytes32(emergency_id, "emergency id")
    return json_response(answer(context, request, lambda call: find_emergency(call, wanted)))
