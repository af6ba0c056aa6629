"""Parameters in force, as the chain says."""

from starlette.responses import Response

from api.answer_shapes import PARAMETERS
from api.answers import json_response
from api.context import Context
from api.openapi import public
from api.routing import routes
from ledger.services.describe import describe_parameters

router = routes("chain")


@router.get("/v1/parameters", **public("Parameters in force", PARAMETERS))
def index(context: Context) -> Response:
    """Return anchorDelay, factsAge and suspectWindow, in seconds."""
    with context.gateway.store.begin() as transaction:
        return json_response(describe_parameters(context.gateway.facts.history(transaction)))
