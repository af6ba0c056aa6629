"""An agency's own records past a time, which it may want to mark erased."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.answer_shapes import OWN_RECORDS
from api.answers import cursor_text, json_response, parse_cursor
from api.auth import SignedRequest, answer
from api.context import Context
from api.openapi import signed
from api.parameters import PageSize
from api.routing import routes
from ledger.core.codes import Role
from ledger.core.hexadecimal import to_hex
from ledger.services.retention import own_records

router = routes("retention")
Item = Annotated[int, Query(ge=1, lt=2**31, description="catalogue item")]
Before = Annotated[int, Query(ge=0, lt=2**53, description="Unix seconds; records accepted before it")]
Cursor = Annotated[str | None, Query(max_length=128, description="`next` of the page before")]


@router.get("/v1/retention", **signed("Own records past a time", OWN_RECORDS, role=Role.SUBMIT))
def index(
    context: Context, request: SignedRequest, item: Item, before: Before, cursor: Cursor = None, limit: PageSize = 200
) -> Response:
    """Return ids and acceptance times of the caller's own records of an item that are served; no slot is opened."""
    after = parse_cursor(cursor) or (0, b"")
    found = answer(context, request, lambda call: own_records(call, item, before, after, limit))
    records = [
        {"recordId": to_hex(one.record_id), "version": one.version, "acceptedAt": one.accepted_at} for one in found
    ]
    following = found[-1].place if len(found) == limit else None
    return json_response({"records": records, "next": cursor_text(following)})
