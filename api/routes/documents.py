"""Hashed documents: those of the catalogue and consent texts for all; scopes, evidence and reasons for parties."""

from starlette.responses import Response

from api.answer_shapes import ANY
from api.answers import bytes32
from api.auth import SignedRequest, answer
from api.context import Context
from api.openapi import public, signed
from api.parameters import Hash
from api.routing import routes
from ledger.services.named_documents import document_of, public_document

router = routes("documents")


@router.get("/v1/documents/{document_hash}", **public("A document by its hash", ANY))
def show(context: Context, document_hash: Hash) -> Response:
    """Return the exact bytes whose Keccak-256 was asked for, with their media type; none that is salted."""
    with context.gateway.store.begin() as transaction:
        media_type, content = public_document(transaction, bytes32(document_hash, "document hash"))
    return Response(content, media_type=media_type, headers={"Cache-Control": "public, max-age=31536000, immutable"})


@router.get("/v1/documents/{document_hash}/of/{about}", **signed("A document of a consent, request or emergency", ANY))
def show_named(context: Context, request: SignedRequest, document_hash: Hash, about: Hash) -> Response:
    """Return a scope, evidence or reasons to the agencies that have a part in what names it, and to auditors.

    `about` is the id of that consent, request or emergency.
    """
    wanted, named_by = bytes32(document_hash, "document hash"), bytes32(about, "id")
    media_type, content = answer(context, request, lambda call: document_of(call, wanted, named_by))
    return Response(content, media_type=media_type, headers={"Cache-Control": "private, no-store"})
