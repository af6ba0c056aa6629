"""Catalogue items and their versions, as the chain says."""

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from api.answer_shapes import CATALOGUE, ITEM
from api.answers import json_response
from api.context import Context
from api.openapi import public
from api.routing import routes
from ledger.services.describe import describe_catalogue, describe_item

router = routes("chain")
ItemNumber = Annotated[int, Path(ge=1, lt=2**32, description="catalogue item")]


@router.get("/v1/catalogue", **public("Catalogue items", CATALOGUE))
def index(context: Context) -> Response:
    """Return every catalogue item with its versions; documents are at /v1/documents by their hashes."""
    with context.gateway.store.begin() as transaction:
        items = describe_catalogue(context.gateway.facts.history(transaction))
    return json_response({"items": items})


@router.get("/v1/catalogue/{item}", **public("One catalogue item", ITEM))
def show(context: Context, item: ItemNumber) -> Response:
    """Return a catalogue item with its versions."""
    with context.gateway.store.begin() as transaction:
        return json_response(describe_item(context.gateway.facts.history(transaction), item))
