"""Looks: one record, a search, an attachment, a proof bundle. Each answer is signed and anchored; each refusal too."""

from functools import cache
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.answer_shapes import ATTACHED, PAGE, PROVEN
from api.answers import attachment_response, bytes32, page_response, parse_cursor, proven_response
from api.auth import Received, SignedRequest, answer, answer_look
from api.context import Context
from api.look_headers import asked_by
from api.openapi import look
from api.parameters import Hash, Version
from api.routing import routes
from ledger.errors import LookRefused
from ledger.rows import SearchQuery
from ledger.services.asked import Asked
from ledger.services.authenticate import Call
from ledger.services.disclose import MOST_RECORDS
from ledger.services.look_ground import foreseen_look
from ledger.services.prove import prove_record
from ledger.services.read import read_record
from ledger.services.read_attachment import read_attachment
from ledger.services.search import search_records
from ledger.services.subjects import counted_resident

router = routes("records")
Region = Annotated[str, Query(pattern="^[0-9]{0,15}$", description="region prefix")]
RecordClass = Annotated[
    str | None,
    Query(
        alias="class",
        max_length=64,
        pattern=r"^[^\x00]*$",
        description="class, or the beginning of one up to its `/`",
    ),
]
Moment = Annotated[int | None, Query(ge=0, lt=2**53, description="Unix seconds; from inclusive, until exclusive")]


def _asked(call: Call, request: Received) -> Asked:
    return counted_resident(call, asked_by(request.headers), request.opening())


@router.get("/v1/records/{record_id}", **look("Read one record", PAGE))
async def read(context: Context, request: SignedRequest, record_id: Hash, version: Version = None) -> Response:
    """Return the view of a record that the look may open, with the signed Disclosure."""
    wanted = bytes32(record_id, "recordId")
    asked = cache(lambda: asked_by(request.headers))

    def opened(call: Call) -> Response | LookRefused:
        resident = counted_resident(call, asked(), request.opening())
        page = read_record(call, resident, context.keys, wanted, version)
        return page if isinstance(page, LookRefused) else page_response(page)

    page = await answer_look(context, request, opened, lambda caller: foreseen_look(caller, asked(), wanted, version))
    context.metrics.count_opened(1)
    return page


@router.get("/v1/records", **look("Search records", PAGE))
def search(
    context: Context,
    request: SignedRequest,
    region: Region = "",
    record_class: RecordClass = None,
    occurred_from: Annotated[Moment, Query(alias="from")] = None,
    occurred_until: Annotated[Moment, Query(alias="until")] = None,
    cursor: Annotated[str | None, Query(max_length=64, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_RECORDS, description="records of a page")] = 50,
) -> Response:
    """Return a page of the newest versions of an item, newest first, all of one item version, with its Disclosure."""
    page = answer(
        context,
        request,
        lambda call: search_records(
            call,
            _asked(call, request),
            context.keys,
            SearchQuery(0, region, record_class, occurred_from, occurred_until, parse_cursor(cursor), limit),
        ),
    )
    context.metrics.count_opened(len(page.views))
    return page_response(page)


@router.get("/v1/records/{record_id}/attachment", **look("Read an attachment", ATTACHED))
def attachment(
    context: Context,
    request: SignedRequest,
    record_id: Hash,
    path: Annotated[str, Query(max_length=256, description="path of the slot that names the file")],
    version: Version = None,
) -> Response:
    """Return what is attached to a record at a path, with the view that opens this slot alone and its Disclosure.

    `content` is base64, null where the record names no file there. Its digest is checked with the slot's salt.
    """
    wanted = bytes32(record_id, "recordId")
    found = answer(
        context,
        request,
        lambda call: read_attachment(call, _asked(call, request), context.keys, wanted, path, version),
    )
    context.metrics.count_opened(1)
    return attachment_response(found)


@router.get("/v1/records/{record_id}/bundle", **look("Fetch a record's proof bundle", PROVEN))
def bundle(context: Context, request: SignedRequest, record_id: Hash, version: Version = None) -> Response:
    """Return the proof bundle of a record that is anchored; it was verified before it is handed out."""
    wanted = bytes32(record_id, "recordId")
    proven = answer(
        context,
        request,
        lambda call: prove_record(call, _asked(call, request), context.keys, wanted, version),
    )
    context.metrics.count_opened(1)
    return proven_response(proven)
