"""Every reason for which a signed request is refused (draft ERC-8128, section 6)."""

import base64
import dataclasses
from collections.abc import Callable

import pytest

from ledger.core.request_base import (
    RequestReason,
    SignableRequest,
    content_sha256,
)
from tests.unit.core.signed_requests import (
    ADDRESS,
    CONTENT,
    NONCE,
    SIGNED_LOOK,
    SIGNED_VECTOR,
    VECTOR_INPUT,
    edited,
    refused,
    with_headers,
    without,
)

pytestmark = pytest.mark.unit

CASES: dict[str, tuple[Callable[[], SignableRequest], RequestReason]] = {
    "no Signature": (lambda: without(SIGNED_VECTOR, "signature"), RequestReason.SIGNATURE_MISSING),
    "no Signature-Input": (lambda: without(SIGNED_VECTOR, "signature-input"), RequestReason.SIGNATURE_MISSING),
    "Signature-Input of bad syntax": (lambda: edited("(", "(("), RequestReason.SIGNATURE_INPUT_INVALID),
    "Signature of bad syntax": (lambda: edited("=:", "=::", header="signature"), RequestReason.SIGNATURE_INPUT_INVALID),
    "Signature-Input beyond ASCII": (lambda: edited("request=", "réquest="), RequestReason.SIGNATURE_INPUT_INVALID),
    "label without signature": (lambda: edited("request=", "other="), RequestReason.SIGNATURE_INPUT_INVALID),
    "signature that is no byte sequence": (
        lambda: with_headers(SIGNED_VECTOR, {"signature": 'request="x"'}),
        RequestReason.SIGNATURE_INPUT_INVALID,
    ),
    "tagged member without a list": (
        lambda: with_headers(SIGNED_VECTOR, {"signature-input": 'request=1;tag="erc8128"'}),
        RequestReason.SIGNATURE_INPUT_INVALID,
    ),
    "label twice": (
        lambda: with_headers(SIGNED_VECTOR, {"signature-input": f"{VECTOR_INPUT}, {VECTOR_INPUT}"}),
        RequestReason.SIGNATURE_INPUT_INVALID,
    ),
    "component twice": (lambda: edited('"@path"', '"@path" "@path"'), RequestReason.SIGNATURE_INPUT_INVALID),
    "parameter twice": (lambda: edited(";created", ";created=1;created"), RequestReason.SIGNATURE_INPUT_INVALID),
    "component with a parameter": (lambda: edited('"@query"', '"@query";req'), RequestReason.SIGNATURE_INPUT_INVALID),
    "component as a token": (lambda: edited('"content-type"', "ct"), RequestReason.SIGNATURE_INPUT_INVALID),
    "component of no profile": (lambda: edited('"@path"', '"@path" "@status"'), RequestReason.SIGNATURE_INPUT_INVALID),
    "header that is never covered": (
        lambda: edited('"@path"', '"@path" "accept"', of=SIGNED_LOOK),
        RequestReason.SIGNATURE_INPUT_INVALID,
    ),
    "covered header that is absent": (
        lambda: edited('"@path"', '"@path" "gongzhi-case"'),
        RequestReason.SIGNATURE_INPUT_INVALID,
    ),
    "unknown parameter": (lambda: edited(";tag", ";app=1;tag"), RequestReason.SIGNATURE_INPUT_INVALID),
    "path with a space": (
        lambda: dataclasses.replace(SIGNED_VECTOR, path="/a b"),
        RequestReason.SIGNATURE_INPUT_INVALID,
    ),
    "header with a new line": (
        lambda: with_headers(SIGNED_LOOK, {"gongzhi-item": '7\n"gongzhi-purpose": P01'}),
        RequestReason.SIGNATURE_INPUT_INVALID,
    ),
    "too long a Signature-Input": (
        lambda: edited(";tag", f';x="{"a" * 16384}";tag'),
        RequestReason.SIGNATURE_TOO_LARGE,
    ),
    "too long a Signature": (
        lambda: edited("request=", f'x="{"a" * 16384}", request=', header="signature"),
        RequestReason.SIGNATURE_TOO_LARGE,
    ),
    "too long a decoded signature": (
        lambda: with_headers(SIGNED_VECTOR, {"signature": f"request=:{base64.b64encode(bytes(8193)).decode()}:"}),
        RequestReason.SIGNATURE_TOO_LARGE,
    ),
    "33 components": (
        lambda: edited("(", "(" + " ".join(f'"gongzhi-{number}"' for number in range(33)) + " "),
        RequestReason.SIGNATURE_TOO_LARGE,
    ),
    "17 parameters": (
        lambda: edited(";tag", "".join(f";p{number}" for number in range(13)) + ";tag"),
        RequestReason.SIGNATURE_TOO_LARGE,
    ),
    "nine candidates": (
        lambda: with_headers(
            SIGNED_VECTOR, {"signature-input": ", ".join(f'r{number}=();tag="erc8128"' for number in range(9))}
        ),
        RequestReason.SIGNATURE_TOO_LARGE,
    ),
    "another tag": (lambda: edited('"erc8128"', '"erc8128-delegated"'), RequestReason.NO_ACCEPTABLE_SIGNATURE),
    "tag as a token": (lambda: edited('"erc8128"', "erc8128"), RequestReason.NO_ACCEPTABLE_SIGNATURE),
    "no tag": (lambda: edited(';tag="erc8128"', ""), RequestReason.NO_ACCEPTABLE_SIGNATURE),
    "alg": (lambda: edited(";tag", ';alg="ecdsa";tag'), RequestReason.UNSUPPORTED_ALGORITHM),
    "no keyid": (lambda: edited(f';keyid="eip155:1:{ADDRESS}"', ""), RequestReason.INVALID_KEYID),
    "keyid with capital hex": (lambda: edited(ADDRESS, ADDRESS.upper()), RequestReason.INVALID_KEYID),
    "keyid with a leading zero": (lambda: edited("eip155:1:", "eip155:01:"), RequestReason.INVALID_KEYID),
    "keyid of another namespace": (lambda: edited("eip155:", "erc8128:"), RequestReason.INVALID_KEYID),
    "keyid as a token": (lambda: edited(f'"eip155:1:{ADDRESS}"', f"eip155:1:{ADDRESS}"), RequestReason.INVALID_KEYID),
    "another chain": (lambda: edited("eip155:1:", "eip155:2:"), RequestReason.UNSUPPORTED_CHAIN),
    "no created": (lambda: edited(";created=1700000000", ""), RequestReason.INVALID_TIME),
    "no expires": (lambda: edited(";expires=1700000060", ""), RequestReason.INVALID_TIME),
    "created as text": (lambda: edited("created=1700000000", 'created="1700000000"'), RequestReason.INVALID_TIME),
    "created as a date": (lambda: edited("created=1700000000", "created=@1700000000"), RequestReason.INVALID_TIME),
    "created with decimals": (lambda: edited("created=1700000000", "created=1700000000.0"), RequestReason.INVALID_TIME),
    "created as true": (lambda: edited("created=1700000000", "created"), RequestReason.INVALID_TIME),
    "expires not later": (lambda: edited("expires=1700000060", "expires=1700000000"), RequestReason.INVALID_TIME),
    "61 seconds": (lambda: edited("expires=1700000060", "expires=1700000061"), RequestReason.REQUEST_VALIDITY_TOO_LONG),
    "no nonce": (lambda: edited(f';nonce="{NONCE}"', ""), RequestReason.NONCE_REQUIRED),
    "nonce as a token": (lambda: edited(f'"{NONCE}"', NONCE), RequestReason.INVALID_NONCE),
    "nonce of 129 characters": (lambda: edited(NONCE, "A" * 129), RequestReason.INVALID_NONCE),
    "nonce of 126 bits": (lambda: edited(NONCE, NONCE[:-1]), RequestReason.INVALID_NONCE),
    "nonce with stray bits": (lambda: edited(NONCE, NONCE[:-1] + "x"), RequestReason.INVALID_NONCE),
    "nonce with padding": (lambda: edited(NONCE, NONCE + "=="), RequestReason.INVALID_NONCE),
    "content without digest": (lambda: without(SIGNED_VECTOR, "content-digest"), RequestReason.CONTENT_DIGEST_REQUIRED),
    "other content": (
        lambda: dataclasses.replace(SIGNED_VECTOR, content_sha256=content_sha256(CONTENT + b" ")),
        RequestReason.BAD_CONTENT_DIGEST,
    ),
    "digest of bad syntax": (
        lambda: edited("sha-256=:", "sha-256=", header="content-digest"),
        RequestReason.BAD_CONTENT_DIGEST,
    ),
    "digest as text": (
        lambda: with_headers(SIGNED_VECTOR, {"content-digest": 'sha-256="x"'}),
        RequestReason.BAD_CONTENT_DIGEST,
    ),
    "digest of another algorithm only": (
        lambda: edited("sha-256", "sha-512", header="content-digest"),
        RequestReason.BAD_CONTENT_DIGEST,
    ),
    "two digests": (
        lambda: with_headers(
            SIGNED_VECTOR, {"content-digest": ", ".join([SIGNED_VECTOR.headers["content-digest"]] * 2)}
        ),
        RequestReason.BAD_CONTENT_DIGEST,
    ),
    "signature of 64 bytes": (
        lambda: with_headers(SIGNED_VECTOR, {"signature": f"request=:{base64.b64encode(bytes(64)).decode()}:"}),
        RequestReason.BAD_SIGNATURE,
    ),
    "another query": (lambda: dataclasses.replace(SIGNED_VECTOR, query="view=all"), RequestReason.BAD_SIGNATURE),
    "another address": (lambda: edited(ADDRESS, "0x" + "ab" * 20), RequestReason.BAD_SIGNATURE),
}


@pytest.mark.parametrize("case", CASES)
def test_a_bad_request_is_refused_for_its_reason(case: str) -> None:
    make, reason = CASES[case]
    refused(make(), reason)
