"""What the OpenAPI document says that handlers cannot: signatures, headers of looks, answers, problems."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from api.answer_shapes import PROBLEM_SHAPE
from ledger.core.codes import Role

JSON = "application/json"
PROBLEM: Mapping[str, Any] = {
    "description": "Problem body (RFC 9457) with a stable `code`",
    "content": {"application/problem+json": {"schema": PROBLEM_SHAPE}},
}
_Header = tuple[str, bool, str]
_SIGNED_HEADERS: tuple[_Header, ...] = (
    ("Signature-Input", True, "RFC 9421 signature input with tag `erc8128`"),
    ("Signature", True, "RFC 9421 signature by the caller's key"),
)
_LOOK_HEADERS: tuple[_Header, ...] = (
    ("Gongzhi-Item", True, "catalogue item"),
    ("Gongzhi-Purpose", True, "purpose, 1 to 13"),
    ("Gongzhi-Basis", True, "legal basis, 1 to 7"),
    ("Gongzhi-Basis-Ref", False, "salted commitment of the basis reference, 32 bytes"),
    ("Gongzhi-Officer", False, "salted commitment of the officer, 32 bytes"),
    ("Gongzhi-Case", False, "salted commitment of the case number, 32 bytes"),
    ("Gongzhi-Authority", False, "class1 (default), own, audit, grant, emergency or self"),
    ("Gongzhi-Grant", False, "id of the grant, 32 bytes, with authority grant"),
    ("Gongzhi-Emergency", False, "id of the emergency, 32 bytes, with authority emergency"),
    ("Gongzhi-Subject", False, "subjectCommitment of the resident, 32 bytes, with authority self"),
    ("Gongzhi-Opening", False, "what opens Gongzhi-Subject; not covered by the signature, never kept"),
    ("Gongzhi-Profile", False, "hash of a profile, 32 bytes, to be served under one narrower than permitted"),
)
_RESIDENT_S_HEADERS: tuple[_Header, ...] = (
    ("Gongzhi-Item", False, "catalogue item; all that the caller serves if left out"),
    ("Gongzhi-Purpose", True, "12"),
    ("Gongzhi-Basis", True, "legal basis, 1 to 7"),
    ("Gongzhi-Authority", True, "self"),
    ("Gongzhi-Subject", True, "subjectCommitment of the resident, 32 bytes"),
    ("Gongzhi-Opening", True, "what opens Gongzhi-Subject; not covered by the signature, never kept"),
    *(header for header in _LOOK_HEADERS if header[0] in ("Gongzhi-Basis-Ref", "Gongzhi-Officer", "Gongzhi-Case")),
)
_QUERY_HEADERS: tuple[_Header, ...] = (
    ("Gongzhi-Item", False, "catalogue item; coverage needs one"),
    *(header for header in _LOOK_HEADERS if header[0] in ("Gongzhi-Purpose", "Gongzhi-Basis", "Gongzhi-Basis-Ref")),
    (
        "Gongzhi-Opening",
        True,
        "base64url(blind of 32 bytes) `.` kind of id `.` base64url(id), no padding; opens subjectCommitment; of a list "
        "one each, joined by commas. Never covered by the signature, never kept",
    ),
)


def public(
    summary: str, answer: Mapping[str, Any], media_type: str = JSON, also: Mapping[int, Mapping[str, Any]] | None = None
) -> dict[str, Any]:
    """Return the route arguments of what anybody may ask; `answer` is a success, `also` other answers by status."""
    others = {status: _content(JSON, shape) for status, shape in (also or {}).items()}
    return _route(summary, (), None, {200: _content(media_type, answer)} | others)


def signed(
    summary: str,
    answer: Mapping[str, Any],
    *,
    role: Role | None = None,
    body: Mapping[str, Any] | None = None,
    idempotent: bool = False,
    status: int = 200,
) -> dict[str, Any]:
    """Return the route arguments of a signed request; `role` is what its key needs beside being bound."""
    headers = [*_SIGNED_HEADERS]
    if body is not None:
        headers.append(("Content-Digest", True, "RFC 9530, sha-256"))
    if idempotent:
        headers.append(("Idempotency-Key", False, "replays the first answer"))
    needs = f"Signed, role {role.name}" if role is not None else "Signed by a member"
    return _route(f"{summary}. {needs}", headers, body, {status: _content(JSON, answer)})


def upload(summary: str, answer: Mapping[str, Any], *, role: Role, media_types: Sequence[str]) -> dict[str, Any]:
    """Return the route arguments of a signed request whose body is a file."""
    headers = (
        *_SIGNED_HEADERS,
        ("Content-Digest", True, "RFC 9530, sha-256"),
        ("Gongzhi-Attachment", True, "salted digest by which a record will name the file, 32 bytes"),
    )
    route = _route(f"{summary}. Signed, role {role.name}", headers, None, {200: _content(JSON, answer)})
    body = {media: {"schema": {"type": "string", "format": "binary"}} for media in media_types}
    route["openapi_extra"]["requestBody"] = {"required": True, "content": body}
    return route


def look(summary: str, answer: Mapping[str, Any], media_type: str = JSON) -> dict[str, Any]:
    """Return the route arguments of a look."""
    headers = (*_SIGNED_HEADERS, *_LOOK_HEADERS)
    return _route(f"{summary}. Signed, a look", headers, None, {200: _content(media_type, answer)})


def query(summary: str, answer: Mapping[str, Any], *, role: Role, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the route arguments of a query about a person, which opens nothing; `role` is what its key needs."""
    headers = (*_SIGNED_HEADERS, ("Content-Digest", True, "RFC 9530, sha-256"), *_QUERY_HEADERS)
    return _route(f"{summary}. Signed, role {role.name}", headers, body, {200: _content(JSON, answer)})


def counting(summary: str, answer: Mapping[str, Any], *, role: Role, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the route arguments of a query about an item, not about a person; `role` is what its key needs."""
    headers = (*_SIGNED_HEADERS, ("Content-Digest", True, "RFC 9530, sha-256"), *_LOOK_HEADERS[:4])
    return _route(f"{summary}. Signed, role {role.name}", headers, body, {200: _content(JSON, answer)})


def resident_s_query(summary: str, answer: Mapping[str, Any], *, role: Role) -> dict[str, Any]:
    """Return the route arguments of a query by a resident himself, through a member that serves him."""
    headers = (*_SIGNED_HEADERS, *_RESIDENT_S_HEADERS)
    return _route(f"{summary}. Signed, role {role.name}", headers, None, {200: _content(JSON, answer)})


def _content(media_type: str, shape: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": "Answer", "content": {media_type: {"schema": shape}}}


def _route(
    summary: str, headers: Sequence[_Header], body: Mapping[str, Any] | None, answers: Mapping[int, Any]
) -> dict[str, Any]:
    extra: dict[str, Any] = {
        "parameters": [
            {"name": name, "in": "header", "required": required, "description": text, "schema": {"type": "string"}}
            for name, required, text in headers
        ],
    }
    if body is not None:
        extra["requestBody"] = {"required": True, "content": {JSON: {"schema": body}}}
    return {
        "summary": summary,
        "status_code": next(iter(answers)),
        "responses": {**answers, "4XX": PROBLEM, "5XX": PROBLEM},
        "response_class": Response,
        "response_model": None,
        "openapi_extra": extra,
    }
