"""Hashed documents: schemas, mask profiles, catalogue items."""

from fastapi import APIRouter
from starlette.responses import Response

from api.answer_shapes import ANY
from api.answers import bytes32
from api.context import Context
from api.openapi import public
from api.parameters import Hash
from ledger.services.find_document import find_document

router = APIRouter(tags=["documents"])


@router.get("/v1/documents/{document_hash}", **public("A document by its hash", ANY))
def show(context: Context, document_hash: Hash) -> Response:
    """Return the exact bytes whose Keccak-256 was asked for, with their media type."""
    with context.gateway.store.begin() as transaction:
        media_type, content = find_document(transaction, bytes32(document_hash, "document hash"))
    return Response(content, media_type=media_type, headers={"Cache-Control": "public, max-age=31536000, immutable"})
