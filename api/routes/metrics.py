"""Metrics of this process, for Prometheus."""

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from api.answer_shapes import TEXT
from api.context import Context
from api.openapi import public
from api.routing import routes
from ledger.services.key_watch import seconds_left

router = routes("health")
EVER = 2**62
"""Later than every time (Unix seconds)."""


@router.get("/metrics", **public("Prometheus metrics", TEXT, media_type="text/plain"))
def metrics(context: Context) -> Response:
    """Return this process's counters and the gateway's figures."""
    with context.gateway.store.begin() as transaction:
        figures = transaction.figures()
        keys = seconds_left(context.gateway, transaction)
        collected = transaction.once_figures(0, EVER)
    return Response(context.metrics.page(figures, keys, collected), media_type=CONTENT_TYPE_LATEST)
