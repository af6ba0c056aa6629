"""Entries of the stream, for members."""

from starlette.responses import Response

from api.answer_shapes import ENTRIES, ENTRY
from api.answers import bytes32, entry_document, json_response
from api.auth import SignedRequest, answer
from api.context import Context
from api.openapi import signed
from api.parameters import After, Hash, PageSize
from api.routing import routes
from ledger.services.list_entries import find_entry, list_entries

router = routes("entries")


@router.get("/v1/entries", **signed("Anchored entries in order", ENTRIES))
def index(context: Context, request: SignedRequest, after: After = 0, limit: PageSize = 100) -> Response:
    """Return anchored entries with a greater sequence than `after`, in order; `next` is the last one's sequence."""
    entries = answer(context, request, lambda call: list_entries(call, after, limit))
    now = context.gateway.clock()
    following = entries[-1].sequence if len(entries) == limit else None
    return json_response({"entries": [entry_document(entry, now) for entry in entries], "next": following})


@router.get("/v1/entries/{digest}", **signed("One entry", ENTRY))
def show(context: Context, request: SignedRequest, digest: Hash) -> Response:
    """Return an entry by its digest, anchored or not."""
    wanted = bytes32(digest, "entry digest")
    stored = answer(context, request, lambda call: find_entry(call, wanted))
    return json_response(entry_document(stored, context.gateway.clock()))
