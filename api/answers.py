"""Answers as JSON: what services return, written the way callers read it."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.receipt import Opening, opening_document
from ledger.errors import FormatError
from ledger.rows import StoredEntry, StoredSubmission
from ledger.services.gateway import Gateway
from ledger.services.prove import ProvenRecord
from ledger.services.read import Page
from ledger.services.read_attachment import ReadAttachment
from ledger.services.relay import ActionState

JSON = "application/json"


def json_response(value: Any, status: int = 200) -> Response:
    """Return a JSON answer."""
    return Response(json_bytes(value), status, media_type=JSON)


def json_bytes(value: Any) -> bytes:
    """Return compact JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def page_response(page: Page) -> Response:
    """Return a look's answer; views are written as they are."""
    head = json_bytes(_page_members(page))[1:-1]
    views = ",".join(page.views).encode("utf-8")
    return Response(b"{" + head + b',"views":[' + views + b"]}", media_type=JSON)


def attachment_response(found: ReadAttachment) -> Response:
    """Return a look's answer with the content of an attachment in base64, null if there is none."""
    content = None if found.content is None else base64.b64encode(found.content).decode("ascii")
    head = json_bytes({**_page_members(found.page), "content": content})[1:-1]
    return Response(b"{" + head + b',"views":[' + found.page.views[0].encode("utf-8") + b"]}", media_type=JSON)


def proven_response(proven: ProvenRecord) -> Response:
    """Return a look's answer with its proof bundle in place of the view."""
    return json_response({**_page_members(proven.page), "bundle": proven.bundle})


def submission_document(gateway: Gateway, stored: StoredSubmission, now: int) -> dict[str, Any]:
    """Return how a submission stands, with the signed acceptance that it was answered with first."""
    entry = stored.entry.entry
    return {
        "submissionId": to_hex(stored.submission_id),
        "state": _state(stored.entry, now),
        "entry": to_hex(entry.digest),
        "sealedHash": to_hex(entry.annex),
        "acceptance": {
            "message": {
                "gateway": gateway.agency,
                "entry": to_hex(entry.digest),
                "acceptedAt": stored.accepted_at,
                "anchorBy": entry.anchor_by,
            },
            "signer": stored.acceptance_signer,
            "signature": to_hex(stored.acceptance_signature),
        },
        "acceptedAt": stored.accepted_at,
        "anchorBy": entry.anchor_by,
        "times": _times(stored.entry),
        "sequence": stored.entry.sequence,
        "batch": stored.entry.batch,
        "duplicates": [*stored.duplicates],
    }


def entry_document(stored: StoredEntry, now: int) -> dict[str, Any]:
    """Return an entry with its place and the times of its states."""
    entry = stored.entry
    return {
        "entry": to_hex(entry.digest),
        "entryType": entry.entry_type,
        "message": dict(entry.message),
        "signer": entry.signer,
        "signature": to_hex(entry.signature),
        "annex": to_hex(entry.annex),
        "state": _state(stored, now),
        "anchorBy": entry.anchor_by,
        "times": _times(stored),
        "sequence": stored.sequence,
        "batch": stored.batch,
    }


def action_document(state: ActionState) -> dict[str, Any]:
    """Return how a relayed action stands, with the signed promise that it was answered with."""
    action, received, row = state.action, state.received, state.transaction
    settled = {row.state: row.settled_at} if row.settled_at is not None else {}
    return {
        "action": to_hex(action.digest),
        "state": row.state,
        "receivedAt": action.received_at,
        "includeBy": action.include_by,
        "received": {
            "message": dict(received.message),
            "signer": received.signer,
            "signature": to_hex(received.signature),
        },
        "times": {"received": row.received_at, "submitted": row.submitted_at, **settled},
        "transaction": row.tx_hash,
        "block": row.block,
        "error": row.error,
    }


def cursor_text(place: tuple[int, bytes] | None) -> str | None:
    """Return the opaque cursor of a place in a search."""
    if place is None:
        return None
    return base64.urlsafe_b64encode(place[0].to_bytes(8, "big", signed=True) + place[1]).decode("ascii").rstrip("=")


def parse_cursor(text: str | None) -> tuple[int, bytes] | None:
    """Return the place of a cursor; raises FormatError."""
    if text is None:
        return None
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise FormatError("cursor: not one that this gateway gave") from None
    if len(data) != 40:
        raise FormatError("cursor: not one that this gateway gave")
    return int.from_bytes(data[:8], "big", signed=True), data[8:]


def left_text(left: int | None) -> str | None:
    """Return the cursor of a list that a resident asks for: how many older ones are left.

    Who asks is known by the signed request, which is kept and exported: its cursor names nothing.
    """
    return None if left is None else str(left)


def parse_left(text: str | None) -> int | None:
    """Return how many are left by a cursor of `left_text`; raises FormatError."""
    if text is None:
        return None
    if not re.fullmatch("[1-9][0-9]{0,9}", text):
        raise FormatError("cursor: not one that this gateway gave")
    return int(text)


def bytes32(text: str, what: str) -> bytes:
    """Return the 32 bytes of a path segment; raises FormatError."""
    return from_hex(text, 32, what=what)


def _page_members(page: Page) -> dict[str, Any]:
    disclosed = page.disclosed
    return {
        "disclosure": disclosed.statement.document(),
        "openings": [opening_document(Opening(*opening)) for opening in disclosed.openings],
        "marks": {
            to_hex(record_id): [{"agency": m.agency, "mark": m.mark, "version": m.version} for m in marks]
            for record_id, marks in page.marks.items()
        },
        "next": cursor_text(page.next),
        "submissions": {
            to_hex(record.record_id): {
                "publisher": record.publisher,
                "item": record.item,
                "itemVersion": record.item_version,
            }
            for record in disclosed.records
        },
    }


def _state(stored: StoredEntry, now: int) -> str:
    if stored.anchored_at is not None:
        return "anchored"
    if now > stored.entry.anchor_by:
        return "overdue"
    return "accepted" if stored.submitted_at is None else "submitted"


def _times(stored: StoredEntry) -> Mapping[str, int | None]:
    return {
        "accepted": stored.entry.created_at,
        "submitted": stored.submitted_at,
        "anchored": stored.anchored_at,
    }
