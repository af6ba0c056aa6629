"""What of a request is signed: required components and the RFC 9421 signature base (formats page, section 8).

PERMANENT: the base is hashed into statements (`request`) and kept as evidence with its signature. Changing a
line of it breaks old evidence. Source: RFC 9421 sections 2 and 2.5, RFC 9530, draft ERC-8128 (text of 2026).
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import http_sf

from ledger.core.structured_fields import inner_list_text
from ledger.errors import RequestError

EXPIRES_AFTER_SECONDS: Final = 60
"""Longest time from `created` to `expires`; the draft's interoperability floor."""
SKEW_SECONDS: Final = 30
"""How far the clocks of signer and verifier may lie apart."""
TAG: Final = "erc8128"
DERIVED_COMPONENTS: Final = ("@scheme", "@authority", "@method", "@path", "@query")
OPENING_HEADER: Final = "gongzhi-opening"
"""Carries an identity number: never covered, so that it stands in no base, and never logged or stored."""

_HEADER_PREFIX: Final = "gongzhi-"
_DEFAULT_PORTS: Final = {"https": ":443", "http": ":80"}
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_TARGET_TEXT: Final = re.compile(r"[\x21-\x7e]*")
_FIELD_TEXT: Final = re.compile(r"[\x20-\x7e\t]*")


class RequestReason(StrEnum):
    """Why a request is not taken: the stable codes of draft ERC-8128, section 6.

    The codes of `MALFORMED_REASONS` mean a request that cannot be read, `SIGNATURE_VERIFICATION_UNAVAILABLE`
    that the state to judge the key cannot be read, all others that the caller is not authenticated.
    """

    SIGNATURE_MISSING = "signature_missing"
    SIGNATURE_INPUT_INVALID = "signature_input_invalid"
    SIGNATURE_TOO_LARGE = "signature_too_large"
    NO_ACCEPTABLE_SIGNATURE = "no_acceptable_signature"
    INVALID_KEYID = "invalid_keyid"
    UNSUPPORTED_CHAIN = "unsupported_chain"
    INVALID_TIME = "invalid_time"
    REQUEST_NOT_YET_VALID = "request_not_yet_valid"
    REQUEST_EXPIRED = "request_expired"
    REQUEST_VALIDITY_TOO_LONG = "request_validity_too_long"
    INVALID_NONCE = "invalid_nonce"
    INSUFFICIENT_COVERAGE = "insufficient_coverage"
    CONTENT_DIGEST_REQUIRED = "content_digest_required"
    BAD_CONTENT_DIGEST = "bad_content_digest"
    NONCE_REQUIRED = "nonce_required"
    NONCE_REUSED = "nonce_reused"
    UNSUPPORTED_ALGORITHM = "unsupported_algorithm"
    BAD_SIGNATURE = "bad_signature"
    SIGNATURE_VERIFICATION_UNAVAILABLE = "signature_verification_unavailable"
    PRINCIPAL_NOT_ALLOWED = "principal_not_allowed"


MALFORMED_REASONS: Final = frozenset({RequestReason.SIGNATURE_INPUT_INVALID, RequestReason.SIGNATURE_TOO_LARGE})


@dataclass(frozen=True, slots=True)
class SignableRequest:
    """A request as its signer sends it and its verifier receives it.

    `scheme` and `authority` come from configuration, not from what a proxy says. `path` and `query` are the
    raw bytes of the target as ASCII text, percent-encoding untouched, `query` without its `?`. `headers` has
    lower-case names, several lines of one name combined (`combined_fields`). `content_sha256` is the SHA-256
    of the content (32 bytes), None for empty content (`content_sha256`).
    """

    method: str
    scheme: str
    authority: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_sha256: bytes | None = None

    def __post_init__(self) -> None:
        """Refuse header names that are no lower-case tokens: they would escape the coverage rules."""
        if not all(map(_HEADER_NAME.fullmatch, self.headers)):
            raise ValueError("header names of a SignableRequest are lower-case tokens")


def combined_fields(lines: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return header lines as one value per lower-case name: trimmed, joined with `, ` (RFC 9421 section
    2.1).
    """
    fields: dict[str, str] = {}
    for name, value in lines:
        lower, trimmed = name.lower(), value.strip(" \t")
        fields[lower] = f"{fields[lower]}, {trimmed}" if lower in fields else trimmed
    return fields


def content_sha256(content: bytes) -> bytes | None:
    """Return the SHA-256 (32 bytes) of the content, None for empty content."""
    return hashlib.sha256(content).digest() if content else None


def content_digest_field(sha256: bytes) -> str:
    """Return the `Content-Digest` value for a SHA-256 of 32 bytes (RFC 9530)."""
    return http_sf.ser({"sha-256": sha256})


def is_coverable_header(name: str) -> bool:
    """Say whether a header of this lower-case name may be covered at all; every other one is refused in a
    signature.
    """
    if name in ("content-digest", "content-type", "idempotency-key"):
        return True
    return name.startswith(_HEADER_PREFIX) and name != OPENING_HEADER


def required_components(request: SignableRequest) -> tuple[str, ...]:
    """Return every component that a signature of `request` must cover, in the order in which our clients sign
    them.

    The five derived ones, `content-digest` and `content-type` when there is content or the header is present,
    `idempotency-key` and every `gongzhi-*` header but the opening when present (formats page, section 8).
    """
    headers, has_content = request.headers, request.content_sha256 is not None
    required = list(DERIVED_COMPONENTS)
    required += [name for name in ("content-digest", "content-type") if has_content or name in headers]
    if "idempotency-key" in headers:
        required.append("idempotency-key")
    required += sorted(name for name in headers if name.startswith(_HEADER_PREFIX) and name != OPENING_HEADER)
    return tuple(required)


def signature_base(request: SignableRequest, components: Sequence[str], parameters: Mapping[str, int | str]) -> bytes:
    """Return the signature base: one line per component in the given order, then `@signature-params`, no
    newline at the end (RFC 9421 section 2.5).

    `components` are derived ones or names of headers that are present; `parameters` keep their order. Raises
    `RequestError` for a header that is absent and for values that could not stand on one ASCII line.
    """
    lines = [f'"{name}": {_component_value(request, name)}' for name in components]
    lines.append(f'"@signature-params": {signature_params(components, parameters)}')
    return "\n".join(lines).encode("ascii")


def signature_params(components: Sequence[str], parameters: Mapping[str, int | str]) -> str:
    """Return the inner list of `Signature-Input` in its only serialization (RFC 9421 section 2.3, RFC
    9651).
    """
    return inner_list_text(components, parameters)


def _component_value(request: SignableRequest, name: str) -> str:
    if name in DERIVED_COMPONENTS:
        value, allowed = _derived_value(request, name), _TARGET_TEXT
    elif name in request.headers:
        value, allowed = request.headers[name].strip(" \t"), _FIELD_TEXT
    else:
        raise RequestError(RequestReason.SIGNATURE_INPUT_INVALID, "a covered header is absent")
    if not allowed.fullmatch(value):
        raise RequestError(RequestReason.SIGNATURE_INPUT_INVALID, "a covered component is not one line of ASCII")
    return value


def _derived_value(request: SignableRequest, name: str) -> str:
    if name == "@scheme":
        return request.scheme.lower()
    if name == "@authority":
        return request.authority.lower().removesuffix(_DEFAULT_PORTS.get(request.scheme.lower(), ""))
    if name == "@method":
        return request.method
    if name == "@path":
        return request.path or "/"
    return f"?{request.query}"
