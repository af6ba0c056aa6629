"""Signing and verifying requests in the shape of draft ERC-8128 (formats page, section 8).

Pure: the clock, the chain id and the request nonce come in. Consuming the nonce and judging the key are for
the caller, after `verify` and in this order. Stricter than the draft where our format is: a fixed set of
components and parameters, a nonce of exactly 128 bits, duplicates refused instead of the last one winning,
keys only (no contract accounts).
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import http_sf

from ledger.core.keccak import keccak256
from ledger.core.request_base import (
    DERIVED_COMPONENTS,
    EXPIRES_AFTER_SECONDS,
    SKEW_SECONDS,
    TAG,
    RequestReason,
    SignableRequest,
    content_digest_field,
    is_coverable_header,
    required_components,
    signature_base,
    signature_params,
)
from ledger.core.signature import address_of, personal_digest, personal_preimage, recover, sign_digest
from ledger.core.structured_fields import parse_dictionary
from ledger.errors import RequestError, SignatureError
from ledger.types import Address, Bytes32, UnixSeconds

LABEL: Final = "request"
"""Label under which our clients sign; a verifier gives labels no meaning."""
MAX_FIELD_BYTES: Final = 16 * 1024
MAX_SIGNATURE_BYTES: Final = 8 * 1024
MAX_CANDIDATES: Final = 8
MAX_COMPONENTS: Final = 32
MAX_PARAMETERS: Final = 16
"""Limits that hold before any cryptography: the defaults of the draft, section 3.5."""

_PARAMETERS: Final = frozenset({"created", "expires", "nonce", "keyid", "tag"})
_KEYID: Final = re.compile(r"eip155:(0|[1-9][0-9]{0,77}):(0x[0-9a-f]{40})")
_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]")


@dataclass(frozen=True, slots=True)
class PreparedRequest:
    """A request ready for its signature: what to sign, and the headers that stand with it."""

    base: bytes
    digest: Bytes32
    """EIP-191 digest of the base, 32 bytes: what the key signs."""
    content_digest: str | None
    signature_input: str

    @property
    def preimage(self) -> bytes:
        """The bytes whose Keccak-256 is `digest`; what a Signer takes."""
        return personal_preimage(self.base)

    def headers(self, signature: bytes) -> dict[str, str]:
        """Return the headers to add, given the signature (65 bytes) of `digest`."""
        added = {} if self.content_digest is None else {"content-digest": self.content_digest}
        added["signature-input"] = f"{LABEL}={self.signature_input}"
        added["signature"] = http_sf.ser({LABEL: signature})
        return added


@dataclass(frozen=True, slots=True)
class VerifiedRequest:
    """A request whose signature is good. The nonce is not consumed and the key not judged yet."""

    address: Address
    request_nonce: str
    created: UnixSeconds
    expires: UnixSeconds
    base: bytes
    signature: bytes

    @property
    def request(self) -> Bytes32:
        """Keccak-256 of the base: the `request` of the statements."""
        return keccak256(self.base)


def prepare(
    request: SignableRequest,
    address: Address,
    *,
    created: int,
    expires: int,
    request_nonce: str,
    chain_id: int,
) -> PreparedRequest:
    """Return what `address` has to sign so that `request` is authentic from `created` to `expires` (Unix
    seconds).

    `request_nonce` is 128 random bits in base64url without padding, fresh for each request. A
    `content-digest` header must not be there yet. Raises `RequestError` with the reason with which a verifier
    would refuse the result.
    """
    _check_nonce(request_nonce)
    _check_window(created, expires)
    content_digest = None
    headers = dict(request.headers)
    if request.content_sha256 is not None:
        content_digest = headers["content-digest"] = content_digest_field(request.content_sha256)
    covered = SignableRequest(
        request.method,
        request.scheme,
        request.authority,
        request.path,
        request.query,
        headers,
        request.content_sha256,
    )
    components = required_components(covered)
    if "content-type" in components and "content-type" not in headers:
        _refuse(RequestReason.INSUFFICIENT_COVERAGE, "content without a content-type")
    parameters: dict[str, int | str] = {
        "created": created,
        "expires": expires,
        "nonce": request_nonce,
        "keyid": f"eip155:{chain_id}:{address}",
        "tag": TAG,
    }
    base = signature_base(covered, components, parameters)
    return PreparedRequest(base, personal_digest(base), content_digest, signature_params(components, parameters))


def sign(
    request: SignableRequest,
    private_key: bytes,
    *,
    created: int,
    expires: int,
    request_nonce: str,
    chain_id: int,
) -> dict[str, str]:
    """Return the headers that make `request` authentic: `content-digest` when there is content,
    `signature-input`, `signature`. As `prepare`, with a private key of 32 bytes at hand.
    """
    prepared = prepare(
        request,
        address_of(private_key),
        created=created,
        expires=expires,
        request_nonce=request_nonce,
        chain_id=chain_id,
    )
    return prepared.headers(sign_digest(prepared.digest, private_key))


def verify(request: SignableRequest, *, now: int, chain_id: int) -> VerifiedRequest:
    """Return who signed `request`, given the verifier's clock (Unix seconds) and chain.

    Signatures with `tag="erc8128"` are candidates, in the order of `Signature-Input`, whatever their labels;
    other tags are not looked at. The first candidate that passes every check wins; if none does, the first
    one's failure is raised as `RequestError`, whose `reason` is a `RequestReason` (draft ERC-8128 sections
    3.5, 4.2 and 6). Nothing is consumed.
    """
    inputs, signatures = _parse_fields(request.headers)
    candidates = [label for label, member in inputs.items() if _is_candidate(member)]
    if len(candidates) > MAX_CANDIDATES:
        _refuse(RequestReason.SIGNATURE_TOO_LARGE, f"more than {MAX_CANDIDATES} candidates")
    first_failure: RequestError | None = None
    for label in candidates:
        try:
            return _verify_candidate(request, inputs[label], signatures.get(label), now, chain_id)
        except RequestError as failure:
            first_failure = first_failure or failure
    if first_failure is None:
        _refuse(RequestReason.NO_ACCEPTABLE_SIGNATURE, f'no signature has tag="{TAG}"')
    raise first_failure


def _parse_fields(headers: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    parsed = []
    for name in ("signature-input", "signature"):
        text = headers.get(name)
        if text is None:
            _refuse(RequestReason.SIGNATURE_MISSING, f"no {name} header")
        if len(text) > MAX_FIELD_BYTES:
            _refuse(RequestReason.SIGNATURE_TOO_LARGE, f"{name} has more than {MAX_FIELD_BYTES} bytes")
        parsed.append(_dictionary(text, RequestReason.SIGNATURE_INPUT_INVALID, name))
    return parsed[0], parsed[1]


def _dictionary(text: str, reason: RequestReason, name: str) -> dict[str, Any]:
    """Parse a Dictionary of RFC 9651, without duplicate members or parameters."""

    def refuse_duplicate(_key: str, _where: str) -> None:
        _refuse(reason, f"{name} has a member or parameter twice")

    try:
        return parse_dictionary(text, refuse_duplicate)
    except (http_sf.StructuredFieldError, UnicodeEncodeError):
        raise RequestError(reason, f"{name} is no Dictionary of RFC 9651") from None


def _is_candidate(member: Any) -> bool:
    tag = member[1].get("tag")
    return type(tag) is str and tag == TAG


def _verify_candidate(
    request: SignableRequest, member: Any, signature_member: Any, now: int, chain_id: int
) -> VerifiedRequest:
    components, parameters = _components(member[0]), member[1]
    signature = _signature_bytes(signature_member)
    address = _check_parameters(parameters, now, chain_id)
    _check_content(request)
    _check_coverage(request, components)
    base = signature_base(request, components, parameters)
    try:
        recovered = recover(personal_digest(base), signature)
    except SignatureError as failure:
        raise RequestError(RequestReason.BAD_SIGNATURE, failure.detail) from failure
    if recovered != address:
        _refuse(RequestReason.BAD_SIGNATURE, "the signature is of another key or over another base")
    return VerifiedRequest(address, parameters["nonce"], parameters["created"], parameters["expires"], base, signature)


def _components(items: Any) -> tuple[str, ...]:
    if not isinstance(items, list):
        _refuse(RequestReason.SIGNATURE_INPUT_INVALID, "a signature input that is no inner list")
    if len(items) > MAX_COMPONENTS:
        _refuse(RequestReason.SIGNATURE_TOO_LARGE, f"more than {MAX_COMPONENTS} components")
    names: list[str] = []
    for name, parameters in items:
        if type(name) is not str or parameters:
            _refuse(RequestReason.SIGNATURE_INPUT_INVALID, "a component that is no plain string")
        if name in names:
            _refuse(RequestReason.SIGNATURE_INPUT_INVALID, "a component twice")
        if name not in DERIVED_COMPONENTS and not is_coverable_header(name):
            _refuse(RequestReason.SIGNATURE_INPUT_INVALID, "a component that this profile does not know")
        names.append(name)
    return tuple(names)


def _signature_bytes(member: Any) -> bytes:
    if member is None or not isinstance(member[0], bytes):
        _refuse(
            RequestReason.SIGNATURE_INPUT_INVALID,
            "no byte sequence in Signature for a label of Signature-Input",
        )
    if len(member[0]) > MAX_SIGNATURE_BYTES:
        _refuse(RequestReason.SIGNATURE_TOO_LARGE, f"a signature with more than {MAX_SIGNATURE_BYTES} bytes")
    return bytes(member[0])


def _check_parameters(parameters: Mapping[str, Any], now: int, chain_id: int) -> Address:
    if len(parameters) > MAX_PARAMETERS:
        _refuse(RequestReason.SIGNATURE_TOO_LARGE, f"more than {MAX_PARAMETERS} parameters")
    if "alg" in parameters:
        _refuse(RequestReason.UNSUPPORTED_ALGORITHM, "this profile has no alg parameter")
    if not _PARAMETERS.issuperset(parameters):
        _refuse(RequestReason.SIGNATURE_INPUT_INVALID, "a parameter that this profile does not know")
    keyid = parameters.get("keyid")
    found = _KEYID.fullmatch(keyid) if type(keyid) is str else None
    if found is None:
        _refuse(RequestReason.INVALID_KEYID, "keyid is not eip155:<chain id>:<lowercase address>")
    if found[1] != str(chain_id):
        _refuse(RequestReason.UNSUPPORTED_CHAIN, f"keyid names another chain than {chain_id}")
    created, expires = _check_window(parameters.get("created"), parameters.get("expires"))
    if now < created - SKEW_SECONDS:
        _refuse(RequestReason.REQUEST_NOT_YET_VALID, f"created lies more than {SKEW_SECONDS} s ahead")
    if now > expires + SKEW_SECONDS:
        _refuse(RequestReason.REQUEST_EXPIRED, f"expired more than {SKEW_SECONDS} s ago")
    _check_nonce(parameters.get("nonce"))
    return Address(found[2])


def _check_window(created: object, expires: object) -> tuple[int, int]:
    if type(created) is not int or type(expires) is not int or expires <= created:
        _refuse(RequestReason.INVALID_TIME, "created and expires are integers, expires the later one")
    if expires - created > EXPIRES_AFTER_SECONDS:
        _refuse(
            RequestReason.REQUEST_VALIDITY_TOO_LONG,
            f"expires more than {EXPIRES_AFTER_SECONDS} s after created",
        )
    return created, expires


def _check_nonce(request_nonce: object) -> None:
    if request_nonce is None:
        _refuse(RequestReason.NONCE_REQUIRED, "no nonce")
    if type(request_nonce) is not str or not _NONCE.fullmatch(request_nonce):
        _refuse(RequestReason.INVALID_NONCE, "the nonce is not 128 bits in base64url without padding")


def _check_content(request: SignableRequest) -> None:
    """Check `Content-Digest` against the content: every sha-256 there, other algorithms ignored (RFC
    9530).
    """
    text = request.headers.get("content-digest")
    if text is None:
        if request.content_sha256 is not None:
            _refuse(RequestReason.CONTENT_DIGEST_REQUIRED, "content without Content-Digest")
        return
    member = _dictionary(text, RequestReason.BAD_CONTENT_DIGEST, "content-digest").get("sha-256")
    expected = request.content_sha256 or hashlib.sha256(b"").digest()
    if member is None or member[0] != expected:
        _refuse(RequestReason.BAD_CONTENT_DIGEST, "content-digest has no sha-256 of this content")


def _check_coverage(request: SignableRequest, components: tuple[str, ...]) -> None:
    for name in required_components(request):
        if name not in components:
            _refuse(RequestReason.INSUFFICIENT_COVERAGE, f"{name} is not covered")
        if name not in DERIVED_COMPONENTS and name not in request.headers:
            _refuse(RequestReason.INSUFFICIENT_COVERAGE, f"there is no {name} to cover")


def _refuse(reason: RequestReason, detail: str) -> NoReturn:
    raise RequestError(reason, detail)
