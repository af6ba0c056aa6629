"""Signed requests: the published vector byte for byte, and no covered byte free."""

import base64
import dataclasses
import hashlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.keccak import keccak256
from ledger.core.request_base import (
    RequestReason,
    SignableRequest,
    combined_fields,
    content_digest_field,
    content_sha256,
    required_components,
    signature_base,
)
from ledger.core.request_signature import VerifiedRequest, prepare, verify
from ledger.core.signature import CURVE_ORDER, SigningKey, personal_digest
from ledger.errors import RequestError
from tests.unit.core.signed_requests import (
    ADDRESS,
    KEY,
    LOOK,
    NONCE,
    NOW,
    SIGNED_LOOK,
    SIGNED_VECTOR,
    VECTOR_INPUT,
    VECTOR_REQUEST,
    VECTOR_SIGNATURE,
    edited,
    refused,
    resigned,
    signed,
    with_headers,
    without,
)

pytestmark = pytest.mark.unit


def test_the_published_vector_is_signed_byte_for_byte() -> None:
    assert SIGNED_VECTOR.headers["content-digest"] == "sha-256=:k6I5cakU5erL8KjSUVTNownDwccvu5kU1Hxg88toFYg=:"
    assert SIGNED_VECTOR.headers["signature-input"] == VECTOR_INPUT
    assert base64.b64decode(SIGNED_VECTOR.headers["signature"][len("request=:") : -1]).hex() == VECTOR_SIGNATURE


def test_the_published_vector_verifies_with_its_base_and_digest() -> None:
    verified = verify(SIGNED_VECTOR, now=NOW, chain_id=1)
    assert len(verified.base) == 449
    assert personal_digest(verified.base).hex() == "a7a6074cd2ab23379c04a8839a3566e98689326367a0ad9cd8ef389a961f96de"
    assert verified == VerifiedRequest(
        address=ADDRESS,
        request_nonce=NONCE,
        created=verified.created,
        expires=verified.expires,
        base=verified.base,
        signature=bytes.fromhex(VECTOR_SIGNATURE),
    )
    assert (verified.created, verified.expires) == (1700000000, 1700000060)
    assert verified.request == keccak256(verified.base)


def test_a_look_covers_its_own_headers_and_leaves_others_alone() -> None:
    base = verify(SIGNED_LOOK, now=NOW, chain_id=1).base.decode()
    assert base.splitlines()[:8] == [
        '"@scheme": https',
        '"@authority": gateway.example',
        '"@method": GET',
        '"@path": /v1/records',
        '"@query": ?after=7',
        '"idempotency-key": k-1',
        '"gongzhi-item": 7',
        '"gongzhi-purpose": P02',
    ]
    assert "accept" not in base


def test_the_opening_header_stands_in_no_base_and_may_not_be_covered() -> None:
    opening = "AAECAwQ= 990101199003070015"
    request = with_headers(LOOK, {"gongzhi-opening": opening})
    verified = verify(signed(request), now=NOW, chain_id=1)
    assert b"opening" not in verified.base
    assert b"990101199003070015" not in verified.base
    components = [*required_components(request), "gongzhi-opening"]
    quoted = " ".join(f'"{name}"' for name in components)
    parameters = VECTOR_INPUT[VECTOR_INPUT.index(";created") :]
    refused(resigned(request, f"({quoted}){parameters}", components), RequestReason.SIGNATURE_INPUT_INVALID)


def test_the_default_port_the_case_of_the_authority_and_an_empty_path_make_no_difference() -> None:
    one = SignableRequest("GET", "https", "api.example", "/")
    other = SignableRequest("GET", "HTTPS", "API.example:443", "")
    assert signature_base(one, ["@scheme", "@authority", "@path", "@query"], {}) == signature_base(
        other, ["@scheme", "@authority", "@path", "@query"], {}
    )
    assert signature_base(other, ["@query"], {}).startswith(b'"@query": ?\n')
    assert signature_base(SignableRequest("GET", "https", "a:80", "/"), ["@authority"], {}).startswith(
        b'"@authority": a:80\n'
    )


def test_components_and_parameters_may_stand_in_any_order() -> None:
    components = ["@query", "@path", "@method", "content-type", "@authority", "content-digest", "@scheme"]
    quoted = " ".join(f'"{name}"' for name in components)
    keyid = f'keyid="eip155:1:{ADDRESS}"'
    reordered = f'({quoted});tag="erc8128";{keyid};nonce="{NONCE}";expires=1700000060;created=1700000000'
    assert verify(resigned(SIGNED_VECTOR, reordered, components), now=NOW, chain_id=1).address == ADDRESS


def test_header_lines_of_one_name_are_combined() -> None:
    assert combined_fields([("Accept", " a "), ("X", "1"), ("accept", "b\t")]) == {"accept": "a, b", "x": "1"}


@pytest.mark.parametrize("name", ["Gongzhi-Item", "gongzhi item", "", "gongzhi-\u00e9", 'a"b', "a\n"])
def test_header_names_that_would_escape_the_coverage_rules_are_a_programming_error(name: str) -> None:
    with pytest.raises(ValueError, match="lower-case"):
        SignableRequest("GET", "https", "a", "/", headers={name: "1"})


def test_content_is_required_to_have_a_type_when_it_is_signed_and_when_it_is_verified() -> None:
    bare = dataclasses.replace(VECTOR_REQUEST, headers={})
    with pytest.raises(RequestError) as caught:
        signed(bare)
    assert caught.value.reason == RequestReason.INSUFFICIENT_COVERAGE
    refused(without(SIGNED_VECTOR, "content-type"), RequestReason.INSUFFICIENT_COVERAGE)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"request_nonce": "short"}, RequestReason.INVALID_NONCE),
        ({"expires": 1700000061}, RequestReason.REQUEST_VALIDITY_TOO_LONG),
        ({"expires": 1700000000}, RequestReason.INVALID_TIME),
    ],
)
def test_signing_refuses_what_a_verifier_would_refuse(changes: dict[str, Any], reason: RequestReason) -> None:
    with pytest.raises(RequestError) as caught:
        signed(VECTOR_REQUEST, **changes)
    assert caught.value.reason == reason


def test_a_signer_that_keeps_its_key_elsewhere_gets_the_same_headers() -> None:
    prepared = prepare(LOOK, ADDRESS, created=1700000000, expires=1700000060, request_nonce=NONCE, chain_id=1)
    assert prepared.headers(SigningKey(KEY).sign_preimage(prepared.preimage)) == {
        name: SIGNED_LOOK.headers[name] for name in ("signature-input", "signature")
    }


def test_empty_content_needs_no_digest_and_a_given_one_is_checked() -> None:
    empty = {"content-digest": content_digest_field(hashlib.sha256(b"").digest())}
    assert verify(signed(with_headers(LOOK, empty)), now=NOW, chain_id=1).address == ADDRESS
    other = {"content-digest": content_digest_field(hashlib.sha256(b"x").digest())}
    refused(signed(with_headers(LOOK, other)), RequestReason.BAD_CONTENT_DIGEST)
    assert content_sha256(b"") is None


@pytest.mark.parametrize("component", required_components(SIGNED_VECTOR))
def test_leaving_a_required_component_out_is_insufficient(component: str) -> None:
    components = [name for name in required_components(SIGNED_VECTOR) if name != component]
    quoted = " ".join(f'"{name}"' for name in components)
    parameters = VECTOR_INPUT[VECTOR_INPUT.index(";created") :]
    refused(resigned(SIGNED_VECTOR, f"({quoted}){parameters}", components), RequestReason.INSUFFICIENT_COVERAGE)


@pytest.mark.parametrize("name", ["gongzhi-grant", "idempotency-key", "gongzhi-openings"])
def test_a_header_that_somebody_added_on_the_way_is_refused(name: str) -> None:
    refused(with_headers(SIGNED_VECTOR, {name: "1"}), RequestReason.INSUFFICIENT_COVERAGE)


def test_the_clocks_may_lie_thirty_seconds_apart_and_not_one_more() -> None:
    for now in (1699999970, 1700000090):
        assert verify(SIGNED_VECTOR, now=now, chain_id=1).address == ADDRESS
    refused(SIGNED_VECTOR, RequestReason.REQUEST_NOT_YET_VALID, now=1699999969)
    refused(SIGNED_VECTOR, RequestReason.REQUEST_EXPIRED, now=1700000091)


def test_the_twin_of_a_signature_with_high_s_is_refused() -> None:
    good = bytes.fromhex(VECTOR_SIGNATURE)
    high_s = (CURVE_ORDER - int.from_bytes(good[32:64], "big")).to_bytes(32, "big")
    twin = base64.b64encode(good[:32] + high_s + bytes((55 - good[64],))).decode()
    refused(with_headers(SIGNED_VECTOR, {"signature": f"request=:{twin}:"}), RequestReason.BAD_SIGNATURE)


def test_labels_mean_nothing_and_the_first_good_candidate_wins() -> None:
    good_input = VECTOR_INPUT.replace("request=", "second=", 1)
    good_signature = SIGNED_VECTOR.headers["signature"].replace("request=", "second=", 1)
    both = with_headers(
        SIGNED_VECTOR,
        {
            "signature-input": f'other=("@path");tag="web", {VECTOR_INPUT.replace("155:1:", "155:2:")}, {good_input}',
            "signature": f"{SIGNED_VECTOR.headers['signature']}, {good_signature}",
        },
    )
    assert verify(both, now=NOW, chain_id=1).address == ADDRESS
    bad_twice = edited("second=", "third=", of=both)
    refused(bad_twice, RequestReason.UNSUPPORTED_CHAIN)


def test_an_unknown_digest_algorithm_beside_sha_256_is_ignored() -> None:
    digest = SIGNED_VECTOR.headers["content-digest"] + ", unixsum=:AAA=:"
    request = with_headers(SIGNED_VECTOR, {"content-digest": digest})
    again = resigned(request, VECTOR_INPUT.removeprefix("request="), list(required_components(request)))
    assert verify(again, now=NOW, chain_id=1).address == ADDRESS


PARTS = ("method", "scheme", "authority", "path", "query", "gongzhi-purpose", "gongzhi-item", "idempotency-key")


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PARTS), st.integers(0, 50), st.sampled_from("abcxyz0189-_"), st.booleans())
def test_no_covered_byte_can_be_changed_added_or_taken_away(part: str, place: int, byte: str, insert: bool) -> None:
    old = SIGNED_LOOK.headers[part] if part in SIGNED_LOOK.headers else getattr(SIGNED_LOOK, part)
    at = place % len(old)
    new = old[:at] + byte + old[at + (0 if insert else 1) :]
    if new == old:
        new = old[:at] + old[at + 1 :]
    if part in SIGNED_LOOK.headers:
        changed = with_headers(SIGNED_LOOK, {part: new})
    else:
        changed = dataclasses.replace(SIGNED_LOOK, **{part: new})
    refused(changed, RequestReason.BAD_SIGNATURE)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(VECTOR_INPUT) - 1), st.characters(codec="ascii", exclude_categories=["Cc"]))
def test_no_character_of_signature_input_can_be_changed(place: int, character: str) -> None:
    changed = VECTOR_INPUT[:place] + character + VECTOR_INPUT[place + 1 :]
    if changed == VECTOR_INPUT:
        return
    with pytest.raises(RequestError):
        verify(with_headers(SIGNED_VECTOR, {"signature-input": changed}), now=NOW, chain_id=1)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 64), st.integers(1, 255))
def test_no_byte_of_the_signature_can_be_changed(place: int, difference: int) -> None:
    changed = bytearray.fromhex(VECTOR_SIGNATURE)
    changed[place] ^= difference
    encoded = base64.b64encode(changed).decode()
    refused(with_headers(SIGNED_VECTOR, {"signature": f"request=:{encoded}:"}), RequestReason.BAD_SIGNATURE)


field_texts = st.text(max_size=30) | st.text('request=();:"@path 1?%,tag erc8128\\', max_size=40)


@settings(max_examples=300, deadline=None)
@given(field_texts, field_texts, field_texts)
def test_no_header_makes_verification_raise_anything_but_a_request_error(first: str, second: str, third: str) -> None:
    parameters = VECTOR_INPUT[VECTOR_INPUT.index(";created") :]
    for signature_input in (first, f"request=({first}){parameters}", f"{VECTOR_INPUT};{first}"):
        headers = {"signature-input": signature_input, "signature": second, "content-digest": third}
        with pytest.raises(RequestError):
            verify(with_headers(SIGNED_VECTOR, headers), now=NOW, chain_id=1)
