"""What a resident consented to, told to himself (policy page, "What a resident sees")."""

from starlette.responses import Response

from api.access_lists import Cursor, Rows
from api.answers import json_response, left_text, parse_left
from api.auth import SignedRequest, answer
from api.context import Context
from api.look_headers import query_asked_by
from api.openapi import resident_s_query
from api.routing import routes
from api.subject_shapes import OWN_CONSENTS_PAGE
from ledger.core import queries
from ledger.errors import LookRefused
from ledger.services.authenticate import Call
from ledger.services.list_own_consents import OwnConsentsPage, list_own_consents
from ledger.services.subjects import with_resident

router = routes("subjects")


@router.get(
    queries.CONSENTS.path,
    **resident_s_query("Tell a resident what he consented to", OWN_CONSENTS_PAGE, role=queries.CONSENTS.role),
)
def index(context: Context, request: SignedRequest, cursor: Cursor = None, limit: Rows = 50) -> Response:
    """Return the resident's consents, newest first; `documents` are the texts, evidence and scopes that they name.

    Gongzhi-Item is left out: consents are of no item. Each page is a Query of its own.
    """
    left = parse_left(cursor)

    def ask(call: Call) -> OwnConsentsPage | LookRefused:
        asked = with_resident(call, query_asked_by(request.headers), request.opening())
        return list_own_consents(call, asked, left, limit)

    page = answer(context, request, ask)
    members = {"consents": list(page.consents), "documents": list(page.documents), "next": left_text(page.left)}
    return json_response({"query": page.query.document(), **members})
