"""Consents, for those who have a part in them."""

from starlette.responses import Response

from api.access_lists import Agency, Cursor, Part, Rows, State, list_response
from api.access_shapes import CONSENT, CONSENTS
from api.answers import bytes32, json_response
from api.auth import SignedRequest, answer
from api.context import Context
from api.openapi import signed
from api.parameters import Hash
from api.routing import routes
from ledger.services.list_access import find_consent, list_consents

router = routes("consents")


@router.get("/v1/consents", **signed("Consents, newest first", CONSENTS))
def index(
    context: Context,
    request: SignedRequest,
    agency: Agency = None,
    role: Part = "",
    state: State = "",
    cursor: Cursor = None,
    limit: Rows = 50,
) -> Response:
    """Return consents in which the caller's agency is `recipient`, `holder` or `witness`; an AUDIT key sees all."""
    wanted = agency, role, state, None
    return list_response(context, request, list_consents, "consents", wanted, (cursor, limit))


@router.get("/v1/consents/{consent_id}", **signed("One consent", CONSENT))
def show(context: Context, request: SignedRequest, consent_id: Hash) -> Response:
    """Return a consent as the chain and the received actions say; `stands` says how far it is itself."""
    wanted = bytes32(consent_id, "consent id")
    return json_response(answer(context, request, lambda call: find_consent(call, wanted)))
