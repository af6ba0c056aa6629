"""Attachments: files are uploaded before the record that names them; they are read as looks, under `/v1/records`."""

from starlette.responses import Response

from api.answer_shapes import UPLOADED
from api.answers import bytes32, json_response
from api.auth import SignedUpload, answer
from api.context import Context
from api.openapi import upload
from api.routing import routes
from ledger.core.attachment import MEDIA_TYPES
from ledger.core.codes import Role
from ledger.core.hexadecimal import to_hex
from ledger.services.attach import Upload, stage_attachment

router = routes("attachments")


@router.post("/v1/attachments", **upload("Upload an attachment", UPLOADED, role=Role.SUBMIT, media_types=MEDIA_TYPES))
def take(context: Context, request: SignedUpload) -> Response:
    """Take a file whose record follows; the same upload again changes nothing.

    PDF is taken only where the gateway's setting `attachment_pdf` says so.

    `Gongzhi-Attachment` is Keccak-256(salt ‖ content), with the salt of the record's slot. The file is kept sealed
    until a submission names it; if none does until `keptUntil` (Unix seconds), it may be removed.
    """
    daily = context.keys.current()
    digest = bytes32(request.headers.get("gongzhi-attachment", ""), "Gongzhi-Attachment")
    given = Upload(digest, request.headers.get("content-type", ""), request.body)
    found = answer(context, request, lambda call: stage_attachment(call, given, daily))
    kept = None if found.bound else found.staged_at + context.gateway.attachment_rules.staged_seconds
    state = "bound" if found.bound else "staged"
    return json_response({"digest": to_hex(digest), "state": state, "keptUntil": kept})
