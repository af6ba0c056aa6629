"""The auditor's export."""

from starlette.responses import StreamingResponse

from api.answer_shapes import TEXT
from api.auth import SignedRequest, answer
from api.context import Context
from api.look_headers import export_asked_by
from api.openapi import look
from api.parameters import After
from api.routing import routes
from ledger.services.export import begin_export, export_chunks

router = routes("audit")
NDJSON = "application/x-ndjson"


@router.get("/v1/export", **look("Export the anchored ledger", TEXT, media_type=NDJSON))
def export(context: Context, request: SignedRequest, after: After = 0) -> StreamingResponse:
    """Stream `gongzhi-export/1` in sequence order, for AUDIT keys and purpose 12; a Query entry is made first."""
    begun = answer(context, request, lambda call: begin_export(call, export_asked_by(request.headers), after))
    return StreamingResponse(export_chunks(context.gateway.store, begun), media_type=NDJSON)
