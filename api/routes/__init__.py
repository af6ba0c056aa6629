"""One file per noun; the order is that of the reference page."""

from api.routes import (
    actions,
    agencies,
    anchors,
    catalogue,
    chain,
    commitments,
    documents,
    entries,
    explanations,
    export,
    health,
    marks,
    metrics,
    parameters,
    records,
    submissions,
)

ROUTERS = (
    submissions.router,
    commitments.router,
    records.router,
    marks.router,
    actions.router,
    documents.router,
    entries.router,
    anchors.router,
    agencies.router,
    catalogue.router,
    parameters.router,
    chain.router,
    export.router,
    explanations.router,
    health.router,
    metrics.router,
)
