"""What the OpenAPI document says that handlers cannot: bodies, signatures, headers of looks, problem answers."""

from collections.abc import Mapping
from typing import Any

from ledger.core.codes import Role

HEX32 = {"type": "string", "pattern": "^0x[0-9a-f]{64}$"}
SIGNATURE = {"type": "string", "pattern": "^0x[0-9a-f]{130}$"}
_NUMBER = {"type": "integer", "minimum": 0}
_RECORD = {
    "type": "object",
    "required": ["recordId", "version", "previous", "saltSecret", "originals"],
    "additionalProperties": False,
    "properties": {
        "recordId": HEX32,
        "version": {"type": "integer", "minimum": 1},
        "previous": HEX32,
        "saltSecret": HEX32,
        "originals": {"type": "object", "description": "value by path, as `/class`"},
        "derived": {"type": "object", "description": "value by `<path> <kind>`; each is compared with its rule"},
    },
}
_RECORDS = {"type": "array", "minItems": 1, "maxItems": 5000, "items": _RECORD}
SUBMISSION_BODY: Mapping[str, Any] = {
    "type": "object",
    "required": ["message", "signature", "records"],
    "additionalProperties": False,
    "properties": {
        "message": {
            "type": "object",
            "description": "Submission (EIP-712, domain of RecordAnchors)",
            "required": [
                *("submissionId", "gateway", "publisher", "item", "itemVersion"),
                *("schemaHash", "recordCount", "recordsRoot", "signedAt"),
            ],
            "additionalProperties": False,
            "properties": {
                "submissionId": HEX32,
                **dict.fromkeys(("gateway", "publisher", "item", "itemVersion", "recordCount"), _NUMBER),
                "schemaHash": HEX32,
                "recordsRoot": HEX32,
                "signedAt": _NUMBER,
            },
        },
        "signature": SIGNATURE,
        "records": _RECORDS,
    },
}
COMMIT_BODY: Mapping[str, Any] = {
    "type": "object",
    "required": ["schemaHash", "records"],
    "additionalProperties": False,
    "properties": {"schemaHash": HEX32, "records": _RECORDS},
}
MARK_BODY: Mapping[str, Any] = {
    "type": "object",
    "required": ["message", "signature"],
    "additionalProperties": False,
    "properties": {
        "message": {
            "type": "object",
            "description": "Mark (EIP-712, domain of RecordAnchors); `nonce` is a decimal string",
            "required": ["key", "recordId", "version", "mark", "reason", "nonce", "deadline"],
            "additionalProperties": False,
            "properties": {
                "key": {"type": "string", "pattern": "^0x[0-9a-f]{40}$"},
                "recordId": HEX32,
                **dict.fromkeys(("version", "mark", "reason", "deadline"), _NUMBER),
                "nonce": {"type": "string", "pattern": "^[0-9]{1,78}$"},
            },
        },
        "signature": SIGNATURE,
    },
}
PROBLEM: Mapping[str, Any] = {
    "description": "Problem body (RFC 9457) with a stable `code`, listed in the reference of errors",
    "content": {
        "application/problem+json": {
            "schema": {
                "type": "object",
                "required": ["type", "title", "status", "code", "detail", "remedy"],
                "properties": {
                    "type": {"type": "string"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                    "remedy": {"type": "string"},
                },
            }
        }
    },
}
_SIGNED_HEADERS = (
    ("Signature-Input", True, "RFC 9421 signature input with tag `erc8128`"),
    ("Signature", True, "RFC 9421 signature by the caller's key"),
)
_LOOK_HEADERS = (
    ("Gongzhi-Item", True, "catalogue item"),
    ("Gongzhi-Purpose", True, "purpose, 1 to 13"),
    ("Gongzhi-Basis", True, "legal basis, 1 to 7"),
    ("Gongzhi-Basis-Ref", False, "salted commitment of the basis reference, 32 bytes"),
    ("Gongzhi-Officer", False, "salted commitment of the officer, 32 bytes"),
    ("Gongzhi-Case", False, "salted commitment of the case number, 32 bytes"),
    ("Gongzhi-Authority", False, "class1 (default), own or audit"),
)


def public(summary: str, media_type: str = "application/json") -> dict[str, Any]:
    """Return the route arguments of what anybody may ask."""
    return _route(summary, (), media_type, None)


def signed(
    summary: str, role: Role | None = None, body: Mapping[str, Any] | None = None, idempotent: bool = False
) -> dict[str, Any]:
    """Return the route arguments of a signed request; `role` is what its key needs beside being bound."""
    headers = [*_SIGNED_HEADERS]
    if body is not None:
        headers.append(("Content-Digest", True, "RFC 9530, sha-256"))
    if idempotent:
        headers.append(("Idempotency-Key", False, "replays the first answer"))
    needs = f"Signed, role {role.name}" if role is not None else "Signed by a member"
    return _route(f"{summary}. {needs}", headers, "application/json", body)


def look(summary: str, media_type: str = "application/json") -> dict[str, Any]:
    """Return the route arguments of a look."""
    return _route(f"{summary}. Signed, a look", (*_SIGNED_HEADERS, *_LOOK_HEADERS), media_type, None)


def _route(summary: str, headers: Any, media_type: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
    extra: dict[str, Any] = {
        "parameters": [
            {"name": name, "in": "header", "required": required, "description": text, "schema": {"type": "string"}}
            for name, required, text in headers
        ],
        "responses": {"4XX": PROBLEM, "5XX": PROBLEM},
    }
    if body is not None:
        extra["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    success = {"description": "Success", "content": {media_type: {}}}
    return {
        "summary": summary,
        "openapi_extra": extra,
        "response_model": None,
        "response_description": str(success["description"]),
    }
