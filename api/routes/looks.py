"""Who looked: what a resident is told of looks at records about himself (policy page, "What a resident sees")."""

from starlette.responses import Response

from api.access_lists import Cursor, Rows
from api.answers import json_response, left_text, parse_left
from api.auth import SignedRequest, answer
from api.context import Context
from api.look_headers import query_asked_by
from api.openapi import resident_s_query
from api.routing import routes
from api.subject_shapes import LOOKS_PAGE
from ledger.core import queries
from ledger.errors import LookRefused
from ledger.services.authenticate import Call
from ledger.services.list_looks import LooksPage, list_looks
from ledger.services.subjects import with_resident

router = routes("subjects")


@router.get(
    queries.LOOKS.path,
    **resident_s_query("Tell a resident who looked at records about him", LOOKS_PAGE, role=queries.LOOKS.role),
)
def index(context: Context, request: SignedRequest, cursor: Cursor = None, limit: Rows = 50) -> Response:
    """Return every look at records about the resident, newest first; `items` are those that this member serves.

    Looks by himself (authority 5) and by the publisher (7) are among them. Each page is a Query of its own. Pages
    follow each other while `items` stays the same; where it changes, begin anew.
    """
    left = parse_left(cursor)

    def ask(call: Call) -> LooksPage | LookRefused:
        asked = with_resident(call, query_asked_by(request.headers), request.opening())
        return list_looks(call, asked, left, limit)

    page = answer(context, request, ask)
    members = {"items": list(page.items), "looks": list(page.looks), "next": left_text(page.left)}
    return json_response({"query": page.query.document(), **members})
