"""Anchored batches of this gateway's stream, as the chain says."""

from starlette.responses import Response

from api.answer_shapes import ANCHORS
from api.answers import json_response
from api.context import Context
from api.openapi import public
from api.parameters import After, PageSize
from api.routing import routes
from ledger.services.describe import describe_anchors

router = routes("chain")


@router.get("/v1/anchors", **public("Anchored batches in order", ANCHORS))
def index(context: Context, after: After = 0, limit: PageSize = 100) -> Response:
    """Return anchored batches with a greater number than `after`; `next` is the last one's number."""
    gateway = context.gateway
    with gateway.store.begin() as transaction:
        anchors = describe_anchors(gateway.facts.history(transaction), gateway.agency, after, limit)
    following = anchors[-1]["batch"] if len(anchors) == limit else None
    return json_response({"anchors": anchors, "next": following})
