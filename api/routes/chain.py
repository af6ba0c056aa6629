"""The chain that everything is anchored on."""

from starlette.responses import Response

from api.answer_shapes import CHAIN
from api.answers import json_response
from api.context import Context
from api.openapi import public
from api.routing import routes
from ledger.services.describe import describe_chain

router = routes("chain")


@router.get("/v1/chain", **public("The chain and its contracts", CHAIN))
def show(context: Context) -> Response:
    """Return chain id, genesis, contracts with their code hashes, and how far this gateway has followed."""
    gateway = context.gateway
    with gateway.store.begin() as transaction:
        return json_response(describe_chain(gateway, transaction, gateway.facts.history(transaction)))
