"""Signed requests to verify and to spoil: the published vector of the formats page, and a look."""

import base64
import dataclasses
from typing import Any

import pytest

from ledger.core.request_base import (
    RequestReason,
    SignableRequest,
    content_sha256,
)
from ledger.core.request_signature import sign, verify
from ledger.core.signature import address_of, personal_digest, sign_digest
from ledger.errors import RequestError

KEY = bytes(31) + b"\x01"
ADDRESS = address_of(KEY)
NOW = 1700000001
CONTENT = b'{"hello":"world"}'
NONCE = "EjRWeJCrze8BI0VniavN7w"
VECTOR_REQUEST = SignableRequest(
    method="POST",
    scheme="https",
    authority="api.example",
    path="/items",
    query="view=full",
    headers={"content-type": "application/json"},
    content_sha256=content_sha256(CONTENT),
)
VECTOR_SIGNATURE = (
    "fc1a444e8b24c64309eb9b9199a3543e20706f0c20eb3dc2c440c9270118444231d47c27f396752fc5e546920b1b1e2af34c9e88dba06336"
    "94b153d688f701d01b"
)
VECTOR_INPUT = (
    'request=("@scheme" "@authority" "@method" "@path" "@query" "content-digest" "content-type");created=1700000000;'
    'expires=1700000060;nonce="EjRWeJCrze8BI0VniavN7w";keyid="eip155:1:0x7e5f4552091a69125d5dfcb7b8c2659029395bdf";'
    'tag="erc8128"'
)
LOOK = SignableRequest(
    method="GET",
    scheme="https",
    authority="gateway.example",
    path="/v1/records",
    query="after=7",
    headers={"gongzhi-purpose": "P02", "gongzhi-item": "7", "idempotency-key": "k-1", "accept": "*/*"},
)


def signed(request: SignableRequest, *, key: bytes = KEY, created: int = 1700000000, **changes: Any) -> SignableRequest:
    times = {"created": created, "expires": created + 60, "request_nonce": NONCE, "chain_id": 1, **changes}
    return with_headers(request, sign(request, key, **times))


def with_headers(request: SignableRequest, headers: dict[str, str]) -> SignableRequest:
    return dataclasses.replace(request, headers={**request.headers, **headers})


def without(request: SignableRequest, name: str) -> SignableRequest:
    return dataclasses.replace(request, headers={key: value for key, value in request.headers.items() if key != name})


def refused(request: SignableRequest, reason: RequestReason, *, now: int = NOW, chain_id: int = 1) -> None:
    with pytest.raises(RequestError) as caught:
        verify(request, now=now, chain_id=chain_id)
    assert caught.value.reason == reason, caught.value.detail


def resigned(request: SignableRequest, signature_input: str, components: list[str]) -> SignableRequest:
    """Sign whatever `signature_input` (without its label) says over `components`, as a careless client might."""
    values = {"@scheme": request.scheme, "@authority": request.authority, "@method": request.method}
    values |= {"@path": request.path, "@query": "?" + request.query, **request.headers}
    lines = [f'"{name}": {values[name]}' for name in components] + [f'"@signature-params": {signature_input}']
    signature = sign_digest(personal_digest("\n".join(lines).encode()), KEY)
    encoded = base64.b64encode(signature).decode()
    return with_headers(request, {"signature-input": f"request={signature_input}", "signature": f"request=:{encoded}:"})


SIGNED_VECTOR = signed(VECTOR_REQUEST)
SIGNED_LOOK = signed(LOOK)


def edited(
    old: str, new: str, *, header: str = "signature-input", of: SignableRequest = SIGNED_VECTOR
) -> SignableRequest:
    assert old in of.headers[header]
    return with_headers(of, {header: of.headers[header].replace(old, new, 1)})
