"""Duties: what is owed, until when, and what is overdue."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.answer_shapes import DUTIES
from api.answers import json_response
from api.auth import SignedRequest, answer
from api.context import Context
from api.openapi import signed
from api.routing import routes
from ledger.core.hexadecimal import to_hex
from ledger.services.duties import list_duties

router = routes("duties")
Agency = Annotated[
    int | None, Query(ge=1, lt=2**32, description="whose duties; everybody's that you may see if left out")
]
OnlyOverdue = Annotated[bool, Query(description="only what was due and is not done")]


@router.get("/v1/duties", **signed("Open duties, soonest due first", DUTIES))
def index(context: Context, request: SignedRequest, agency: Agency = None, overdue: OnlyOverdue = False) -> Response:
    """Return open duties as of now: an agency's own; coordination and districts see what is overdue anywhere,
    supervisors and auditors everything.
    """
    found = answer(context, request, lambda call: list_duties(call, agency, overdue))
    calendar = found.calendar
    return json_response(
        {
            "asOf": found.as_of,
            "calendar": {
                "version": calendar.version,
                "hash": to_hex(calendar.hash) if calendar.version else None,
                "knownUntil": calendar.known_until.isoformat() if calendar.known_until else None,
            },
            "notices": [found.notice] if found.notice else [],
            "duties": [duty.members() for duty in found.duties],
            "leftOut": found.left_out,
        }
    )
