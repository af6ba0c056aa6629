"""Parameters and answers of the lists of requests, consents and emergencies."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.answers import cursor_text, json_response, parse_cursor
from api.auth import SignedRequest, answer
from api.context import Context
from ledger.services.authenticate import Call
from ledger.services.list_access import Listed, Place, Wanted

Agency = Annotated[int | None, Query(ge=1, lt=2**32, description="agency that has a part; the caller's if left out")]
Part = Annotated[str, Query(alias="role", pattern="^[a-z]{0,16}$", description="the agency's part, any if left out")]
State = Annotated[str, Query(pattern="^[a-z_]{0,16}$", description="state, any if left out")]
Item = Annotated[int | None, Query(ge=1, lt=2**32, description="catalogue item")]
Cursor = Annotated[str | None, Query(max_length=64, description="`next` of the page before")]
Rows = Annotated[int, Query(ge=1, le=200, description="how many at most")]


def list_response(
    context: Context,
    request: SignedRequest,
    listing: Callable[[Call, Wanted, Place | None, int], Listed],
    name: str,
    wanted: tuple[int | None, str, str, int | None],
    page: tuple[str | None, int],
) -> Response:
    """Return a page of objects under `name`, newest first.

    `wanted` is agency, part, state and item; `page` is cursor and rows.
    """
    agency, part, state, item = wanted
    after, limit = parse_cursor(page[0]), page[1]

    def find(call: Call) -> Listed:
        return listing(call, Wanted(call.agency if agency is None else agency, part, state, item), after, limit)

    listed = answer(context, request, find)
    return json_response({name: list(listed.objects), "next": cursor_text(listed.next)})
